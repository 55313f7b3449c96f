"""Which backend runs: what was asked for, or the faster one, measured once."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from heatcam.engine import backends, openvino_passes
from heatcam.engine.backends import CHOICES_FILE, PrecisionCheck, boxes_agree, start_engine
from heatcam.engine.boxes import Thresholds
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.network import TappedNetwork
from heatcam.engine.openvino_passes import OpenVinoPasses
from heatcam.engine.passes import TOLERANCES
from heatcam.engine.speeds import Measured
from heatcam.errors import UsageError
from heatcam.runtime.environment import cache_dir
from heatcam.runtime.json_cache import remember
from tests.nets import engine_of, fresh_network, picture

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> Path:
    """A folder of compiled networks for all of these tests: what is compared here is not how they are made."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def cut(tmp_path, compiled, monkeypatch) -> TappedNetwork:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path))
    (tmp_path / "openvino").symlink_to(compiled, target_is_directory=True)
    return TappedNetwork(fresh_network("tiny"))


def start(
    cut: TappedNetwork,
    backend: str = "auto",
    precision: str = "auto",
    judge: Any = None,
    conditions: str = "maps",
) -> GradientEngine:
    judging = None if judge is None else PrecisionCheck(judge, conditions)
    return start_engine(cut, CPU, backend, precision, picture(96, 128), judge=judging)


def test_what_was_asked_for_runs(cut: TappedNetwork) -> None:
    assert start(cut, "torch").name == "torch"
    assert start(cut, "openvino", "fp32").name == "openvino fp32"


@pytest.mark.parametrize(
    ("torch_ms", "openvino_ms", "faster"), [(9.0, 5.0, "openvino fp32"), (5.0, 9.0, "torch")]
)
def test_auto_takes_the_faster_and_measures_once(
    cut: TappedNetwork, tmp_path, monkeypatch, torch_ms: float, openvino_ms: float, faster: str
) -> None:
    measured = []
    monkeypatch.setattr(backends, "_measured", lambda *_: measured.append(1) or [torch_ms, openvino_ms])
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: False)
    assert [start(cut).name, start(cut).name] == [faster, faster]
    assert len(measured) == 1
    (remembered,) = json.loads((tmp_path / CHOICES_FILE).read_text()).values()
    assert (remembered["choice"], remembered["torch_ms"]) == (faster, torch_ms)


def test_where_torch_was_faster_nothing_is_compiled_again(cut: TappedNetwork, monkeypatch) -> None:
    monkeypatch.setattr(backends, "_measured", lambda *_: [1.0, 2.0])
    assert start(cut).name == "torch"
    monkeypatch.setattr(backends, "_openvino", lambda *_: pytest.fail("compiled"))
    assert start(cut).name == "torch"
    assert start(cut, "auto", "fp32").name == "torch"


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_torch_calculates_in_the_precision_asked_for_or_in_float32(
    cut: TappedNetwork, precision: str, monkeypatch, caplog
) -> None:
    assert start(cut, "torch", "auto").name == "torch"
    monkeypatch.setitem(TOLERANCES, precision, 1.0)  # (what random weights need)
    engine = start(cut, "torch", precision, lambda *_: "")
    assert engine.name == f"torch {precision}"
    inputs = engine.forward(picture(96, 128), Thresholds(0.05), with_graph=True).inputs
    assert {feature.dtype for feature in inputs.features} == {torch.float32}
    exact = engine_of(cut.network).forward(picture(96, 128), Thresholds(0.05), with_graph=True).inputs
    error = (inputs.features[0] - exact.features[0]).abs().max() / exact.features[0].abs().max()
    assert 1e-5 < error < 0.1
    monkeypatch.setitem(TOLERANCES, precision, 1e-6)
    assert start(cut, "torch", precision).name == "torch"
    assert f"torch {precision} gradients differ" in caplog.text


compiles_bfloat16 = pytest.mark.skipif(
    openvino_passes.states_bfloat16() and not openvino_passes.has_bfloat16(),
    reason="ONEDNN_MAX_CPU_ISA forbids this processor's bfloat16: OpenVINO cannot compile for it",
)


