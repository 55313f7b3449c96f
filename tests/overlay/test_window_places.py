"""What is drawn for a window: the frame as large as it can be on black, and cards where they cover nothing that matters."""

from dataclasses import replace

import numpy as np
import pytest

from heatcam.enums import Layout
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.renderer import Renderer
from heatcam.live.state import WindowState
from heatcam.measures.history import EvidenceHistory
from heatcam.overlay import Status
from heatcam.overlay.graphs import draw_graphs
from heatcam.overlay.numbers_panel import draw_numbers
from heatcam.overlay.panels import corners_of, covered_px, least_covering
from heatcam.overlay.resized import at_size
from heatcam.overlay.views import natural_wh, places_on
from heatcam.sinks.keys import DEFAULT_KEYS
from tests.live.streams import frame, seen

STATUS = Status("HEATMAP", 25.0, 30.0, 5.0)


def scene(size_wh, boxes, index=0):
    """A grey frame with objects in boxes that are given as shares of its sides."""
    width, height = size_wh
    of = replace(frame(index, fps=25), image_bgr=np.full((height, width, 3), 120, np.uint8))
    in_pixels = tuple((x1 * width, y1 * height, x2 * width, y2 * height) for x1, y1, x2, y2 in boxes)
    found = seen(of, in_pixels)
    return replace(found, object_maps=(found.saliency,) * len(boxes))


def painted(found, state, canvas_wh):
    painting = Renderer(0.0, DEFAULT_KEYS)
    painting.take(found, state)
    numbers = tuple(range(1, 1 + len(found.detections)))
    return painting.paint(HistoryEntry(found, numbers, ExplainRequest()), state, STATUS, canvas_wh=canvas_wh)


@pytest.mark.parametrize("size_wh", [(320, 240), (3840, 2160), (600, 1800)])
@pytest.mark.parametrize("canvas_wh", [(400, 300), (640, 360), (1280, 720), (1920, 1080)])
def test_the_picture_has_the_windows_size_with_black_bars_and_leads_back_to_the_frame(size_wh, canvas_wh):
    view = painted(scene(size_wh, ()), WindowState(hud=False, heatmap=False), canvas_wh)
    assert view.picture.shape == (canvas_wh[1], canvas_wh[0], 3)
    ((left, top, right, bottom),) = view.places
    assert (right - left == canvas_wh[0]) or (bottom - top == canvas_wh[1]), "as large as it can be"
    assert (right - left) / (bottom - top) == pytest.approx(size_wh[0] / size_wh[1], rel=0.02)
    inside = np.zeros(view.picture.shape[:2], bool)
    inside[top:bottom, left:right] = True
    assert (view.picture[inside] == 120).all()
    assert (view.picture[~inside] == 0).all()
    middle = view.to_frame((left + right - 1) / 2, (top + bottom - 1) / 2)
    assert middle == pytest.approx(((size_wh[0] - 1) / 2, (size_wh[1] - 1) / 2), abs=0.01)
    assert view.holds(left, top)
    assert not view.holds(right, bottom)


def test_two_pictures_stand_as_the_window_leaves_most_room():
    beside = places_on((1600, 500), (640, 480), Layout.DUAL)
    above = places_on((500, 1000), (640, 480), Layout.DUAL)
    assert beside[0][1] == beside[1][1]
    assert above[0][0] == above[1][0]
    natural = natural_wh((640, 480), Layout.DUAL)
    assert [place[2] - place[0] for place in places_on(natural, (640, 480), Layout.DUAL)] == [640, 640]


@pytest.mark.parametrize("size_wh", [(320, 240), (1280, 720), (3840, 2160)])
def test_the_top_line_is_as_high_in_a_window_whatever_the_source(size_wh):
    bare = painted(scene(size_wh, ()), WindowState(hud=False, heatmap=False), (1280, 720)).picture
    lined = painted(scene(size_wh, ()), WindowState(heatmap=False), (1280, 720)).picture
    rows = np.flatnonzero((bare != lined).any((1, 2)))
    assert rows.max() < 30
    assert rows.size > 10


