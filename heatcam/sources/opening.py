"""Opening of a source by name: ``0``, ``Logitech C920``, ``clip.mp4``, ``photos/``, ``rtsp://...``, ``-``, ``demo``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from heatcam.errors import HeatcamError, UnreadableInputError, UsageError
from heatcam.sources.animations import AnimationSource, is_animation
from heatcam.sources.base import Source
from heatcam.sources.camera import CameraDevice
from heatcam.sources.cameras import index_called, names_by_index, said
from heatcam.sources.dicom import dicom_frame, is_dicom
from heatcam.sources.dicom_film import dicom_source
from heatcam.sources.images import PICTURE_SUFFIXES, ImageSource, is_glob, matching_paths
from heatcam.sources.live import LiveSource
from heatcam.sources.options import CaptureOptions
from heatcam.sources.picture_formats import ARRAY, sniff_picture_format
from heatcam.sources.screen import ScreenDevice, is_screen, parse_screen
from heatcam.sources.sequence import SequenceSource, has_numbered, is_pattern
from heatcam.sources.standard_input import STANDARD_INPUT, StandardInputSource
from heatcam.sources.stream import StreamDevice
from heatcam.sources.urls import SCHEMES, is_address, is_url, public_url
from heatcam.sources.video import VIDEO_SUFFIXES, VideoSource
from heatcam.text import question, similar_files

DEMO = "demo"


def open_source(spec: str, options: CaptureOptions | None = None) -> Source:
    """Open a source by its name; nothing is read before its ``with``, but a missing file is an error at once.

    An existing file has priority over anything else of the same name.

    Args:
        spec: a camera's index or part of its name; a picture, video, folder, glob or numbered pattern; an ``rtsp://`` or
            ``http(s)://`` address (one that ends in a video suffix is read as a file: nothing dropped); ``screen``,
            ``screen:2`` or ``screen:1:left,top,width,height``; ``-`` for standard input; or ``demo``.
        options: size and rate to request, if the source supports that, and the start position.

    Raises:
        UnreadableInputError: a file is missing or is neither a picture nor a video.
        UsageError: an empty name, several videos or cameras at once, an unsupported address, or a start position for a source
            that cannot seek.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     times = [frame.pts_s for frame, _ in zip(source, range(3))]
    >>> [round(time, 2) for time in times]
    [0.0, 0.03, 0.07]
    """
    options = options or CaptureOptions()
    source = _open(spec, options)
    if options.start_s:
        source.seek(options.start_s)
    return source


def _open(spec: str, options: CaptureOptions) -> Source:
    if not spec.strip():
        raise UsageError(
            "the source has no name", "give a camera index, a file, a folder, an address or demo"
        )
    for opener in OPENERS:
        if (source := opener(spec, options)) is not None:
            return source
    raise _unknown(spec, said(names_by_index()))


def _is_there(spec: str) -> bool:
    return Path(spec).exists() and not _device_index(spec)


def _device_index(spec: str) -> str:
    """Return ``2`` for ``/dev/video2``; "" for anything else."""
    match = re.fullmatch(r"/dev/video(\d+)", spec, re.ASCII)
    return match.group(1) if match else ""


def _standard_input(spec: str, options: CaptureOptions) -> Source | None:
    return StandardInputSource(options) if spec == STANDARD_INPUT else None


def _address(spec: str, _options: CaptureOptions) -> Source | None:
    return _open_address(spec) if is_address(spec) else None


def _file(spec: str, options: CaptureOptions) -> Source | None:
    if dicom_frame(Path(spec)) is not None:
        return ImageSource([spec], asked=options.pictures)
    return _open_files(spec, options) if _is_there(spec) else None


def _camera_index(spec: str, options: CaptureOptions) -> Source | None:
    index = _device_index(spec) or spec
    is_index = index.isascii() and index.isdecimal()
    return LiveSource(CameraDevice(int(index), options)) if is_index else None


def _demo(spec: str, _options: CaptureOptions) -> Source | None:
    if spec != DEMO:
        return None
    from heatcam.sources.demo import DemoSource  # noqa: PLC0415 (renders its markers: only when asked for)

    return DemoSource()


def _screen(spec: str, options: CaptureOptions) -> Source | None:
    return LiveSource(ScreenDevice(parse_screen(spec), options.fps)) if is_screen(spec) else None


def _numbered(spec: str, options: CaptureOptions) -> Source | None:
    numbered = is_pattern(spec) and (not is_glob(spec) or has_numbered(spec))
    return SequenceSource(spec, options.fps, options.pictures) if numbered else None


def _glob(spec: str, options: CaptureOptions) -> Source | None:
    return _open_glob(spec, options) if is_glob(spec) else None


def _camera_name(spec: str, options: CaptureOptions) -> Source | None:
    index = index_called(spec, names_by_index())
    return None if index is None else LiveSource(CameraDevice(index, options))


#: Opens a source of one kind by name; returns None if the name means none of its kind.
Opener = Callable[[str, CaptureOptions], Source | None]
#: Tried in this order. To add a kind of source, add its module and a line here.
OPENERS: tuple[Opener, ...] = (
    _standard_input,
    _address,
    _file,
    _camera_index,
    _demo,
    _screen,
    _numbered,
    _glob,
    _camera_name,
)


def _open_address(spec: str) -> Source:
    if not is_url(spec):
        raise UsageError(
            f"{public_url(spec)} is of no kind that can be read", f"known are {', '.join(SCHEMES)}"
        )
    try:
        host, path = urlsplit(spec).hostname, urlsplit(spec).path
    except ValueError as error:
        raise UsageError(
            f"the address {public_url(spec)} is malformed", "write signs in user and password as %5B"
        ) from error
    if not host and spec.lower().startswith(("http", "rts", "rtm")):  # (udp://@:1234 listens)
        raise UsageError(
            f"the address {public_url(spec)} names no server", "write it like rtsp://10.0.0.9/live"
        )
    if Path(path).suffix.lower() in VIDEO_SUFFIXES and spec.lower().startswith("http"):
        return VideoSource(spec)
    return LiveSource(StreamDevice(spec))


def _open_files(spec: str, options: CaptureOptions) -> Source:
    path = Path(spec)
    if path.is_dir():
        return ImageSource([path], on_unreadable=options.on_unreadable, asked=options.pictures)
    if is_dicom(path):
        return dicom_source(path, options.fps, options.pictures)
    head = _head_of(path)
    if sniff_picture_format(head) is not None or head.startswith(ARRAY):
        is_film = is_animation(path) and not options.pictures.pages_are_channels
        return AnimationSource(path, options.fps) if is_film else ImageSource([path], asked=options.pictures)
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return ImageSource([path])  # (its error tells the problem)
    if is_text(head):
        raise UnreadableInputError(
            f"{spec} holds text: it is neither a picture nor a video", "give a picture or a video file"
        )
    return VideoSource(path)


def _open_glob(spec: str, options: CaptureOptions) -> Source:
    videos = [path for path in matching_paths(spec) if path.suffix.lower() in VIDEO_SUFFIXES]
    try:
        return ImageSource([spec], on_unreadable=options.on_unreadable, asked=options.pictures)
    except UnreadableInputError:
        if not videos:
            raise
    if len(videos) > 1:
        raise UsageError(f"{spec} names {len(videos)} videos", "give them one by one")
    return VideoSource(videos[0])


def is_text(head: bytes) -> bool:
    """Return True if ``head`` is the beginning of a text file, except for a Y4M video, which begins with a line of text."""
    if not head or head.startswith(b"YUV4MPEG2"):
        return False
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head) + head.count(0x7F)
    return not controls and (head.isascii() or _is_utf8(head))


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # (cut in the middle of a letter)
    return True


def _head_of(path: Path) -> bytes:
    if not path.is_file():
        return b""  # such as a pipe: the reader reports it
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read {path} ({error.strerror})", "check its permissions"
        ) from error


def _unknown(spec: str, cameras: str) -> HeatcamError:
    what = "a camera's index or name, a picture, a video, a folder, a glob, an rtsp:// or http:// address, screen, - or demo"
    problem = f"there is no file {spec}"
    if not Path(spec).suffix and len(Path(spec).parts) == 1:  # may be meant as a camera's name
        problem += ", nor a camera of that name" + (f" (cameras: {cameras})" if cameras else "")
    meant = question(similar_files(Path(spec)))
    return UnreadableInputError(problem, meant or f"check the path; a source is {what}")
