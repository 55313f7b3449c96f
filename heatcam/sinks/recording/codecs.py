"""The codecs that a recording can have: which encoder makes them, in which container, and how.

All are told to hold back little: what an encoder still has when it is killed is lost (see ``held_frames``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heatcam.errors import UsageError
from heatcam.sinks.recording.formats import FORMATS, format_of_suffix

_SLOWEST_TO_LOOK_AHEAD = 15.0  # frames a second; below, a few frames are too much of a second


@dataclass(frozen=True)
class Codec:
    """One codec.

    Attributes:
        encoders: FFmpeg's names, the best first; which of them there are is for PyAV to say.
        muxers: containers that carry it.
        crf: the constant rate factor if none is asked for; None for codecs without one.
        highest_crf: the end of its scale.
        pix_fmt, odd_pix_fmt: how pixels are stored, and for odd sizes.
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
#: Of the containers that cannot hold H.264.
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
    """The key of ``CODECS`` for a file of this name: what was asked for, or its container's own.

    Raises:
        UsageError: no such codec, one that the container cannot hold, or a ``crf`` that it does not have.
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
    """How many frames each place (encoder, queue) may hold back at ``rate`` frames a second: a fifth of a second's.

    Killed, the encoder's process loses these and the fragment not yet written: less than a second together.
    """
    return max(1, int(rate / 5))


def encoder_options(name: str, crf: int | None, rate: float) -> dict[str, str]:
    """FFmpeg's options for one of ``CODECS``: fast enough for live pictures, nothing reordered, little held back."""
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
        # as zerolatency, without its log
        quiet = "log-level=none:bframes=0:rc-lookahead=0:frame-threads=1:scenecut=0"
        return {**given, "preset": "superfast", "x265-params": quiet}
    if name == "av1":
        return {**given, "preset": "10", "svtav1-params": "pred-struct=1:lookahead=0"}
    if name == "vp9":
        fast = {"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "lag-in-frames": "0"}
        return {**given, "b": "0", **fast}
    return {}
