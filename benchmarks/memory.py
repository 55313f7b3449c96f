"""Whether memory stays flat: ``python benchmarks/memory.py MODEL.pt``, 10,000 frames with their heat maps.

Frames of the demo scene are explained and drawn; resident memory is read after a warm-up and at the end. The network's input is
kept small, because what could leak (graphs, hooks, compiled shapes, arrays) does not depend on its size, and time does.
"""

from __future__ import annotations

import argparse
import gc
import itertools
from pathlib import Path

from rich.console import Console
from rich.progress import track

from heatcam.options import ExplainOptions
from heatcam.overlay import OverlayOptions, Status, draw
from heatcam.saliency.factory import build_explainer
from heatcam.sources.opening import open_source

WARM_UP = 500
SCENE_FRAMES = 64  # rendered once: the scene is slower than the network
STATUS = Status("HEATMAP", 25.0, 36.0, 4.0)


def resident_mb() -> float:
    """Memory of this process that is in use, in MB (Linux)."""
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Measure and print one line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model")
    asked.add_argument("--backend", default="torch")
    asked.add_argument("--quality", default="live")
    asked.add_argument("--frames", type=int, default=10_000)
    asked.add_argument("--imgsz", type=int, default=160)
    given = asked.parse_args()
    options = ExplainOptions(imgsz=given.imgsz, conf=0.05, backend=given.backend, quality=given.quality)
    explainer = build_explainer(given.model, None, options)
    with open_source("demo") as source:
        scene = [frame.image_bgr[::2, ::2].copy() for frame in itertools.islice(source, SCENE_FRAMES)]
    objects, before = 0, 0.0
    for number in track(range(WARM_UP + given.frames), description=explainer.engine.name):
        if number == WARM_UP:
            gc.collect()
            before = resident_mb()
        seen = explainer.explain(scene[number % len(scene)], with_object_maps=number % 50 == 0)
        draw(seen, OverlayOptions(), STATUS)
        objects += len(seen.detections)
    gc.collect()
    after = resident_mb()
    Console().print(
        f"{explainer.title}, {explainer.engine.name}, {given.quality}: {before:.0f} MB after {WARM_UP} frames, "
        f"{after:.0f} MB after {given.frames} more ({after - before:+.1f} MB); {objects} objects in all"
    )


if __name__ == "__main__":
    main()
