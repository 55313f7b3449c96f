"""Classifiers explained: what ultralytics predicts, boxes from each class's own map, and what cannot be had in words."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from ultralytics import YOLO
from ultralytics.data.augment import classify_transforms

import heatcam
from heatcam.errors import UsageError
from heatcam.frames import Detections, SaliencyMap
from heatcam.geometry import CentreCrop
from heatcam.saliency.classes import ClassExplainer, with_regions
from tests.nets import CLASSIFIERS, class_checkpoint

RANDOM = np.random.default_rng(5)
#: Smooth, so that how it is shrunk matters little less than in a photograph.
IMAGE = cv2.resize(RANDOM.integers(0, 256, (20, 30, 3), np.uint8), (300, 200), interpolation=cv2.INTER_CUBIC)
SEEN = [50, 0, 250, 200]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(class_checkpoint(tmp_path_factory.mktemp("model")))


def explainer(model: str, conf: float = 0.0, **options: object) -> ClassExplainer:
    made = heatcam.load(model, device="cpu", conf=conf, **options).explainer
    assert isinstance(made, ClassExplainer)
    return made


@pytest.mark.parametrize("family", CLASSIFIERS)
def test_classes_and_probabilities_are_those_that_ultralytics_predicts(family: str, tmp_path: Path) -> None:
    path = str(class_checkpoint(tmp_path, family))
    explain, yolo = explainer(path), YOLO(path)
    for image in (
        IMAGE,
        np.ascontiguousarray(IMAGE[:, :77]),  # taller than wide
        np.ascontiguousarray(IMAGE[:40, :50]),  # smaller than the crop
        RANDOM.integers(0, 256, (500, 700, 3), np.uint8),
    ):
        ours, theirs = explain.explain(image).detections, yolo.predict(image, verbose=False)[0].probs
        assert ours.class_ids.tolist() == theirs.top5
        assert np.abs(ours.confidences - theirs.top5conf.numpy()).max() < 1e-4
        assert ours.class_names == tuple("abcde"[i] for i in theirs.top5)


def test_an_input_size_is_rounded_up_as_ultralytics_does_it(model: str) -> None:
    explained = explainer(model, imgsz=90).explain(IMAGE)
    theirs = YOLO(model).predict(IMAGE, imgsz=90, verbose=False)[0].probs
    assert explained.saliency.letterbox.model_wh == (96, 96)
    assert np.abs(explained.detections.confidences - theirs.top5conf.numpy()).max() < 1e-4


def test_each_class_is_boxed_by_the_evidence_in_its_own_map(model: str) -> None:
    explained = explainer(model, imgsz=224).explain(IMAGE, with_object_maps=True)
    assert len(explained.object_maps) == 5
    assert explained.detections.boxes_xyxy.shape == (5, 4)
    for box, own in zip(explained.detections.boxes_xyxy, explained.object_maps, strict=True):
        x1, y1, x2, y2 = box
        assert SEEN[0] <= x1 < x2 <= SEEN[2]
        assert SEEN[1] <= y1 < y2 <= SEEN[3]
        heat = own.in_image()
        peak_y, peak_x = np.unravel_index(int(heat.argmax()), heat.shape)
        assert heat.max() > 0
        # the hottest pixel nearly always lies in the region that holds most; here it does
        assert x1 - 1 <= peak_x <= x2 + 1
        assert y1 - 1 <= peak_y <= y2 + 1
    assert len({tuple(box) for box in explained.detections.boxes_xyxy.tolist()}) > 1


def test_boxes_come_from_the_maps_by_the_rule_of_regions() -> None:
    crop = CentreCrop.cut((448, 224), 224)  # x from 112 to 336, unscaled
    values = np.zeros((2, 7, 7), np.float32)
    values[0, 2, 4], values[1, 6, 0] = 1, 5
    maps = [SaliencyMap(v, crop, "live", "8:C2f") for v in values]
    before = Detections(
        np.tile(crop.seen_xyxy, (2, 1)),
        np.float32([0.6, 0.3]),
        np.array([3, 1]),
        np.zeros(2, int),
        ("d", "b"),
    )
    after = with_regions(before, maps)
    assert after.boxes_xyxy.dtype == np.float32
    # 26 pixels around the cell's middle; at a corner the last cell goes on to the border
    assert after.boxes_xyxy.tolist() == [[112 + 118, 54, 112 + 170, 106], [112, 182, 112 + 42, 224]]
    assert after.class_names == before.class_names
    assert with_regions(before, ()) is before


def test_the_boxes_are_the_same_whether_object_maps_are_asked_for_or_not(model: str) -> None:
    explain = explainer(model, imgsz=224)
    without, with_maps = explain.explain(IMAGE), explain.explain(IMAGE, with_object_maps=True)
    assert without.detections.boxes_xyxy.tolist() != [SEEN] * 5
    assert without.object_maps == ()
    assert np.array_equal(without.detections.boxes_xyxy, with_maps.detections.boxes_xyxy)
    assert np.allclose(without.saliency.values, with_maps.saliency.values, atol=1e-5)


def test_plain_mode_boxes_what_the_network_saw(model: str) -> None:
    explained = explainer(model).explain(IMAGE, with_map=False)
    assert explained.saliency is None
    assert explained.object_maps == ()
    assert explained.detections.boxes_xyxy.tolist() == [SEEN] * 5


def test_a_map_that_fails_leaves_the_classes_boxed_by_what_the_network_saw(model: str) -> None:
    explain = explainer(model)
    explain._formula = lambda a, g: a[0].sum(0) * float("nan")
    explained = explain.explain(IMAGE)
    assert "not finite" in explained.map_error
    assert explained.detections.boxes_xyxy.tolist() == [SEEN] * 5


def test_nothing_outside_of_the_crop_is_ever_hot(model: str) -> None:
    heat = explainer(model).explain(IMAGE).saliency.in_image()
    assert not heat[:, :50].any()
    assert not heat[:, 250:].any()
    assert heat.max() > 0


def test_thresholds_and_named_classes_keep_what_they_say(model: str) -> None:
    everything = explainer(model).explain(IMAGE).detections
    best, second = everything.confidences[:2]
    assert explainer(model, conf=float(second) + 1e-3).explain(IMAGE).detections.confidences == [best]
    named = explainer(model, classes=("b", "e")).explain(IMAGE).detections
    assert set(named.class_names) == {"b", "e"}
    nothing = explainer(model, conf=1.0).explain(IMAGE, with_object_maps=True)
    assert len(nothing.detections) == 0
    assert nothing.object_maps == ()
    assert nothing.map_error == ""
    assert not nothing.saliency.values.any()


def test_why_explains_the_class_that_was_asked_about_and_boxes_its_evidence(model: str) -> None:
    everything = explainer(model, imgsz=224).explain(IMAGE, with_object_maps=True)
    last = everything.detections.class_names[-1]
    asked = explainer(model, conf=0.9, why=last, imgsz=224).explain(IMAGE)
    assert asked.detections.class_names == (last,)
    assert asked.question.class_name == last
    assert asked.question.scores == pytest.approx(asked.detections.confidences)
    assert asked.detections.confidences == pytest.approx(everything.detections.confidences[-1:], abs=1e-6)
    assert np.allclose(asked.detections.boxes_xyxy, everything.detections.boxes_xyxy[-1:])
    assert np.allclose(asked.saliency.values, everything.object_maps[-1].values, atol=1e-5)
    with pytest.raises(UsageError, match="no class 'zebra'"):
        explainer(model, why="zebra")


def test_the_fine_map_adds_up_the_last_layer_of_each_stride(model: str) -> None:
    explained = explainer(model, quality="fine").explain(IMAGE)
    assert explained.saliency.layer == "4:C2f+6:C2f+8:C2f"
    assert explained.saliency.values.shape == (8, 8)  # 64 px at stride 8
    assert explained.saliency.values.max() > 0
    assert explained.saliency.method == "fine"


def test_other_methods_and_layers_work_here_too(model: str) -> None:
    explained = explainer(model, method="hirescam", layers=("6",)).explain(IMAGE)
    assert explained.map_error == ""
    assert (explained.saliency.layer, explained.saliency.values.shape) == ("6:C2f", (4, 4))


def test_compiled_by_openvino_the_same_is_explained(model: str) -> None:
    exact = explainer(model, imgsz=224).explain(IMAGE, with_object_maps=True)
    compiled = explainer(model, imgsz=224, backend="openvino")
    assert compiled.engine.name == "openvino fp32"
    found = compiled.explain(IMAGE, with_object_maps=True)
    assert found.detections.class_names == exact.detections.class_names
    assert np.allclose(found.detections.confidences, exact.detections.confidences, atol=1e-4)
    for ours, theirs in zip(found.object_maps, exact.object_maps, strict=True):
        assert np.abs(ours.values - theirs.values).max() < 1e-3 * np.abs(theirs.values).max()


def test_a_model_with_a_preparation_of_its_own_is_taken_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        explainer(str(class_checkpoint(tmp_path, transforms=classify_transforms(64))))
        assert caplog.records == []
        explainer(str(class_checkpoint(tmp_path, transforms=classify_transforms(64, mean=(0.5, 0.5, 0.5)))))
    (record,) = caplog.records
    assert "wants its pictures prepared otherwise" in record.message


def test_two_explainers_do_not_disturb_one_another(model: str) -> None:
    one = explainer(model)
    first = one.explain(IMAGE).saliency.values
    explainer(model, why="b", quality="fine").explain(np.ascontiguousarray(IMAGE[:60]))
    assert torch.equal(torch.from_numpy(first), torch.from_numpy(one.explain(IMAGE).saliency.values))


def test_each_class_map_that_is_done_is_told(model: str) -> None:
    told: list[tuple[int, int]] = []
    explainer(model).explain(IMAGE, on_object=lambda done, total: told.append((done, total)))
    assert told == [(done, 5) for done in range(1, 6)]
