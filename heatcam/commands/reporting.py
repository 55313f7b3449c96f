"""The report of a recording's run, for programs, as ``record --json`` writes it. ``live_report`` is the window's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heatcam.pipeline import Run


def run_report(run: Run, backend: str, losses: Sequence[str] = ()) -> dict[str, Any]:
    """Return rate, latencies and errors of a run; the caller adds the numbers of frames.

    Args:
        run: the run.
        backend: name of the backend that ran the network.
        losses: outages and missing frames of the source, one line each.
    """
    return {
        "fps": round(run.frames / run.elapsed_s, 2) if run.frames else 0.0,
        "latency_ms": run.latency_ms(),
        "mode": "HEATMAP",
        "backend": backend,
        "errors": [*run.errors, *losses],
    }
