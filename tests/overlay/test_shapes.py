"""Rotated boxes are drawn rotated, masks as outlines, keypoints as a skeleton: at every size, and in the window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from heatcam.frames import Explanation
from heatcam.geometry import corners_of_rotated
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.renderer import Renderer
from heatcam.live.state import WindowState
from heatcam.overlay import OverlayOptions, Status, draw
from heatcam.overlay.labels import class_colour
from heatcam.overlay.resized import at_size
from heatcam.sinks.keys import DEFAULT_KEYS
from tests.overlay.scenes import explanation

SIZES = [(320, 240), (1280, 720), (3840, 2160)]
GREY = 128
BARE = OverlayOptions(hud=False)
#: Two squares, as shares of the picture's height; the corners are (0.2, 0.2) and (0.7, 0.7) of the first.
BOXES = ((0.2, 0.2, 0.7, 0.7), (0.9, 0.3, 1.2, 0.6))


def scene(size_wh: tuple[int, int], **shapes: Any) -> Explanation:
    """Two objects on grey; the shapes are given in shares of the picture's height."""
    tall = size_wh[1]
    made = explanation(size_wh, [tuple(tall * v for v in box) for box in BOXES], None)
    grey = replace(made.frame, image_bgr=np.full((tall, size_wh[0], 3), GREY, np.uint8))
    return replace(made, frame=grey, detections=replace(made.detections, **shapes))


def ring(tall: int, *points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float32) * tall


def keypoints(tall: int, count: int, **moved: tuple[float, float, float]) -> np.ndarray:
    """The same unsure point everywhere, but for those named ``_3``."""
    points = np.tile(np.float32([0.45 * tall, 0.45 * tall, 0.1]), (2, count, 1))
    for name, (x, y, confidence) in moved.items():
        points[0, int(name[1:])] = x * tall, y * tall, confidence
    return points


def is_coloured(picture: np.ndarray, x: float, y: float, number: int = 0, reach: int = 1) -> bool:
    """Whether an object's colour is at this place, in shares of the height, give or take some pixels."""
    column, row = round(x * picture.shape[0] - 0.5), round(y * picture.shape[0] - 0.5)
    near = picture[row - reach : row + reach + 1, column - reach : column + reach + 1]
    return bool((abs(near.astype(int) - class_colour(number)).max(-1) < 12).any())


