"""Codecs of recordings: their encoders, containers and settings.

All are set to a small delay: frames that an encoder still holds when it is killed are lost (see ``held_frames``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.errors import UsageError
from heatcam.sinks.recording.formats import FORMATS, format_of_suffix

_SLOWEST_TO_LOOK_AHEAD = 15.0  # frames per second; below, a few frames are too much of a second


@dataclass(frozen=True)
class Codec:
    """One codec.

    Attributes:
        encoders: FFmpeg's names, the best first; PyAV tells which of them are available.
        muxers: containers that can hold it.
        crf: the default constant rate factor; None for codecs without one.
        highest_crf: the end of its scale.
        pix_fmt, odd_pix_fmt: pixel format, and the one for odd sizes.
    """

    encoders: tuple[str, ...]
    muxers: tuple[str, ...]
    crf: int | None
    highest_crf: int
    pix_fmt: str
    odd_pix_fmt: str


_COMMON = ("mp4", "mov", "matroska")
CODECS = {
    # 4:2:0 halves both sides; x264 and x265 refuse odd ones, the others round up
    "h264": Codec(("libx264",), _COMMON, 20, 51, "yuv420p", "yuv444p"),
    "hevc": Codec(("libx265",), _COMMON, 23, 51, "yuv420p", "yuv444p"),
    "av1": Codec(("libsvtav1",), ("mp4", "matroska", "webm"), 30, 63, "yuv420p", "yuv420p"),
    "vp9": Codec(("libvpx-vp9",), ("mp4", "matroska", "webm"), 31, 63, "yuv420p", "yuv420p"),
    "ffv1": Codec(("ffv1",), ("matroska",), None, 0, "bgr0", "bgr0"),
    "prores": Codec(("prores_ks",), ("mov", "matroska"), None, 0, "yuv422p10le", "yuv422p10le"),
}
#: Default codec of containers that cannot hold H.264.
_USUAL = {"webm": "vp9"}
ALIASES = {
    "h265": "hevc",
    "avc": "h264",
    "x264": "h264",
    "x265": "hevc",
    "libx264": "h264",
    "libx265": "hevc",
}


def codec_of(path: Path, codec: str = "", crf: int | None = None) -> str:
    """Return the key of ``CODECS`` for a file of this name: the requested codec, or its container's default.

    Raises:
        UsageError: an unknown codec, one that the container cannot hold, a ``crf`` outside of its scale, or either of them for a
            file that is no video.
    """
    form = format_of_suffix(path.suffix)
    if form is None or not form.is_video:
        if codec or crf is not None:
            raise UsageError(
                f"--codec and --crf are for videos, {path.name} is none", "leave them out or name a video"
            )
        return ""
    name = ALIASES.get(codec.lower(), codec.lower()) or _USUAL.get(form.muxer, "h264")
    if name not in CODECS:
        raise UsageError(f"there is no codec {codec}", f"take one of {', '.join(CODECS)}")
    found = CODECS[name]
    if form.muxer not in found.muxers:
        fitting = [suffix for other in FORMATS if other.muxer in found.muxers for suffix in other.suffixes]
        raise UsageError(f"{path.suffix} cannot hold {name}", f"name the file with {' or '.join(fitting)}")
    if crf is not None and found.crf is None:
        raise UsageError(f"{name} has no --crf", "leave it out")
    if crf is not None and not 0 <= crf <= found.highest_crf:
        raise UsageError(f"--crf {crf} is not on {name}'s scale", f"give 0 (best) to {found.highest_crf}")
    return name


def held_frames(rate: float) -> int:
    """Return how many frames encoder and queue may each hold back at ``rate`` frames per second: a fifth of a second's.

    If it is killed, the encoder's process loses these and the fragment not yet written: less than a second together.
    """
    return max(1, int(rate / 5))


def encoder_options(name: str, crf: int | None, rate: float) -> dict[str, str]:
    """Return FFmpeg's options for one of ``CODECS``: fast enough for live pictures, no reordering, small delay."""
    given = {} if crf is None else {"crf": str(crf)}
    if name == "h264":
        if rate < _SLOWEST_TO_LOOK_AHEAD:
            return {**given, "preset": "veryfast", "tune": "zerolatency"}
        held = min(10, held_frames(rate))
        return {
            **given,
            "preset": "veryfast",
            "bf": "0",
            "rc-lookahead": str(held),
            "x264-params": "sync-lookahead=0",
        }
    if name == "hevc":
        # the same as tune zerolatency, but without x265's log
        quiet = "log-level=none:bframes=0:rc-lookahead=0:frame-threads=1:scenecut=0"
        return {**given, "preset": "superfast", "x265-params": quiet}
    if name == "av1":
        return {**given, "preset": "10", "svtav1-params": "pred-struct=1:lookahead=0"}
    if name == "vp9":
        fast = {"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "lag-in-frames": "0"}
        return {**given, "b": "0", **fast}
    return {}
