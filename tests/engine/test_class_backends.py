"""Classifiers compiled by OpenVINO: the same probabilities and gradients as torch, or torch itself."""

from __future__ import annotations

import copy
import logging
from pathlib import Path

import pytest
import torch
from torch import nn

from heatcam.engine import class_backends
from heatcam.engine.boxes import Thresholds
from heatcam.engine.class_backends import difference, start_class_engine
from heatcam.engine.classifier import ClassEngine, TappedClassifier
from heatcam.engine.preprocessing import picture_tensor, real_picture
from heatcam.errors import UsageError
from heatcam.models.loading import load_model
from tests.nets import fresh_network

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of compiled networks for all of these tests: what is compared here is not how they are made."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path))
    (tmp_path / "openvino").symlink_to(compiled, target_is_directory=True)


@pytest.fixture(scope="module")
def everyday() -> nn.Module:
    return load_model("everyday").network


def picture(side: int) -> torch.Tensor:
    return picture_tensor(real_picture((side, side)), CPU)


@pytest.mark.parametrize("layers", [(), ("11", "17")], ids=["live", "with a finer level"])
def test_everyday_compiled_gives_the_same_and_its_gradient_too(
    everyday: nn.Module, layers: tuple[str, ...]
) -> None:
    """ReLU6's gradient asks two questions of each number; depthwise convolutions have strides of two."""
    cut, example = TappedClassifier(everyday, layers=layers), picture(224)
    engine = start_class_engine(cut, CPU, "openvino", "auto", example)
    assert engine.name == "openvino fp32"
    exact = ClassEngine(cut, CPU)
    assert exact.name == "torch"
    assert difference(engine, exact, example) < 1e-4
    other = torch.rand(
        1, 3, 224, 224, generator=torch.Generator().manual_seed(3)
    )  # not the one it was proved on
    assert difference(engine, exact, other) < 1e-3


def test_a_yolo_classifier_compiled_gives_each_class_its_own_gradient() -> None:
    cut, example = TappedClassifier(fresh_network("yolov8n-cls"), layers=("6", "8")), picture(128)
    engine, exact = start_class_engine(cut, CPU, "openvino", "fp32", example), ClassEngine(cut, CPU)
    assert engine.name == "openvino fp32"
    theirs = exact.forward(example, Thresholds(conf=0.0), with_graph=True)
    ours = engine.forward(example, Thresholds(conf=0.0), with_graph=True)
    assert ours.boxes.class_ids.tolist() == theirs.boxes.class_ids.tolist()
    assert torch.allclose(ours.boxes.confidences, theirs.boxes.confidences, atol=1e-5)
    exact_gradients = dict(exact.object_gradients(theirs))
    for number, gradients in engine.object_gradients(ours):
        for one, other in zip(gradients, exact_gradients[number], strict=True):
            assert other.abs().max() > 0
            assert (one - other).abs().max() < 1e-3 * other.abs().max()


def test_left_to_itself_the_faster_one_is_taken_and_remembered(
    everyday: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, example = TappedClassifier(everyday), picture(224)
    chosen = start_class_engine(cut, CPU, "auto", "auto", example).name
    assert chosen in ("torch", "openvino fp32")
    monkeypatch.setattr("heatcam.engine.backends._measured", lambda *_: pytest.fail("measured again"))
    assert start_class_engine(cut, CPU, "auto", "auto", example).name == chosen


def test_numbers_that_differ_from_torchs_give_way_to_torch_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cut, example = TappedClassifier(fresh_network("yolov8n-cls")), picture(128)
    other = copy.deepcopy(fresh_network("yolov8n-cls"))
    other.model[-1].linear.weight.data *= -1

    class Wrong(ClassEngine):
        """Runs another network wherever it is told to compile this one."""

        def __init__(self, cut: TappedClassifier, device: torch.device, passes: object = None) -> None:
            super().__init__(TappedClassifier(other) if passes is not None else cut, device)

    monkeypatch.setattr(class_backends, "ClassEngine", Wrong)
    with caplog.at_level(logging.WARNING):
        assert start_class_engine(cut, CPU, "openvino", "fp32", example).name == "torch"
    (record,) = caplog.records
    assert "differs from torch by" in record.message


def test_a_network_that_cannot_be_compiled_runs_in_torch_with_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no translation\nof this")

    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setattr("heatcam.engine.openvino_passes.converted", broken)
    with caplog.at_level(logging.WARNING):
        engine = start_class_engine(
            TappedClassifier(fresh_network("yolov8n-cls")), CPU, "openvino", "fp32", picture(128)
        )
    assert engine.name == "torch"
    (record,) = caplog.records
    assert "cannot run this network (of this); using torch" in record.message


def test_openvino_is_refused_where_it_cannot_run() -> None:
    with pytest.raises(UsageError, match="OpenVINO runs on the CPU"):
        start_class_engine(
            TappedClassifier(fresh_network("yolov8n-cls")),
            torch.device("meta"),
            "openvino",
            "fp32",
            picture(128),
        )
