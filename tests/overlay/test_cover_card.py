"""The card about covers, and the marks of covers and of the boxes that they changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.enums import Fill
from heatcam.geometry import Uint8Array
from heatcam.overlay import card_table, cover_card, labels
from heatcam.overlay.asked_marks import AskedMarks
from heatcam.overlay.cover_card import CoverCard, draw_cover_card
from heatcam.overlay.cover_marks import COVER, GONE, NEW, CoverMarks, draw_cover_outlines
from heatcam.overlay.drawing import OverlayOptions, draw
from heatcam.overlay.heat import Pixels
from heatcam.overlay.topline import top_line_box
from heatcam.probing import CoverEffect, Foretold, effect_on
from tests.live.covered_scenes import CoveredModel, bare_frame, explained
from tests.probing.scenes import BOX, COW, DOG, candidates

SIZES = [(320, 240), (640, 480), (1280, 720), (1920, 1080), (200, 150)]


def effect_of(*now: tuple[tuple[float, float, float, float], dict[int, float]]) -> CoverEffect:
    found = explained()
    covers = np.array([[112, 112, 160, 208]], np.float32)
    return effect_on(found.detections, candidates(now), found.object_maps, covers)


#: The dog's logit fell below the threshold, the cat is gone altogether, and a cow is seen that was not there.
CHANGED = effect_of((BOX, {DOG: -2.0}), ((220, 220, 300, 300), {COW: 1.0}))


def card(effect: CoverEffect | None = CHANGED, **more: object) -> CoverCard:
    made = CoverCard(2, Fill.BLUR, effect, Foretold(9, 0.834), "live", 41.4)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []

    def write(_picture: Uint8Array, text: str, *_: object) -> None:
        texts.append(text)

    for module in (cover_card, card_table):
        monkeypatch.setattr(module, "write", write)
    return texts


def drawn(
    of: CoverCard,
    wh: tuple[int, int] = (1280, 720),
    beside: tuple[Pixels, ...] = (),
    clear: tuple[Pixels, ...] = (),
) -> tuple[Uint8Array, Pixels | None]:
    picture = np.full((wh[1], wh[0], 3), 128, np.uint8)
    return picture, draw_cover_card(picture, of, None, clear, beside)


def test_it_tells_each_object_before_and_after_and_foretold_beside_happened(written: list[str]) -> None:
    drawn(card())
    assert written[:2] == ["2 covers of blur, +41 ms a frame", "2 of 2 boxes vanished, 1 appeared"]
    assert written[2:6] == ["conf", "foretold", "happened", "logit"]
    at = written.index("dog")
    dog = CHANGED.objects[0]
    assert dog.logit_lost is not None
    assert written[at + 1 : at + 5] == [
        *("0.95 to 0.12", "75 %"),
        *(f"{round(100 * dog.logit_lost)} %", "3.0 to -2.0"),
    ]
    assert "new cow" in written
    assert written[-1] == "score of the live map: rank correlation 0.83, 9 pairs"


def test_it_says_why_there_is_no_score_yet_or_no_answer(written: list[str]) -> None:
    drawn(card(foretold=Foretold(2, None)))
    assert written[-1] == "score of the live map: from 3 pairs on, 2 so far"
    drawn(card(maps=""))
    assert written[-1] == "no map of each object: nothing is foretold"
    written.clear()
    drawn(card(None, reason="two models are shown: choose one with v"))
    assert written == ["2 covers of blur", "two models are shown: choose one with v"]


def test_the_object_in_focus_comes_first(written: list[str]) -> None:
    for focus, name in ((0, "dog"), (1, "cat")):
        written.clear()
        draw_cover_card(np.zeros((720, 1280, 3), np.uint8), card(), focus)
        assert written[6] == name


@pytest.mark.parametrize("wh", SIZES)
def test_it_lies_in_the_picture_below_the_top_line_and_changes_nothing_else(wh: tuple[int, int]) -> None:
    picture, place = drawn(card(), wh)
    if place is None:
        assert (picture == 128).all()
        return
    assert place[0] >= 0
    assert place[1] >= top_line_box(wh)[3]
    assert place[2] <= wh[0]
    assert place[3] <= wh[1]
    outside = np.ones(picture.shape[:2], bool)
    outside[place[1] : place[3], place[0] : place[2]] = False
    assert (picture[outside] == 128).all()


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=4), st.sampled_from(SIZES))
@settings(max_examples=40)
def test_it_never_lies_on_another_card(
    shares: list[tuple[float, float, float, float]], wh: tuple[int, int]
) -> None:
    def rectangle(own: tuple[float, float, float, float]) -> Pixels:
        x, y, w, h = own
        left, top = round(x * wh[0] * 0.9), round(y * wh[1] * 0.9)
        return left, top, left + 1 + round(w * wh[0] / 2), top + 1 + round(h * wh[1] / 2)

    beside = tuple(map(rectangle, shares))
    _, place = drawn(card(), wh, beside)
    if place is not None:
        for other in beside:
            assert (
                place[2] <= other[0] or other[2] <= place[0] or place[3] <= other[1] or other[3] <= place[1]
            )


def test_it_leaves_covers_free_where_it_can() -> None:
    low = (0, 500, 600, 720)
    _, place = drawn(card(), clear=(low,))
    assert place is not None
    assert place[1] < 500 or place[0] >= 600


def marks(*boxes: tuple[float, ...], waits: bool = False, effect: CoverEffect | None = None) -> CoverMarks:
    count = len(boxes)
    return CoverMarks(tuple(range(1, count + 1)), np.array(boxes, np.float32), effect, (waits,) * count)


def test_an_outline_has_its_number_in_the_cover_or_below_a_small_one_and_never_on_the_top_line() -> None:
    picture = np.zeros((320, 320, 3), np.uint8)
    big, small, high = draw_cover_outlines(
        picture, marks((50, 50, 200, 200), (250, 60, 256, 66), (0, 0, 300, 20)), top=30
    )
    assert big[0] == 50
    assert big[3] == 200
    assert small[1] == 66
    assert high[1] >= 30
    assert (picture[50, 60:190] == COVER).all()


def test_a_cover_that_waits_is_dashed_and_one_outside_is_not_drawn() -> None:
    solid, dashed = np.zeros((2, 320, 320, 3), np.uint8)
    draw_cover_outlines(solid, marks((50, 50, 200, 200)))
    draw_cover_outlines(dashed, marks((50, 50, 200, 200), waits=True))
    assert 0 < (dashed[50] == COVER).all(1).sum() < 0.8 * (solid[50] == COVER).all(1).sum()
    assert draw_cover_outlines(solid, marks((-90, -90, -10, -10))) == []


def test_boxes_that_vanished_are_dashed_and_labelled_and_new_ones_are_added(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []

    def draw_label(_picture: Uint8Array, text: str, *_: object) -> None:
        said.append(text)

    monkeypatch.setattr(labels, "draw_label", draw_label)
    found = explained()
    look = OverlayOptions(hud=False)
    bare = replace(found, saliency=None)
    plain, shown = draw(bare, look), draw(bare, look, marks=AskedMarks(covers=marks(effect=CHANGED)))
    assert sorted(said) == sorted(["dog 0.95", "cat 0.88", "dog 0.95 gone", "cat 0.88 gone", "new cow 0.73"])
    assert not (plain == GONE).all(2).any()
    row = shown[int(BOX[1]), int(BOX[0]) : int(BOX[2])]
    assert 0.2 < (row == GONE).all(1).mean() < 0.8
    assert (shown == NEW).all(2).any()
    said.clear()
    draw(bare, look, focus=1, marks=AskedMarks(covers=marks(effect=CHANGED)))
    assert "dog 0.95 gone" in said, "a box that is gone is told of, whatever is in focus"


def test_covers_without_an_effect_change_no_box() -> None:
    found = replace(explained(), saliency=None)
    model = CoveredModel()
    same = effect_on(
        found.detections, model.candidates(bare_frame().image_bgr), (), np.zeros((0, 4), np.float32)
    )
    look = OverlayOptions(hud=False)
    assert np.array_equal(draw(found, look), draw(found, look, marks=AskedMarks(covers=marks(effect=same))))
