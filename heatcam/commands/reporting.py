"""A recording in numbers, for programs: what ``record --json`` writes of its run. ``live_report`` is the window's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heatcam.pipeline import Run


def run_report(run: Run, backend: str, losses: Sequence[str] = ()) -> dict[str, Any]:
    """Rate, latencies and errors of a run; the caller adds the frames that it counted.

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
