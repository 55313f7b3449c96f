"""What the maps of an exported file cost: ``python benchmarks/export.py yolo11n.pt photo.jpg``.

The same model is exported with and without maps in both formats; the four files run on one picture, one after the other in turn.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console

from heatcam.enums import ExportFormat
from heatcam.exported import FileExplainer, exported_file, open_exported
from heatcam.exporting import ExportPlan, export_model
from heatcam.frames import Frame
from heatcam.options import ExplainOptions
from heatcam.sources import open_source

WARM_UP = 5


def exported(model: str, form: ExportFormat, objects: int, *, heat: bool, folder: Path) -> FileExplainer:
    """The model as a file, opened."""
    plan = ExportPlan(form, objects, quality="live", heat=heat, imgsz=None, iou=0.7, size_wh=None)
    path = folder / (f"{heat}.onnx" if form is ExportFormat.ONNX else f"{heat}_openvino")
    export_model(model, plan, path)
    found = exported_file(str(path))
    assert found is not None
    return open_exported(found, ExplainOptions())


def milliseconds(run: Callable[[], object]) -> float:
    """Wall clock of one run."""
    started = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - started)


def main() -> None:
    """Print median and quartiles of each file."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model")
    asked.add_argument("picture")
    asked.add_argument("--objects", type=int, default=10)
    asked.add_argument("--rounds", type=int, default=20)
    given = asked.parse_args()
    with open_source(given.picture) as source:
        frame: Frame = next(iter(source))
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            f"{form.value} {'with maps' if heat else 'boxes alone'}": partial(
                exported(given.model, form, given.objects, heat=heat, folder=Path(folder)).explain, frame
            )
            for form in ExportFormat
            for heat in (True, False)
        }
        times: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(WARM_UP + given.rounds):
            for name, run in runs.items():
                taken = milliseconds(run)
                if number >= WARM_UP:
                    times[name].append(taken)
    for name, taken_ms in times.items():
        low, high = np.percentile(taken_ms, (25, 75))
        Console().print(f"{name:24} {median(taken_ms):6.1f} ms ({low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()
