from __future__ import annotations

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.frames import Detections, Question
from heatcam.geometry import Uint8Array
from heatcam.overlay import labels
from heatcam.overlay.labels import class_colour, draw_boxes, place_label, track_colour
from tests.overlay.scenes import Rectangle, explanation, lies_in, overlap

SIDES = st.integers(16, 5000)
SHARE = st.floats(0, 1)
HD = (1280, 720)


def drawn(
    size_wh: tuple[int, int], boxes: list[tuple[float, float, float, float]], *names: str
) -> Uint8Array:
    """Boxes and labels over flat grey."""
    detections: Detections = explanation(size_wh, boxes, None, names).detections
    picture = np.full((size_wh[1], size_wh[0], 3), 128, np.uint8)
    draw_boxes(picture, detections)
    return picture


@settings(max_examples=150)
@given(SIDES, SIDES, SHARE, SHARE, SHARE, SHARE, st.text(max_size=80))
def test_a_label_lies_in_the_picture(
    width: int, height: int, a: float, b: float, c: float, d: float, name: str
) -> None:
    x1, x2 = sorted((round(a * width), round(b * width)))
    y1, y2 = sorted((round(c * height), round(d * height)))
    place = place_label(f"{name} 0.87", (x1, y1, x2, y2), (width, height), [])
    assert lies_in(place, (width, height))


def test_a_label_stands_on_its_box() -> None:
    left, _, _, bottom = place_label("person 0.87", (300, 200, 700, 600), HD, [])
    assert (left, bottom) == (300, 200)


def test_a_label_with_no_room_above_goes_inside_its_box() -> None:
    assert place_label("person 0.87", (300, 3, 700, 600), HD, [])[1] == 3


@pytest.mark.parametrize("count", [2, 4, 8])
def test_labels_of_boxes_at_one_place_do_not_cover_one_another(count: int) -> None:
    taken: list[Rectangle] = []
    for _ in range(count):
        taken.append(place_label("person 0.87", (300, 200, 700, 600), HD, taken))
    assert not any(overlap(a, b) for a, b in itertools.combinations(taken, 2))


@pytest.mark.parametrize(
    "box", [(300, 5, 700, 600), (300, 29, 700, 600), (0, 0, 1280, 720), (900, 10, 1280, 80)]
)
def test_a_label_avoids_the_top_line(box: Rectangle) -> None:
    top_line = (0, 0, 1280, 30)
    assert not overlap(place_label("person 0.87", box, HD, [top_line]), top_line)


@pytest.mark.parametrize("box", [(1000, 600, 1280, 720), (900, 690, 1280, 720), (1100, 650, 1270, 715)])
def test_a_label_avoids_the_colour_bar(box: Rectangle) -> None:
    bar = (1010, 640, 1271, 711)
    assert not overlap(place_label("person 0.87", box, HD, [bar]), bar)


def test_a_class_keeps_its_colour() -> None:
    colours = [class_colour(n) for n in range(80)]
    class_colour.cache_clear()
    assert [class_colour(n) for n in range(80)] == colours


def test_eighty_classes_have_eighty_colours_and_the_first_ones_are_far_apart() -> None:
    bgr = np.array([[class_colour(n) for n in range(80)]], np.float32) / 255
    lab = cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB)[0]
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1) + 1e3 * np.eye(80)
    assert apart.min() > 2, "CIE76: a just noticeable difference is about 2"
    assert apart[:12, :12].min() > 15


@pytest.mark.parametrize("name", ["собака", "漢字", "كلب", "a" * 500, "two\nlines", "tab\t", "😀", ""])
@pytest.mark.parametrize("size", [(320, 240), (1280, 720)])
def test_any_class_name_is_drawn_as_one_line_on_its_plate(name: str, size: tuple[int, int]) -> None:
    picture = drawn(size, [(20, 60, 200, 200)], name)
    text = f"{' '.join(name.split())} 0.90"
    left, top, right, bottom = place_label(text, (20, 60, 200, 200), size, [])
    plate = picture[top:bottom, left:right]
    assert (plate == class_colour(0)).all(-1).mean() > 0.3, "the plate"
    assert (plate < 60).all(-1).any(), "dark text on it"
    picture[top:bottom, left:right] = 128
    picture[55:205, 15:205] = 128  # the box and its edge
    assert (picture == 128).all(), "something is drawn outside plate and box"


def test_a_box_line_shows_its_class_colour_at_every_size() -> None:
    for size in ((320, 240), (1280, 720), (3840, 2160)):
        picture = drawn(size, [(100, 100, 200, 200)], "thing")
        assert (picture[150, 95:106] == class_colour(0)).all(-1).sum() >= 2


def test_the_strongest_label_is_on_top_where_there_is_no_room() -> None:
    picture = drawn((100, 17), [(0, 0, 100, 17)] * 3, "a", "b", "c")
    np.testing.assert_array_equal(picture[:, :40], drawn((100, 17), [(0, 0, 100, 17)], "a")[:, :40])


def test_three_hundred_boxes_are_labelled_within_the_picture() -> None:
    rng = np.random.default_rng(0)
    taken: list[Rectangle] = []
    for left, top in rng.integers(0, (1200, 640), (300, 2)).tolist():
        taken.append(place_label("person 0.87", (left, top, left + 60, top + 70), HD, taken))
    assert all(lies_in(place, HD) for place in taken)
    assert not any(overlap(a, b) for a, b in itertools.combinations(taken[:30], 2)), "room for thirty"


def test_a_tracked_box_has_its_tracks_colour_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    found = explanation(
        HD, [(100, 100, 300, 300), (500, 100, 700, 300)], None, ("person", "person")
    ).detections
    found = replace(found, class_ids=np.array([0, 0]), track_ids=np.array([7, 0]))
    texts: list[str] = []
    monkeypatch.setattr(labels, "write", lambda _picture, text, *_: texts.append(text))
    picture = np.full((720, 1280, 3), 128, np.uint8)
    draw_boxes(picture, found)
    assert texts == ["person 0.30", "#7 person 0.90"]
    assert (picture[200, 95:106] == track_colour(7)).all(-1).any()
    assert (picture[200, 495:506] == class_colour(0)).all(-1).any()


def test_a_track_does_not_look_like_the_class_of_its_number() -> None:
    for n in range(40):
        assert np.abs(np.subtract(track_colour(n), class_colour(n))).max() > 40


@pytest.mark.parametrize(
    ("question", "low", "words"),
    [
        (None, False, "bus 0.90"),
        (None, True, "bus 0.90 low evidence"),
        (Question("the box's left side"), False, "bus 0.90"),
        (Question("truck", "truck", np.float32([0.03])), False, "truck 0.03 (bus 0.90)"),
        (Question("truck", "truck", np.float32([0.03])), True, "truck 0.03 low evidence (bus 0.90)"),
        (Question("truck", "truck", np.float32([0.0004])), False, "truck <0.01 (bus 0.90)"),
        (Question("truck", "truck", np.float32([0.0])), False, "truck 0.00 (bus 0.90)"),
        (Question("bus", "bus", np.float32([0.9])), False, "bus 0.90"),
    ],
)
def test_a_label_says_the_score_of_the_class_that_was_asked_about(
    monkeypatch: pytest.MonkeyPatch, question: Question | None, low: bool, words: str
) -> None:
    written = []
    monkeypatch.setattr(labels, "draw_label", lambda _picture, text, *_: written.append(text))
    detections = explanation(HD, [(300, 200, 700, 600)], None, ("bus",)).detections
    draw_boxes(np.zeros((720, 1280, 3), np.uint8), detections, (), (low,), None, question)
    assert written == [words]
