"""Mean average precision, beside ultralytics' own functions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heatcam.audit.precision import IOUS, mean_precision, score_boxes


def picture(seed: int):
    noise = np.random.default_rng(seed)
    labels = int(noise.integers(0, 7))
    corner, size = noise.uniform(0, 100, (labels, 2)), noise.uniform(10, 60, (labels, 2))
    marks = np.concatenate((corner, corner + size), 1).astype(np.float32)
    ids = noise.integers(0, 3, labels)
    some = noise.integers(0, max(labels, 1), 25 * (labels > 0))
    boxes = (marks[some] + noise.normal(0, 4, (len(some), 4))).astype(np.float32)
    return (
        boxes,
        np.sort(noise.random(len(some)))[::-1].astype(np.float32),
        noise.integers(0, 4, len(some)),
        marks,
        ids,
    )


@pytest.mark.parametrize("pictures", [1, 12])
def test_precision_is_that_of_ultralytics(pictures: int) -> None:
    from ultralytics.engine.validator import BaseValidator
    from ultralytics.utils.metrics import ap_per_class, box_iou

    judge = BaseValidator.__new__(BaseValidator)
    judge.iouv = torch.linspace(0.5, 0.95, 10)
    rows = [picture(seed) for seed in range(pictures)]
    ours = [score_boxes(*row) for row in rows]
    right = []
    for (boxes, _, ids, marks, known), scored in zip(rows, ours, strict=True):
        iou = box_iou(torch.from_numpy(marks), torch.from_numpy(boxes))
        theirs = judge.match_predictions(torch.from_numpy(ids), torch.from_numpy(known), iou).numpy()
        bits = (scored.right[:, None] >> np.arange(10)) & 1
        assert np.array_equal(bits.astype(bool), theirs)
        right.append(theirs)
    scores, ids, known = (np.concatenate([row[n] for row in rows]) for n in (1, 2, 4))
    exact = ap_per_class(np.concatenate(right), scores, ids, known)
    ap, classes = exact[5], exact[6]
    found = mean_precision(ours)
    assert list(found.per_class) == classes.tolist()
    assert [both[0] for both in found.per_class.values()] == pytest.approx(ap[:, 0].tolist())
    assert found.map50 == pytest.approx(ap[:, 0].mean())
    assert found.map50_95 == pytest.approx(ap.mean())


def test_without_labels_there_is_no_precision() -> None:
    nothing = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    box = np.array([[0, 0, 10, 10]], np.float32), np.array([0.5], np.float32), np.array([0])
    found = mean_precision([score_boxes(*box, *nothing)])
    assert (found.map50, found.map50_95, found.per_class) == (None, None, {})


def test_a_label_that_nothing_finds_has_no_precision_and_counts() -> None:
    box = np.array([[0, 0, 10, 10]], np.float32)
    marks = np.array([[0, 0, 10, 10], [20, 20, 30, 30]], np.float32)
    found = mean_precision(
        [score_boxes(box, np.array([0.5], np.float32), np.array([0]), marks, np.array([0, 1]))]
    )
    assert found.per_class[1] == (0.0, 0.0)
    assert found.per_class[0] == pytest.approx((0.995, 0.995), abs=1e-3)
    assert len(IOUS) == 10
