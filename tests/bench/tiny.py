"""A network that runs in milliseconds, in a checkpoint such as users have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tests.nets import fresh_network

IMGSZ = 64
CONF = 0.05
PICTURE = np.random.default_rng(3).integers(0, 256, (48, 80, 3), np.uint8)


def tiny_checkpoint(folder: Path, family: str = "yolov8n") -> Path:
    """Random weights that find things in noise."""
    network = fresh_network(family, fused=False)
    network.names, network.task = dict(enumerate("abcde")), "detect"
    path = folder / f"tiny-{family}.pt"
    torch.save({"model": network, "train_args": {"imgsz": IMGSZ, "task": "detect"}}, path)
    return path
