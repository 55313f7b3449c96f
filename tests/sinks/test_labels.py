"""Labels and crops, against ultralytics' own."""

import cv2
import numpy as np
import pytest
import torch
from ultralytics.engine.results import Results
from ultralytics.utils.plotting import save_one_box

from heatcam.sinks import write_crops, write_labels
from heatcam.sinks.labels import label_lines
from tests.sinks.test_tables import one, picture


def theirs(boxes, tmp_path, save_conf=False, **more):
    """The lines that ultralytics writes for boxes (N, 6 or 7) in a picture of 100 x 50 pixels."""
    result = Results(
        np.zeros((50, 100, 3), np.uint8), "a.jpg", {15: "cat", 16: "dog"}, torch.tensor(boxes), **more
    )
    path = tmp_path / "theirs.txt"
    result.save_txt(path, save_conf=save_conf)
    return path.read_text().splitlines()


def numbers(lines):
    return [[float(word) for word in line.split()] for line in lines]


@pytest.mark.parametrize("confidences", [False, True])
def test_lines_are_those_of_ultralytics(tmp_path, confidences):
    objects = one(), one("cat", 15, box_xyxy=(0, 0, 100, 25), box_normalised=(0, 0, 1, 0.5), confidence=0.5)
    ours = label_lines(picture(*objects), confidences=confidences)
    wanted = theirs([[10, 5, 40, 45, 0.9, 16], [0, 0, 100, 25, 0.5, 15]], tmp_path, confidences)
    assert np.allclose(numbers(ours), numbers(wanted), atol=1e-5)


def test_track_numbers_come_last(tmp_path):
    ours = label_lines(picture(one(track_id=7)), confidences=True)
    wanted = theirs([[10, 5, 40, 45, 7, 0.9, 16]], tmp_path, save_conf=True)
    assert np.allclose(numbers(ours), numbers(wanted), atol=1e-5)


def test_keypoints_follow_the_box(tmp_path):
    points = torch.tensor([[[20.0, 10.0, 0.8], [30.0, 40.0, 0.6]]])
    ours = label_lines(picture(one(keypoints=[(20, 10, 0.8), (30, 40, 0.6)])))
    wanted = theirs([[10, 5, 40, 45, 0.9, 16]], tmp_path, keypoints=points)
    assert np.allclose(numbers(ours), numbers(wanted), atol=1e-5)


def test_a_rotated_box_is_its_four_corners(tmp_path):
    xywhr = (50.0, 25.0, 30.0, 10.0, 0.4)
    result = Results(
        np.zeros((50, 100, 3), np.uint8), "a.jpg", {16: "dog"}, obb=torch.tensor([[*xywhr, 0.9, 16]])
    )
    result.save_txt(tmp_path / "theirs.txt")
    ours = label_lines(picture(one(rotated_xywhr=xywhr)), "obb")
    assert np.allclose(numbers(ours), numbers((tmp_path / "theirs.txt").read_text().splitlines()), atol=1e-5)


def test_a_mask_is_its_outline_and_a_classifier_says_names():
    outline = [[(10.0, 5.0), (40.0, 5.0), (40.0, 45.0)], [(1.0, 1.0), (2.0, 2.0)]]
    assert label_lines(picture(one(mask_polygons=outline)), "segment") == ["16 0.1 0.1 0.4 0.1 0.4 0.9"]
    assert label_lines(picture(one()), "classify") == ["0.90 dog"]


def test_nothing_detected_is_no_file(tmp_path):
    write_labels(tmp_path / "labels" / "a.txt", picture(), "detect")
    assert not (tmp_path / "labels").exists()


def test_crops_are_those_of_ultralytics_in_a_folder_a_class(tmp_path):
    ramp = np.add.outer(np.arange(50) * 2, np.arange(100)).astype(np.uint8)
    pixels = np.stack([ramp, 255 - ramp, ramp // 2], axis=-1)  # a picture that JPEG keeps
    paths = write_crops(tmp_path, "a", picture(one(), one(), one("../up", 3)), pixels)
    assert [str(path.relative_to(tmp_path)) for path in paths] == ["dog/a.jpg", "dog/a-2.jpg", "_up/a.jpg"]
    wanted = save_one_box([10, 5, 40, 45], pixels, save=False, BGR=True)
    assert cv2.imread(str(paths[0])).shape == wanted.shape
    assert np.abs(cv2.imread(str(paths[0])).astype(int) - wanted).max() < 8