@compiles_bfloat16
def test_half_of_the_bits_on_the_cpu_are_openvinos(cut: TappedNetwork, monkeypatch) -> None:
    monkeypatch.setattr(backends, "_measured", lambda *_: [1.0, 2.0])
    assert start(cut, "auto", "bf16", lambda *_: "").name == "openvino bf16"


def test_a_spoiled_memory_is_measured_anew(cut: TappedNetwork, tmp_path, monkeypatch) -> None:
    (tmp_path / CHOICES_FILE).write_text("{half")
    monkeypatch.setattr(backends, "_measured", lambda *_: [1.0, 2.0])
    assert start(cut).name == "torch"


def test_both_backends_are_really_run_when_they_are_measured(cut: TappedNetwork) -> None:
    taken = backends._measured([engine_of(cut.network).passes] * 2, picture(96, 128), cut.reaches)
    assert len(taken) == 2
    assert min(taken) > 0


def test_speed_can_be_measured_where_a_level_does_not_read_the_tapped_layer(cut: TappedNetwork) -> None:
    """The finest head input does not read the coarsest: nothing can be pulled back from it."""
    coarse = TappedNetwork(cut.network, layers=(str(cut.inputs[-1]),))
    assert not all(coarse.reaches)
    engine = start_engine(coarse, CPU, "torch", "auto", picture(96, 128))
    taken = backends._measured([engine.passes], picture(96, 128), coarse.reaches)
    assert taken[0] > 0


@compiles_bfloat16
@pytest.mark.parametrize("asked", ["auto", "bf16"])
def test_bfloat16_that_shows_something_else_gives_way_to_float32_on_the_same_backend(
    cut: TappedNetwork, monkeypatch, caplog, asked: str
) -> None:
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: True)
    assert start(cut, "openvino", asked, lambda *_: "other maps").name == "openvino fp32"
    assert caplog.messages == [
        "openvino bf16 gives other results than float32 (other maps); using openvino fp32"
    ]


@compiles_bfloat16
def test_bfloat16_that_shows_the_same_is_taken(cut: TappedNetwork, monkeypatch) -> None:
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: True)
    assert start(cut, "openvino", judge=lambda *_: "").name == "openvino bf16"
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: False)
    assert start(cut, "openvino", judge=lambda *_: "").name == "openvino fp32"


@compiles_bfloat16
def test_bfloat16_whose_gradient_is_garbage_gives_way_to_float32_on_the_same_backend(
    cut: TappedNetwork, monkeypatch, caplog
) -> None:
    real = OpenVinoPasses.vjp

    def garbage(passes: OpenVinoPasses, *handed: Any) -> tuple[torch.Tensor, ...]:
        gradients = real(passes, *handed)
        return tuple(-g for g in gradients) if passes.name.endswith("bf16") else gradients

    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: True)
    monkeypatch.setattr(OpenVinoPasses, "vjp", garbage)
    assert start(cut, "openvino", judge=lambda *_: "").name == "openvino fp32"
    assert "openvino bf16 gradients differ" in caplog.text


@compiles_bfloat16
@pytest.mark.parametrize(("difference", "later"), [("", "openvino bf16"), ("other", "openvino fp32")])
def test_what_was_judged_once_is_remembered_and_one_precision_is_compiled(
    cut: TappedNetwork, monkeypatch, difference: str, later: str
) -> None:
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: True)
    start(cut, "openvino", judge=lambda *_: difference)
    compiled = []
    made = OpenVinoPasses.__init__
    monkeypatch.setattr(
        OpenVinoPasses,
        "__init__",
        lambda self, cut, kind, cache: compiled.append(kind) or made(self, cut, kind, cache),
    )
    assert start(cut, "openvino", judge=lambda *_: pytest.fail("judged again")).name == later
    assert compiled == [later.split()[1]]
    asked = []
    start(cut, "openvino", judge=lambda *_: asked.append(1) or "", conditions="another method's maps")
    assert asked


