"""Pictures a second and memory of ``heatcam batch``: ``python -m benchmarks.batch PICTURES MODEL``, such as a COCO yolov8n.

One pass on all cores, several streams and several processes explain the same pictures, in turns, so that a machine that others
use too is as busy for each. Printed are the median and range of pictures a second while they explain, without loading, and the
largest memory of all processes together.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from itertools import cycle, islice
from pathlib import Path

from heatcam.sources import find_pictures

WAYS = {
    "1 worker": (),
    "2 streams": ("--streams", "2"),
    "2 workers": ("--workers", "2"),
}
#: Run with ``--ray`` too: their seconds count the start of the actors, each of which loads the model.
RAY_WAYS = {
    "Ray, 1 actor": ("--engine", "ray"),
    "Ray, 2 actors": ("--engine", "ray", "--workers", "2"),
}


def main() -> None:
    """Print a line a way."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("pictures", type=Path)
    asked.add_argument("model")
    asked.add_argument("--count", type=int, default=96)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--backend", default="torch")
    asked.add_argument("--ray", action="store_true")
    given = asked.parse_args()
    ways = WAYS | (RAY_WAYS if given.ray else {})
    took: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "list.txt"
        paths = islice(cycle(find_pictures([given.pictures]).paths), given.count)
        listed.write_text("".join(f"{path.resolve()}\n" for path in paths))
        for number in range(given.rounds):
            for way, words in ways.items():
                out = Path(folder) / f"{way}-{number}"
                told = [
                    "batch",
                    str(listed),
                    "-o",
                    str(out),
                    "--model",
                    given.model,
                    "--backend",
                    given.backend,
                ]
                took[way].append(
                    _measured([*told, "--json", str(out) + ".json", *words], Path(str(out) + ".json"))
                )
    for way, measured in took.items():
        rates, peaks = [rate for rate, _ in measured], [peak for _, peak in measured]
        print(
            f"{way:13} {statistics.median(rates):6.2f} pictures/s ({min(rates):.2f} to {max(rates):.2f})"
            f"  {max(peaks):5.0f} MB"
        )


def _measured(words: list[str], document: Path) -> tuple[float, float]:
    """Pictures a second, and the largest memory in MB of the command and the processes that it has started."""
    running = subprocess.Popen(
        [sys.executable, "-m", "heatcam", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            peak[0] = max(peak[0], _memory_mb(running.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    running.wait()
    ended.set()
    watcher.join()
    told = json.loads(document.read_text())
    return told["pictures"] / told["seconds"], peak[0]


def _memory_mb(pid: int) -> float:
    """Memory of a process and all that it has started that no other process has (Linux: what is shared counts in parts)."""
    total = 0.0
    for place in (pid, *_children(pid)):
        try:
            lines = Path(f"/proc/{place}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended
            continue
        total += sum(float(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def _children(pid: int) -> list[int]:
    """Processes that one has started, and those that these have."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        own = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [each for child in own for each in (child, *_children(child))]


if __name__ == "__main__":
    main()
