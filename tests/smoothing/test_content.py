from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.smoothing.content import apart, around, difference, patch_of, registered, with_patches
from tests.smoothing.streams import CELLS, spot


def cells(*sides: float) -> np.ndarray:
    return np.array(sides, np.float32)


def test_a_patch_is_every_cell_that_the_box_touches() -> None:
    patch = patch_of(np.zeros(CELLS, np.float32), cells(2.3, 4.0, 5.1, 6.0))
    assert (patch.left, patch.top, patch.values.shape) == (2, 4, (2, 4))


@pytest.mark.parametrize("box", [(80, 80, 80, 80), (3, 3, 3, 3), (0, 0, 0, 80)])
def test_a_box_without_area_still_has_a_cell(box: tuple[int, ...]) -> None:
    patch = patch_of(np.ones(CELLS, np.float32), cells(*box))
    assert min(patch.values.shape) >= 1
    assert np.isfinite(registered(patch, patch)).all()


def test_a_box_that_stays_leaves_its_content_untouched() -> None:
    patch = patch_of(spot(30, 30), cells(20.4, 20.2, 40.7, 50.9))
    np.testing.assert_allclose(registered(patch, patch), patch.values, atol=1e-6)


@given(
    st.floats(8, 40),
    st.floats(8, 40),
    st.floats(-6, 6),
    st.floats(-6, 6),
    st.floats(0.8, 1.25),
    st.floats(0.8, 1.25),
)
def test_content_moves_and_stretches_with_its_box(
    left: float, top: float, by_x: float, by_y: float, wider: float, taller: float
) -> None:
    """A spot at a third of the old box's width lies, after registration, at a third of the new box's."""
    before = cells(left, top, left + 20, top + 24)
    after = cells(left + by_x, top + by_y, left + by_x + 20 * wider, top + by_y + 24 * taller)
    old = patch_of(spot(left + 20 / 3, top + 12), before)
    new = patch_of(np.zeros(CELLS, np.float32), after)
    laid = registered(old, new)
    rows, columns = np.mgrid[: laid.shape[0], : laid.shape[1]] + 0.5
    x = (laid * columns).sum() / laid.sum() + new.left
    y = (laid * rows).sum() / laid.sum() + new.top
    assert x == pytest.approx(after[0] + 20 * wider / 3, abs=0.35)  # the box cuts the spot's left side
    assert y == pytest.approx(after[1] + 12 * taller, abs=0.1)


def test_difference_runs_from_equal_to_nothing_in_common() -> None:
    here, there = spot(20, 20), spot(60, 60)
    assert difference(here, here) == 0
    assert difference(here, there) == pytest.approx(1, abs=1e-6)
    assert difference(here, 3 * here) == pytest.approx(2 / 4, abs=1e-6)
    assert difference(0 * here, -there) == 0


def test_patches_are_laid_in_and_overlaps_hold_their_mean() -> None:
    raw = np.zeros(CELLS, np.float32)
    one = patch_of(np.full(CELLS, 2, np.float32), cells(0, 0, 4, 4))
    other = patch_of(np.full(CELLS, 6, np.float32), cells(2, 0, 6, 4))
    laid = with_patches(raw, [one, other])
    np.testing.assert_array_equal(laid[0, :8], [2, 2, 4, 4, 6, 6, 0, 0])
    assert not raw.any()


def test_the_local_difference_is_high_only_where_evidence_came_or_went() -> None:
    both, one = around(spot(20, 20) + spot(60, 60)), around(spot(20, 20))
    for there in (apart(both, one), apart(one, both)):
        assert there[60, 60] > 0.85
        assert there[20, 20] < 0.01
        assert there[5, 70] < 0.1  # hardly any evidence in either
    assert apart(0 * one, 0 * one).max() == 0


def test_the_grain_of_single_cells_is_no_local_difference() -> None:
    rng, even = np.random.default_rng(0), np.full(CELLS, 1, np.float32)
    grains = [around(even * rng.normal(1, 0.3, CELLS).astype(np.float32)) for _ in range(2)]
    assert np.abs(apart(*grains)).mean() < 0.05
    assert difference(even * 0.7, even * 1.3) > 0.25
