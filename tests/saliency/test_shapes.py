"""Masks, keypoints and rotated boxes are those of ultralytics' own ``predict``, in the picture's pixels."""

from __future__ import annotations

import copy
from typing import Any

import cv2
import numpy as np
import pytest
from torch import nn
from ultralytics.models.yolo.obb import OBBPredictor
from ultralytics.models.yolo.pose import PosePredictor
from ultralytics.models.yolo.segment import SegmentationPredictor

from heatcam.engine.boxes import Thresholds
from heatcam.frames import Detections
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from tests.nets import SEED, class_heads, engine_of, fresh_network

PREDICTORS = {"seg": SegmentationPredictor, "pose": PosePredictor, "obb": OBBPredictor}
NAMES = dict(enumerate("abcde"))
IOU, SIDE = 0.7, 256
MOST = {"yolo26n-seg-end2end": 300}  # objects: nearly all its random boxes are inside out, and have no mask
SPECK = 16  # pixels: smaller islands of random masks are lines one pixel wide, which enclose nothing
LEAST_AREA = 300  # pixels: of smaller masks a row of pixels is a large part


def smooth_picture(seed: int = 3) -> np.ndarray:
    """Soft spots: of white noise the masks are specks."""
    noise = np.random.default_rng(SEED + seed).integers(0, 256, (45, 60, 3), np.uint8)
    return cv2.resize(noise, (600, 450), interpolation=cv2.INTER_CUBIC)


def unsure(family: str) -> nn.Module:
    """A network that is never so sure that two objects are equally sure."""
    network: Any = copy.deepcopy(fresh_network(family))
    for branch in class_heads(network):
        branch[-1].weight.data *= 0.02
    network.names = NAMES
    network.kpt_shape = getattr(network.model[-1], "kpt_shape", None)
    return network


def both(family: str, image: np.ndarray, **options: Any) -> tuple[Detections, Any]:
    """What heatcam and what ultralytics' predictor finds."""
    network, conf, most = unsure(family), 0.3, MOST.get(family, 40)
    (kind,) = (name for name in PREDICTORS if f"-{name}" in family)
    asked = {
        "imgsz": SIDE,
        "conf": conf,
        "iou": IOU,
        "max_det": most,
        "rect": True,
        "device": "cpu",
        "save": False,
    } | options
    predictor = PREDICTORS[kind](overrides=asked | {"verbose": False})
    predictor.setup_model(copy.deepcopy(network), verbose=False)
    explainer = Explainer(
        engine_of(network), NAMES, SIDE, Thresholds(conf, IOU, None, most), "live", method_formula("live")
    )
    return explainer.explain(image, with_map=False).detections, predictor(image)[0]


def same_object(found: Detections, row: np.ndarray) -> int:
    """The detection of a box, confidence and class: the order of equally sure ones may differ."""
    rows = np.column_stack((found.boxes_xyxy, found.confidences, found.class_ids))
    apart = abs(rows - row).max(1)
    assert apart.min() < 0.01
    return int(apart.argmin())


def without_specks(mask: np.ndarray) -> np.ndarray:
    """The mask without its smallest islands."""
    _, islands, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return mask & (stats[:, cv2.CC_STAT_AREA] >= SPECK)[islands]


def filled(rings: tuple[np.ndarray, ...], shape_hw: tuple[int, int]) -> np.ndarray:
    """The pixels that a mask's rings enclose."""
    mask = np.zeros(shape_hw, np.uint8)
    if rings:
        cv2.fillPoly(mask, [np.rint(ring - 0.5).astype(np.int32) for ring in rings], 1)
    return mask > 0


@pytest.mark.parametrize("family", ["yolov8n-seg", "yolo11n-seg", "yolo26n-seg-end2end"])
def test_masks_are_those_of_ultralytics(family: str) -> None:
    image = smooth_picture()
    ours, theirs = both(family, image, retina_masks=True)
    assert ours.keypoints is None
    assert ours.rotated_xywhr is None
    assert ours.mask_polygons is not None
    assert len(ours.mask_polygons) == len(ours)
    compared = 0
    for whole, row in zip(theirs.masks.data.numpy() > 0, theirs.boxes.data.numpy(), strict=True):
        mask, n = without_specks(whole), same_object(ours, row)
        if mask.sum() >= LEAST_AREA:
            own = without_specks(filled(ours.mask_polygons[n], image.shape[:2]))
            assert (own & mask).sum() / (own | mask).sum() > 0.97
            compared += 1
    assert compared >= 3


def test_objects_whose_masks_are_empty_are_kept_with_no_outline() -> None:
    """ultralytics leaves them out; here they have evidence."""
    ours, theirs = both("yolo26n-seg-end2end", smooth_picture(), retina_masks=True)
    with_one = [n for n, rings in enumerate(ours.mask_polygons or ()) if rings]
    assert 0 < len(with_one) <= len(theirs.boxes) < len(ours)
    assert () in (ours.mask_polygons or ())


@pytest.mark.parametrize("family", ["yolo11n-pose", "yolo26n-pose-end2end"])
def test_keypoints_are_those_of_ultralytics(family: str) -> None:
    ours, theirs = both(family, smooth_picture())
    assert ours.mask_polygons is None
    assert ours.rotated_xywhr is None
    assert ours.keypoints is not None
    assert ours.keypoints.dtype == np.float32
    assert len(ours) > 3
    np.testing.assert_allclose(ours.keypoints[..., :2], theirs.keypoints.xy.numpy(), atol=0.5)
    np.testing.assert_allclose(ours.keypoints[..., 2], theirs.keypoints.conf.numpy(), atol=1e-4)


@pytest.mark.parametrize("family", ["yolov8n-obb", "yolo26n-obb-end2end"])
def test_rotated_boxes_are_those_of_ultralytics(family: str) -> None:
    ours, theirs = both(family, smooth_picture())
    assert ours.mask_polygons is None
    assert ours.keypoints is None
    assert ours.rotated_xywhr is not None
    assert len(ours) > 3
    np.testing.assert_allclose(ours.rotated_xywhr, theirs.obb.xywhr.numpy(), rtol=1e-4, atol=1e-2)


def test_a_plain_detector_has_none_of_them() -> None:
    explainer = Explainer(
        engine_of(fresh_network("tiny")), NAMES, SIDE, Thresholds(0.05), "live", method_formula("live")
    )
    found = explainer.explain(smooth_picture(), with_map=False).detections
    assert len(found) > 0
    assert (found.mask_polygons, found.keypoints, found.rotated_xywhr) == (None, None, None)


def test_where_nothing_is_found_there_are_no_shapes_and_no_prototypes(monkeypatch: Any) -> None:
    engine = engine_of(fresh_network("tiny-seg"))
    monkeypatch.setattr(engine.passes, "prototypes", lambda _: pytest.fail("prototypes of nothing"))
    explainer = Explainer(engine, NAMES, SIDE, Thresholds(1.0), "live", method_formula("live"))
    assert explainer.explain(smooth_picture(), with_map=False).detections.mask_polygons == ()
