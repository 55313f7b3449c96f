"""The others' rows: they run, they write where they may, and they leave nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from heatcam.bench import rivals
from heatcam.bench.machine import machine_facts, threads_kept, waits_for
from heatcam.bench.plan import RIVAL_NAMES, Plan, Setup
from heatcam.bench.rivals import (
    CopiedPipeline,
    Ultralytics,
    checkpoint_of,
    five_layers,
    head_input_layers,
    rival_contestants,
)
from heatcam.bench.timing import measure
from heatcam.errors import ModelError
from tests.bench.tiny import CONF, IMGSZ, PICTURE, tiny_checkpoint
from tests.nets import fresh_network


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(
        model=str(tiny_checkpoint(tmp_path_factory.mktemp("model"))), device="cpu", imgsz=IMGSZ, conf=CONF
    )


@pytest.fixture(scope="module")
def ultralytics(setup: Setup, tmp_path_factory: pytest.TempPathFactory) -> Ultralytics:
    return Ultralytics(setup, tmp_path_factory.mktemp("ultralytics"))


@pytest.mark.parametrize("family", ["yolov8n", "yolo26n-end2end"])
def test_all_of_them_run_and_write_nowhere_but_in_their_folder(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, here = tmp_path / "folder", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    setup = Setup(model=str(tiny_checkpoint(tmp_path, family)), device="cpu", imgsz=IMGSZ, conf=CONF)
    measured = measure(rival_contestants(setup, folder), [PICTURE], Plan(1, 1))
    assert [(times.name, times.error) for times in measured.times] == [(name, "") for name in RIVAL_NAMES]
    assert len(list(folder.rglob("*_cam*.jpg"))) == 2
    assert list(here.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "here", f"tiny-{family}.pt"}


def test_ultralytics_does_not_change_the_number_of_threads(setup: Setup, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        Ultralytics(setup, tmp_path).predict(PICTURE)
        assert torch.get_num_threads() == 3
        with threads_kept():
            torch.set_num_threads(1)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_ultralytics_is_given_the_conditions_that_heatcam_has(setup: Setup, ultralytics: Ultralytics) -> None:
    import heatcam

    explainer = heatcam.load(setup.model, device="cpu", imgsz=IMGSZ, conf=CONF, iou=0.7)
    ours, theirs = explainer.explain(PICTURE).detections, ultralytics.predict(PICTURE).boxes
    assert len(ours) == len(theirs) > 0
    assert np.abs(ours.boxes_xyxy - theirs.xyxy.numpy()).max() < 1


def test_the_embedded_model_gets_a_checkpoint_that_ultralytics_loads(tmp_path: Path) -> None:
    path = checkpoint_of("markers", tmp_path)
    assert path.parent == tmp_path
    found = Ultralytics(Setup(model="markers", device="cpu", imgsz=IMGSZ, conf=CONF), tmp_path).predict(
        PICTURE
    )
    assert "qr-code" in found.names.values()


def test_a_checkpoint_is_a_copy_of_the_users_own_file(setup: Setup, tmp_path: Path) -> None:
    odd = tmp_path / "yolov5n's.PT"
    odd.write_bytes(Path(setup.model).read_bytes())
    copied = checkpoint_of(str(odd), tmp_path)
    assert copied == tmp_path / "model.pt"
    assert copied.read_bytes() == odd.read_bytes()
    with pytest.raises(ModelError, match=r"gone\.pt does not exist"):
        checkpoint_of("gone.pt", tmp_path)


def test_the_copied_pipeline_draws_its_map_and_lets_go_of_the_network(
    setup: Setup, ultralytics: Ultralytics
) -> None:
    from pytorch_grad_cam import GradCAM

    network = rivals.network_for_gradients(setup)
    pipeline = CopiedPipeline(ultralytics, network, GradCAM, head_input_layers(network), setup)
    shown = pipeline.run(PICTURE)
    assert (shown.dtype, shown.shape) == (np.uint8, (64, 64, 3))
    assert shown.std() > 1
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize(
    ("family", "head_inputs", "five"),
    [("yolov8n", [15, 18, 21], [9, 12, 15, 18, 21]), ("yolo11n", [16, 19, 22], [10, 13, 16, 19, 22])],
)
def test_the_target_layers_are_the_heads_inputs_or_the_last_five_that_are_read_again(
    family: str, head_inputs: list[int], five: list[int]
) -> None:
    network = fresh_network(family)
    assert [layer.i for layer in head_input_layers(network)] == head_inputs
    assert [layer.i for layer in five_layers(network)] == five


def test_a_network_with_too_few_layers_is_refused() -> None:
    network = torch.nn.Module()
    network.model, network.save = [torch.nn.Identity()] * 3, [1]
    network.model[-1].f = [0, 1]
    with pytest.raises(ModelError, match="2 layers to choose from, not 5"):
        five_layers(network)


def test_without_the_grad_cam_package_only_its_own_rows_fail(
    setup: Setup, ultralytics: Ultralytics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_grad_cam", None)
    monkeypatch.setattr(rivals, "Ultralytics", lambda *_: ultralytics)
    measured = measure(rival_contestants(setup, tmp_path), [PICTURE], Plan(1, 0))
    failed = {times.name: times.error for times in measured.times if times.error}
    assert set(failed) == {"grad-cam GradCAM", "grad-cam HiResCAM x5"}
    assert all("pytorch_grad_cam" in error for error in failed.values())


def test_a_processor_needs_no_waiting_and_the_facts_name_it() -> None:
    assert waits_for("cpu")() is None
    facts = machine_facts()
    assert facts["torch_threads"] == torch.get_num_threads()
    assert facts["cpu_count"] >= 1
    assert facts["versions"]["torch"]
