"""Training with ultralytics, from scratch, on a CPU."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch  # (before ultralytics, which otherwise leaves torch one core)
import yaml
from ultralytics import YOLO
from ultralytics.utils import ROOT

import heatcam
from heatcam.models import embedded
from heatcam.sources.demo.markers import MARKER_CLASSES

WIDTH = 0.125  # of YOLO11; n has 0.25, and takes three times as long on a CPU
DEPTH = 0.5


def architecture() -> dict[str, Any]:
    """YOLO11, narrower than ``n``, for the marker classes: what ``DetectionModel`` builds from."""
    full = yaml.safe_load((ROOT / "cfg" / "models" / "11" / "yolo11.yaml").read_text("utf-8"))
    model: dict[str, Any] = copy.deepcopy(full)
    model["nc"] = len(MARKER_CLASSES)
    model["scales"] = {"n": [DEPTH, WIDTH, 1024]}
    model["scale"] = "n"
    return model


def train(  # noqa: PLR0913, PLR0917 (as the command line)
    data: Path,
    out: Path,
    rounds: Sequence[int],
    seed: int,
    imgsz: int,
    step: float,
    start: str | None = None,
    threads: int = os.cpu_count() or 1,
    watched: str | None = None,
) -> Path:
    """Train on ``data`` (a data.yaml) and return the last checkpoint, which holds the averaged weights.

    ``rounds`` are epochs: each round runs the step size down once and begins with the weights of the round before (warm
    restarts, Loshchilov and Hutter 2017, arXiv:1608.03983); the first begins at random, or with the checkpoint ``start``, or
    with the shipped weights (``markers``). ``step`` is the largest step size of a round, ``threads`` how many torch takes.
    ``watched`` are pictures, as a file, folder or glob, that every round is watched on: the files of the last one stay.
    """
    out.mkdir(parents=True, exist_ok=True)
    reached = _shipped(out) if start == "markers" else Path(start) if start else _new(out)
    for epochs in rounds:
        reached = _round(data, out, epochs, seed, imgsz, reached, step, threads, watched)
    return reached


def _shipped(out: Path) -> Path:
    """The weights in the package as a checkpoint that ultralytics can go on from."""
    path = out / "shipped.pt"
    torch.save({"model": embedded.build()[0], "train_args": {}}, path)
    return path


def _new(out: Path) -> Path:
    """The architecture's file, from which ultralytics builds a network with random weights."""
    config = out / "markers-yolo11n.yaml"
    config.write_text(yaml.safe_dump(architecture(), sort_keys=False))
    return config


def _round(  # noqa: PLR0913, PLR0917 (as the command line)
    data: Path,
    out: Path,
    epochs: int,
    seed: int,
    imgsz: int,
    start: Path,
    step: float,
    threads: int,
    watched: str | None,
) -> Path:
    model = YOLO(start, task="detect")
    if watched is not None:
        heatcam.watch(model, watched, every=1)
    # ultralytics leaves torch all cores but one
    model.add_callback("on_train_start", lambda _trainer: torch.set_num_threads(threads))
    model.train(
        data=str(data),
        imgsz=imgsz,
        epochs=epochs,
        batch=16,
        nbs=16,  # one step a batch: ultralytics would gather four, and a short training has few steps
        optimizer="AdamW",
        lr0=step,
        lrf=0.02,
        warmup_epochs=0.5,
        weight_decay=0.0005,
        seed=seed,
        workers=0,  # two cores: the loader would only take from the training
        cache="ram",
        amp=False,
        val=False,
        plots=False,
        exist_ok=True,
        project=str(out.resolve()),
        name="run",
        # The scenes carry their own augmentation. Mirrored codes do not exist, so no flip.
        mosaic=0.0,
        fliplr=0.0,
        flipud=0.0,
        scale=0.25,
        translate=0.1,
        degrees=0.0,
        hsv_h=0.02,
        hsv_s=0.4,
        hsv_v=0.25,
        erasing=0.0,
        auto_augment=None,
        verbose=True,
    )
    return out / "run" / "weights" / "last.pt"
