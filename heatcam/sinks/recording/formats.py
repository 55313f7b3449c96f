"""The formats that a recording can have, by the suffix of its name.

A new one is its writer in ``sinks/encoder`` and a line here.
"""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.sinks.picture_names import WRITABLE_SUFFIXES


@dataclass(frozen=True)
class OutputFormat:
    """One format.

    Attributes:
        name: for people, with its article.
        suffixes: of files that have it, with the dot, in small letters.
        writer: the module of ``sinks/encoder`` that writes it: its ``open_writer`` takes the job.
        muxer: FFmpeg's name of the container; "" where there is none.
        is_video: one file with a codec, an audio track and the source's own frame times.
        has_part_file: it is one file, which is called ``name.part.mp4`` while unfinished; else many, each whole at once.
        most_fps: players do not show more frames a second; None for no limit.
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
        """Whether an interrupted recording can be gone on with."""
        return self.is_video


#: Numbered pictures, ``out-%05d.png``: the one format whose names hold a number.
PICTURES = OutputFormat("pictures", WRITABLE_SUFFIXES, "image_sequence", is_video=False, has_part_file=False)
FORMATS = (
    OutputFormat("an MP4", (".mp4", ".m4v"), muxer="mp4"),
    OutputFormat("a QuickTime film", (".mov",), muxer="mov"),
    OutputFormat("a Matroska film", (".mkv",), muxer="matroska"),
    OutputFormat("a WebM", (".webm",), muxer="webm"),
    # players show shorter frames than 20 ms at a tenth of their speed
    OutputFormat("a GIF", (".gif",), "gif", "gif", is_video=False, most_fps=50.0),
    PICTURES,
)
#: Suffixes of what is one file.
FILE_SUFFIXES = tuple(suffix for form in FORMATS if form.has_part_file for suffix in form.suffixes)


def format_of_suffix(suffix: str) -> OutputFormat | None:
    """The format of files with this suffix, in letters of either size; None for a suffix that is none of ours."""
    return next((form for form in FORMATS if suffix.lower() in form.suffixes), None)
