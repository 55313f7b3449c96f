"""The report of a run of the window, for programs, as ``live --report`` writes it."""

from __future__ import annotations

from typing import Any

from heatcam.live import Session
from heatcam.pipeline import percentiles_ms
from heatcam.sinks import Action

_NOTHING = {"p50": 0.0, "p95": 0.0, "p99": 0.0}


def live_report(session: Session, backend: str) -> dict[str, Any]:
    """Return the numbers of a run, so that it can be judged without watching it.

    ``latency_ms`` is the time to explain and draw a frame; ``age_ms``, for live sources, from a frame's arrival to its picture in
    the window; ``key_ms`` from a key to the picture that answers it. ``actions`` counts the keys by their action.
    """
    stats = session.stats
    return {
        "frames_read": session.parts.capture.frames_read + session.parts.capture.source.dropped,
        "frames_shown": stats.frames_shown,
        "dropped": session.parts.dropped,
        "fps": round(stats.mean_fps, 2),
        "latency_ms": percentiles_ms(stats.latency_s) or _NOTHING,
        "draw_ms": percentiles_ms(stats.draw_s),
        "age_ms": percentiles_ms(stats.age_s),
        "key_ms": percentiles_ms(stats.key_s),
        "mode": "HEATMAP" if session.state.heatmap else "NORMAL",
        "backend": backend,
        "toggles": stats.actions[Action.TOGGLE_HEATMAP],
        "actions": {action.value: count for action, count in sorted(stats.actions.items(), key=str)},
        "recording_dropped": session.parts.recording.dropped,
        "errors": stats.errors,
    }
