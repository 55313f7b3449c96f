"""How long a start takes on each backend, first and later: ``python benchmarks/start.py MODEL.pt``.

Each start is a process of its own that loads the model, proves the gradient and explains one picture; the caches of the first
are found by the later ones. The time is that of the whole process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from rich.console import Console
from rich.table import Table

START = (
    "import sys\n"
    "from heatcam.saliency.building import build_explainer\n"
    "from heatcam.saliency.options import ExplainOptions\n"
    "build_explainer(sys.argv[1], None, ExplainOptions(backend=sys.argv[2], quality=sys.argv[3]))\n"
)


def seconds(model: str, backend: str, quality: str, cache: str) -> float:
    """One start, in seconds."""
    started = time.perf_counter()
    environment = os.environ | {"HEATCAM_CACHE_DIR": cache}
    subprocess.run([sys.executable, "-c", START, model, backend, quality], env=environment, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model")
    asked.add_argument("--runs", type=int, default=5)
    given = asked.parse_args()
    table = Table("quality", "backend", "first s", "later s (median)", "more than torch", title=given.model)
    for quality in ("live", "fine"):
        with tempfile.TemporaryDirectory() as cache:
            backends = ("torch", "openvino")
            first = {backend: seconds(given.model, backend, quality, cache) for backend in backends}
            later: dict[str, list[float]] = {backend: [] for backend in backends}
            for _ in range(given.runs):
                for backend in backends:
                    later[backend].append(seconds(given.model, backend, quality, cache))
        for backend in backends:
            more = median(later[backend]) - median(later["torch"])
            table.add_row(
                quality, backend, f"{first[backend]:.1f}", f"{median(later[backend]):.1f}", f"{more:+.1f}"
            )
    Console().print(table)


if __name__ == "__main__":
    main()
