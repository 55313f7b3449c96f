"""Source of the frames of one DICOM file, one after the other."""

from __future__ import annotations

from pathlib import Path

from heatcam.sources.dicom import frame_rate, frames_in
from heatcam.sources.images import ImageSource
from heatcam.sources.options import PictureOptions
from heatcam.text import printable


class DicomFilm(ImageSource):
    """Frames of a multi-frame DICOM file, at the rate that it asks for; see ``ImageSource``.

    Args:
        path: the file.
        fps: frames per second; None takes the file's own rate, and 25 if it has none.
        asked: how they are read.

    Raises:
        UnreadableInputError: the file is damaged or holds no picture.
    """

    is_slideshow = False

    def __init__(self, path: Path, fps: float | None = None, asked: PictureOptions | None = None) -> None:
        frames = [f"{path}#{number}" for number in range(1, frames_in(path) + 1)]
        super().__init__(frames, fps=fps or frame_rate(path) or 25.0, asked=asked)
        self._file_name = printable(path.name)

    @property
    def name(self) -> str:
        """Name of the file."""
        return self._file_name

    @property
    def accepts_rate(self) -> bool:
        """True: a rate that is asked for takes the place of the file's."""
        return True


def dicom_source(path: Path, fps: float | None, asked: PictureOptions) -> ImageSource:
    """Return the source of a DICOM file: a film of several frames, or a picture of one."""
    return DicomFilm(path, fps, asked) if frames_in(path) > 1 else ImageSource([path], asked=asked)
