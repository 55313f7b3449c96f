"""Layers of a user's own code: what trust allows, and what stays shut."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import heatcam
from heatcam.cli.app import app
from heatcam.engine.boxes import Thresholds
from heatcam.engine.fingerprint import hash_of
from heatcam.errors import ModelError, UsageError
from heatcam.models.loading import load_model
from heatcam.models.trusted_code import no_trust, trust, trusted_layer, trusted_specs
from tests.models.test_checkpoint import RunsACommand, saved
from tests.nets import engine_of, fresh_network, oracle_gradients, picture

CODE = """
import torch
from torch import nn
from helpers_of_layers import SCALE

class Gate(nn.Module):
    def __init__(self, channels):
        raise RuntimeError("a constructor was run")

    def forward(self, x):
        return x * torch.sigmoid(SCALE * self.squeeze(x.mean((2, 3), keepdim=True)))

class Odd(nn.Module):
    def __new__(cls, *given):
        raise RuntimeError("made")

class Loss:
    pass
"""


@pytest.fixture(autouse=True)
def _nothing_trusted() -> Iterator[None]:
    with no_trust():
        yield


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    (tmp_path / "helpers_of_layers.py").write_text("SCALE = 2.0")
    path = tmp_path / "my_layers.py"
    path.write_text(CODE)
    return path


def gated(layers: Path, *, says: str) -> nn.Module:
    """A network with a gate behind one of its layers, which its pickle calls by the name ``says``."""
    trust(str(layers))
    found = trusted_layer("anything.Gate")
    assert found is not None
    kind = found[0]
    gate = object.__new__(kind)
    nn.Module.__init__(gate)
    network = copy.deepcopy(fresh_network("tiny", fused=False))
    layer = next(own for own in network.model if hasattr(own, "conv"))
    gate.squeeze = nn.Conv2d(layer.conv.out_channels, layer.conv.out_channels, 1)
    layer.act = nn.Sequential(layer.act, gate)
    kind.__module__, before = says, kind.__module__
    sys.modules[says] = sys.modules[before]
    return network


@pytest.fixture
def checkpoint(layers: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    says = getattr(request, "param", "ultralytics.nn.modules.changed")
    network = gated(layers, says=says)
    path = saved(network, tmp_path / "gated.pt")
    module = sys.modules.pop(says)
    module.Gate.__module__ = module.__name__
    with no_trust():
        yield path


@pytest.mark.parametrize("checkpoint", ["__main__x", "ultralytics.nn.modules.changed"], indirect=True)
def test_a_layer_of_a_trusted_file_is_known_whatever_module_the_checkpoint_says(
    checkpoint: Path, layers: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ModelError, match=r"Gate.*nothing was run.*--trust"):
        load_model(str(checkpoint))
    trust(str(layers))
    loaded = load_model(str(checkpoint)).network
    assert "Gate of " in caplog.text
    assert "which you trust" in caplog.text
    gates = [module for module in loaded.modules() if type(module).__name__ == "Gate"]
    assert len(gates) == 1
    out = gates[0](torch.ones(1, gates[0].squeeze.in_channels, 2, 2))
    assert torch.isfinite(out).all()


def test_its_gradients_are_exact(checkpoint: Path, layers: Path) -> None:
    trust(str(layers))
    network = load_model(str(checkpoint)).network
    engine = engine_of(network)
    forward = engine.forward(picture(), Thresholds(conf=0.0, iou=1.0, max_det=5), with_graph=True)
    boxes = forward.boxes
    exact = oracle_gradients(network, picture(), boxes.anchors, boxes.class_ids, engine.cut.tapped)
    for ours, (_, oracle) in zip(engine.summed_gradient(forward), exact, strict=True):
        assert float((ours - oracle).abs().max()) <= 1e-4 * float(oracle.abs().max())


def test_all_else_that_a_checkpoint_names_is_refused_as_ever(checkpoint: Path, layers: Path) -> None:
    marker = layers.parent / "ran"
    trust(str(layers))
    path = saved(load_model(str(checkpoint)).network, layers.parent / "evil.pt", more=RunsACommand(marker))
    with pytest.raises(ModelError, match=r"would run (posix|nt)\.system"):
        load_model(str(path))
    assert not marker.exists()


def test_only_layers_are_allowed_that_the_file_itself_defines(layers: Path) -> None:
    trust(str(layers))
    assert trusted_layer("a.Gate") is not None
    for name in ("a.Loss", "a.Odd", "a.nn", "a.SCALE", "a.torch", "torch.nn.modules.conv.Gate", "a.Missing"):
        assert trusted_layer(name) is None, name


def test_of_a_package_a_layer_is_known_by_its_whole_name(
    layers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = layers.parent / "own_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "gates.py").write_text(CODE.replace("from helpers_of_layers import SCALE", "SCALE = 1"))
    monkeypatch.syspath_prepend(str(layers.parent))
    trust("own_package")
    found = trusted_layer("own_package.gates.Gate")
    assert found is not None
    assert found[0].__module__ == "own_package.gates"
    for name in ("own_package.other.Gate", "own_packages.gates.Gate", "x.Gate", "own_package.gates.nn"):
        assert trusted_layer(name) is None, name


def test_changed_code_is_another_network_to_what_is_remembered(checkpoint: Path, layers: Path) -> None:
    def now() -> str:
        with no_trust():
            trust(str(layers))
            return hash_of(load_model(str(checkpoint)).network)

    first = now()
    assert now() == first
    layers.write_text(CODE.replace("sigmoid", "tanh"))
    assert now() != first


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("missing.py", "does not exist"),
        ("os", "cannot be trusted whole"),
        ("ultralytics", "cannot be trusted whole"),
        ("no_such_package", "there is no package"),
        ("some/folder", "does not exist"),
    ],
)
def test_what_cannot_be_trusted_is_refused_in_one_line(spec: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        trust(spec)
    assert "\n" not in str(caught.value)
    assert trusted_specs() == ()


def test_code_that_fails_is_named(layers: Path, checkpoint: Path) -> None:
    broken = layers.with_name("broken.py")
    broken.write_text("import nothing_of_the_kind")
    trust(str(broken))
    with pytest.raises(UsageError, match=r"trusted code broken\.py fails: ModuleNotFoundError"):
        load_model(str(checkpoint))


def test_a_file_without_the_layer_is_said_to_be_the_wrong_one(layers: Path, checkpoint: Path) -> None:
    other = layers.with_name("other.py")
    other.write_text("")
    trust(str(other))
    with pytest.raises(ModelError, match=r"other\.py defines no layer of that name"):
        load_model(str(checkpoint))


def test_the_command_and_the_function_take_it(checkpoint: Path, layers: Path, tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    cv2.imwrite(str(image), np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8))
    command = [
        "snapshot",
        str(image),
        "--model",
        str(checkpoint),
        "-o",
        str(tmp_path / "o.png"),
        "--imgsz",
        "128",
    ]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code != 0
    done = CliRunner().invoke(app, [*command, "--trust", str(layers), "--json", str(tmp_path / "a.json")])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "a.json").read_text())["images"]
    with no_trust():
        assert heatcam.load(str(checkpoint), trust=str(layers)).class_names
