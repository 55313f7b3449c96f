"""RT-DETR checkpoints from the file to the map: the boxes of ``RTDETR.predict``, safe loading, independent explainers."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from ultralytics import RTDETR

import heatcam
from heatcam.errors import UsageError
from tests.models.test_checkpoint import saved
from tests.query_nets import query_network

PICTURE = np.random.default_rng(3).integers(0, 256, (60, 110, 3), np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    network = copy.deepcopy(query_network(fused=False))
    network.names = dict(enumerate("abcde"))
    return str(saved(network, tmp_path_factory.mktemp("queries") / "tiny.pt"))


def test_boxes_equal_those_of_rtdetr_predict(model: str) -> None:
    theirs = RTDETR(model).predict(PICTURE, imgsz=90, conf=0.3, verbose=False)[0].boxes
    ours = heatcam.load(model, imgsz=90, conf=0.3).explain(PICTURE).detections
    assert len(ours) == len(theirs) >= 3
    expected = np.clip(theirs.xyxy.numpy(), 0, [110, 60, 110, 60])  # ultralytics lets boxes leave the picture
    assert np.abs(ours.boxes_xyxy - expected).max() < 0.02
    assert np.abs(ours.confidences - theirs.conf.numpy()).max() < 1e-4
    assert ours.class_ids.tolist() == theirs.cls.int().tolist()


@pytest.mark.parametrize(("quality", "layer"), [("live", "11:Conv+15:RepC3"), ("fine", "1:Conv+2:Conv+")])
def test_a_checkpoint_is_explained_twice_the_same_and_apart_from_others(
    model: str, quality: str, layer: str
) -> None:
    one, other = (heatcam.load(model, imgsz=96, conf=0.3, quality=quality).explainer for _ in range(2))
    first, second = one.explain(PICTURE, with_object_maps=True), one.explain(PICTURE)
    assert first.map_error == ""
    assert first.saliency.layer.startswith(layer)
    assert first.saliency.letterbox.model_wh == first.saliency.letterbox.resized_wh == (96, 96)
    assert first.saliency.in_image().shape == (60, 110)
    assert len(first.object_maps) == len(first.detections) > 0
    peak = first.saliency.values.max()
    assert peak > 0
    assert np.abs(first.saliency.values - second.saliency.values).max() < 1e-3 * peak
    for parameter in one.engine.cut.network.parameters():
        parameter.data.zero_()
    assert np.abs(other.explain(PICTURE).saliency.values - first.saliency.values).max() < 1e-3 * peak


def test_another_class_gives_another_map_of_the_same_boxes(model: str) -> None:
    own, asked = (heatcam.load(model, imgsz=96, conf=0.3, why=why).explain(PICTURE) for why in ("", "b"))
    assert np.array_equal(own.detections.boxes_xyxy, asked.detections.boxes_xyxy)
    assert not np.allclose(own.saliency.values, asked.saliency.values)
    assert own.question is None
    is_b = [n for n, name in enumerate(asked.detections.class_names) if name == "b"]
    assert asked.question.scores[is_b] == pytest.approx(asked.detections.confidences[is_b], abs=1e-6)


def test_openvino_is_refused_and_auto_takes_torch(model: str) -> None:
    with pytest.raises(UsageError, match="OpenVINO does not compile the gradient of RT-DETR"):
        heatcam.load(model, backend="openvino")
    assert heatcam.load(model, imgsz=96, backend="auto").explainer.engine.name == "torch"
