"""YOLO-World and YOLOE with the classes of their checkpoint: the same boxes as in ultralytics, and exact gradients."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from ultralytics.nn.modules.head import Detect
from ultralytics.nn.tasks import YOLOEModel
from ultralytics.utils.nms import non_max_suppression

import heatcam
from heatcam.engine.backends import start_engine
from heatcam.engine.boxes import Thresholds
from heatcam.engine.layers import Mark, describe_layers
from heatcam.engine.network import TappedNetwork
from heatcam.engine.verification import verify
from heatcam.errors import ModelError
from heatcam.models.loading import load_any_task, load_model, ready
from heatcam.models.open_vocabulary import with_set_classes
from tests.bench.tiny import PICTURE
from tests.matching import near_ties, unmatched
from tests.models.test_checkpoint import saved
from tests.nets import engine_of, fresh_network, oracle_gradients, picture, strongest
from tests.open_nets import CLASSES, OPEN_FAMILIES, open_network

LOW = Thresholds(conf=0.05, iou=0.5)
IMGSZ = 64


def rebuilt(family: str, *, fused: bool) -> nn.Module:
    network = with_set_classes(copy.deepcopy(open_network(family)))
    return ready(network) if fused else network


def ultralytics_rows(network: nn.Module, x: Tensor, classes: int = 5) -> Tensor:
    """Boxes, confidence and class, (N, 6), as ultralytics finds them on the same tensor."""
    with torch.no_grad():
        found = network(x)[0]
    found = found[0] if isinstance(found, tuple) else found
    if network.end2end:
        return found[0, :, :6][found[0, :, 4] > LOW.conf]
    return non_max_suppression(found, LOW.conf, LOW.iou, nc=classes, max_det=300)[0][:, :6]


@pytest.mark.parametrize(
    ("family", "fused"),
    [*((family, True) for family in OPEN_FAMILIES), ("yolov8n-world", False), ("yoloe-26n-end2end", False)],
)
def test_boxes_and_gradients_are_those_of_ultralytics_own_network(family: str, fused: bool) -> None:
    original, network = open_network(family), rebuilt(family, fused=fused)
    if fused:
        original = ready(copy.deepcopy(original))
    engine = engine_of(network, fine=True)
    assert verify(engine, picture(96, 128)) < 1e-4
    assert engine.uses_patches
    forward = engine.forward(picture(96, 128), LOW, with_graph=True)
    boxes = forward.boxes
    expected = ultralytics_rows(original, picture(96, 128))
    assert min(len(boxes), len(expected)) >= 3
    ours = torch.cat((boxes.xyxy, boxes.confidences[:, None], boxes.class_ids[:, None]), 1)
    # (random weights magnify rounding: over 20 seeds by up to 0.013 pixels and 1.1e-4; a wrong box is off by pixels)
    alone = unmatched(ours, expected, pixels=5e-2, confidence=1e-3)
    close = near_ties(alone, torch.cat((ours, expected)), LOW.iou)
    weakest = max(LOW.conf, float(expected[:, 4].min()))
    last = (alone[:, 4] - weakest).abs() < 1e-3  # (the last that are kept may be others)
    assert bool((close | last).all())
    limit = 1e-3  # (random weights magnify rounding, by up to 1.2e-4 over 20 seeds: see tests/rounding.py)
    exact = oracle_gradients(original, picture(96, 128), boxes.anchors, boxes.class_ids, engine.cut.tapped)
    assert any(oracle.any() for _, oracle in exact)  # (a layer that none of these objects reads has none)
    for gradient, (_, oracle) in zip(engine.summed_gradient(forward), exact, strict=True):
        assert (gradient - oracle).abs().max() <= limit * oracle.abs().max()


@pytest.mark.parametrize("family", ["yolov8n-world", "yoloe-11n-seg"])
def test_explaining_twice_gives_the_same_and_moves_no_statistics(family: str) -> None:
    network = rebuilt(family, fused=False)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    engine = engine_of(network)
    first, second = (
        engine.summed_gradient(strongest(engine.forward(picture(96, 128), LOW, with_graph=True)))[0]
        for _ in range(2)
    )
    assert torch.allclose(first, second, rtol=1e-4, atol=1e-4 * float(first.abs().max()))
    assert all(torch.equal(before[name], buffer) for name, buffer in network.named_buffers())
    assert not any(m._forward_hooks or m._backward_hooks or m.training for m in network.modules())


def test_text_that_looked_at_the_picture_brings_evidence_from_all_levels() -> None:
    """In the first YOLO-World coarse objects read text that was pooled over the whole picture: also far from themselves."""
    engine = engine_of(rebuilt("yolov8n-world", fused=True), fine=True)
    forward = engine.forward(picture(96, 128), Thresholds(conf=0.0, iou=1.0), with_graph=True)
    last = forward.boxes.anchors.argmax()
    one = strongest(forward, 1)
    for values in (one.boxes.anchors, one.boxes.class_ids):
        values[:] = getattr(forward.boxes, "anchors" if values is one.boxes.anchors else "class_ids")[last]
    finest = engine.summed_gradient(one)[engine.cut.tapped.index(15)]
    assert finest[:, :4, :4].any()  # the object lies in the opposite corner


def test_the_layers_keep_their_names_and_marks() -> None:
    rows = describe_layers(rebuilt("yolov8n-world", fused=True), 128)
    assert [row.type_name for row in rows if row.index in (12, 16, 22)] == [
        "C2fAttn",
        "ImagePoolingAttn",
        "C2fAttn",
    ]
    assert [row.index for row in rows if Mark.LIVE in row.marks] == [12, 15]
    assert rows[19].reads == (18, 16)


@pytest.mark.parametrize("family", ["yolov8n-world", "yoloe-11n-seg", "yoloe-v8n-fused", "yoloe-11n-free"])
def test_a_checkpoint_is_loaded_safely_and_explained_with_its_own_classes(
    family: str, tmp_path: Path
) -> None:
    path = str(saved(copy.deepcopy(open_network(family)).half(), tmp_path / "mine.pt"))
    one, other = (heatcam.load(path, imgsz=IMGSZ, conf=0.05).explainer for _ in range(2))
    first, second = one.explain(PICTURE, with_object_maps=True), one.explain(PICTURE)
    assert first.map_error == ""
    assert set(first.detections.class_names) <= set(CLASSES)
    assert len(first.object_maps) == len(first.detections) > 0
    assert first.saliency.values.max() > 0
    scale = abs(first.saliency.values).max()
    assert abs(first.saliency.values - second.saliency.values).max() < 1e-3 * scale
    for parameter in one.engine.cut.network.parameters():
        parameter.data.zero_()
    assert abs(other.explain(PICTURE).saliency.values - first.saliency.values).max() < 1e-3 * scale


def test_a_checkpoint_without_prompts_says_how_to_set_them(tmp_path: Path) -> None:
    network = YOLOEModel("yoloe-v8n.yaml", nc=5, verbose=False)
    path = str(saved(network, tmp_path / "bare.pt"))
    with pytest.raises(ModelError, match=r"bare.pt finds what it is prompted for, .*model.set_classes\("):
        load_model(path)
    assert load_any_task(path).title == "bare"  # can be looked at


def test_other_networks_are_left_alone() -> None:
    network = fresh_network("yolov8n")
    head = network.model[-1]
    assert with_set_classes(network).model[-1] is head
    assert type(head) is Detect


def test_openvino_runs_yoloe() -> None:
    pytest.importorskip("openvino")
    cut = TappedNetwork(rebuilt("yoloe-v8n", fused=True))
    engine = start_engine(cut, torch.device("cpu"), "openvino", "fp32", picture(64, 96))
    assert engine.name == "openvino fp32"
