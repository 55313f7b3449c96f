"""The picture of a comparison: three columns, one number for an object in all of them, signed colours."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from heatcam.comparison.compared import ComparedFrame, comparison_of
from heatcam.comparison.comparing import Comparing
from heatcam.frames import Frame
from heatcam.geometry import Letterbox
from heatcam.overlay import sides
from heatcam.overlay.comparison import (
    ComparisonLook,
    column_wh,
    draw_columns,
    draw_comparison,
    resized_comparison,
)
from heatcam.overlay.difference import difference_of, draw_difference
from heatcam.overlay.diverging import diverging_table
from tests.comparison.scenes import FRAME, FakeAsker, explanation, hot_at
from tests.overlay.scenes import overlap

BOX, OTHER = (0, 0, 32, 32), (32, 32, 64, 64)
LOOK = ComparisonLook(("a · live", "b · fine"))


def scene() -> ComparedFrame:
    """A cat that both find, for which A has more evidence, and a dog that B finds alone, with A's evidence elsewhere."""
    a = explanation([BOX], ["cat"], [hot_at(1, 1, 2.0)])
    b = explanation([BOX, OTHER], ["cat", "dog"], [hot_at(1, 1, 0.5), hot_at(5, 5, 2.0)], model="b")
    return comparison_of(Comparing(FakeAsker(a), FakeAsker(b)).explain(FRAME))


def test_the_difference_is_positive_where_a_has_more_and_negative_where_b_has() -> None:
    found = difference_of(scene().objects, (2.0, 2.0), (64, 64))
    assert found[:32, :32].max() > 40
    assert found[:32, :32].min() >= 0
    assert found[32:, 32:].min() < -40
    assert not found[:32, 33:].any()


def test_each_is_scaled_by_its_own_full_heat() -> None:
    """B's half of the evidence is as much heat where its full heat is half of A's."""
    a = explanation([BOX], ["cat"], [hot_at(1, 1, 2.0)])
    b = explanation([BOX], ["cat"], [hot_at(1, 1, 1.0)], model="b")
    objects = comparison_of(Comparing(FakeAsker(a), FakeAsker(b)).explain(FRAME)).objects
    assert np.abs(difference_of(objects, (2.0, 1.0), (64, 64))).max() <= 1
    assert difference_of(objects, (2.0, 2.0), (64, 64)).max() > 40


def test_the_same_twice_has_no_difference_at_all() -> None:
    own = explanation([BOX, OTHER], ["cat", "dog"], [hot_at(1, 1), hot_at(5, 5)])
    objects = comparison_of(Comparing(FakeAsker(own), FakeAsker(own)).explain(FRAME)).objects
    assert not difference_of(objects, (2.0, 2.0), (64, 64)).any()


def test_an_object_without_the_others_map_has_no_difference() -> None:
    a, nothing = explanation([BOX], ["cat"], [hot_at(1, 1)]), explanation([], [], model="b")
    objects = comparison_of(
        Comparing(FakeAsker(a), FakeAsker(nothing, classes=("cow",))).explain(FRAME)
    ).objects
    assert not difference_of(objects, (2.0, 2.0), (64, 64)).any()


def test_full_differences_have_the_colours_of_the_bars_ends_and_none_is_grey() -> None:
    difference = np.zeros((8, 8), np.int16)
    difference[0, 0], difference[7, 7] = 255, -255
    image = np.full((8, 8, 3), (200, 30, 90), np.uint8)
    drawn = draw_difference(image, difference, 1.0)
    assert np.abs(drawn[0, 0].astype(int) - diverging_table()[-1]).max() <= 1
    assert np.abs(drawn[7, 7].astype(int) - diverging_table()[0]).max() <= 1
    assert np.ptp(drawn[3, 3]) == 0
    assert (image == (200, 30, 90)).all()


@pytest.mark.parametrize("frame_wh", [(64, 64), (33, 21), (321, 241), (1280, 720), (4000, 3000)])
@pytest.mark.parametrize("bars", [True, False])
def test_the_picture_is_even_and_neither_huge_nor_tiny(frame_wh: tuple[int, int], bars: bool) -> None:
    frame = Frame(np.zeros((*frame_wh[::-1], 3), np.uint8), 0, 0.0, 0.0)
    nothing = replace(explanation([], []), frame=frame, saliency=None)
    picture = draw_comparison(ComparedFrame(nothing, nothing), [], replace(LOOK, bars=bars))
    height, width = picture.shape[:2]
    assert width % 2 == height % 2 == 0
    assert 960 <= width <= 3842
    assert column_wh(frame_wh)[0] >= 320


def test_boxes_and_maps_go_along_to_another_size() -> None:
    large = resized_comparison(scene(), (128, 128))
    pair = large.pairs[0]
    assert pair.box_a_xyxy.tolist() == [0, 0, 64, 64]
    assert pair.map_a is not None
    assert pair.map_a.letterbox.image_wh == (128, 128)
    assert large.a.frame.size_wh == large.b.frame.size_wh == (128, 128)


def test_each_object_has_one_number_everywhere_and_who_found_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(sides, "draw_label", lambda _picture, text, *_: said.append(text))
    draw_columns(scene(), [1, 2], LOOK, (2.0, 2.0))
    assert sorted(said[:2]) == ["#1 cat 0.90", "#2 not found"]
    assert sorted(said[2:4]) == ["#1 cat 0.90", "#2 dog 0.50 only B"]
    assert [text.split()[0] for text in sorted(said[4:])] == ["#1", "#2"]


def test_what_could_not_be_asked_is_not_said_to_have_been(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(sides, "draw_label", lambda _picture, text, *_: said.append(text))
    a, nothing = explanation([BOX], ["cat"], [hot_at(1, 1)]), explanation([], [], model="b")
    found = comparison_of(Comparing(FakeAsker(a), FakeAsker(nothing, classes=("cow",))).explain(FRAME))
    draw_columns(found, [1], LOOK, (2.0, 2.0))
    assert "#1 not found, not asked" in said


@pytest.mark.parametrize("size_wh", [(320, 240), (1280, 720)])
def test_labels_do_not_cover_each_other(size_wh: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    places = []
    monkeypatch.setattr(sides, "draw_label", lambda _picture, _text, place, _colour: places.append(place))
    wide, tall = size_wh
    boxes = [(wide * n / 9, tall / 3, wide * n / 9 + wide / 12, tall / 2) for n in range(6)]
    picture = np.zeros((tall, wide, 3), np.uint8)
    marked = [
        sides.Marked(tuple(map(int, box)), f"#{n} dining table 0.50 only A", (255, 255, 255))
        for n, box in enumerate(boxes)
    ]
    sides.draw_labels(picture, marked)
    pairs = [(p, q) for n, p in enumerate(places) for q in places[:n]]
    assert len(places) == 6
    assert not any(overlap(p, q) for p, q in pairs)


def test_names_that_others_chose_cannot_break_out_of_their_line() -> None:
    look = ComparisonLook(("evil\x1b[2J\nname" * 30, "b"))
    assert draw_comparison(scene(), [1, 2], look).shape == draw_comparison(scene(), [1, 2], LOOK).shape


def test_the_picture_differs_where_the_evidence_does() -> None:
    a, b, both = draw_columns(scene(), [1, 2], replace(LOOK, boxes=False), (2.0, 2.0))
    assert cv2.absdiff(a, b)[:32, :32].max() > 20
    assert np.array_equal(a[:20, 40:], FRAME.image_bgr[:20, 40:])
    assert np.ptp(both[:20, 40:]) == 0
    assert Letterbox.fit((64, 64), 64) == scene().pairs[0].map_a.letterbox
