"""Writer of numbered pictures, one per frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatcam.sinks.recording.messages import EncodeJob


class PictureFiles:
    """Picture files numbered from 1, as FFmpeg does: ``out-%05d.png``. Each is complete or not there."""

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
        """Do nothing: each picture is complete already."""


#: Entry point that ``OutputFormat.writer`` refers to.
open_writer = PictureFiles
