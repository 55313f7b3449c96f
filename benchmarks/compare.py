"""The cost of a second model beside one: ``python benchmarks/compare.py A.pt [B.pt] [--backend torch] [--runs 15]``.

One picture, 1280x720. Rows take turns within each round, after a warm-up: A alone and B alone, both in turn with inputs of their
own and with a shared one, both at the same time in two threads, compared as the command does it (at the same time with torch, in
turn with OpenVINO), and with the drawing of the three columns. Beside the wall clock stands the processor time of all threads,
which other programs change less; ratios are to the first row. ``--threads 1`` leaves out the time in which torch's
threads wait for each other.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from rich.console import Console
from rich.table import Table

from heatcam.bench.plan import Plan
from heatcam.bench.timing import Contestant, TimedPart, measure
from heatcam.comparison.compared import comparison_of
from heatcam.comparison.comparing import Comparing, run_at_once
from heatcam.engine.preprocessing import real_picture
from heatcam.frames import Frame
from heatcam.geometry import Uint8Array
from heatcam.options import ExplainOptions
from heatcam.overlay import ComparisonLook, draw_comparison
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import build_explainer
from heatcam.saliency.prepared import share_inputs


def counted(run: Callable[[Uint8Array], object], spent_ms: list[float]) -> Callable[[Uint8Array], object]:
    """Do the same and note the processor time that it took, in milliseconds."""

    def timed(image: Uint8Array) -> object:
        started = time.process_time()
        made = run(image)
        spent_ms.append(1e3 * (time.process_time() - started))
        return made

    return timed


def explained(*explainers: Explainer) -> Callable[[Uint8Array], object]:
    """Explain a picture with each, one after the other, objects' own maps included."""
    return lambda image: [each.explain(image, with_object_maps=True) for each in explainers]


def at_once(a: Explainer, b: Explainer, pool: ThreadPoolExecutor) -> Callable[[Uint8Array], object]:
    """Explain a picture with both in two threads."""
    return lambda image: list(pool.map(lambda each: each.explain(image, with_object_maps=True), (a, b)))


def compared(a: Explainer, b: Explainer, *, drawn: bool) -> Callable[[Uint8Array], object]:
    """Compare a picture as the command does; with ``drawn``, make its picture too."""
    comparing = Comparing(a, b)

    def run(image: Uint8Array) -> object:
        comparison = comparison_of(comparing.explain(Frame(image, 0, 0.0, 0.0)))
        numbers = range(1, len(comparison.objects) + 1)
        return draw_comparison(comparison, numbers, ComparisonLook()) if drawn else comparison

    return run


def main() -> None:
    """Measure and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("a")
    asked.add_argument("b", nargs="?")
    asked.add_argument("--backend", default="torch")
    asked.add_argument("--runs", type=int, default=15)
    asked.add_argument("--threads", type=int)
    given = asked.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    options = ExplainOptions(backend=given.backend)
    a, b, shared_a, shared_b = (
        build_explainer(model, None, options) for model in (given.a, given.b or given.a) * 2
    )
    share_inputs(shared_a, shared_b)
    sides = (a, b) if run_at_once(a, b) else (shared_a, shared_b)
    with ThreadPoolExecutor(2) as pool:
        rows = {
            "A alone": explained(a),
            "B alone": explained(b),
            "A, then B, own inputs": explained(a, b),
            "A, then B, one input": explained(shared_a, shared_b),
            "A and B at the same time": at_once(a, b, pool),
            "compared": compared(*sides, drawn=False),
            "compared and drawn": compared(*sides, drawn=True),
        }
        spent: dict[str, list[float]] = {name: [] for name in rows}
        contestants = [
            Contestant(name, lambda name=name: TimedPart(counted(rows[name], spent[name]))) for name in rows
        ]
        times = measure(contestants, [real_picture((1280, 720))], Plan(given.runs)).times
    table = Table(
        "",
        "median ms",
        "IQR ms",
        "min ms",
        "ratio",
        "processor ms",
        "ratio",
        title=f"{a.title}, {b.title}, {a.engine.name}",
    )
    processor = {name: statistics.median(taken[-given.runs :]) for name, taken in spent.items()}
    for row in times:
        if row.median_ms is None or row.iqr_ms is None:
            raise SystemExit(f"{row.name}: {row.error}")
        table.add_row(
            row.name,
            f"{row.median_ms:.1f}",
            f"{row.iqr_ms:.1f}",
            f"{row.min_ms:.1f}",
            f"{row.median_ms / (times[0].median_ms or 1.0):.2f}",
            f"{processor[row.name]:.1f}",
            f"{processor[row.name] / processor[times[0].name]:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
