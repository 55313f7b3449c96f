from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.enums import Colormap, Renorm
from heatcam.frames import Explanation
from heatcam.overlay import OverlayOptions, Status, draw
from heatcam.overlay.blend import colour_table
from heatcam.overlay.colour_bar import colour_bar_box
from heatcam.overlay.legend import Legend
from heatcam.overlay.topline import top_line_box
from tests.overlay.scenes import cells_for, explanation

STATUS = Status("HEATMAP", 23.4, 31.0, 4.0, message="recording")
BARE = OverlayOptions(boxes=False, hud=False)


@st.composite
def scenes(draw_value: st.DrawFn, longest: int) -> Explanation:
    """Any size from 16 px, any boxes (empty, at the edge, tiny), any class names, with and without a map."""
    side = st.integers(16, longest)
    width, height = draw_value(side), draw_value(side)
    xs, ys = st.floats(0, width, width=32), st.floats(0, height, width=32)
    corners = draw_value(st.lists(st.tuples(xs, ys, xs, ys), max_size=5))
    boxes = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners]
    names = tuple(draw_value(st.text(max_size=80)) for _ in boxes)
    values = np.random.default_rng(0).normal(0.3, 1, cells_for((width, height))).astype(np.float32)
    return explanation((width, height), boxes, draw_value(st.sampled_from([values, None])), names)


OPTIONS = st.builds(
    OverlayOptions,
    st.sampled_from(Colormap),
    st.floats(0, 1),
    st.sampled_from(Renorm),
    st.booleans(),
    st.booleans(),
)
STATUSES = st.none() | st.builds(
    Status,
    st.sampled_from(["HEATMAP", "NORMAL"]),
    st.floats(0, 999),
    st.floats(0, 1e5),
    st.floats(0, 1e5),
    st.floats(0, 1e5),
    st.text(max_size=40),
    st.text(max_size=40),
    st.integers(0, 10**9),
    st.none() | st.floats(0, 1e6),
    st.none() | st.floats(0, 1e6),
    st.booleans(),
    st.text(max_size=200),
    st.none() | st.floats(0, 1),
)


def draws_without_touching_the_frame(
    seen: Explanation, options: OverlayOptions, status: Status | None
) -> None:
    before = seen.frame.image_bgr.copy()
    drawn = draw(seen, options, status)
    assert drawn.shape == before.shape
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(seen.frame.image_bgr, before)


@settings(max_examples=60)
@given(scenes(700), OPTIONS, STATUSES)
def test_any_picture_boxes_and_names_are_drawn(
    seen: Explanation, options: OverlayOptions, status: Status | None
) -> None:
    draws_without_touching_the_frame(seen, options, status)


@settings(max_examples=6)
@given(scenes(5000), OPTIONS, STATUSES)
def test_large_pictures_are_drawn(seen: Explanation, options: OverlayOptions, status: Status | None) -> None:
    draws_without_touching_the_frame(seen, options, status)


@pytest.mark.parametrize("size", [(5000, 16), (16, 5000), (3840, 2160), (16, 16)])
def test_extreme_sizes_are_drawn(size: tuple[int, int]) -> None:
    values = np.ones(cells_for(size), np.float32)
    assert draw(explanation(size, [(0, 0, *size)], values), OverlayOptions(), STATUS).shape[1::-1] == size


def test_the_frame_is_not_changed() -> None:
    seen = explanation((320, 240), [(20, 30, 200, 200)], np.ones(cells_for((320, 240)), np.float32))
    before = seen.frame.image_bgr.copy()
    drawn = draw(seen, OverlayOptions(), STATUS)
    np.testing.assert_array_equal(seen.frame.image_bgr, before)
    assert not np.shares_memory(drawn, seen.frame.image_bgr)


def test_pixels_outside_the_boxes_are_the_pictures_own() -> None:
    seen = explanation((320, 240), [(20, 30, 200, 200)], np.ones(cells_for((320, 240)), np.float32))
    drawn = draw(seen, BARE)
    outside = np.ones((240, 320), bool)
    outside[30:200, 20:200] = False
    np.testing.assert_array_equal(drawn[outside], seen.frame.image_bgr[outside])
    assert (drawn[~outside] != seen.frame.image_bgr[~outside]).any(-1).all()


