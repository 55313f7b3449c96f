"""A run of the window in numbers, for programs: what ``live --report`` writes."""

from __future__ import annotations

from typing import Any

from heatcam.live import Session
from heatcam.pipeline import percentiles_ms
from heatcam.sinks import Action

_NOTHING = {"p50": 0.0, "p95": 0.0, "p99": 0.0}


def live_report(session: Session, backend: str) -> dict[str, Any]:
    """What happened, so that a run can be judged without eyes.

    ``latency_ms`` is explaining and drawing a frame; ``age_ms``, of live sources, from the frame in hand to its picture in the
    window; ``key_ms`` from a key to the picture that answers it. ``actions`` counts the keys by what they do.
    """
    numbers = session.stats
    return {
        "frames_read": session.parts.capture.frames_read + session.parts.capture.source.dropped,
        "frames_shown": numbers.frames_shown,
        "dropped": session.dropped,
        "fps": round(numbers.mean_fps, 2),
        "latency_ms": percentiles_ms(numbers.latency_s) or _NOTHING,
        "draw_ms": percentiles_ms(numbers.draw_s),
        "age_ms": percentiles_ms(numbers.age_s),
        "key_ms": percentiles_ms(numbers.key_s),
        "mode": "HEATMAP" if session.state.heatmap else "NORMAL",
        "backend": backend,
        "toggles": numbers.actions[Action.TOGGLE_HEATMAP],
        "actions": {action.value: count for action, count in sorted(numbers.actions.items(), key=str)},
        "recording_dropped": session.parts.recording.dropped,
        "errors": numbers.errors,
    }
