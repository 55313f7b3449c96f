"""Similarities of predictions to an object, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.perturbation.predictions import (
    MaskTargets,
    Predicted,
    one_hot_targets,
    similarities,
    targets_of,
)

BOX = [0, 0, 10, 10]
HALF = [0, 0, 5, 10]  # overlaps by half


def predicted(*rows: tuple[list[float], list[float]], objectness: list[float] | None = None) -> Predicted:
    boxes, scores = (np.array([row[n] for row in rows], np.float32) for n in range(2))
    return Predicted(boxes, scores, None if objectness is None else np.array(objectness, np.float32))


def target(box: list[float], scores: list[float]) -> MaskTargets:
    return MaskTargets(np.array([box], np.float32), np.array([scores], np.float32))


def test_similarity_is_overlap_times_cosine_times_objectness() -> None:
    own = target(BOX, [3, 4])
    assert similarities(predicted((HALF, [0.6, 0.8])), own) == pytest.approx([0.5 * 1 * 0.8])
    assert similarities(predicted((BOX, [0.6, 0])), own) == pytest.approx([0.6 * 0.6])
    assert similarities(predicted((BOX, [0.6, 0]), objectness=[0.9]), own) == pytest.approx([0.6 * 0.9])


def test_the_best_prediction_counts_and_unsure_ones_do_not() -> None:
    found = predicted((HALF, [0.9, 0]), (BOX, [0.5, 0]), (BOX, [0.001, 0]))
    assert similarities(found, target(BOX, [1, 0])) == pytest.approx([0.5])
    assert similarities(predicted((BOX, [0.001, 0])), target(BOX, [1, 0])) == 0
    nothing = Predicted(np.zeros((0, 4), np.float32), np.zeros((0, 2), np.float32))
    assert similarities(nothing, target(BOX, [1, 0])) == 0


def test_targets_have_the_scores_of_the_prediction_that_they_came_from() -> None:
    found = predicted((BOX, [0.2, 0.7]), (HALF, [0.9, 0.1]), ([50, 50, 60, 60], [0, 0.9]))
    boxes = np.array([BOX, HALF, [90, 90, 99, 99]], np.float32)
    own = targets_of(found, boxes, [1, 0, 1])
    np.testing.assert_allclose(
        own.scores, [[0.2, 0.7], [0.9, 0.1], [0, 1]]
    )  # (the last was predicted nowhere)
    assert one_hot_targets(found, boxes, [1, 0, 3]).scores.tolist() == [
        [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1],
    ]  # fmt: skip
