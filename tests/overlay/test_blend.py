from __future__ import annotations

import numpy as np
import pytest

from heatcam.enums import Colormap
from heatcam.overlay.blend import blend, colour_table, opacity_table


@pytest.mark.parametrize("colormap", list(Colormap))
def test_cold_pixels_keep_every_value(colormap: Colormap) -> None:
    picture = np.arange(256 * 3, dtype=np.uint32).reshape(16, 16, 3).astype(np.uint8)
    before = picture.copy()
    blend(picture, np.zeros((16, 16), np.uint8), colormap, 0.7)
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.7, 1.0])
def test_more_heat_is_never_less_opaque(alpha: float) -> None:
    opacity = opacity_table(alpha).astype(int)
    assert (np.diff(opacity) >= 0).all()
    assert opacity[0] == 0
    assert opacity[-1] == round(alpha * 255)


def test_opacity_has_no_visible_step() -> None:
    assert np.diff(opacity_table(0.7).astype(int)).max() <= 3


@pytest.mark.parametrize("colormap", list(Colormap))
def test_no_colour_that_is_shown_is_nearly_black(colormap: Colormap) -> None:
    shown = colour_table(colormap)[opacity_table(1.0) > 25]
    assert shown.max(1).min() > 90


@pytest.mark.parametrize("colormap", list(Colormap))
def test_a_blend_is_picture_and_colour_in_their_shares(colormap: Colormap) -> None:
    picture = np.full((1, 256, 3), 90, np.uint8)
    heat = np.arange(256, dtype=np.uint8)[None]
    share = opacity_table(0.7)[:, None] / 255
    blend(picture, heat, colormap, 0.7)
    np.testing.assert_allclose(picture[0], 90 * (1 - share) + colour_table(colormap) * share, atol=1.51)


def test_a_blend_into_a_view_leaves_the_rest_alone() -> None:
    picture = np.full((20, 30, 3), 50, np.uint8)
    blend(picture[5:10, 5:10], np.full((5, 5), 255, np.uint8), Colormap.TURBO, 1.0)
    assert (picture[5:10, 5:10] == colour_table(Colormap.TURBO)[255]).all()
    picture[5:10, 5:10] = 50
    assert (picture == 50).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 70_000), (700, 500)])
def test_strips_and_skipped_parts_leave_no_seam(size: tuple[int, int]) -> None:
    """Whatever is cut away before the arithmetic, each pixel depends on its own heat alone."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (*size, 3), np.uint8)
    heat = rng.integers(0, 256, size, np.uint8)
    heat[: size[0] // 2, size[1] // 3 :] = 0
    share = opacity_table(0.7)[heat][..., None] / 255
    expected = picture * (1 - share) + colour_table(Colormap.TURBO)[heat] * share
    blend(picture, heat, Colormap.TURBO, 0.7)
    np.testing.assert_allclose(picture, expected, atol=1.51)


def test_an_opacity_of_nothing_changes_nothing() -> None:
    picture = np.full((20, 30, 3), 77, np.uint8)
    blend(picture, np.full((20, 30), 255, np.uint8), Colormap.JET, 0.0)
    assert (picture == 77).all()
