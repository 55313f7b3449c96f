"""How the containers are told to keep what they have been given."""

from __future__ import annotations

import json
from typing import Any

import av

_HYBRID_SINCE = (61, 7)  # libavformat of FFmpeg 7.1
_FRAGMENT_S = 0.25  # what a killed process had not yet put into the file, beside what its encoder held
_PIECE = "heatcam piece "


def container_options(muxer: str) -> dict[str, str]:
    """FFmpeg's options for a file that plays wherever its writing ends; a GIF plays for ever."""
    if muxer == "gif":
        return {"loop": "0"}
    common = {"flush_packets": "1", "max_interleave_delta": "200000"}
    if muxer in ("matroska", "webm"):
        return {**common, "cluster_time_limit": str(round(_FRAGMENT_S * 1e3))}
    fragments = {**common, "frag_duration": str(round(_FRAGMENT_S * 1e6))}
    if av.library_versions["libavformat"][:2] >= _HYBRID_SINCE:
        return {**fragments, "movflags": "hybrid_fragmented"}
    return {**fragments, "movflags": "+frag_keyframe+empty_moov+default_base_moof"}


def say_start(output: Any, fps: tuple[int, int], start_ticks: int) -> None:
    """Write into a container's header, as its comment, where in the whole recording its first frame belongs.

    Args:
        output: the PyAV container, before its first packet.
        fps: the nominal rate.
        start_ticks: in ticks of ``Clock``'s for that rate.
    """
    output.metadata["comment"] = _PIECE + json.dumps({"fps": fps, "start": start_ticks})


def start_said(source: Any) -> tuple[tuple[int, int] | None, int]:
    """The nominal rate and start that ``say_start`` wrote; ``(None, 0)`` of a recording that is no such segment."""
    tags = {name.lower(): text for name, text in source.metadata.items()}
    comment = tags.get("comment", "")
    if not comment.startswith(_PIECE):
        return None, 0
    try:
        said = json.loads(comment.removeprefix(_PIECE))
        (rate, per), start = said["fps"], said["start"]
    except (ValueError, TypeError, KeyError, RecursionError):  # somebody else's comment, or a damaged one
        return None, 0
    if not all(type(n) is int for n in (rate, per, start)) or rate < 1 or per < 1:
        return None, 0
    return (rate, per), start
