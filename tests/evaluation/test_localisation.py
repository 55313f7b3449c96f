"""Where evidence lies, on maps that are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.evaluation.localisation import Place, discrimination, gini, place_of

NOBODY = np.zeros((0, 4), np.float32)
BOX = np.array([0, 0, 2, 2], np.float32)  # a quarter of a 4 x 4 picture


def evidence(**at: float) -> np.ndarray:
    """A 4 x 4 map with ``y1x2=3`` meaning 3 at row 1, column 2."""
    values = np.zeros((4, 4), np.float32)
    for name, value in at.items():
        values[int(name[1]), int(name[3])] = value
    return values


def test_evidence_inside_points_and_is_enriched() -> None:
    place = place_of(evidence(y0x0=2, y1x1=1, y3x3=1), BOX, NOBODY)
    assert place.pointing is True
    assert place.energy == pytest.approx(0.75)
    assert place.enrichment == pytest.approx(3)
    assert place.discrimination is None


def test_a_maximum_outside_loses_the_pointing_game_whatever_the_energy() -> None:
    place = place_of(evidence(y0x0=2, y1x1=2, y3x3=3), BOX, NOBODY)
    assert place.pointing is False
    assert place.energy == pytest.approx(4 / 7)


def test_the_boxs_far_edges_lie_outside() -> None:
    assert place_of(evidence(y2x0=1), BOX, NOBODY).pointing is False
    assert place_of(evidence(y1x1=1), BOX, NOBODY).pointing is True


def test_evidence_spread_evenly_is_not_enriched() -> None:
    place = place_of(np.ones((4, 4), np.float32), BOX, NOBODY)
    assert place.enrichment == pytest.approx(1)
    assert place.sparsity == pytest.approx(0)


def test_a_map_of_nothing_has_no_place() -> None:
    assert place_of(evidence(), BOX, BOX[None] + 2) == Place(None, None, None, None, None)


def test_discrimination_is_the_own_share_of_what_lies_in_boxes_of_the_class() -> None:
    other = np.array([[2, 2, 4, 4]], np.float32)
    values = evidence(y0x0=3, y3x3=1, y0x3=5)  # the last lies in no box
    assert discrimination(values, BOX, other) == pytest.approx(0.75)
    assert discrimination(values, other[0], BOX[None]) == pytest.approx(0.25)


def test_where_boxes_overlap_evidence_is_the_objects_own_and_counts_once() -> None:
    assert discrimination(evidence(y1x1=1, y2x2=1), BOX, np.array([[1, 1, 3, 3]], np.float32)) == 0.5


def test_without_another_box_or_evidence_in_any_there_is_no_discrimination() -> None:
    assert discrimination(evidence(y0x0=1), BOX, NOBODY) is None
    assert discrimination(evidence(y0x3=1), BOX, np.array([[2, 2, 4, 4]], np.float32)) is None


def test_gini_of_known_spreads() -> None:
    assert gini(evidence(y2x1=7)) == pytest.approx(1 - 1 / 16)
    assert gini(np.full((4, 4), 3, np.float32)) == pytest.approx(0)
    assert gini(np.array([[1, 3]], np.float32)) == pytest.approx(0.25)  # |1 - 3| * 2 / (2 * 4 * 2)
    assert gini(evidence()) is None


def test_gini_of_a_large_map_is_that_of_its_sample() -> None:
    values = np.random.default_rng(0).random((700, 900)).astype(np.float32)
    assert gini(values) == pytest.approx(1 / 3, abs=5e-3)  # of even noise
