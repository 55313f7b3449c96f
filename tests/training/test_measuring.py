"""The numbers on the card, checked by hand on pictures small enough to count."""

import numpy as np
import pytest

from training.measuring import (
    Boxes,
    Judged,
    average_precision,
    confusion,
    iou,
    match,
    read_labels,
    recall_by_size,
)

LEFT, RIGHT, FAR = (0, 0, 10, 10), (100, 0, 140, 40), (200, 200, 300, 300)


def boxes(*rows):
    """Rows of (box, class id, confidence)."""
    xyxy = np.array([row[0] for row in rows], float).reshape(-1, 4)
    return Boxes(
        xyxy, np.array([row[1] for row in rows], np.int64), np.array([row[2] for row in rows], float)
    )


def shifted(box, pixels):
    return tuple(v + pixels * (i % 2 == 0) for i, v in enumerate(box))


def test_overlap_of_boxes_is_intersection_over_union():
    found = iou(np.array([[0, 0, 10, 10.0]]), np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10.0]]))
    assert np.allclose(found, [[1, 1 / 3, 0]])


def test_yolo_lines_become_boxes_in_pixels():
    truth = read_labels("2 0.5 0.5 0.25 0.5\n0 0.1 0.1 0.2 0.2", 320, 160)
    assert truth.class_ids.tolist() == [2, 0]
    assert np.allclose(truth.xyxy, [[120, 40, 200, 120], [0, 0, 64, 32]])
    assert len(read_labels("", 320, 320).class_ids) == 0


def test_perfect_boxes_have_a_mean_average_precision_of_one():
    truth = boxes((LEFT, 0, 1), (RIGHT, 1, 1), (FAR, 3, 1))
    perfect = [Judged(truth, boxes((LEFT, 0, 0.9), (RIGHT, 1, 0.8), (FAR, 3, 0.7)))]
    result = average_precision(perfect)
    assert result["map50"] == pytest.approx(1, abs=0.01)
    assert result["map50_95"] == pytest.approx(1, abs=0.01)
    assert set(result["ap50"]) == {"qr-code", "barcode", "aruco"}


def test_a_missed_class_and_a_loose_box_cost_what_they_should():
    truth = boxes((LEFT, 0, 1), (RIGHT, 1, 1))
    loose = average_precision([Judged(truth, boxes((LEFT, 0, 0.9), (shifted(RIGHT, 10), 1, 0.8)))])
    assert loose["ap50"]["barcode"] > 0.99  # overlap 0.6: right at 0.5, 0.55 and 0.6 only
    assert loose["ap50_95"]["barcode"] == pytest.approx(0.3, abs=0.02)
    missed = average_precision([Judged(truth, boxes((LEFT, 0, 0.9)))])
    assert missed["map50"] == pytest.approx(0.5, abs=0.01)


def test_a_marker_counts_once_and_the_surest_box_gets_it():
    scene = Judged(boxes((LEFT, 0, 1)), boxes((shifted(LEFT, 1), 0, 0.4), (LEFT, 0, 0.9), (LEFT, 1, 0.95)))
    assert match(scene)[:, 0].tolist() == [False, True, False]


def test_confusion_counts_right_wrong_missed_and_invented():
    truth = boxes((LEFT, 0, 1), (RIGHT, 1, 1), (FAR, 4, 1))
    found = boxes((LEFT, 0, 0.9), (RIGHT, 2, 0.8), ((400, 0, 420, 20), 3, 0.6), (FAR, 4, 0.1))
    table = confusion([Judged(truth, found)])
    assert table["qr-code"]["qr-code"] == 1
    assert table["barcode"]["data-matrix"] == 1
    assert table["chessboard"]["missed"] == 1  # a box below the confidence is none
    assert table["nothing"]["aruco"] == 1
    assert sum(sum(row.values()) for row in table.values()) == 4


def test_recall_is_counted_by_the_longer_side_of_the_marker():
    truth = boxes((LEFT, 0, 1), (RIGHT, 0, 1), (FAR, 0, 1), (FAR, 1, 1))
    table = recall_by_size([Judged(truth, boxes((LEFT, 0, 0.9), (FAR, 0, 0.9)))])
    assert table["qr-code"] == {"small": [1, 1], "medium": [0, 1], "large": [1, 1]}
    assert table["barcode"]["large"] == [0, 1]


def test_a_picture_without_boxes_can_be_judged():
    nothing = Judged(boxes(), boxes())
    assert match(nothing).shape == (0, 10)
    assert sum(sum(row.values()) for row in confusion([nothing]).values()) == 0
