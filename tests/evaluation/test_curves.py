"""Deletion and insertion, on a network that sees one square and can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.evaluation.curves import STEPS, blurred, curves_of, cut_to_box, over_letterbox, overlap

SIDE = 36
BOX = np.array([0, 0, 12, 12], np.float32)  # a ninth of the picture
CLEAR = np.full((SIDE, SIDE, 3), 255, np.uint8)


@pytest.fixture(autouse=True)
def _blurred_is_black(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heatcam.evaluation.curves.blurred", np.zeros_like)


def sees_the_square(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two predictions: the object, as sure as its square is clear, and one elsewhere that is always sure."""
    clear = picture[:12, :12].mean() / 255
    return np.stack((BOX, BOX + 20)), np.array([[0.3, clear], [1.0, 1.0]], np.float32)


def test_a_map_of_the_object_deletes_and_inserts_it_first() -> None:
    values = np.zeros((SIDE, SIDE), np.float32)
    values[:12, :12] = 1
    curves = curves_of(sees_the_square, CLEAR, values, BOX, class_id=1)
    shown = np.array([min(1.0, int((k / STEPS) ** 2 * SIDE**2) / 144) for k in range(1, STEPS)])
    assert curves.insertion == pytest.approx(shown.mean())
    assert curves.deletion == pytest.approx(1 - shown.mean())
    assert curves.difference == pytest.approx(2 * shown.mean() - 1)


def test_a_map_of_everything_else_deletes_it_last() -> None:
    values = np.ones((SIDE, SIDE), np.float32)
    values[:12, :12] = 0
    curves = curves_of(sees_the_square, CLEAR, values, BOX, class_id=1)
    assert curves.deletion == 1.0
    assert curves.insertion == 0.0


def test_the_score_is_that_of_the_objects_own_class() -> None:
    values = np.zeros((SIDE, SIDE), np.float32)
    assert curves_of(sees_the_square, CLEAR, values, BOX, class_id=0).insertion == pytest.approx(0.3)


def test_a_blurred_picture_keeps_its_mean_and_loses_its_lines() -> None:
    lines = np.zeros((200, 200, 3), np.uint8)
    lines[:, ::2] = 200
    gone = blurred(lines)
    assert abs(float(gone.mean()) - 100) < 2
    assert gone[60:140, 60:140].std() < 5  # (of 100 before)


def test_a_map_is_enlarged_to_the_letterbox_without_its_negative_part() -> None:
    values = np.array([[1.0, -1.0]], np.float32)
    large = over_letterbox(values, (8, 4))
    assert large.shape == (4, 8)
    assert large[:, 0].tolist() == [1] * 4
    assert large[:, -1].tolist() == [0] * 4


def test_a_cut_map_is_the_map_inside_the_box_and_a_copy() -> None:
    values = np.ones((6, 8), np.float32)
    cut = cut_to_box(values, np.array([-3, 1.4, 2, 99], np.float32))
    assert cut.sum() == 10
    assert cut[1:, :2].all()
    assert values.sum() == 48


def test_overlap_is_intersection_over_union() -> None:
    boxes = np.array([[0, 0, 12, 12], [6, 0, 18, 12], [20, 20, 30, 30], [0, 0, 0, 0]], np.float32)
    assert overlap(boxes, BOX).tolist() == pytest.approx([1, 1 / 3, 0, 0])
