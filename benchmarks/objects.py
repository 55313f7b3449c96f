"""How the cost of the live map grows with the number of objects: ``python benchmarks/objects.py MODEL.pt``.

One picture, the model's strongest boxes at a low threshold cut to 1, 6, 20 and 50: the same forward pass, the same suppression,
more or fewer gradients. Interleaved, with the drawing and without; the ratio is to one object.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from heatcam.bench.plan import Plan
from heatcam.bench.timing import Contestant, TimedPart, measure
from heatcam.engine.boxes import Thresholds
from heatcam.engine.interface import Forward
from heatcam.engine.preprocessing import real_picture
from heatcam.geometry import Uint8Array
from heatcam.options import ExplainOptions
from heatcam.overlay import OverlayOptions, Status, draw
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import build_explainer

COUNTS = (1, 6, 20, 50)
STATUS = Status("HEATMAP", 25.0, 36.0, 4.0)


def strongest(forward: Forward, count: int) -> Forward:
    """The same pass with only so many boxes."""
    return replace(forward, boxes=forward.boxes.only(slice(count)))


def limited(explainer: Explainer, count: int, *, drawn: bool) -> Callable[[Uint8Array], object]:
    """Explain a picture as if it had so many objects."""
    whole = type(explainer.engine).forward

    def run(image: Uint8Array) -> object:
        engine = explainer.engine
        vars(engine)["forward"] = lambda *a, **k: strongest(whole(engine, *a, **k), count)
        explanation = explainer.explain(image)
        if len(explanation.detections) != count or explanation.map_error:
            raise SystemExit(f"only {len(explanation.detections)} objects {explanation.map_error}")
        return draw(explanation, OverlayOptions(), STATUS) if drawn else explanation

    return run


def contestant(explainer: Explainer, count: int, drawn: bool) -> Contestant:
    """One row of the table."""
    name = f"{count} objects, {'drawn' if drawn else 'map only'}"
    return Contestant(name, lambda: TimedPart(limited(explainer, count, drawn=drawn)))


def main() -> None:
    """Measure and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model")
    asked.add_argument("--backend", default="torch")
    asked.add_argument("--runs", type=int, default=25)
    given = asked.parse_args()
    explainer = build_explainer(given.model, None, ExplainOptions(backend=given.backend))
    explainer.thresholds = Thresholds(conf=0.001, iou=0.95)
    contestants = [contestant(explainer, count, drawn) for drawn in (False, True) for count in COUNTS]
    times = measure(contestants, [real_picture((1280, 720))], Plan(given.runs)).times
    table = Table(
        "live map", "median ms", "IQR ms", "ratio", title=f"{explainer.title}, {explainer.engine.name}"
    )
    for number, row in enumerate(times):
        if row.median_ms is None or row.iqr_ms is None:
            raise SystemExit(f"{row.name}: {row.error}")
        one = times[number // len(COUNTS) * len(COUNTS)].median_ms or 1.0
        table.add_row(row.name, f"{row.median_ms:.1f}", f"{row.iqr_ms:.1f}", f"{row.median_ms / one:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
