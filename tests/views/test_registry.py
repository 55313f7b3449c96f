"""Every view by its name."""

import numpy as np
import pytest

from heatcam.enums import ViewName
from heatcam.errors import UsageError, ViewError
from heatcam.overlay import OverlayOptions, draw
from heatcam.views.registry import VIEWS, render_view, view_names
from tests.views.scenes import seen, without_a_map

OF_THE_FRAMES_SIZE = ("overlay", "boxes", "original", "regions")


def test_every_name_has_its_view():
    assert set(VIEWS) == set(ViewName)


@pytest.mark.parametrize("name", [view.value for view in VIEWS])
def test_every_view_is_a_new_picture_and_leaves_the_frame_as_it_is(name):
    explanation = seen()
    before = explanation.frame.image_bgr.copy()
    picture = render_view(name, explanation)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert not np.shares_memory(picture, explanation.frame.image_bgr)
    assert (explanation.frame.image_bgr == before).all()


@pytest.mark.parametrize("name", OF_THE_FRAMES_SIZE)
def test_some_have_the_frames_size(name):
    assert render_view(name, seen()).shape == (240, 320, 3)


def test_the_overlay_is_what_is_drawn_elsewhere():
    assert (render_view("overlay", seen()) == draw(seen(), OverlayOptions())).all()


def test_the_boxes_have_no_heat_and_the_original_has_nothing():
    explanation = seen()
    original = render_view("original", explanation)
    assert (original == explanation.frame.image_bgr).all()
    inside = render_view("boxes", explanation, OverlayOptions(boxes=False))[60:100, 50:100]
    assert (inside == original[60:100, 50:100]).all()
    assert (render_view("boxes", explanation) != original).any()


def test_dual_has_both_beside_each_other():
    picture = render_view("dual", seen())
    assert picture.shape[0] == 240
    assert picture.shape[1] > 640


def test_names_come_with_commas_and_once_in_their_order():
    assert view_names(["grid, Overlay", "grid"]) == (ViewName.GRID, ViewName.OVERLAY)
    assert view_names([]) == ()


def test_an_unknown_name_says_what_was_meant():
    with pytest.raises(UsageError, match=r"no view 'overlya'.*overlay"):
        view_names(["overlya"])
    with pytest.raises(UsageError, match="there are overlay, heatmap"):
        render_view("xyz", seen())


@pytest.mark.parametrize("name", ["heatmap", "grid", "regions"])
def test_without_a_map_the_reason_is_said(name):
    with pytest.raises(ViewError, match=r"there is no heat map \(no gradient comes to layer 15\)"):
        render_view(name, without_a_map())


@pytest.mark.parametrize("name", ["heatmap", "grid"])
def test_without_objects_the_reason_is_said(name):
    with pytest.raises(ViewError, match="nothing was detected"):
        render_view(name, seen(0))


@pytest.mark.parametrize("name", ["overlay", "boxes", "original", "dual", "sheet"])
@pytest.mark.parametrize("explanation", [seen(0), without_a_map()], ids=["nothing", "no map"])
def test_the_others_come_all_the_same(name, explanation):
    assert render_view(name, explanation).size
