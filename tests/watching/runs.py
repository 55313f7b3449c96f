"""Trainings for tests: real ones of a tiny detector in seconds, and trainers that only look like one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch
import yaml
from torch import nn

from heatcam.frames import Frame
from tests.nets import TINY

IMGSZ = 64


def picture(seed: int = 0, size_wh: tuple[int, int] = (96, 64)) -> Frame:
    """A noisy picture with a bright box."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 90, (size_wh[1], size_wh[0], 3)).astype(np.uint8)
    cv2.rectangle(image, (20, 16), (60, 48), (40, 200, 240), -1)
    return Frame(image, 0, 0.0, 0.0, f"photos/probe{seed}.png")


def dataset(folder: Path, count: int = 4) -> Path:
    """Bright boxes with their labels in YOLO's form; returns its ``data.yaml``."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for n in range(count):
        cv2.imwrite(str(folder / "images" / f"{n}.png"), picture(n).image_bgr)
        (folder / "labels" / f"{n}.txt").write_text(f"{n % 2} 0.42 0.5 0.42 0.5\n")
    facts = {"path": str(folder), "train": "images", "val": "images", "names": {0: "box", 1: "tile"}}
    (folder / "data.yaml").write_text(yaml.safe_dump(facts))
    return folder / "data.yaml"


def tiny_yolo(folder: Path) -> Any:
    """An untrained ultralytics model of the layers of ``nets.TINY``, which finds objects from the first epoch on."""
    from ultralytics import YOLO

    config = folder / "tiny.yaml"
    config.write_text(yaml.safe_dump({**TINY, "nc": 2}))
    yolo = YOLO(config, task="detect")
    yolo.add_callback("on_pretrain_routine_end", _make_bold)
    return yolo


def _make_bold(trainer: Any) -> None:
    for network in (trainer.model, trainer.ema.ema):
        for branch in network.model[-1].cv3:
            branch[-1].bias.data += 5.5


def train(yolo: Any, data: Path, project: Path, **asked: Any) -> Any:
    """Train for two epochs, with ultralytics' usual augmentation, and return the trainer."""
    options: dict[str, Any] = {
        "epochs": 2,
        "imgsz": IMGSZ,
        "batch": 2,
        "nbs": 2,
        "name": "run",
        "exist_ok": True,
    }
    options |= {"workers": 0, "plots": False, "verbose": False, "amp": False, "device": "cpu"}
    yolo.train(data=str(data), project=str(project), **options | asked)
    return yolo.trainer


class FakeTrainer(SimpleNamespace):
    """A trainer without a training: callbacks, an averaged network, and a folder.

    Attributes:
        plotted: files that were registered as plots.
    """

    def __init__(self, network: nn.Module, save_dir: Path, epochs: int = 4, start_epoch: int = 0) -> None:
        super().__init__(
            ema=SimpleNamespace(ema=network),
            args=SimpleNamespace(model="tiny.pt", imgsz=IMGSZ),
            device=torch.device("cpu"),
            save_dir=save_dir,
            epochs=epochs,
            start_epoch=start_epoch,
            epoch=start_epoch,
            stop=False,
            metrics={"metrics/mAP50(B)": 0.5},
            callbacks={},
            plotted=[],
        )

    def add_callback(self, event: str, callback: Callable[[Any], None]) -> None:
        self.callbacks.setdefault(event, []).append(callback)

    def on_plot(self, path: Path) -> None:
        self.plotted.append(path)

    def say(self, event: str) -> None:
        for callback in list(self.callbacks.get(event, [])):
            callback(self)

    def train(self, after_epoch: Callable[[int], None] = lambda _epoch: None) -> None:
        """Say the events of a whole training, with the final validation, as ultralytics does."""
        self.say("on_train_start")
        for epoch in range(self.start_epoch, self.epochs):
            self.epoch = epoch
            self.say("on_train_epoch_end")
            self.stop = self.epoch + 1 >= self.epochs
            self.say("on_fit_epoch_end")
            after_epoch(self.epoch + 1)
        self.epoch += 1  # the validation of the best weights
        self.say("on_fit_epoch_end")
        self.epoch -= 1
        self.say("teardown")