def test_boxes_and_maps_lie_on_the_same_things_at_every_size():
    found = scene((640, 480), ((0.25, 0.25, 0.75, 0.75),))
    small = at_size(found, (160, 120))
    assert small.frame.size_wh == (160, 120)
    assert small.detections.boxes_xyxy[0].tolist() == [40, 30, 120, 90]
    large, shown = found.saliency.in_image(), small.saliency.in_image()
    assert shown.shape == (120, 160)
    peak = np.divide(np.unravel_index(large.argmax(), large.shape), 4)
    assert np.abs(np.unravel_index(shown.argmax(), shown.shape) - peak).max() < 6
    assert at_size(found, (640, 480)) is found


CORNERS = {
    "nw": (0.02, 0.1, 0.4, 0.45),
    "ne": (0.6, 0.1, 0.98, 0.45),
    "sw": (0.02, 0.55, 0.4, 0.95),
    "se": (0.6, 0.55, 0.98, 0.95),
}


@pytest.mark.parametrize("canvas_wh", [(640, 360), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("corner", CORNERS)
def test_panels_never_cover_the_focused_object(corner, canvas_wh):
    found = scene((1280, 720), (CORNERS[corner], (0.45, 0.45, 0.55, 0.55)))
    plain = WindowState(focus=1, hud=False)
    with_panels = painted(found, replace(plain, numbers=True, graphs=True), canvas_wh).picture
    without = painted(found, plain, canvas_wh).picture
    changed = (with_panels != without).any(2)
    assert changed.sum() > 5000, "both are there"
    x1, y1, x2, y2 = (round(v * side) for v, side in zip(CORNERS[corner], canvas_wh * 2, strict=True))
    assert not changed[y1:y2, x1:x2].any()


def test_the_panel_has_fewer_lines_rather_than_cover_what_is_focused():
    boxes = ((0.0, 0.3, 1.0, 1.0), *((0.1 * n, 0.4, 0.1 * n + 0.1, 0.6) for n in range(8)))
    found = scene((1280, 720), boxes)
    focused = (0, 216, 1280, 720)
    picture = found.frame.image_bgr.copy()
    card = draw_numbers(picture, found, 0, [focused])
    free = draw_numbers(found.frame.image_bgr.copy(), found, 0)
    assert covered_px(card, [focused]) == 0
    assert card[3] - card[1] < free[3] - free[1]


def test_a_card_takes_the_first_corner_that_is_free_else_the_least_bad():
    places = corners_of((0, 0, 100, 100), 40, 40, "ne nw sw se")
    assert least_covering(places, []) == (60, 0, 100, 40)
    assert least_covering(places, [(50, 0, 100, 50)]) == (0, 0, 40, 40)
    assert least_covering(places, [(50, 0, 100, 50)], [(0, 0, 40, 40)]) == (0, 60, 40, 100)
    everything = [(0, 0, 100, 100), (0, 0, 99, 61)]
    assert least_covering(places, everything) == (60, 60, 100, 100)


def test_objects_that_are_gone_leave_the_graphs_after_a_second():
    """Frames are 1/25 s apart."""

    def drawn(frames_without):
        history = EvidenceHistory()
        for n in range(5):
            history.add(scene((640, 480), ((0.1, 0.1, 0.3, 0.3), (0.6, 0.6, 0.9, 0.9)), n))
        for n in range(frames_without):
            history.add(scene((640, 480), ((0.1, 0.1, 0.3, 0.3),), 5 + n))
        assert len(history.objects()) == 2, "it is remembered, for when it comes back"
        picture = np.full((480, 640, 3), 120, np.uint8)
        draw_graphs(picture, history)
        return np.flatnonzero((picture != 120).any((1, 2))).size

    assert drawn(10) == drawn(0)
    assert drawn(40) < drawn(0)
