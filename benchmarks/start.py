"""How long a start takes, of each backend, and beside ``yolo predict``: ``python benchmarks/start.py MODEL.pt [PHOTO]``.

Each start is a process of its own. Both programs explain or detect the same photograph and write a picture; they take turns, so
that a busy machine is as slow for one as for the other. Of each pair the ratio is taken, then the median: of the wall clock, and
of the processor time that the process and its children used. Cold is the first start with empty caches of heatcam's own.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from ultralytics.utils import ASSETS

START = (
    "import sys\n"
    "from heatcam.saliency.factory import build_explainer\n"
    "from heatcam.options import ExplainOptions\n"
    "build_explainer(sys.argv[1], None, ExplainOptions(backend=sys.argv[2], quality=sys.argv[3]))\n"
)
YOLO = "from ultralytics.cfg import entrypoint\nentrypoint()\n"


@dataclass(frozen=True)
class Taken:
    """What one process took, in seconds: of the wall clock, and of the processors."""

    wall_s: float
    processor_s: float


def taken(command: Sequence[str], environment: dict[str, str]) -> Taken:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: it failed; what it printed stands in the exception.
    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        command, env=os.environ | environment, check=True, capture_output=True, stdin=subprocess.DEVNULL
    )
    after, wall_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    return Taken(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def commands(model: str, photo: str, folder: Path) -> tuple[list[str], list[str]]:
    """One picture by heatcam, and by ``yolo predict``."""
    snapshot = [
        "-m",
        "heatcam",
        "snapshot",
        photo,
        "--model",
        model,
        "-o",
        str(folder / "heat.png"),
        "--overwrite",
    ]
    words = [f"model={model}", f"source={photo}", f"project={folder}", "exist_ok=True"]
    return [sys.executable, *snapshot], [sys.executable, "-c", YOLO, "predict", *words]


def one_picture(model: str, photo: str, runs: int) -> Table:
    """A table of both, cold and warm."""
    table = Table(
        "one picture", "heatcam s (processor)", "yolo predict", "ratio, wall", "ratio, processor", title=model
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, theirs = commands(model, photo, folder)
        settings = {
            "YOLO_CONFIG_DIR": str(folder / "ultralytics"),
            "YOLO_OFFLINE": "1",
            "YOLO_AUTOINSTALL": "0",
        }
        taken(theirs, settings)  # both read their libraries from the disk once before it counts
        taken(ours, {"HEATCAM_CACHE_DIR": str(folder / "first")})
        for what in ("cold", "warm"):
            pairs = []
            for n in range(runs):
                cache = {"HEATCAM_CACHE_DIR": str(folder / (f"cache{n}" if what == "cold" else "first"))}
                order = (ours, theirs) if n % 2 else (theirs, ours)
                both = {id(command): taken(command, cache | settings) for command in order}
                pairs.append((both[id(ours)], both[id(theirs)]))
            table.add_row(what, *row_of(pairs))
    return table


def row_of(pairs: Sequence[tuple[Taken, Taken]]) -> list[str]:
    """Medians of both, and of the ratios within the pairs."""
    sides = zip(*pairs, strict=True)
    medians = [
        f"{median(t.wall_s for t in side):.2f} ({median(t.processor_s for t in side):.2f})" for side in sides
    ]
    wall = median(ours.wall_s / theirs.wall_s for ours, theirs in pairs)
    processor = median(ours.processor_s / theirs.processor_s for ours, theirs in pairs)
    return [*medians, f"{wall:.2f}", f"{processor:.2f}"]


def seconds(model: str, backend: str, quality: str, cache: str) -> float:
    """One start of an explainer, in seconds of the wall clock."""
    return taken([sys.executable, "-c", START, model, backend, quality], {"HEATCAM_CACHE_DIR": cache}).wall_s


def backends(model: str, runs: int) -> Table:
    """A table of each backend's starts, first and later."""
    table = Table("quality", "backend", "first s", "later s (median)", "more than torch", title=model)
    for quality in ("live", "fine"):
        with tempfile.TemporaryDirectory() as cache:
            names = ("torch", "openvino")
            first = {backend: seconds(model, backend, quality, cache) for backend in names}
            later: dict[str, list[float]] = {backend: [] for backend in names}
            for _ in range(runs):
                for backend in names:
                    later[backend].append(seconds(model, backend, quality, cache))
        for backend in names:
            more = median(later[backend]) - median(later["torch"])
            table.add_row(
                quality, backend, f"{first[backend]:.1f}", f"{median(later[backend]):.1f}", f"{more:+.1f}"
            )
    return table


def main() -> None:
    """Measure and print the tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model")
    asked.add_argument("photo", nargs="?", default=str(ASSETS / "bus.jpg"))
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--only", choices=("picture", "backends"))
    given = asked.parse_args()
    if given.only != "backends":
        Console().print(one_picture(given.model, given.photo, given.runs))
    if given.only != "picture":
        Console().print(backends(given.model, given.runs))


if __name__ == "__main__":
    main()
