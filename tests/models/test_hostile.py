"""Checkpoints that mean harm: everything but layers, tensors and plain data is refused by name, before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from heatcam.errors import ModelError
from heatcam.models.loading import load_model
from tests.models.pickles import (
    EMPTY_TUPLE,
    archive,
    called,
    checkpoint,
    layer,
    legacy,
    listed,
    mapped,
    named,
    number,
    packed,
    stored,
    tensor,
    text,
    whole,
    write,
)

pytestmark = pytest.mark.usefixtures("alone")


def refusal(path: Path) -> str:
    """What loading it says: one line, exit code 2, and nothing in the folder is touched."""
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    with pytest.raises(ModelError) as refused:
        load_model(str(path))
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500
    assert {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()} == before
    return str(refused.value)


ADDRESS = text("http://127.0.0.1:9/x.pt")
CALLS = {
    "posix.system": called("posix", "system", text("touch ran")),
    "subprocess.Popen": called("subprocess", "Popen", text("touch ran")),
    "builtins.eval": called("__builtin__", "eval", text("open('ran', 'w')")),
    "builtins.exec": called("builtins", "exec", text("open('ran', 'w')")),
    "builtins.__import__": called("builtins", "__import__", text("antigravity")),
    "builtins.open": called("io", "open", text("ran"), text("w")),
    "importlib.import_module": called("importlib", "import_module", text("antigravity")),
    "runpy.run_path": called("runpy", "run_path", text("ran")),
    "shutil.rmtree": called("shutil", "rmtree", text(".")),
    "marshal.loads": called("marshal", "loads", text("")),
    "types.FunctionType": called("types", "FunctionType", text("")),
    "functools.partial": called("functools", "partial", named("posix", "system"), text("touch ran")),
    "operator.attrgetter": called("operator", "attrgetter", text("system")),
    "copyreg._reconstructor": called("copyreg", "_reconstructor", named("builtins", "object")),
    "webbrowser.open": called("webbrowser", "open", ADDRESS),
    "pip.main": called("pip", "main", listed(text("install"), text("x"))),
    "numpy.load": called("numpy", "load", text("ran")),
    "numpy.core.multiarray._reconstruct": called("numpy.core.multiarray", "_reconstruct", number(1)),
    "torch.load": called("torch", "load", text("ran")),
    "torch.hub.load": called("torch.hub", "load", text("a/b"), text("c")),
    "torch.hub.load_state_dict_from_url": called("torch.hub", "load_state_dict_from_url", ADDRESS),
    "torch.jit.load": called("torch.jit", "load", text("ran")),
    "torch.storage._load_from_bytes": called("torch.storage", "_load_from_bytes", text("")),
    "torch._utils._rebuild_wrapper_subclass": called("torch._utils", "_rebuild_wrapper_subclass", number(1)),
    "torch._tensor._rebuild_from_type_v2": called("torch._tensor", "_rebuild_from_type_v2", named("posix", "system")),
    "torch._utils._rebuild_meta_tensor_no_storage": called("torch._utils", "_rebuild_meta_tensor_no_storage", number(1)),
    "torchvision.models.resnet.resnet18": called("torchvision.models.resnet", "resnet18", text("DEFAULT")),
    "torchvision.models._api.get_model": called("torchvision.models._api", "get_model", text("resnet18"), text("DEFAULT")),
    "torchvision.io.image.read_image": called("torchvision.io.image", "read_image", text("/dev/stdin")),
    "ultralytics.models.yolo.model.YOLO": called("ultralytics.models.yolo.model", "YOLO", ADDRESS),
    "ultralytics.utils.downloads.safe_download": called("ultralytics.utils.downloads", "safe_download", ADDRESS),
    "ultralytics.nn.autobackend.AutoBackend": called("ultralytics.nn.autobackend", "AutoBackend", ADDRESS),
    "ultralytics.nn.distill_model.DistillationModel": called(
        "ultralytics.nn.distill_model", "DistillationModel", ADDRESS, ADDRESS),
    "ultralytics.nn.modules.block.TorchVision": called("ultralytics.nn.modules.block", "TorchVision", text("resnet18")),
    "ultralytics.nn.tasks.torch_safe_load": called("ultralytics.nn.tasks", "torch_safe_load", text("yolo11n.pt")),
    "ultralytics.nn.tasks.YAML.load": called("ultralytics.nn.tasks", "YAML.load", text("/dev/stdin")),
    "ultralytics.nn.modules.block.torch.hub": called("ultralytics.nn.modules.block", "torch.hub", text("x")),
    "torch.nn.modules.conv.torch": called("torch.nn.modules.conv", "torch", text("x")),
    "torch.nn.modules.module.Module.apply": called("torch.nn.modules.module", "Module.apply", named("posix", "system")),
    "torch.nn.modules.lazy.LazyModuleMixin": called("torch.nn.modules.lazy", "LazyModuleMixin"),
    "mmdet.models.detectors.YOLOX": layer("mmdet.models.detectors", "YOLOX", mapped([])),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_what_a_file_would_run_is_refused_by_name(name: str, tmp_path: Path) -> None:
    for model in (
        CALLS[name],
        listed(CALLS[name]),
        layer("torch.nn.modules.linear", "Identity", CALLS[name]),
    ):
        said = refusal(write(tmp_path / "evil.pt", archive(checkpoint(model))))
        assert "nothing was run" in said
        assert name.removeprefix("builtins.open") in said
    assert "nothing was run" in refusal(write(tmp_path / "evil.pt", legacy(checkpoint(CALLS[name]))))


CONSTRUCTORS = {
    "a layer": called("torch.nn.modules.conv", "Conv2d", number(10**6), number(10**6), number(9)),
    "a network from an address": called("ultralytics.nn.tasks", "DetectionModel", text("http://127.0.0.1:9/m.yaml")),
    "a network from a pipe": called("ultralytics.nn.tasks", "DetectionModel", text("/dev/stdin")),
    "a layer by __new__ with arguments": named("torch.nn.modules.conv", "Conv2d") + packed(number(3)) + b"\x81",
    "a layer by __new__ and names": named("torch.nn.modules.conv", "Conv2d") + EMPTY_TUPLE + mapped([(text("a"), number(1))])
    + b"\x92",
    "a loss": called("ultralytics.utils.loss", "v8DetectionLoss", number(1)),
    "a text encoder": called("ultralytics.nn.text_model", "CLIP", text("ViT-B/32")),
    "what is no function": number(5) + EMPTY_TUPLE + b"R",
    "what a layer is made of": layer("torch.nn.modules.linear", "Identity", mapped([])) + EMPTY_TUPLE + b"R",
    "a layer's way forward": called("__builtin__", "getattr", named("torch.nn.modules.linear", "Identity"), text("forward"))
    + packed(number(1), number(2)) + b"R",
}  # fmt: skip


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_no_constructor_runs(name: str, tmp_path: Path) -> None:
    said = refusal(write(tmp_path / "evil.pt", archive(checkpoint(CONSTRUCTORS[name]))))
    assert "was refused: loading it would" in said or "which torch never writes" in said


@pytest.mark.parametrize(
    "attributes",
    [("__init__",), ("__globals__",), ("load_state_dict",), ("register_forward_hook",), ("forward", "__globals__"), ("_apply",)],
)  # fmt: skip
def test_attributes_cannot_be_walked_along(attributes: tuple[str, ...], tmp_path: Path) -> None:
    found = named("torch.nn.modules.conv", "Conv2d")
    for name in attributes:
        found = called("__builtin__", "getattr", found, text(name))
    assert "was refused: it reads" in refusal(write(tmp_path / "evil.pt", archive(checkpoint(found))))


HIDDEN = {
    "out of a memo": text("posix") + b"q\x05" + text("system") + b"q\x060" + b"0" + b"h\x05h\x06\x93",
    "out of a tuple": packed(text("posix"), text("system")) + b"\x93",
    "out of a list": text("posix") + listed(text("system")) + b"\x93",
    "put where a harmless one was": text("collections")
    + b"q\x05"
    + text("posix")
    + b"q\x050h\x05"
    + text("OrderedDict")
    + b"\x93",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_names_that_are_put_together_are_found_or_refused(name: str, tmp_path: Path) -> None:
    pickle = checkpoint(HIDDEN[name] + packed(text("touch ran")) + b"R")
    assert "nothing was run" in refusal(write(tmp_path / "evil.pt", archive(pickle)))


@pytest.mark.parametrize("opcode", [b"i", b"o", b"\x82\x01", b"\x83\x01\x00", b"\x84\x01\x00\x00\x00", b"P1\n", b"Fnan\n",
                                    b"V\n", b"L9L\n", b"\x8b\x00\x00\x00\x40", b"\x97", b"\x98", b"\xff"])  # fmt: skip
def test_opcodes_that_torch_never_writes_are_refused(opcode: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "odd.pt", archive(whole(named("collections", "OrderedDict") + opcode)))
    assert "which torch never writes" in refusal(path)


def test_advice_to_trust_a_file_is_given_only_where_it_can_help(tmp_path: Path) -> None:
    def advice(module: str, name: str) -> str:
        return refusal(write(tmp_path / "some.pt", archive(checkpoint(layer(module, name, mapped([]))))))

    assert "--trust pytorch_grad_cam, or the .py file" in advice("pytorch_grad_cam.grad_cam", "GradCAM")
    assert "--trust mmdet, or the .py file" in advice("mmdet.models", "CoordAtt")
    assert "--trust the .py file that defines it" in advice("ultralytics.nn.modules.conv", "CoordAtt")
    for module in ("posix", "models.yolo", "models.common", "torch.hub"):
        assert "trust" not in advice(module, "CoordAtt")
    assert "is a checkpoint of the YOLOv5 repository" in advice("models.yolo", "Model")
    assert "such as yolov5nu.pt" in advice("models.common", "C3")
    assert "is no layer of ultralytics" in advice("ultralytics.nn.modules.conv", "CoordAtt")


def test_hooks_and_replaced_methods_are_refused(tmp_path: Path) -> None:
    def said(*state: tuple[bytes, bytes]) -> str:
        parts = [(text(name), mapped([])) for name in ("_parameters", "_buffers", "_modules")]
        model = layer("torch.nn.modules.linear", "Identity", mapped([*parts, *state]))
        return refusal(write(tmp_path / "evil.pt", archive(checkpoint(model))))

    one = mapped([(number(1), number(5))])
    way = called("__builtin__", "getattr", named("torch.nn.modules.conv", "Conv2d"), text("forward"))
    for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_state_dict_hooks"):
        assert "brings hooks that would run" in said((text(name), one))
    for name in (
        "forward",
        "float",
        "eval",
        "_apply",
        "named_modules",
        "__class__",
        "_compiled_call_impl",
        "type",
    ):
        assert f"would replace the method '{name}'" in said((text(name), number(5)))
    assert "would replace the method 'forward'" in said((text("forward"), way))


STATES = {
    "no dictionary": number(5),
    "numbers as names": mapped([(number(1), number(2))]),
    "nothing": mapped([]),
    "weights that are none": mapped([(text("_parameters"), mapped([(text("w"), number(1))]))]),
    "layers in a list": mapped(
        [(text("_parameters"), mapped([])), (text("_buffers"), mapped([])), (text("_modules"), listed())]
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_a_layer_without_a_layers_state_is_damaged(name: str, tmp_path: Path) -> None:
    model = layer("torch.nn.modules.conv", "Conv2d", STATES[name])
    assert "evil.pt is damaged: " in refusal(write(tmp_path / "evil.pt", archive(checkpoint(model))))


def test_a_layer_without_any_state_or_with_two_is_damaged(tmp_path: Path) -> None:
    empty = named("torch.nn.modules.linear", "Identity") + EMPTY_TUPLE + b"\x81"
    state = mapped([(text(name), mapped([])) for name in ("_parameters", "_buffers", "_modules")])
    assert "has no state" in refusal(write(tmp_path / "a.pt", archive(checkpoint(empty))))
    assert "has its state twice" in refusal(
        write(tmp_path / "b.pt", archive(checkpoint(empty + state + b"b" + state + b"b")))
    )


TENSORS = {
    "reaches behind its storage": tensor(stored("0", 4), (2, 2), (2, 2)),
    "begins behind it": tensor(stored("0", 4), (1,), (1,), 4),
    "has a negative size": tensor(stored("0", 4), (-1,), (1,)),
    "has a negative step": tensor(stored("0", 4), (2,), (-1,)),
    "has two ideas of its sides": tensor(stored("0", 4), (2, 2), (1,)),
    "has a hundred sides": tensor(stored("0", 4), (1,) * 100, (1,) * 100),
    "has a storage that is not there": tensor(stored("1", 4), (4,), (1,)),
    "has a storage of another size": tensor(stored("0", 5), (4,), (1,)),
    "has a storage of two kinds": listed(stored("0", 4), stored("0", 2, "DoubleStorage")),
    "has a storage below": tensor(stored("../version", 1), (1,), (1,)),
    "has no storage": tensor(number(5), (1,), (1,)),
    "has a storage of nothing known": packed(text("file"), text("/etc/passwd")) + b"Q",
    "is a weight that is none": called("torch._utils", "_rebuild_parameter", number(5)),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_lies_within_its_storage(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "odd.pt", archive(whole(TENSORS[name]), {"0": bytes(16)}))
    assert "odd.pt is " in (said := refusal(path)) or "has a tensor of" in said


def test_a_tensor_that_lies_within_it_is_one(tmp_path: Path) -> None:
    """The same parts, put together right: else the refusals above would prove nothing."""
    weights = mapped([(text("w"), tensor(stored("0", 4), (2, 2), (2, 1)))])
    path = write(tmp_path / "good.pt", archive(checkpoint(weights), {"0": bytes(16)}))
    assert "only weights without the network" in refusal(path)


@pytest.mark.parametrize("protocol", [0, 1])
def test_ancient_pickles_are_no_checkpoints(protocol: int, tmp_path: Path) -> None:
    torch.save({"model": nn.Linear(2, 2)}, tmp_path / "old.pt", pickle_protocol=protocol)
    assert "old.pt " in refusal(tmp_path / "old.pt")


def test_archives_that_are_none_of_torch_say_so(tmp_path: Path) -> None:
    good = archive(checkpoint(number(5)))
    assert "but not a torch checkpoint" in refusal(
        write(tmp_path / "a.pt", good.replace(b"data.pkl", b"data.xyz"))
    )
    assert "another byte order" in refusal(
        write(tmp_path / "b.pt", archive(checkpoint(number(5)), order=b"big"))
    )
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), str(tmp_path / "c.pt"))
    assert "is a TorchScript archive" in refusal(tmp_path / "c.pt")


def test_names_of_a_refused_file_stay_within_the_line(tmp_path: Path) -> None:
    said = refusal(
        write(
            tmp_path / "evil.pt",
            archive(checkpoint(listed(*(named("mod" * 60, f"n{n}") for n in range(50))))),
        )
    )
    assert "and 47 more" in said
    assert "hides" in refusal(
        write(tmp_path / "odd.pt", archive(checkpoint(mapped([]) + text("x") + b"\x93")))
    )
