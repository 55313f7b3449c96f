"""Numbers about two maps, on maps small enough to calculate by hand; scipy is the oracle of the ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from heatcam.comparison.maps import MapNumbers, common_cells, compared_maps, hottest_overlap
from heatcam.geometry import Letterbox
from heatcam.measures import rank_correlation
from tests.comparison.scenes import LETTERBOX, hot_at, map_of

WHOLE = np.array([0, 0, 64, 64], np.float32)


def noise(seed: int, shape: tuple[int, int] = (8, 8)) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=30))
def test_the_rank_correlation_is_scipys_with_ties(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, np.float64).T
    ours = rank_correlation(a, b)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert ours is None
    else:
        assert ours == pytest.approx(spearmanr(a, b).statistic)


def test_maps_of_one_network_are_compared_cell_by_cell() -> None:
    a, b = noise(1), noise(2)
    found = compared_maps(map_of(a), map_of(b), WHOLE, WHOLE)
    oracle = spearmanr(np.maximum(a, 0).ravel(), np.maximum(b, 0).ravel()).statistic
    assert found.map_correlation == pytest.approx(oracle)


def test_only_cells_in_the_union_of_both_boxes_count() -> None:
    a, b = noise(1), noise(2)
    one, other = np.array([0, 0, 16, 16], np.float32), np.array([8, 8, 24, 24], np.float32)
    inside = np.zeros((8, 8), bool)
    inside[0:2, 0:2] = inside[1:3, 1:3] = True
    found = compared_maps(map_of(a), map_of(b), one, other)
    oracle = spearmanr(np.maximum(a, 0)[inside], np.maximum(b, 0)[inside]).statistic
    assert found.map_correlation == pytest.approx(oracle)


def test_the_same_map_agrees_with_itself() -> None:
    own = map_of(noise(3))
    assert compared_maps(own, own, WHOLE, WHOLE) == MapNumbers(pytest.approx(1.0), 1.0, 0.0)


def test_energy_is_that_of_each_map_in_its_own_box() -> None:
    values = np.zeros((8, 8), np.float32)
    values[0, 0], values[7, 7] = 3.0, 1.0
    a, b = np.array([0, 0, 8, 8], np.float32), np.array([56, 56, 64, 64], np.float32)
    own = map_of(values)
    assert compared_maps(own, own, a, b).energy_in_box_difference == pytest.approx(0.75 - 0.25)


def test_the_hottest_tenth_by_hand() -> None:
    a, b = np.zeros(20), np.zeros(20)
    a[[3, 7, 9]] = 5.0, 4.0, 1.0
    b[[7, 11, 3]] = 9.0, 8.0, 1.0
    assert hottest_overlap(a, b) == 0.5  # {3, 7} and {7, 11}
    b[11] = 0
    assert hottest_overlap(a, b) == 1.0


def test_without_evidence_there_is_no_hottest_tenth_and_no_order() -> None:
    nothing = map_of(np.zeros((8, 8), np.float32))
    assert compared_maps(hot_at(3, 3), nothing, WHOLE, WHOLE) == MapNumbers()
    assert compared_maps(hot_at(3, 3), None, WHOLE, WHOLE) == MapNumbers()


def test_a_finer_map_is_added_up_in_the_cells_of_the_coarser_one() -> None:
    fine = noise(4, (8, 8))
    sums = np.maximum(fine, 0).reshape(4, 2, 4, 2).sum((1, 3))
    a, b = common_cells(map_of(fine), map_of(sums), WHOLE[None])
    assert a == pytest.approx(sums.ravel(), abs=1e-6)
    assert b == pytest.approx(sums.ravel(), abs=1e-6)


def test_maps_of_two_input_sizes_lie_over_the_same_picture() -> None:
    """A picture of 64x32: one network sees it with a border, the other twice as large; the evidence is at one place."""
    small, large = Letterbox.fit((64, 32), 64, 64), Letterbox.fit((64, 32), 128)
    assert small.pad_top == 16
    bordered, plain = np.zeros((8, 8), np.float32), np.zeros((8, 16), np.float32)
    bordered[3, 5] = 1.0  # image pixels 40..48, 8..16
    plain[2:4, 10:12] = 0.25
    box = np.array([[0, 0, 64, 32]], np.float32)
    a, b = common_cells(map_of(bordered, small), map_of(plain, large), box)
    assert a == pytest.approx(b)
    assert a.sum() == pytest.approx(1.0)


def test_one_geometry_is_read_without_arithmetic() -> None:
    own = map_of(noise(5))
    a, _ = common_cells(own, own, WHOLE[None])
    assert np.array_equal(a.astype(np.float32), np.maximum(own.values, 0).ravel())
    assert own.letterbox == LETTERBOX
