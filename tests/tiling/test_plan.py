"""Tiles cover a picture, all of one size, and their weights sum to one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.errors import UsageError
from heatcam.tiling.cells import CellGrid
from heatcam.tiling.plan import plan_tiles
from heatcam.tiling.weights import StitchWeights, axis_weights

PLANS = st.builds(
    plan_tiles,
    st.tuples(st.integers(1, 900), st.integers(1, 900)),
    st.integers(64, 300),
    st.floats(0, 0.89, allow_nan=False),
)


def test_tiles_of_640_that_share_a_fifth_begin_every_512_pixels_and_the_last_is_moved_inwards() -> None:
    plan = plan_tiles((1500, 700), 640, 0.2)
    assert plan.lefts == (0, 512, 860)
    assert plan.tops == (0, 60)
    assert [tile.size_wh for tile in plan] == [(640, 640)] * 6


def test_a_picture_that_fits_is_one_tile_of_its_own_size() -> None:
    plan = plan_tiles((640, 480), 640)
    assert [tile.box_xyxy for tile in plan] == [(0, 0, 640, 480)]
    assert plan.cut_sides(plan[0]) == (False, False, False, False)


@given(PLANS)
def test_tiles_cover_every_pixel_lie_in_the_picture_and_share_what_they_are_to(plan) -> None:
    wide, tall = plan.size_wh
    covered = np.zeros((tall, wide), bool)
    for tile in plan:
        assert tile.size_wh == plan.tile_wh
        covered[tile.top : tile.bottom, tile.left : tile.right] = True
    assert covered.all()
    for before, after in zip(plan.lefts, plan.lefts[1:], strict=False):
        assert before < after <= before + plan.tile_wh[0]
        assert before + plan.tile_wh[0] - after >= round(plan.overlap * plan.tile_wh[0]) - 1


@given(PLANS)
def test_a_constant_map_stays_constant(plan) -> None:
    """The weights of all tiles sum to one at every pixel."""
    weights, total = StitchWeights(plan), np.zeros(plan.size_wh[::-1])
    for tile in plan:
        along_y, along_x = weights.of(tile)
        total[tile.top : tile.bottom, tile.left : tile.right] += along_y[:, None] * along_x
    np.testing.assert_allclose(total, 1, atol=1e-5)


def test_weights_fall_to_nothing_at_a_tiles_edge_and_not_at_the_pictures() -> None:
    first, last = axis_weights((0, 80), 100, 180)
    assert first[0] == last[-1] == 1
    assert first[-1] < 0.01 > last[0]
    assert first[:79].min() == 1
    assert np.all(np.diff(first) <= 0) and np.all(np.diff(last) >= 0)


@given(PLANS)
def test_each_place_of_the_picture_is_in_one_tiles_core(plan) -> None:
    counted = np.zeros(plan.size_wh[::-1], int)
    for tile in plan:
        grid = CellGrid(np.arange(plan.tile_wh[0]) + 0.5, np.arange(plan.tile_wh[1]) + 0.5)
        rows, columns = grid.core(plan, tile)
        counted[
            tile.top + rows.start : tile.top + rows.stop, tile.left + columns.start : tile.left + columns.stop
        ] += 1
    if plan.overlap <= 0.5:  # (more than two tiles at a place share no border)
        assert (counted == 1).all()
    assert (counted >= 0).all()


@pytest.mark.parametrize(
    ("tile", "overlap"), [(0, 0.2), (-640, 0.2), (63, 0.2), (640, 0.9), (640, -0.1), (640, float("nan"))]
)
def test_sizes_and_overlaps_that_make_no_sense_are_refused(tile: int, overlap: float) -> None:
    with pytest.raises(UsageError):
        plan_tiles((1000, 1000), tile, overlap)
