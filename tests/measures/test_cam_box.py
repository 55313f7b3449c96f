"""The region of a map, on maps computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.measures.cam_box import box_of_evidence


def grid(*cells: tuple[int, int, float], shape_hw: tuple[int, int] = (7, 7)) -> np.ndarray:
    """A map that is 0 but at ``(row, column, value)``."""
    values = np.zeros(shape_hw, np.float32)
    for row, column, value in cells:
        values[row, column] = value
    return values


def test_one_hot_cell_gives_a_box_that_ends_where_the_ramp_falls_to_a_fifth() -> None:
    # The cell's centre is at (144, 80). From there a ramp falls to 0 within 32 pixels: to a fifth after 25.6. The outermost
    # pixels whose middle is nearer lie from 25 to 26 pixels away.
    assert box_of_evidence(grid((2, 4, 3.0)), (224, 224)).tolist() == [144 - 26, 80 - 26, 144 + 26, 80 + 26]


def test_the_box_does_not_depend_on_the_unit() -> None:
    values = np.random.default_rng(2).random((7, 7)).astype(np.float32)
    assert np.array_equal(box_of_evidence(values, (224, 224)), box_of_evidence(values * 1e-4, (224, 224)))


def test_what_stays_below_a_fifth_of_the_maximum_is_left_out() -> None:
    alone = box_of_evidence(grid((2, 2, 1.0)), (224, 224))
    beside_little = box_of_evidence(grid((2, 2, 1.0), (2, 3, 0.15)), (224, 224))
    beside_more = box_of_evidence(grid((2, 2, 1.0), (2, 3, 0.5)), (224, 224))
    assert beside_little[2] < alone[2] + 8  # the ramp is a little less steep
    assert beside_more[2] > 3.5 * 32  # beyond the middle of cell 3


def test_of_several_regions_the_one_with_most_evidence_is_taken_though_another_is_larger() -> None:
    hot = [(5, 5, 10.0)]
    wide_and_faint = [(row, column, 2.5) for row in (0, 1) for column in (0, 1)]
    x1, y1, x2, y2 = box_of_evidence(grid(*hot, *wide_and_faint), (224, 224))
    assert (x1 > 128, y1 > 128, x2 - x1 < 60, y2 - y1 < 60) == (True,) * 4
    more = [(row, column, 4.0) for row in range(3) for column in range(3)]
    assert box_of_evidence(grid(*hot, *more), (224, 224))[:2].tolist() == [0, 0]


def test_cells_that_touch_at_a_corner_are_one_region() -> None:
    box = box_of_evidence(grid((2, 2, 1.0), (3, 3, 1.0)), (224, 224))
    assert box.tolist() == pytest.approx([2.5 * 32 - 26, 2.5 * 32 - 26, 3.5 * 32 + 26, 3.5 * 32 + 26], abs=1)


def test_evidence_against_the_class_counts_for_nothing() -> None:
    assert np.array_equal(
        box_of_evidence(grid((2, 2, 1.0), (6, 6, -50.0)), (224, 224)),
        box_of_evidence(grid((2, 2, 1.0)), (224, 224)),
    )


@pytest.mark.parametrize("value", [0.0, -3.0])
def test_without_positive_evidence_it_is_the_whole_input(value: float) -> None:
    assert box_of_evidence(np.full((7, 7), value, np.float32), (224, 160)).tolist() == [0, 0, 224, 160]


def test_specks_of_a_fine_map_are_brought_together_in_cells_of_32_pixels() -> None:
    specks = grid(
        (8, 8, 1.0), (8, 11, 1.0), (11, 8, 1.0), (11, 11, 1.0), shape_hw=(28, 28)
    )  # corners of cell (2, 2)
    assert np.array_equal(
        box_of_evidence(specks, (224, 224)), box_of_evidence(grid((2, 2, 0.25)), (224, 224))
    )


def test_an_input_of_one_cell_is_its_own_region() -> None:
    assert box_of_evidence(np.ones((4, 4), np.float32), (32, 32)).tolist() == [0, 0, 32, 32]


def test_the_map_is_not_changed() -> None:
    values = grid((1, 1, 1.0), (2, 2, -1.0))
    before = values.copy()
    box_of_evidence(values, (224, 224))
    assert np.array_equal(values, before)