def test_without_detections_and_without_hud_the_picture_comes_back() -> None:
    seen = explanation((320, 240), [], np.ones(cells_for((320, 240)), np.float32))
    np.testing.assert_array_equal(draw(seen, OverlayOptions(hud=False), STATUS), seen.frame.image_bgr)


def test_without_a_map_there_is_neither_heat_nor_colour_bar() -> None:
    seen = explanation((640, 480), [(100, 100, 300, 300)], None)
    drawn = draw(seen, OverlayOptions(boxes=False))
    np.testing.assert_array_equal(drawn, seen.frame.image_bgr)


def test_the_top_line_is_drawn_only_with_a_status() -> None:
    seen = explanation((640, 480), [], None)
    np.testing.assert_array_equal(draw(seen, OverlayOptions()), seen.frame.image_bgr)
    assert (draw(seen, OverlayOptions(), STATUS)[:12] != seen.frame.image_bgr[:12]).any()


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 0), (319, 239, 320, 240), (0, 0, 320, 240), (310, 0, 320, 2), (5, 5, 5.2, 5.2)]
)
def test_tiny_boxes_and_boxes_at_the_edge_are_drawn(box: tuple[float, float, float, float]) -> None:
    values = np.ones(cells_for((320, 240)), np.float32)
    assert draw(explanation((320, 240), [box], values), OverlayOptions(), STATUS).shape == (240, 320, 3)


def test_full_evidence_at_full_opacity_is_the_hottest_colour() -> None:
    """The golden picture, by hand: an even map is full heat everywhere in its box."""
    seen = explanation((64, 64), [(16, 16, 48, 48)], np.ones(cells_for((64, 64)), np.float32))
    drawn = draw(seen, OverlayOptions(alpha=1.0, boxes=False, hud=False))
    expected = seen.frame.image_bgr.copy()
    expected[16:48, 16:48] = colour_table(Colormap.TURBO)[255]
    np.testing.assert_allclose(drawn.astype(int), expected, atol=2)


def test_a_quarter_of_the_full_evidence_is_a_pale_tint() -> None:
    """Worked out by hand: 0.25 ** 0.8 = 0.330; smooth step of (0.330 - 0.1) / 0.55 is 0.379; times 0.7 is 0.265."""
    values = np.ones(cells_for((64, 64)), np.float32)
    values[:, values.shape[1] // 2 :] = 0.25
    seen = explanation((64, 64), [(0, 0, 64, 64)], values)
    drawn = draw(seen, replace(BARE, alpha=0.7))
    colour = cv2.applyColorMap(np.uint8([[round(255 * (0.12 + 0.82 * 0.330))]]), cv2.COLORMAP_TURBO)[0, 0]
    right = seen.frame.image_bgr[:, 48:]
    np.testing.assert_allclose(drawn[:, 48:], 0.735 * right + 0.265 * colour, atol=3)


def test_cold_pixels_inside_a_box_are_the_pictures_own() -> None:
    values = np.zeros(cells_for((640, 480)), np.float32)
    values[10:20, 10:20] = 1
    seen = explanation((640, 480), [(0, 0, 640, 480)], values)
    drawn = draw(seen, BARE)
    changed = (drawn != seen.frame.image_bgr).any(-1)
    assert changed[80:160, 80:160].all()
    changed[50:190, 50:190] = False
    assert not changed.any()


def test_labels_keep_clear_of_top_line_and_colour_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    kept_clear: list[object] = []
    monkeypatch.setattr(
        "heatcam.overlay.drawing.draw_boxes",
        lambda _picture, _found, places, *_: kept_clear.extend(places),
    )
    seen = explanation((640, 480), [(0, 4, 300, 200), (420, 440, 640, 480)], np.ones((60, 80), np.float32))
    draw(seen, OverlayOptions(), STATUS)
    assert set(kept_clear) == {
        top_line_box((640, 480)),
        colour_bar_box((640, 480), Legend("evidence, scaled in each box", "per box")),
    }
    kept_clear.clear()
    draw(seen, OverlayOptions(clear_top=17, hud=False))
    assert kept_clear == [(0, 0, 640, 17)]
    kept_clear.clear()
    draw(seen, replace(OverlayOptions(), hud=False), STATUS)
    assert kept_clear == []
