"""Which backend runs: what was asked for, or the faster one, measured once."""

from __future__ import annotations

import json

import pytest
import torch

from heatcam.engine import backends, openvino_passes
from heatcam.engine.backends import CHOICES_FILE, find_the_same, start_engine
from heatcam.engine.boxes import Thresholds
from heatcam.engine.network import CutNetwork
from heatcam.engine.passes import TOLERANCES
from heatcam.errors import UsageError
from tests.nets import engine_of, fresh_network, picture

CPU = torch.device("cpu")


@pytest.fixture
def cut(tmp_path, monkeypatch) -> CutNetwork:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path))
    return CutNetwork(fresh_network("tiny"))


def start(cut: CutNetwork, backend: str = "auto", precision: str = "auto"):
    return start_engine(cut, CPU, backend, precision, picture(96, 128))


def test_what_was_asked_for_runs(cut: CutNetwork) -> None:
    assert start(cut, "torch").name == "torch"
    assert start(cut, "openvino", "fp32").name == "openvino fp32"


@pytest.mark.parametrize(
    ("torch_ms", "openvino_ms", "faster"), [(9.0, 5.0, "openvino fp32"), (5.0, 9.0, "torch")]
)
def test_auto_takes_the_faster_and_measures_once(
    cut: CutNetwork, tmp_path, monkeypatch, torch_ms: float, openvino_ms: float, faster: str
) -> None:
    measured = []
    monkeypatch.setattr(backends, "_measured", lambda *_: measured.append(1) or [torch_ms, openvino_ms])
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: False)
    assert [start(cut).name, start(cut).name] == [faster, faster]
    assert len(measured) == 1
    assert set(json.loads((tmp_path / CHOICES_FILE).read_text()).values()) == {faster}


def test_where_torch_was_faster_nothing_is_compiled_again(cut: CutNetwork, monkeypatch) -> None:
    monkeypatch.setattr(backends, "_measured", lambda *_: [1.0, 2.0])
    assert start(cut).name == "torch"
    monkeypatch.setattr(backends, "_openvino", lambda *_: pytest.fail("compiled"))
    assert start(cut).name == "torch"
    assert start(cut, "auto", "fp32").name == "torch"


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_torch_calculates_in_the_precision_asked_for_or_in_float32(
    cut: CutNetwork, precision: str, monkeypatch, caplog
) -> None:
    assert start(cut, "torch", "auto").name == "torch"
    monkeypatch.setitem(TOLERANCES, precision, 1.0)  # (what random weights need)
    engine = start(cut, "torch", precision)
    assert engine.name == f"torch {precision}"
    inputs = engine.forward(picture(96, 128), Thresholds(0.05), with_graph=True).inputs
    assert {feature.dtype for feature in inputs.features} == {torch.float32}
    exact = engine_of(cut.network).forward(picture(96, 128), Thresholds(0.05), with_graph=True).inputs
    error = (inputs.features[0] - exact.features[0]).abs().max() / exact.features[0].abs().max()
    assert 1e-5 < error < 0.1
    monkeypatch.setitem(TOLERANCES, precision, 1e-6)
    assert start(cut, "torch", precision).name == "torch"
    assert f"torch {precision} gradients differ" in caplog.text


def test_half_of_the_bits_on_the_cpu_are_openvinos(cut: CutNetwork, monkeypatch) -> None:
    monkeypatch.setattr(backends, "_measured", lambda *_: [1.0, 2.0])
    assert start(cut, "auto", "bf16").name == "openvino bf16"


def test_a_spoiled_memory_is_measured_anew(cut: CutNetwork, tmp_path, monkeypatch) -> None:
    (tmp_path / CHOICES_FILE).write_text("{half")
    monkeypatch.setattr(backends, "_measured", lambda *_: [1.0, 2.0])
    assert start(cut).name == "torch"


def test_both_backends_are_really_run_when_they_are_measured(cut: CutNetwork) -> None:
    taken = backends._measured([engine_of(cut.network).passes] * 2, picture(96, 128), cut.reaches)
    assert len(taken) == 2
    assert min(taken) > 0


def test_speed_can_be_measured_where_a_level_does_not_read_the_tapped_layer(cut: CutNetwork) -> None:
    """The finest head input does not read the coarsest: nothing can be pulled back from it."""
    coarse = CutNetwork(cut.network, layers=(str(cut.inputs[-1]),))
    assert not all(coarse.reaches)
    engine = start_engine(coarse, CPU, "torch", "auto", picture(96, 128))
    taken = backends._measured([engine.passes], picture(96, 128), coarse.reaches)
    assert taken[0] > 0


def test_bfloat16_is_taken_only_where_it_finds_the_same(cut: CutNetwork, monkeypatch) -> None:
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: True)
    monkeypatch.setattr(backends, "find_the_same", lambda *_: False)
    assert start(cut, "openvino").name == "openvino fp32"
    monkeypatch.setattr(backends, "find_the_same", lambda *_: True)
    assert start(cut, "openvino").name == "openvino bf16"


def test_engines_of_other_weights_find_other_boxes() -> None:
    one, other = (engine_of(fresh_network("yolov8n", seed=seed)) for seed in (0, 5))
    assert find_the_same(one, one, picture())
    assert not find_the_same(one, other, picture())


def test_what_cannot_be_had_is_a_clear_error(cut: CutNetwork, monkeypatch) -> None:
    with pytest.raises(UsageError, match="OpenVINO runs on the CPU, not on meta"):
        start_engine(cut, torch.device("meta"), "openvino", "auto", picture())
    monkeypatch.setattr(backends.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install openvino"):
        start(cut, "openvino")
    assert start(cut, "auto").name == "torch"