def along(picture: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The pixels on a line, ``(n, 3)``."""
    steps = np.linspace(start, end, 400)
    columns, rows = np.rint(steps - 0.5).astype(int).T
    return picture[rows, columns]


@pytest.mark.parametrize("size", SIZES)
def test_a_rotated_box_is_drawn_on_its_own_sides_and_not_on_the_upright_ones(size: tuple[int, int]) -> None:
    tall = size[1]
    boxes = np.float32([[0.45, 0.45, 0.3, 0.15, 0.6], [1.05, 0.45, 0.2, 0.2, -0.4]])
    boxes[:, :4] *= tall
    picture = draw(scene(size, rotated_xywhr=boxes), BARE)
    for number, corners in enumerate(corners_of_rotated(boxes)):
        for start, end in zip(corners, np.roll(corners, -1, 0), strict=True):
            on_it = along(picture, start, end).astype(int)
            assert (abs(on_it - class_colour(number)).max(-1) < 40).mean() > 0.95
    for x, y in ((0.2, 0.45), (0.7, 0.45), (0.45, 0.7)):
        assert not is_coloured(picture, x, y), "no side of the upright box"


@pytest.mark.parametrize("size", SIZES)
def test_a_rotated_box_of_low_evidence_is_dashed(size: tuple[int, int]) -> None:
    boxes = np.float32([[0.45, 0.45, 0.4, 0.3, 0.6], [1.05, 0.45, 0.2, 0.2, -0.4]])
    boxes[:, :4] *= size[1]
    picture = draw(replace(scene(size, rotated_xywhr=boxes), low_evidence=(True, False)), BARE)
    corners = corners_of_rotated(boxes)[0]
    side = along(picture, corners[2], corners[3])
    assert 0.3 < (abs(side.astype(int) - class_colour(0)).max(-1) < 40).mean() < 0.85
    assert (side == GREY).all(-1).mean() > 0.1


@pytest.mark.parametrize("size", SIZES)
def test_a_mask_is_an_outline_with_a_dark_edge_and_nothing_inside(size: tuple[int, int]) -> None:
    tall = size[1]
    outer = ring(tall, (0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6))
    hole = ring(tall, (0.4, 0.4), (0.5, 0.4), (0.5, 0.5), (0.4, 0.5))
    picture = draw(scene(size, mask_polygons=((outer, hole), ())), BARE)
    for x, y in ((0.3, 0.45), (0.6, 0.45), (0.45, 0.6), (0.4, 0.45), (0.5, 0.45)):
        assert is_coloured(picture, x, y)
    across = picture[round(0.55 * tall), round(0.25 * tall) : round(0.35 * tall)].astype(int)
    assert across.max(-1).min() < 100, "the dark edge"
    assert (picture[round(0.35 * tall), round(0.35 * tall) : round(0.55 * tall)] == GREY).all()
    assert (picture[round(0.45 * tall), round(0.45 * tall)] == GREY).all()
    assert is_coloured(picture, 0.7, 0.5, reach=3), "its box is drawn too"


def test_specks_of_a_mask_are_not_drawn() -> None:
    speck = np.float32([[300.5, 300.5], [302.5, 300.5], [302.5, 302.5]])
    seen = scene((1280, 720), mask_polygons=((speck,), ()))
    np.testing.assert_array_equal(draw(seen, BARE), draw(scene((1280, 720)), BARE))


@pytest.mark.parametrize("size", SIZES)
def test_coco_keypoints_are_a_skeleton(size: tuple[int, int]) -> None:
    points = keypoints(size[1], 17, _5=(0.3, 0.3, 0.9), _6=(0.6, 0.3, 0.5), _7=(0.3, 0.6, 0.49))
    picture = draw(scene(size, keypoints=points), BARE)
    assert is_coloured(picture, 0.3, 0.3)
    assert is_coloured(picture, 0.6, 0.3)
    assert is_coloured(picture, 0.45, 0.3), "from shoulder to shoulder"
    assert not is_coloured(picture, 0.3, 0.6), "too unsure to be drawn"
    assert not is_coloured(picture, 0.3, 0.45), "nor is what leads there"


@pytest.mark.parametrize("size", SIZES)
def test_other_keypoints_are_dots_alone(size: tuple[int, int]) -> None:
    points = keypoints(size[1], 21, _5=(0.3, 0.3, 0.9), _6=(0.6, 0.3, 0.9))
    picture = draw(scene(size, keypoints=points), BARE)
    assert is_coloured(picture, 0.3, 0.3)
    assert is_coloured(picture, 0.6, 0.3)
    assert not is_coloured(picture, 0.45, 0.3)


def test_the_limbs_are_those_of_ultralytics() -> None:
    from ultralytics.utils.plotting import Annotator

    from heatcam.overlay.shapes import COCO_LIMBS

    theirs = (np.array(Annotator(np.zeros((9, 9, 3), np.uint8)).skeleton) - 1).tolist()
    assert {frozenset(pair) for pair in COCO_LIMBS} == {frozenset(pair) for pair in theirs}


def all_shapes(size_wh: tuple[int, int]) -> dict[str, Any]:
    tall = size_wh[1]
    boxes = np.float32([[0.45, 0.45, 0.3, 0.15, 0.6], [1.05, 0.45, 0.2, 0.2, -0.4]])
    boxes[:, :4] *= tall
    points = keypoints(tall, 17, _5=(0.3, 0.3, 0.9), _6=(0.6, 0.3, 0.9))
    points[1, 5:7] = [[0.95 * tall, 0.35 * tall, 0.9], [1.15 * tall, 0.35 * tall, 0.9]]
    rings = tuple((ring(tall, (x, 0.4), (x + 0.1, 0.4), (x + 0.1, 0.5)),) for x in (0.4, 1.0))
    return {"rotated_xywhr": boxes, "keypoints": points, "mask_polygons": rings}


@pytest.mark.parametrize("shape", ["rotated_xywhr", "keypoints", "mask_polygons"])
def test_beside_the_object_in_focus_the_others_are_faint(shape: str) -> None:
    size = (1280, 720)
    seen = scene(size, **{shape: all_shapes(size)[shape]})
    alone, both = draw(seen, BARE, focus=0), draw(seen, BARE)
    right = np.s_[:, round(0.8 * 720) :]
    drawn_alone, drawn = ((picture[right] != GREY).any(-1).sum() for picture in (alone, both))
    assert 0 < drawn_alone < drawn
    assert alone[right].min() > 80, "without a dark edge"
    left = np.s_[:, : round(0.8 * 720)]
    assert (alone[left] != GREY).any(-1).sum() > (both[left] != GREY).any(-1).sum()


def test_without_boxes_none_of_them_is_drawn() -> None:
    seen = scene((640, 480), **all_shapes((640, 480)))
    assert (draw(seen, replace(BARE, boxes=False)) == GREY).all()


@pytest.mark.filterwarnings("error")  # (a number that OpenCV's do not hold is one)
def test_numbers_that_no_picture_holds_stop_nothing() -> None:
    wild = np.float32([[1e9, -1e9, 1e12, 4, 0.3], [np.nan, 0, 3, 4, 0]])
    points = np.full((2, 17, 3), [np.nan, np.nan, 0.9], np.float32)
    points[0] = 1e12, -1e12, 0.9
    seen = scene((320, 240), rotated_xywhr=wild, keypoints=points, mask_polygons=((), ()))
    for dashed in (False, True):
        draw(replace(seen, low_evidence=(dashed, dashed)), BARE)


def test_shapes_grow_with_the_picture() -> None:
    small = scene((320, 180), **all_shapes((320, 180)))
    large, asked = at_size(small, (1280, 720)).detections, all_shapes((1280, 720))
    np.testing.assert_allclose(large.rotated_xywhr, asked["rotated_xywhr"], rtol=1e-5)
    np.testing.assert_allclose(large.keypoints, asked["keypoints"], rtol=1e-5)
    assert large.mask_polygons is not None
    for rings, wanted in zip(large.mask_polygons, asked["mask_polygons"], strict=True):
        np.testing.assert_allclose(rings[0], wanted[0], rtol=1e-5)
        assert rings[0].dtype == np.float32
    bare = at_size(scene((320, 180)), (1280, 720)).detections
    assert (bare.mask_polygons, bare.keypoints, bare.rotated_xywhr) == (None, None, None)


def test_the_window_draws_them_at_the_size_that_it_shows() -> None:
    seen = scene((320, 180), **all_shapes((320, 180)))
    state = WindowState(hud=False, heatmap=False)
    view = Renderer(0.0, DEFAULT_KEYS).paint(
        HistoryEntry(seen, (1, 2), ExplainRequest()),
        state,
        Status("NORMAL", 25.0, 30.0, 0.0),
        canvas_wh=(1280, 720),
    )
    expected = all_shapes((1280, 720))["rotated_xywhr"]
    for number, corners in enumerate(corners_of_rotated(expected)):
        side = along(view.picture, corners[2], corners[3]).astype(int)
        assert (abs(side - class_colour(number)).max(-1) < 40).mean() > 0.9
