"""Checkpoints: what loads, what is refused and named, and that a refused one runs nothing."""

from __future__ import annotations

import copy
import os
import pickle
import random
import subprocess
from pathlib import Path

import pytest
import torch
from ultralytics.data.augment import classify_transforms

from heatcam.errors import ModelError
from heatcam.models.finding import find_checkpoint
from heatcam.models.loading import load_model, ready
from tests.nets import COCO_CHECKPOINT, FAMILIES, class_checkpoint, fresh_network, needs_coco


class RunsACommand:
    """Unpickling this runs a shell command."""

    def __init__(self, marker: Path, function: object = os.system) -> None:
        self.marker, self.function = marker, function

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return self.function, (f"touch {self.marker}",)


def saved(network: torch.nn.Module, path: Path, **more: object) -> Path:
    torch.save({"model": network, "train_args": {"imgsz": 256, "task": "detect"}, **more}, path)
    return path


@pytest.mark.parametrize("family", FAMILIES)
def test_a_freshly_built_network_loads_safely(family: str, tmp_path: Path) -> None:
    network = fresh_network(family, fused=False)
    network.names = {i: f"thing {i}" for i in range(5)}
    network.task = "detect"
    loaded = load_model(str(saved(network, tmp_path / f"{family}.pt")))
    assert loaded.title == family
    assert loaded.imgsz == 256
    assert loaded.class_names[4] == "thing 4"
    assert not any(p.requires_grad for p in loaded.network.parameters())
    assert not loaded.network.training


@needs_coco
def test_the_coco_checkpoint_loads_with_its_eighty_names() -> None:
    loaded = load_model(str(COCO_CHECKPOINT))
    assert (len(loaded.class_names), loaded.class_names[5], loaded.imgsz) == (80, "bus", 640)


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (os.system, r"(posix|nt)\.system"),
        (subprocess.getoutput, r"(subprocess|commands)\.getoutput"),
        (eval, r"builtins\.eval"),
    ],
)
def test_a_checkpoint_that_would_run_something_is_refused_and_names_it(
    function: object, named: str, tmp_path: Path
) -> None:
    marker, path = tmp_path / "ran", tmp_path / "evil.pt"
    torch.save({"model": RunsACommand(marker, function)}, path)
    with pytest.raises(
        ModelError, match=rf"evil.pt was refused: loading it would run {named}; nothing was run"
    ) as refused:
        load_model(str(path))
    assert refused.value.exit_code == 2
    assert not marker.exists()


def test_a_foreign_class_inside_a_real_network_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    path = saved(fresh_network("yolov8n"), tmp_path / "mixed.pt", extra=RunsACommand(marker))
    with pytest.raises(ModelError, match="system"):
        load_model(str(path))
    assert not marker.exists()


def test_a_bare_pickle_is_refused_unread(tmp_path: Path) -> None:
    marker, path = tmp_path / "ran", tmp_path / "old.pt"
    path.write_bytes(pickle.dumps(RunsACommand(marker)))
    with pytest.raises(ModelError, match="not a torch checkpoint"):
        load_model(str(path))
    assert not marker.exists()


def test_missing_empty_and_wrong_files_get_one_line_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "empty.pt").touch()
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "model.onnx").write_bytes(b"x")
    for name, words in {
        "empty.pt": "is empty; get the file again",
        "text.pt": "not a torch checkpoint; give an ultralytics .pt",
        "nothing.pt": "does not exist; check the path",
        "model.onnx": "is a black box, and this needs a .pt file's network; give its .pt original",
    }.items():
        with pytest.raises(ModelError) as failure:
            load_model(str(tmp_path / name))
        assert words in str(failure.value)
        assert "\n" not in str(failure.value)
        assert failure.value.exit_code == 2


def test_a_truncated_checkpoint_is_said_to_be_damaged(tmp_path: Path) -> None:
    whole = saved(fresh_network("yolov8n"), tmp_path / "whole.pt").read_bytes()
    for part in (4, 100, len(whole) // 2, len(whole) - 30):
        path = tmp_path / "cut.pt"
        path.write_bytes(whole[:part])
        with pytest.raises(ModelError, match=r"cut\.pt (is|cannot)"):
            load_model(str(path))


def test_flipped_bytes_never_give_anything_but_a_model_or_a_clear_error(tmp_path: Path) -> None:
    whole = bytearray(saved(fresh_network("yolov8n"), tmp_path / "whole.pt").read_bytes())
    chance = random.Random(0)
    for _ in range(6):
        damaged = bytearray(whole)
        for _ in range(200):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path = tmp_path / "damaged.pt"
        path.write_bytes(damaged)
        try:
            load_model(str(path))
        except ModelError as error:
            assert "damaged.pt" in str(error)


def test_other_tasks_are_named(tmp_path: Path) -> None:
    network = fresh_network("yolov8n", fused=False, seed=9)
    network.task = "semantic"
    said = r"is a 'semantic' model; heatcam explains models that find boxes or classes \(detect, .*classify\)"
    with pytest.raises(ModelError, match=said):
        load_model(str(saved(network, tmp_path / "semantic.pt")))


def test_a_classifier_loads_safely_with_the_preparation_of_its_pictures(tmp_path: Path) -> None:
    loaded = load_model(str(class_checkpoint(tmp_path, transforms=classify_transforms(64))))
    assert (loaded.imgsz, loaded.class_names[4]) == (64, "e")
    assert loaded.network.transforms.transforms[0].size == 64
    assert not loaded.network.training
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in loaded.network.modules())


def test_a_checkpoint_without_a_network_says_so(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / "bare.pt")
    with pytest.raises(ModelError, match=r"bare\.pt holds no ultralytics model"):
        load_model(str(tmp_path / "bare.pt"))


def test_published_weights_that_are_not_here_are_never_fetched_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match=r"yolo26n\.pt is not here and heatcam downloads nothing unasked"):
        find_checkpoint("yolo26n.pt")
    assert list(tmp_path.iterdir()) == []


def test_published_weights_downloaded_before_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    kept = tmp_path / "cache" / "models" / "yolo26n.pt"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"PK")
    assert find_checkpoint("yolo26n.pt") == kept


def test_a_network_is_channels_last_unless_batch_normalisation_is_left_in_it() -> None:
    def is_channels_last(network: torch.nn.Module) -> bool:
        weights = [p for p in network.parameters() if p.ndim == 4 and p.shape[1] > 1 and p.shape[2] > 1]
        return all(w.is_contiguous(memory_format=torch.channels_last) for w in weights)

    fused = ready(copy.deepcopy(fresh_network("yolov8n", fused=False, seed=3)))
    assert is_channels_last(fused)
    plain = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.BatchNorm2d(4))
    assert not is_channels_last(ready(plain))
