"""TensorBoard's file of the watched numbers, where it is installed and ultralytics' own callbacks for it are switched off."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heatcam.geometry import Uint8Array
from heatcam.watching.figures import PREFIX
from heatcam.watching.loggers import tensorboard_writer


class OwnTensorBoard:
    """Writer into the watch's folder; it does nothing without TensorBoard, or where ultralytics' writer gets the numbers.

    Args:
        folder: where the file goes; ``tensorboard --logdir`` of the run's folder, or any above, finds it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def write(self, numbers: Mapping[str, float], pictures: Mapping[str, Uint8Array], epoch: int) -> None:
        """Write the numbers of one epoch, and pictures, uint8 ``(H, W, 3)`` BGR, by their names."""
        if tensorboard_writer() or importlib.util.find_spec("tensorboard") is None:
            return
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 (a second)

            self._writer = SummaryWriter(str(self._folder))
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, epoch)
        for name, picture in pictures.items():
            self._writer.add_image(f"{PREFIX}/{name}", picture[..., ::-1].copy(), epoch, dataformats="HWC")
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
