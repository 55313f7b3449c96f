"""One explainer for all epochs: with later weights it explains as one that is built of them."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from heatcam.engine import GradientEngine, replace_weights
from heatcam.errors import UsageError
from heatcam.options import ExplainOptions
from heatcam.watching.ema import EmaExplainer
from tests.nets import fresh_network
from tests.query_nets import query_network
from tests.watching.runs import picture

OPTIONS = ExplainOptions(backend="torch", quality="fine", max_det=4, conf=0.05)


def trainer_of(network: nn.Module) -> Any:
    return SimpleNamespace(
        ema=SimpleNamespace(ema=network),
        args=SimpleNamespace(model="a.pt", imgsz=128),
        device=torch.device("cpu"),
    )


@pytest.mark.parametrize("family", ["tiny", "tiny-seg", "yolov8n", "yolo26n-end2end", "yolov8n-obb"])
def test_later_weights_are_explained_as_by_a_new_explainer(family: str) -> None:
    first, later = (fresh_network(family, fused=False, seed=seed) for seed in (0, 1))
    reused, new = EmaExplainer(OPTIONS, (96, 64)), EmaExplainer(OPTIONS, (96, 64))
    reused.take(trainer_of(first))
    built = reused._explainer
    before = reused.explain(picture())
    reused.take(trainer_of(later))
    new.take(trainer_of(later))
    assert reused._explainer is built
    ours, theirs = reused.explain(picture()), new.explain(picture())
    assert len(ours.detections) == len(theirs.detections) > 0
    np.testing.assert_array_equal(ours.detections.boxes_xyxy, theirs.detections.boxes_xyxy)
    for one, other in zip(ours.object_maps, theirs.object_maps, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
    assert before.saliency is not None and ours.saliency is not None
    assert not np.allclose(before.saliency.values, ours.saliency.values)


def test_the_network_in_training_is_not_touched() -> None:
    network = copy.deepcopy(fresh_network("tiny", fused=False)).train().requires_grad_(True)
    network.criterion = object()
    handle = network.model[0].register_forward_hook(lambda *_: pytest.fail("a hook was called"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    explainer = EmaExplainer(OPTIONS, (96, 64))
    explainer.take(trainer_of(network))
    explainer.explain(picture())
    assert network.training and network.criterion is not None
    assert all(p.requires_grad and p.grad is None for p in network.parameters())
    assert len(network.model[0]._forward_hooks) == 1
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    handle.remove()


def test_of_a_distillation_the_student_is_explained() -> None:
    student = fresh_network("tiny", fused=False)
    explainer = EmaExplainer(OPTIONS, (96, 64))
    explainer.take(trainer_of(SimpleNamespace(student_model=student)))  # type: ignore[arg-type]
    assert explainer.explain(picture()).saliency is not None


def test_compiled_weights_cannot_be_replaced() -> None:
    explainer = EmaExplainer(OPTIONS, (96, 64))
    explainer.take(trainer_of(fresh_network("tiny", fused=False)))
    assert explainer._explainer is not None
    engine = explainer._explainer.engine
    assert isinstance(engine, GradientEngine)
    engine.passes = SimpleNamespace(name="openvino")  # type: ignore[assignment]
    with pytest.raises(UsageError, match="openvino has compiled"):
        replace_weights(engine, {})


def test_a_network_of_queries_gets_a_new_explainer_for_later_weights() -> None:
    explainer = EmaExplainer(OPTIONS, (96, 64))
    explainer.take(trainer_of(query_network(fused=False)))
    built = explainer._explainer
    explainer.take(trainer_of(query_network(fused=False)))
    assert explainer._explainer is not built
    assert explainer.explain(picture()).saliency is not None