def test_a_box_that_is_barely_kept_may_be_missing(monkeypatch) -> None:
    engine = engine_of(fresh_network("yolov8n"))
    forward = engine.forward(picture(), Thresholds(), with_graph=False)
    boxes = forward.boxes

    def without_the_last(confidence: float) -> GradientEngine:
        other, some = copy.copy(engine), replace(boxes, confidences=boxes.confidences.clone())
        some.confidences[-1] = confidence
        monkeypatch.setattr(engine, "forward", lambda *_a, **_k: replace(forward, boxes=some))
        other.forward = lambda *_a, **_k: replace(forward, boxes=boxes.only(slice(len(boxes) - 1)))
        return other

    assert boxes_agree(engine, without_the_last(0.27), picture())
    assert not boxes_agree(engine, without_the_last(0.6), picture())


def test_engines_of_other_weights_find_other_boxes() -> None:
    one, other = (engine_of(fresh_network("yolov8n", seed=seed)) for seed in (0, 5))
    assert boxes_agree(one, one, picture())
    assert not boxes_agree(one, other, picture())


def test_what_cannot_be_had_is_a_clear_error(cut: TappedNetwork, monkeypatch) -> None:
    with pytest.raises(UsageError, match="OpenVINO runs on the CPU, not on meta"):
        start_engine(cut, torch.device("meta"), "openvino", "auto", picture())
    monkeypatch.setattr(backends.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install openvino"):
        start(cut, "openvino")
    assert start(cut, "auto").name == "torch"


def test_few_pictures_are_not_compiled_for(cut: TappedNetwork, monkeypatch, caplog) -> None:
    monkeypatch.setattr(backends, "_openvino", lambda *_: pytest.fail("compiled"))
    with caplog.at_level("INFO"):
        engine = start_engine(cut, CPU, "auto", "auto", picture(96, 128), pictures=1)
    assert engine.name == "torch"
    assert "torch for one picture: compiling takes longer than it saves (not measured here)" in caplog.text


@pytest.mark.parametrize(
    ("pictures", "backend"), [(99, "torch"), (101, "openvino fp32"), (None, "openvino fp32")]
)
def test_as_many_pictures_as_give_back_the_time_of_compiling_are_compiled_for(
    cut: TappedNetwork, monkeypatch, pictures: int | None, backend: str
) -> None:
    """40 ms saved for each of 100 pictures are 4 s."""
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: False)
    known = {backends.situation_of(cut, picture(96, 128)): asdict(Measured("openvino fp32", 90.0, 50.0, 4.0))}
    remember(cache_dir() / CHOICES_FILE, known)
    monkeypatch.setattr(backends, "_measured", lambda *_: pytest.fail("measured again"))
    assert start_engine(cut, CPU, "auto", "auto", picture(96, 128), pictures=pictures).name == backend


def test_the_choice_is_explained_with_what_was_measured(cut: TappedNetwork, monkeypatch, caplog) -> None:
    monkeypatch.setattr(backends, "_measured", lambda *_: [43.0, 38.0])
    monkeypatch.setattr(openvino_passes, "has_bfloat16", lambda: False)
    with caplog.at_level("INFO"):
        start(cut)
    assert "torch 43 ms, openvino 38 ms: openvino fp32" in caplog.text


@pytest.mark.parametrize(
    ("limit", "allowed"), [("AVX512_CORE", False), ("avx2", False), ("AVX512_CORE_BF16", True), ("", True)]
)
def test_a_limit_of_the_instruction_sets_counts_for_bfloat16(monkeypatch, limit: str, allowed: bool) -> None:
    """OpenVINO states bfloat16 under every limit, and then "object is not initialized"."""
    monkeypatch.delenv("DNNL_MAX_CPU_ISA", raising=False)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    monkeypatch.setattr(openvino_passes, "states_bfloat16", lambda: True)
    assert openvino_passes.has_bfloat16() is allowed
