"""The heat alone."""

import numpy as np

from heatcam.enums import Colormap, Renorm
from heatcam.overlay import OverlayOptions, colour_table
from heatcam.views.registry import render_view
from tests.views.scenes import seen


def test_each_pixel_has_the_colour_of_its_heat_and_nothing_of_the_photograph():
    picture = render_view("heatmap", seen(), OverlayOptions(hud=False, colormap=Colormap.VIRIDIS))
    colours = colour_table(Colormap.VIRIDIS)
    assert picture.shape == (240, 320, 3)
    assert {tuple(c) for c in picture.reshape(-1, 3).tolist()} <= {tuple(c) for c in colours.tolist()}
    assert (picture[80, 70] == colours[255]).all()
    assert (picture[0, 319] == colours[0]).all()


def test_the_bar_stands_below_the_heat_and_covers_none_of_it():
    bare = render_view("heatmap", seen(), OverlayOptions(hud=False))
    barred = render_view("heatmap", seen())
    assert (barred[:240] == bare).all()
    assert barred.shape[0] > 240
    strip = {tuple(c) for c in barred[240:].reshape(-1, 3).tolist()}
    assert tuple(colour_table(Colormap.TURBO)[128].tolist()) in strip


def test_one_scale_over_the_frame_makes_the_weaker_object_paler():
    picture = render_view("heatmap", seen(), OverlayOptions(hud=False, renorm=Renorm.FRAME))
    assert not np.array_equal(picture[80, 70], picture[140, 240])
