"""From what the user typed to a source: ``0``, ``clip.mp4``, ``photos/``, ``*.jpg``, ``rtsp://...``, ``demo``."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from heatcam.errors import HeatcamError, UnreadableInputError, UsageError
from heatcam.sources.base import Source
from heatcam.sources.camera import CameraOptions, CameraSource
from heatcam.sources.capture import is_url
from heatcam.sources.decoding import sniff_picture_format
from heatcam.sources.images import PICTURE_SUFFIXES, ImageSource, is_glob, matching_paths
from heatcam.sources.video import VIDEO_SUFFIXES, VideoSource

DEMO = "demo"


def open_source(spec: str, options: CameraOptions | None = None) -> Source:
    """The source that ``spec`` names; nothing is opened before its ``with``, but what is missing is said at once.

    Args:
        spec: a camera index; a picture, video, folder of pictures or glob; an ``rtsp://`` or ``http(s)://`` address
            (one that ends in a video suffix is read as a file: nothing dropped); or ``demo``.
        options: size, rate and time limits for cameras.

    Raises:
        UnreadableInputError: a file that is not there or of no kind we read.
        UsageError: an empty name, or several videos at once.
    """
    if not spec.strip():
        raise UsageError(
            "the source has no name", "give a camera index, a file, a folder, an address or demo"
        )
    if spec.isascii() and spec.isdecimal() and not Path(spec).exists():
        return CameraSource(int(spec), options)
    if spec == DEMO and not Path(spec).exists():
        return _open_demo()
    if is_url(spec):
        is_file = Path(urlsplit(spec).path).suffix.lower() in VIDEO_SUFFIXES and spec.lower().startswith(
            "http"
        )
        return VideoSource(spec) if is_file else CameraSource(spec, options)
    return _open_files(spec)


def _open_demo() -> Source:
    from heatcam.sources.demo import DemoSource  # noqa: PLC0415 (renders its markers: only when asked for)

    return DemoSource()


def _open_files(spec: str) -> Source:
    path = Path(spec)
    if is_glob(spec):
        return _open_glob(spec)
    if path.is_dir():
        return ImageSource([path])
    if not path.exists():
        raise _unknown(spec)
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return VideoSource(path)
    if suffix in PICTURE_SUFFIXES or _looks_like_a_picture(path):
        return ImageSource([path])
    raise UnreadableInputError(
        f"{spec} is neither a picture ({_words(PICTURE_SUFFIXES)}) nor a video ({_words(VIDEO_SUFFIXES)})",
        "give one of these",
    )


def _open_glob(spec: str) -> Source:
    videos = [path for path in matching_paths(spec) if path.suffix.lower() in VIDEO_SUFFIXES]
    try:
        return ImageSource([spec])
    except UnreadableInputError:
        if not videos:
            raise
    if len(videos) > 1:
        raise UsageError(f"{spec} names {len(videos)} videos", "give them one by one")
    return VideoSource(videos[0])


def _looks_like_a_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return sniff_picture_format(file.read(16)) is not None
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read {path} ({error.strerror})", "check its permissions"
        ) from error


def _unknown(spec: str) -> HeatcamError:
    what = "a camera index, a picture, a video, a folder, a glob, an rtsp:// or http:// address, or demo"
    return UnreadableInputError(f"there is no file {spec}", f"check the path; a source is {what}")


def _words(suffixes: tuple[str, ...]) -> str:
    return " ".join(suffix[1:] for suffix in suffixes)
