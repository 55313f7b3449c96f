from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.geometry import Uint8Array
from heatcam.overlay.views import LONGEST, Layout, View, compose_on, natural_wh, places_on

SIDES = st.integers(2, 900)
SHARE = st.floats(0, 1)


def pictures(width: int, height: int) -> tuple[Uint8Array, Uint8Array]:
    """A plain and a heat picture that tell each pixel's place: blue says which, green the row, red the column."""
    rows, columns = np.mgrid[:height, :width]
    both = [np.stack([np.full_like(rows, n), rows % 251, columns % 241], -1).astype(np.uint8) for n in (7, 9)]
    return both[0], both[1]


def composed(width: int, height: int, layout: Layout, split: float = 0.5) -> View:
    return compose(*pictures(width, height), layout, split)


def compose(plain: Uint8Array, heat: Uint8Array, layout: Layout, split: float = 0.5) -> View:
    """The two pictures at the window's default size, as the renderer composes them."""
    frame_wh = heat.shape[1], heat.shape[0]
    canvas_wh = natural_wh(frame_wh, layout)
    left, top, right, bottom = places_on(canvas_wh, frame_wh, layout)[-1]
    shown = [heat] if layout is Layout.SINGLE else [plain, heat]
    if (right - left, bottom - top) != frame_wh:
        shown = [cv2.resize(part, (right - left, bottom - top)) for part in shown]
    return compose_on(canvas_wh, frame_wh, shown, layout, split)


@settings(max_examples=80)
@given(SIDES, SIDES, st.sampled_from(Layout), SHARE, SHARE, SHARE)
def test_a_pixel_of_the_view_is_the_pixel_of_the_frame_that_it_shows(
    width: int, height: int, layout: Layout, split: float, along: float, down: float
) -> None:
    """Except for what is drawn over it: caption, divider and handle."""
    view = composed(width, height, layout, split)
    x = min(int(along * view.picture.shape[1]), view.picture.shape[1] - 1)
    y = min(int(down * view.picture.shape[0]), view.picture.shape[0] - 1)
    frame_x, frame_y = view.to_frame(x, y)
    shown = view.picture[y, x]
    if shown[0] in (7, 9):
        np.testing.assert_array_equal(shown[1:], (frame_y % 251, frame_x % 241))
    assert 0 <= frame_x <= width - 1
    assert 0 <= frame_y <= height - 1


@settings(max_examples=80)
@given(SIDES, SIDES, SHARE, SHARE)
def test_both_halves_of_dual_show_each_pixel_of_the_frame(
    width: int, height: int, along: float, down: float
) -> None:
    view = composed(width, height, Layout.DUAL)
    x, y = min(int(along * width), width - 1), min(int(down * height), height - 1)
    assert len(view.places) == 2
    for left, top, right, bottom in view.places:
        assert (right - left, bottom - top) == (width, height)
        assert view.to_frame(left + x, top + y) == (x, y)


@settings(max_examples=50)
@given(SIDES, SIDES, st.sampled_from(Layout), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_outside_is_moved_onto_the_frame(width: int, height: int, layout: Layout, x: float, y: float) -> None:
    frame_x, frame_y = composed(width, height, layout).to_frame(x, y)
    assert 0 <= frame_x <= width - 1
    assert 0 <= frame_y <= height - 1


def test_the_divider_belongs_to_the_nearer_half() -> None:
    view = composed(400, 300, Layout.DUAL)
    (_, _, right, _), (left, *_) = view.places
    assert left > right
    assert view.to_frame(right, 50) == (399, 50)
    assert view.to_frame(left - 1, 50) == (0, 50)


@pytest.mark.parametrize(
    ("size", "beside"),
    [
        ((640, 480), True),
        ((1280, 720), True),
        ((480, 640), True),
        ((2560, 1080), False),
        ((1000, 500), False),
    ],
)
def test_what_is_wider_than_a_screen_is_shown_one_above_the_other(
    size: tuple[int, int], beside: bool
) -> None:
    height, width = composed(*size, Layout.DUAL).picture.shape[:2]
    assert (width > 2 * size[0], height == size[1]) == (beside, beside)
    assert (width == size[0], height > 2 * size[1]) == (not beside, not beside)


@pytest.mark.parametrize("size", [(3840, 2160), (1080, 1920), (4000, 1000)])
def test_two_pictures_together_are_never_longer_than_a_screen(size: tuple[int, int]) -> None:
    view = composed(*size, Layout.DUAL)
    assert max(view.picture.shape) <= max(LONGEST, *size)
    for left, top, right, bottom in view.places:
        first, last = view.to_frame(left, top), view.to_frame(right - 1, bottom - 1)
        assert first[0] < size[0] / (right - left) + 0.01
        assert first[1] < size[1] / (bottom - top) + 0.01
        assert last[0] > size[0] - 1 - size[0] / (right - left) - 0.01
        assert last[1] > size[1] - 1 - size[1] / (bottom - top) - 0.01


def test_dual_shows_plain_first_and_then_heat() -> None:
    view = composed(640, 480, Layout.DUAL)
    for place, blue in zip(view.places, (7, 9), strict=True):
        left, top, right, bottom = place
        part = view.picture[top:bottom, left:right]
        assert (part[..., 0] == blue).mean() > 0.95
        np.testing.assert_array_equal(part[-1], pictures(640, 480)[int(blue == 9)][-1])


def test_the_captions_are_drawn_and_do_not_touch_what_was_given() -> None:
    plain, heat = pictures(640, 480)
    view = compose(plain, heat, Layout.DUAL)
    for left, top, right, bottom in view.places:
        assert (view.picture[top:bottom, left:right][:60, :120] == 250).all(-1).any()
    np.testing.assert_array_equal(plain, pictures(640, 480)[0])
    np.testing.assert_array_equal(heat, pictures(640, 480)[1])


def test_single_is_the_heat_picture_itself() -> None:
    plain, heat = pictures(64, 48)
    assert compose(plain, heat, Layout.SINGLE).picture is heat


@pytest.mark.parametrize("split", [0.0, 0.25, 0.5, 1.0])
def test_wipe_is_plain_left_of_the_split_and_heat_right_of_it(split: float) -> None:
    plain, heat = pictures(640, 480)
    picture = compose(plain, heat, Layout.WIPE, split).picture
    at = round(split * 640)
    np.testing.assert_array_equal(picture[0, : max(0, at - 5)], plain[0, : max(0, at - 5)])
    np.testing.assert_array_equal(picture[0, at + 5 :], heat[0, at + 5 :])
    assert (picture[0, max(0, at - 4) : at + 4] == 250).all(-1).any(), "the line stands there"
    np.testing.assert_array_equal(heat, pictures(640, 480)[1])


@pytest.mark.parametrize("split", [-3.0, 7.0])
def test_a_split_outside_the_picture_is_at_its_edge(split: float) -> None:
    shown = composed(320, 240, Layout.WIPE, split).picture
    np.testing.assert_array_equal(shown, composed(320, 240, Layout.WIPE, float(split > 0)).picture)
