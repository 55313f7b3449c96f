"""Classifiers' gradients against plain autograd through the whole network, and which classes are kept."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn
from ultralytics.data.augment import classify_transforms

from heatcam.engine.boxes import Thresholds
from heatcam.engine.classifier import (
    ClassEngine,
    TappedClassifier,
    is_classifier,
    keep_classes,
    prepares_as_usual,
)
from heatcam.engine.layers import Mark, describe_layers
from heatcam.engine.network import TappedNetwork
from heatcam.errors import ModelError, UsageError
from tests.nets import CLASSIFIERS, fresh_network, picture

ALL = Thresholds(conf=0.0)
LAST_OF_EACH_STRIDE = {  # read off ultralytics' yaml files
    "yolov8n-cls": (4, 6, 8),
    "yolo11n-cls": (4, 6, 9),
    "yolo12n-cls": (4, 6, 8),
    "yolo26n-cls": (4, 6, 9),
}
PICTURE = picture(128, 128)


def engine_of(network: nn.Module, *, fine: bool = False, layers: Sequence[str] = ()) -> ClassEngine:
    return ClassEngine(TappedClassifier(network, fine=fine, layers=layers), torch.device("cpu"))


def relative_error(ours: Tensor, exact: Tensor) -> float:
    return float((ours - exact).abs().max() / exact.abs().max())


def oracle(
    network: nn.Module, x: Tensor, class_ids: Tensor, layers: Sequence[int]
) -> list[tuple[Tensor, Tensor]]:
    """Activation and gradient of the summed logits at each layer, by one backward pass from the last to the first pixel.

    Logits are what goes into the head's softmax, as its linear layer gives them; nothing of heatcam is used.
    """
    kept: dict[object, Tensor] = {}
    modules = [network.model[index] for index in layers] + [network.model[-1].linear]
    hooks = [
        module.register_forward_hook(lambda m, _inputs, output: kept.__setitem__(m, output))
        for module in modules
    ]
    try:
        with torch.enable_grad():
            network(x.clone().requires_grad_(True))
            total = kept[modules[-1]][0, class_ids].sum()
            gradients = torch.autograd.grad(total, [kept[m] for m in modules[:-1]])
    finally:
        for hook in hooks:
            hook.remove()
    return [(kept[m].detach()[0], g[0]) for m, g in zip(modules[:-1], gradients, strict=True)]


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "unfused"])
@pytest.mark.parametrize("family", CLASSIFIERS)
def test_the_gradient_equals_autograd_through_the_whole_network(family: str, fused: bool) -> None:
    network = fresh_network(family, fused=fused)
    engine = engine_of(network)
    forward = engine.forward(PICTURE, ALL, with_graph=True)
    assert len(forward.boxes) == 5
    few = torch.tensor([1, 3])
    kept = forward.boxes.only(few)
    assert engine.cut.tapped == LAST_OF_EACH_STRIDE[family][-2:]
    wanted = oracle(network, PICTURE, kept.class_ids, engine.cut.tapped)
    found = engine.summed_gradient(type(forward)(forward.inputs, kept))
    for tap, ours, (activation, exact) in zip(forward.inputs.taps, found, wanted, strict=True):
        assert torch.allclose(tap[0], activation, atol=1e-5)
        assert exact.abs().max() > 0
        assert relative_error(ours, exact) < 1e-4


@pytest.mark.parametrize("family", CLASSIFIERS)
def test_each_class_has_its_own_exact_gradient_at_every_level_of_the_fine_map(family: str) -> None:
    network = fresh_network(family)
    engine = engine_of(network, fine=True)
    forward = engine.forward(PICTURE, ALL, with_graph=True)
    assert engine.cut.tapped == LAST_OF_EACH_STRIDE[family]
    found = dict(engine.object_gradients(forward))
    assert sorted(found) == [0, 1, 2, 3, 4]
    for number in (0, 4):
        class_id = forward.boxes.class_ids[number]
        exact = oracle(network, PICTURE, class_id[None], engine.cut.tapped)
        for ours, (_, gradient) in zip(found[number], exact, strict=True):
            assert relative_error(ours, gradient) < 1e-4


def test_gradients_at_layers_of_ones_own_choice_are_exact() -> None:
    network = fresh_network("yolov8n-cls")
    engine = engine_of(network, layers=["2", "5:Conv"])
    forward = engine.forward(PICTURE, Thresholds(conf=0, class_ids=(2,)), with_graph=True)
    assert engine.target_layer == "2:C2f+5:Conv"
    exact = oracle(network, PICTURE, torch.tensor([2]), [2, 5])
    for ours, (_, gradient) in zip(engine.summed_gradient(forward), exact, strict=True):
        assert relative_error(ours, gradient) < 1e-4
    with pytest.raises(UsageError, match="no layer is called 'nonsense'"):
        engine_of(network, layers=["nonsense"])


@pytest.mark.parametrize("family", CLASSIFIERS)
def test_what_is_tapped_is_what_the_list_of_layers_marks(family: str) -> None:
    network = fresh_network(family)
    rows = describe_layers(network, 224)

    def marked(mark: Mark) -> str:
        return "+".join(f"{r.index}:{r.type_name}" for r in rows if mark in r.marks)

    assert engine_of(network).target_layer == marked(Mark.LIVE)
    assert marked(Mark.LIVE).endswith(marked(Mark.HEAD_INPUT))
    assert len(marked(Mark.LIVE).split("+")) == 2
    assert engine_of(network, fine=True).target_layer == marked(Mark.FINE)
    assert [r.stride for r in rows if Mark.FINE in r.marks] == [8, 16, 32]


def test_probabilities_are_the_networks_own() -> None:
    network = fresh_network("yolo11n-cls")
    boxes = engine_of(network).forward(PICTURE, ALL, with_graph=False).boxes
    theirs = network(PICTURE)[0][0]
    assert torch.allclose(boxes.confidences, theirs[boxes.class_ids], atol=1e-6)
    assert boxes.class_ids.tolist() == theirs.argsort(descending=True).tolist()
    assert boxes.xyxy.tolist() == [[0, 0, 128, 128]] * 5


def test_the_backbone_keeps_no_graph_and_plain_mode_keeps_none_at_all() -> None:
    engine = engine_of(fresh_network("yolov8n-cls"))
    with_graph = engine.forward(PICTURE, ALL, with_graph=True).inputs
    assert with_graph.taps[0].is_leaf
    assert with_graph.taps[0].requires_grad
    assert not engine.forward(PICTURE, ALL, with_graph=False).inputs.features[0].requires_grad


def test_one_forward_serves_classes_and_gradients() -> None:
    network = copy.deepcopy(fresh_network("yolov8n-cls"))
    runs = []
    network.model[0].register_forward_hook(lambda *_: runs.append(1))
    engine = engine_of(network)
    runs.clear()
    list(engine.object_gradients(engine.forward(PICTURE, ALL, with_graph=True)))
    assert len(runs) == 1


def test_explaining_twice_gives_the_same_and_leaves_the_network_as_it_was() -> None:
    network = fresh_network("yolo11n-cls", fused=False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    engine = engine_of(network, fine=True)
    first, second = (engine.summed_gradient(engine.forward(PICTURE, ALL, with_graph=True)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-6)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(m.training or m._forward_hooks or m._backward_hooks for m in network.modules())
    assert not any(p.requires_grad or p.grad is not None for p in network.parameters())


def test_two_engines_do_not_disturb_one_another() -> None:
    network = fresh_network("yolov8n-cls")
    one, other = engine_of(network), engine_of(network, fine=True)
    other.explained_class = 2
    alone = one.summed_gradient(one.forward(PICTURE, ALL, with_graph=True))[0]
    forward = one.forward(PICTURE, ALL, with_graph=True)
    other.summed_gradient(other.forward(picture(128, 128, seed=9), ALL, with_graph=True))
    assert len(forward.boxes) == 5
    assert torch.allclose(one.summed_gradient(forward)[0], alone, atol=1e-6)


def test_another_class_can_be_asked_about_however_unlikely_it_is() -> None:
    network = fresh_network("yolov8n-cls")
    engine = engine_of(network)
    least = engine.forward(PICTURE, ALL, with_graph=False).boxes.class_ids[-1]
    engine.explained_class = int(least)
    forward = engine.forward(PICTURE, Thresholds(conf=0.99, class_ids=(0,)), with_graph=True)
    assert forward.boxes.class_ids.tolist() == [int(least)]
    exact = oracle(network, PICTURE, least[None], engine.cut.tapped)
    for ours, (_, gradient) in zip(engine.summed_gradient(forward), exact, strict=True):
        assert relative_error(ours, gradient) < 1e-4


def test_no_class_gives_a_gradient_of_zeros() -> None:
    engine = engine_of(fresh_network("yolov8n-cls"))
    forward = engine.forward(PICTURE, Thresholds(conf=1.0), with_graph=True)
    assert len(forward.boxes) == 0
    assert forward.boxes.xyxy.shape == (0, 4)
    assert not engine.summed_gradient(forward)[0].any()
    assert list(engine.object_gradients(forward)) == []


def test_classes_are_kept_from_the_threshold_on_strongest_first_and_five_at_most() -> None:
    shares = torch.tensor([0.05, 0.25, 0.4, 0.1, 0.02, 0.08, 0.1])
    logits = shares.log()

    def kept(conf: float, class_ids: tuple[int, ...] | None = None, asked: int | None = None) -> list[int]:
        return keep_classes(logits, (64, 64), Thresholds(conf, class_ids=class_ids), asked).class_ids.tolist()

    assert kept(0.24) == [2, 1]
    assert kept(float(logits.softmax(0)[1])) == [2, 1]  # the threshold itself passes
    assert kept(0.9) == []
    assert kept(0.0)[:2] == [2, 1]
    assert len(kept(0.0)) == 5
    assert kept(0.0, class_ids=(4, 0, 5)) == [5, 0, 4]
    assert kept(0.24, class_ids=(0, 1)) == [1]
    assert kept(0.9, class_ids=(0, 1), asked=4) == [4]
    confidences = keep_classes(logits, (64, 64), Thresholds(0.0, class_ids=(1,))).confidences
    assert confidences.tolist() == pytest.approx([0.25])  # of all classes, not only of those that are kept


def test_only_classify_heads_are_taken() -> None:
    classifier, detector = fresh_network("yolov8n-cls"), fresh_network("yolov8n")
    assert is_classifier(classifier)
    assert not is_classifier(detector)
    assert not is_classifier(nn.Linear(1, 1))
    with pytest.raises(ModelError, match="ends in Detect cannot be explained"):
        TappedClassifier(detector)
    with pytest.raises(ModelError, match="ends in Classify cannot be explained"):
        TappedNetwork(classifier)


def test_a_checkpoint_that_wants_its_pictures_otherwise_is_known() -> None:
    network = copy.copy(fresh_network("yolov8n-cls"))
    for usual in (None, classify_transforms(224), classify_transforms(64)):
        network.transforms = usual
        assert prepares_as_usual(network)
    for other in (
        classify_transforms(224, mean=(0.485, 0.456, 0.406)),
        classify_transforms(224, std=(0.2, 0.2, 0.2)),
        classify_transforms(224, interpolation="BICUBIC"),
        type(classify_transforms(224))(classify_transforms(224).transforms[1:]),
    ):
        network.transforms = other
        assert not prepares_as_usual(network)
