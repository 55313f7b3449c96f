"""A run in numbers, for programs: what ``live --report`` and ``record --json`` write."""

from __future__ import annotations

from typing import Any

from heatcam.pipeline import Run
from heatcam.sources.base import Source


def run_report(run: Run, source: Source, done_key: str, *, heatmap: bool, backend: str) -> dict[str, Any]:
    """The keys that both commands share.

    Args:
        run: what was done.
        source: where it came from, for the frames it dropped.
        done_key: what the frames that were done are called: ``frames_shown`` or ``frames_written``.
        heatmap: whether the run ended with the heat map on.
        backend: what ran the network.
    """
    return {
        "frames_read": run.frames + source.dropped,
        done_key: run.frames,
        "dropped": source.dropped,
        "fps": round(run.frames / run.elapsed_s, 2) if run.frames else 0.0,
        "latency_ms": run.latency_ms(),
        "mode": "HEATMAP" if heatmap else "NORMAL",
        "backend": backend,
        "errors": run.errors,
    }
