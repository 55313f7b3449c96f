"""The pictures that all contestants see."""

from __future__ import annotations

import importlib.util
import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from heatcam.errors import SourceError, UnreadableInputError, UsageError
from heatcam.geometry import Uint8Array
from heatcam.sources import open_source, read_picture

MOST_FRAMES = 30
DEFAULT_WH = 1280, 720


@dataclass(frozen=True)
class BenchInput:
    """Pictures in memory, decoded.

    Attributes:
        name: of their source, for people.
        frames: uint8 ``(H, W, 3)``, BGR, at least one.
    """

    name: str
    frames: tuple[Uint8Array, ...]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the first picture, in pixels."""
        return self.frames[0].shape[1], self.frames[0].shape[0]


def read_input(spec: str | None, most: int = MOST_FRAMES) -> BenchInput:
    """Read the first frames of a picture, video, folder or camera; for None the photograph that comes with ultralytics.

    Args:
        spec: a source as for ``heatcam live --source``.
        most: number of frames at most.

    Raises:
        HeatcamError: the source cannot be opened or read, gives no picture, or pictures of several sizes.
    """
    if spec is None:
        return _bundled_photograph()
    source = open_source(spec)
    with source:
        frames = tuple(frame.image_bgr for frame in itertools.islice(source, most))
    if not frames:
        raise SourceError(f"{source.name} gave no picture", "give a photograph or a video")
    if len({frame.shape for frame in frames}) > 1:  # a compiled network is made for one shape
        raise UsageError(f"{source.name} have several sizes", "give one photograph or a video")
    return BenchInput(source.name, frames)


def _bundled_photograph() -> BenchInput:
    """Read ultralytics' bus.jpg, 810x1080, resized to a camera's 1280x720: distorted, but all its objects are found."""
    found = importlib.util.find_spec("ultralytics")  # found without importing it, which takes seconds
    path = Path(found.origin or "").parent / "assets" / "bus.jpg" if found else Path("bus.jpg")
    if not path.is_file():
        raise UnreadableInputError("ultralytics' bus.jpg is not installed", "give a photograph or a video")
    photograph = np.asarray(
        cv2.resize(read_picture(path), DEFAULT_WH, interpolation=cv2.INTER_AREA), np.uint8
    )
    return BenchInput("ultralytics' bus.jpg, resized", (photograph,))
