"""Networks and pictures of other channels than three of 8 bit, for tests: seeded, small, made up."""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from ultralytics.utils import ASSETS

from tests.engine.test_grey import network_of, saved


@functools.cache
def many(channels: int) -> npt.NDArray[np.uint8]:
    """A photograph's red, green and blue, then smoother and inverted ones: ``(270, 202, channels)``, each another picture."""
    photograph = cv2.imread(str(ASSETS / "bus.jpg"))
    small = cv2.resize(photograph, (202, 270), interpolation=cv2.INTER_AREA)[..., ::-1]
    planes = [
        small[..., n % 3] if n < 3 else 255 - cv2.GaussianBlur(small[..., n % 3], (0, 0), n)
        for n in range(channels)
    ]
    return np.stack(planes, 2)


def network_file(folder: Path, channels: int) -> str:
    return saved(folder / f"net{channels}.pt", network_of(channels))
