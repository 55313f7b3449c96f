from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatcam.enums import Renorm
from heatcam.frames import Explanation, SaliencyMap
from heatcam.overlay import OverlayOptions, draw
from heatcam.overlay.labels import class_colour
from tests.overlay.scenes import cells_for, explanation

SIZE = (320, 240)
BOXES = [(20.0, 30.0, 140.0, 200.0), (170.0, 40.0, 300.0, 220.0)]
BARE = OverlayOptions(boxes=False, hud=False)


def seen(*, own: bool) -> Explanation:
    """Two boxes; the map of all is hot everywhere, each object's own in the upper half of its box and beyond."""
    shape = cells_for(SIZE)
    both = explanation(SIZE, BOXES, np.ones(shape, np.float32))
    if not own:
        return both
    assert both.saliency is not None
    maps: list[SaliencyMap] = []
    for left, right in ((0, shape[1] // 2), (shape[1] // 2, shape[1])):
        values = np.zeros(shape, np.float32)
        values[: shape[0] // 2, left:right] = 1
        maps.append(replace(both.saliency, values=values))
    return replace(both, object_maps=tuple(maps))


def changed(drawn: np.ndarray, of: Explanation) -> np.ndarray:
    return (drawn != of.frame.image_bgr).any(-1)


@pytest.mark.parametrize("focus", [0, 1])
def test_only_the_focused_objects_own_map_is_shown(focus: int) -> None:
    both = seen(own=True)
    hot = changed(draw(both, BARE, focus=focus), both)
    halves = hot[:, :150], hot[:, 160:]
    assert halves[focus].any()
    assert not halves[1 - focus].any()
    assert not hot[160:].any(), "the map of all is hot there"


@pytest.mark.parametrize("renorm", list(Renorm))
def test_without_own_maps_the_box_shows_the_map_of_all(renorm: Renorm) -> None:
    both = seen(own=False)
    hot = changed(draw(both, replace(BARE, renorm=renorm), focus=1), both)
    assert hot[40:220, 170:300].all()
    hot[40:220, 170:300] = False
    assert not hot.any()


def test_scaled_over_the_frame_an_own_map_is_shown_beyond_its_box_too() -> None:
    both = seen(own=True)
    hot = changed(draw(both, replace(BARE, renorm=Renorm.FRAME), focus=0), both)
    assert hot[5:25, 5:15].all()
    assert not hot[:, 190:].any()


def test_a_weak_object_in_focus_is_scaled_by_its_own_map_over_the_frame() -> None:
    both = seen(own=True)
    weak = replace(both, object_maps=tuple(replace(m, values=0.01 * m.values) for m in both.object_maps))
    options = replace(BARE, renorm=Renorm.FRAME)
    np.testing.assert_array_equal(
        draw(weak, options, focus=0, scales=[1.0]), draw(both, options, focus=0, scales=[1.0])
    )


def test_the_given_scale_of_the_object_is_taken() -> None:
    both = seen(own=True)
    pale, hot = (draw(both, BARE, focus=1, scales=[1.0, scale]) for scale in (3.0, 1.0))
    assert np.abs(hot.astype(int) - pale).max() > 30
    np.testing.assert_array_equal(hot, draw(both, BARE, focus=1, scales=[99.0, 1.0]))


def test_smoothed_maps_are_what_is_shown_of_the_focused_object() -> None:
    both = seen(own=True)
    moved = replace(both, object_maps=both.object_maps[::-1])
    np.testing.assert_array_equal(
        draw(both, replace(BARE, renorm=Renorm.FRAME), focus=0, smoothed=moved),
        draw(both, replace(BARE, renorm=Renorm.FRAME), focus=1),
    )


@pytest.mark.parametrize("focus", [-1, 2, 99])
def test_a_focus_on_nothing_is_ignored(focus: int) -> None:
    both = seen(own=True)
    np.testing.assert_array_equal(
        draw(both, OverlayOptions(), focus=focus), draw(both, OverlayOptions(), focus=None)
    )


def test_the_focused_box_stands_out_and_the_other_is_faint_and_has_no_label() -> None:
    both = explanation(SIZE, BOXES, None)
    all_alike, focused = (draw(both, OverlayOptions(), focus=n) for n in (None, 0))
    strong, weak = (
        [(picture == class_colour(n)).all(-1).sum() for n in (0, 1)] for picture in (focused, all_alike)
    )
    assert strong[0] > weak[0]
    assert strong[1] == 0
    other = changed(focused, both)[:, 160:]
    assert other[40:220, 10].all(), "its line is there"
    other[38:222, 8:12] = other[38:42] = other[216:222] = other[38:222, 137:142] = False
    assert not other.any()
