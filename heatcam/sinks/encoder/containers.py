"""Container options for files that play even if writing is interrupted, and the start time stored in a segment."""

from __future__ import annotations

import json
from typing import Any

import av

_HYBRID_SINCE = (61, 7)  # libavformat of FFmpeg 7.1
_FRAGMENT_S = 0.25  # lost by a killed process at most, beside the frames in its encoder
_PIECE = "heatcam piece "


def container_options(muxer: str) -> dict[str, str]:
    """Return FFmpeg's options for a file that plays wherever its writing ends; a GIF loops for ever."""
    if muxer == "gif":
        return {"loop": "0"}
    common = {"flush_packets": "1", "max_interleave_delta": "200000"}
    if muxer in ("matroska", "webm"):
        return {**common, "cluster_time_limit": str(round(_FRAGMENT_S * 1e3))}
    fragments = {**common, "frag_duration": str(round(_FRAGMENT_S * 1e6))}
    if av.library_versions["libavformat"][:2] >= _HYBRID_SINCE:
        return {**fragments, "movflags": "hybrid_fragmented"}
    return {**fragments, "movflags": "+frag_keyframe+empty_moov+default_base_moof"}


def write_start_tag(output: Any, fps: tuple[int, int], start_ticks: int) -> None:
    """Write the start of a segment within the whole recording into its container's header, as the comment.

    Args:
        output: the PyAV container, before its first packet.
        fps: the nominal rate.
        start_ticks: time of its first frame in ticks of the ``Clock`` for that rate.
    """
    output.metadata["comment"] = _PIECE + json.dumps({"fps": fps, "start": start_ticks})


def read_start_tag(source: Any) -> tuple[tuple[int, int] | None, int]:
    """Return the nominal rate and start that ``write_start_tag`` wrote; ``(None, 0)`` for a file without them."""
    tags = {name.lower(): text for name, text in source.metadata.items()}
    comment = tags.get("comment", "")
    if not comment.startswith(_PIECE):
        return None, 0
    try:
        said = json.loads(comment.removeprefix(_PIECE))
        (rate, per), start = said["fps"], said["start"]
    except (ValueError, TypeError, KeyError, RecursionError):  # another program's comment, or a damaged one
        return None, 0
    if not all(type(n) is int for n in (rate, per, start)) or rate < 1 or per < 1:
        return None, 0
    return (rate, per), start
