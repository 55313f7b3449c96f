"""Numbered pictures, one a frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatcam.sinks.recording.messages import EncodeJob


class PictureFiles:
    """Pictures with numbers from 1 on, as FFmpeg counts: ``out-%05d.png``. Each is whole or not there."""

    note = ""

    def __init__(self, job: EncodeJob) -> None:
        from heatcam.sinks.pictures import write_picture  # noqa: PLC0415 (OpenCV: a video needs none in this process)

        self._write_picture = write_picture
        self._pattern = job.path
        self.frames = 0

    def write(self, pts_s: float, image_bgr: npt.NDArray[np.uint8]) -> None:  # noqa: ARG002 (pictures have no time)
        """Write one frame, uint8 ``(H, W, 3)`` BGR, in the format of the suffix."""
        self._write_picture(Path(self._pattern % (self.frames + 1)), image_bgr, overwrite=True)
        self.frames += 1

    def finish(self) -> None:
        """Nothing is left to do."""


#: How ``OutputFormat.writer`` reaches it.
open_writer = PictureFiles
