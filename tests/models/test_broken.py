"""Checkpoints whose network cannot be one: one line that says what is wrong with the file, before it is used."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from heatcam.errors import ModelError
from heatcam.models.loading import load_any_task
from heatcam.models.trial import require_running
from tests.nets import class_heads, fresh_network
from tests.query_nets import query_network

Change = Callable[[Any], object]


def changed(path: Path, change: Change, network: nn.Module | None = None) -> str:
    """A checkpoint of a small network after ``change``."""
    network = copy.deepcopy(fresh_network("tiny", fused=False) if network is None else network)
    change(network)
    torch.save({"model": network, "train_args": {"imgsz": 128, "task": "detect"}}, path)
    return str(path)


def refusal(path: str) -> str:
    with pytest.raises(ModelError) as refused:
        load_any_task(path)
    said = str(refused.value)
    assert refused.value.exit_code == 2
    assert said.startswith("odd.pt ")
    assert "\n" not in said
    assert len(said) < 400
    return said


def setting(where: str, **attributes: object) -> Change:
    """Set attributes of a part of the network, past what its class makes of it."""
    return lambda network: vars(network.get_submodule(where)).update(attributes)


def nested(depth: int) -> nn.Module:
    module: nn.Module = nn.Identity()
    for _ in range(depth):
        module = nn.Sequential(module)
    return module


def doubled(times: int) -> nn.Module:
    """Few modules that are reached in 2 ** times ways."""
    module: nn.Module = nn.Identity()
    for _ in range(times):
        module = nn.Sequential(module, nn.Sequential(module))
    return module


def containing_itself(network: Any) -> None:
    network.model[0].inner = network.model[1]
    network.model[1].outer = network.model[0]


def replaced(index: int, module: nn.Module) -> Change:
    def change(network: Any) -> None:
        old = network.model[index]
        module.i, module.f, module.type = old.i, old.f, "new"
        network.model[index] = module

    return change


def filled(name: str, value: float) -> Change:
    return lambda network: network.state_dict()[name].view(-1)[0].fill_(value)


HEAD = "model.10"
BROKEN: dict[str, tuple[Change, str]] = {
    "contains itself": (containing_itself, "a Conv contains itself"),
    "is nested endlessly": (replaced(1, nested(80)), "layers more than 64 deep"),
    "is reached in billions of ways": (replaced(1, doubled(20)), "more layers within each other than any network"),
    "fuse is replaced": (setting("", fuse=5), "would replace the method 'fuse'"),
    "forward is replaced": (setting("model.0", forward="x"), "would replace the method 'forward'"),
    "no layers": (setting("", _modules={"model": nn.Sequential()}), "has no layers"),
    "layers in a list": (setting("", _modules={"model": nn.ModuleList()}), "holds a DetectionModel, not an ultralytics"),
    "no layers at all": (setting("", _modules={}), "holds a DetectionModel, not an ultralytics"),
    "stride 0": (setting(HEAD, stride=torch.zeros(2)), r"strides of its Detect are \[0.0, 0.0\], for 2 levels"),
    "stride below 0": (setting(HEAD, stride=torch.tensor([-8.0, 16])), "strides of its Detect are"),
    "stride is no number": (setting(HEAD, stride=torch.tensor([float("nan"), 16])), "strides of its Detect are"),
    "a stride too few": (setting(HEAD, stride=torch.tensor([8.0])), "strides of its Detect are .* for 2 levels"),
    "strides in a list": (setting(HEAD, stride=[8, 16]), "strides of its Detect are"),
    "strides of another network": (setting(HEAD, stride=torch.tensor([16.0, 32])), r"says strides \[16, 32\].* have \[8, 16\]"),
    "classes too many": (setting(HEAD, nc=7), "has 7 classes, and its head tells 5 apart"),
    "classes below 0": (setting(HEAD, nc=-1), "nc of its Detect is -1"),
    "classes without end": (setting(HEAD, nc=10**9), "nc of its Detect is 1000000000"),
    "classes as text": (setting(HEAD, nc="5"), "nc of its Detect is 5"),
    "distances without end": (setting(HEAD, reg_max=10**9), "reg_max of its Detect is 1000000000"),
    "levels without end": (setting(HEAD, nl=10**9), "nl of its Detect is 1000000000"),
    "another number of levels": (setting(HEAD, nl=3), "layer 10 .Detect. fails with"),
    "keeps what is not there": (setting("", save=[1, 99]), "keeps outputs of layers that it does not have"),
    "keeps in words": (setting("", save="all"), "keeps outputs of layers that it does not have: all"),
    "keeps too little": (setting("", save=[1]), "layer 5 .Concat. reads layer 2, whose output is not kept"),
    "reads what is not there": (setting("model.5", f=[-1, 77]), "layer 5 .Concat. reads layer 77, which does not come before"),
    "reads itself": (setting("model.5", f=[-1, 5]), "layer 5 .Concat. reads layer 5, which does not come before"),
    "reads nothing": (setting("model.5", f=[]), "layer 5 .Concat. does not say what it reads"),
    "reads far back": (setting("model.1", f=-9), "layer 1 .Conv. reads layer -9"),
    "reads in words": (setting("model.3", f="2"), "layer 3 .Conv. does not say what it reads"),
    "counts otherwise": (setting("model.3", i=4), r"layer 3 \(Conv\) says that it is layer 4"),
    "declares a larger layer": (setting("model.1.conv", in_channels=10**6), r"1.conv \(Conv2d\) says that its weights are"),
    "declares larger statistics": (setting("model.1.bn", num_features=10**9), r"1.bn \(BatchNorm2d\) says"),
    "pads without end": (setting("model.1.conv", padding=(10**6, 10**6)), r"padding of 1.conv \(Conv2d\) is 1000000"),
    "pads by 7 GB": (setting("model.1.conv", padding=(1000, 1000)), "would take .* in layer 1"),
    "gathers neighbourhoods": (replaced(1, nn.Unfold(64, padding=100)), "would take .* in layer 1"),
    "enlarges smoothly": (
        replaced(1, nn.Upsample(size=(1000, 1000), mode="bicubic")), "would take .* in layer 1"),
    "enlarges by 1000": (setting("model.4", scale_factor=1000.0), "would take .* in layer 4"),
    "enlarges to any size": (setting("model.4", scale_factor=None, size=(10**5, 10**5)), "size of 4 .Upsample. is 100000"),
    "enlarges below 0": (setting("model.4", scale_factor=-2.0), "layer 4 .Upsample. fails with"),
    "strides by 0": (setting("model.1.conv", stride=(0, 0)), "layer 1 .Conv. fails with"),
    "reads other channels": (replaced(2, nn.Conv2d(7, 32, 3, 2, 1)), "layer 2 .Conv2d. fails with"),
    "has a layer in another place": (replaced(5, nn.Identity()), "layer 6 .C2f. fails with"),
    "lacks an attribute": (lambda network: vars(network.model[1].conv).pop("stride"), "fails with|lacks stride"),
    "lacks weights": (lambda network: network.model[1].conv._parameters.pop("weight"), "odd.pt "),
    "weights of none": (setting("model.1.conv", _parameters={"weight": None, "bias": None}), "odd.pt "),
    "a branch too few": (lambda network: vars(network.model[10])["_modules"].pop("cv3"), "odd.pt "),
    "no branches": (lambda network: network.model[10]._modules.update(cv3=nn.ModuleList()), "layer 10 .Detect. fails"),
    "NaN weights": (filled("model.0.conv.weight", float("nan")), "no numbers .NaN or infinite. in model.0"),
    "infinite weights": (filled("model.10.cv3.0.2.bias", float("inf")), "no numbers .* in model.10.cv3.0.2.bias"),
    "NaN statistics": (filled("model.3.bn.running_mean", float("nan")), "weights that are no numbers"),
    "negative variance": (filled("model.3.bn.running_var", -5.0), "weights that are no numbers"),
    "hooks": (lambda network: network.model[0]._forward_hooks.update({1: 5}), "brings hooks that would run; nothing was run"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_said_in_one_line(name: str, tmp_path: Path) -> None:
    change, words = BROKEN[name]
    said = refusal(changed(tmp_path / "odd.pt", change))
    assert re.search(words, said), said


def test_other_modules_are_no_networks(tmp_path: Path) -> None:
    torch.save({"model": nn.Conv2d(3, 3, 1)}, tmp_path / "odd.pt")
    assert "holds a Conv2d, not an ultralytics model" in refusal(str(tmp_path / "odd.pt"))


def test_rt_detr_says_its_classes_rightly(tmp_path: Path) -> None:
    network = query_network()
    path = changed(tmp_path / "odd.pt", setting(f"model.{len(network.model) - 1}", nc=3), network)
    assert "has 3 classes, and its head tells 5 apart" in refusal(path)


def test_the_trial_leaves_the_network_as_it_was() -> None:
    network = fresh_network("tiny")
    with torch.no_grad():
        network(torch.zeros(1, 3, 64, 96))
    head = network.model[-1]
    before = head.shape, head.anchors, {name: id(value) for name, value in vars(head).items()}
    require_running(network, 3)
    assert (head.shape, head.anchors) == before[:2]
    assert {name: id(value) for name, value in vars(head).items()} == before[2]
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_a_model_in_which_everything_fires_loads(tmp_path: Path) -> None:
    def fire(network: Any) -> None:
        for branch in class_heads(network):
            branch[-1].bias.data += 50

    assert load_any_task(changed(tmp_path / "fires.pt", fire)).title == "fires"


def test_texts_that_double_with_each_level_are_never_written_out(tmp_path: Path) -> None:
    """A list of two lists of two lists ...: 60 of them in a few bytes, and as text more than all disks hold."""
    many: Any = [1]
    for _ in range(60):
        many = [many, many]
    head, layers = {"nc": many}, {"i": many}
    for change in (
        setting("", names=many),
        setting("", save=many),
        setting(HEAD, **head),
        setting("model.3", **layers),
    ):
        refusal(changed(tmp_path / "odd.pt", change))
    load_any_task(changed(tmp_path / "task.pt", setting("", task=many)))
    torch.save({"model": fresh_network("tiny"), "train_args": {"imgsz": many}}, tmp_path / "odd.pt")
    assert "says that it was trained with pictures of [list, list] pixels" in refusal(
        str(tmp_path / "odd.pt")
    )
