"""Formats of recordings, by the suffix of the file name.

To add one, add its writer to ``sinks/encoder`` and a line here.
"""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.sinks.picture_names import WRITABLE_SUFFIXES


@dataclass(frozen=True)
class OutputFormat:
    """One format.

    Attributes:
        name: display name, with its article.
        suffixes: suffixes of its files, with the dot, in lower case.
        writer: the module of ``sinks/encoder`` that writes it: its ``open_writer`` takes the job.
        muxer: FFmpeg's name of the container; "" if it has none.
        is_video: one file with a codec, an audio track and the source's own frame times.
        has_part_file: True for one file, called ``name.part.mp4`` while unfinished; False for many files, each written at once.
        most_fps: highest frame rate that players show; None for no limit.
    """

    name: str
    suffixes: tuple[str, ...]
    writer: str = "video_file"
    muxer: str = ""
    is_video: bool = True
    has_part_file: bool = True
    most_fps: float | None = None

    @property
    def resumable(self) -> bool:
        """True if an interrupted recording can be resumed."""
        return self.is_video


#: Numbered pictures, ``out-%05d.png``: the one format whose names hold a number.
PICTURES = OutputFormat("pictures", WRITABLE_SUFFIXES, "image_sequence", is_video=False, has_part_file=False)
FORMATS = (
    OutputFormat("an MP4", (".mp4", ".m4v"), muxer="mp4"),
    OutputFormat("a QuickTime film", (".mov",), muxer="mov"),
    OutputFormat("a Matroska film", (".mkv",), muxer="matroska"),
    OutputFormat("a WebM", (".webm",), muxer="webm"),
    # players show frames shorter than 20 ms at a tenth of their speed
    OutputFormat("a GIF", (".gif",), "gif", "gif", is_video=False, most_fps=50.0),
    PICTURES,
)
#: Suffixes of formats that are one file.
FILE_SUFFIXES = tuple(suffix for form in FORMATS if form.has_part_file for suffix in form.suffixes)


def format_of_suffix(suffix: str) -> OutputFormat | None:
    """Return the format of files with this suffix, in upper or lower case; None for an unknown suffix."""
    return next((form for form in FORMATS if suffix.lower() in form.suffixes), None)
