"""Runs in numbers, for programs: what ``record --json`` and ``live --report`` write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from heatcam.pipeline import Run, percentiles_ms
from heatcam.sinks import Action

if TYPE_CHECKING:
    from heatcam.live import Session

_NOTHING = {"p50": 0.0, "p95": 0.0, "p99": 0.0}


def run_report(run: Run, backend: str, losses: Sequence[str] = ()) -> dict[str, Any]:
    """Rate, latencies and errors of a recording; the caller adds the frames that it counted.

    Args:
        run: what was done.
        backend: what ran the network.
        losses: what the source did not give, a line each.
    """
    return {
        "fps": round(run.frames / run.elapsed_s, 2) if run.frames else 0.0,
        "latency_ms": run.latency_ms(),
        "mode": "HEATMAP",
        "backend": backend,
        "errors": [*run.errors, *losses],
    }


def live_report(session: Session, backend: str) -> dict[str, Any]:
    """Frames, rates, latencies and keys of a run of the window, so that it can be judged without eyes.

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
