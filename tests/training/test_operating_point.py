"""The operating point: by hand on boxes few enough to count, and moved in real weights."""

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from training.measuring import Boxes, Judged
from training.operating_point import best_confidence, with_class_logits_moved

AT, NOWHERE = (0, 0, 10, 10), (50, 50, 60, 60)


def judged(*found):
    boxes = np.array([box for box, _ in found], float).reshape(-1, 4)
    confidences = np.array([confidence for _, confidence in found])
    truth = Boxes(np.array([AT], float), np.array([0]), np.ones(1))
    return Judged(truth, Boxes(boxes, np.zeros(len(found), np.int64), confidences))


def test_the_best_confidence_keeps_what_is_right_and_leaves_out_what_is_wrong():
    scenes = [judged((AT, 0.72), (NOWHERE, 0.43)), judged((AT, 0.61), (NOWHERE, 0.38))]
    assert best_confidence(scenes) == 0.45  # the first step above the wrong boxes


def test_a_right_box_that_is_less_sure_than_a_wrong_one_is_worth_it():
    scenes = [judged((AT, 0.9)), judged((AT, 0.3)), judged((NOWHERE, 0.4))]
    assert best_confidence(scenes) == 0.05  # 2 of 3 found with one too many, against 1 of 3 with none


def test_only_the_class_branch_is_moved_and_by_how_much_was_asked():
    before = {
        "model.23.cv3.0.2.bias": torch.tensor([-8.0, -7.5], dtype=torch.half),
        "model.23.cv2.0.2.bias": torch.tensor([1.0], dtype=torch.half),
        "model.23.cv3.0.1.conv.bias": torch.tensor([2.0], dtype=torch.half),
    }
    after = load(with_class_logits_moved(save(before), -1.25))
    assert after.pop("model.23.cv3.0.2.bias").tolist() == [-9.25, -8.75]
    assert {name: value.tolist() for name, value in after.items()} == {
        "model.23.cv2.0.2.bias": [1.0],
        "model.23.cv3.0.1.conv.bias": [2.0],
    }
    with pytest.raises(ValueError, match="class branch"):
        with_class_logits_moved(save({"model.23.cv2.0.2.bias": torch.zeros(1)}), 1.0)
