"""How true each method's maps are: ``python benchmarks/faithfulness.py MODEL.pt PHOTO... [--write]``.

Each detection's own map, cut to its box as the picture shows it, by insertion and deletion (``heatcam.evaluation.curves``),
beside a plain box and noise. ``--write`` stores the differences where ``heatcam methods`` finds them.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from heatcam.engine.gradients import GradientEngine
from heatcam.engine.pictures import picture_tensor
from heatcam.evaluation.curves import PROTOCOL, Curves, curves_of, cut_to_box, over_letterbox
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.saliency.building import build_explainer
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import METHODS
from heatcam.saliency.options import ExplainOptions

STORED = Path(str(files("heatcam.saliency"))) / "faithfulness.json"
CONTROLS = ("control: plain box", "control: random in box")
CONFIDENCE, MOST_OBJECTS = 0.4, 4  # a photograph


def control(name: str, shape: tuple[int, int]) -> Float32Array:
    """A map that knows nothing, float32 ``shape``: flat (ties broken by noise), or soft noise."""
    rng = np.random.default_rng(0)
    if name == CONTROLS[0]:
        return np.asarray(1 + 1e-3 * rng.random(shape), np.float32)
    soft = cv2.resize(rng.random((12, 20)), (shape[1], shape[0]))
    return np.asarray(soft, np.float32)


def measured(explainer: Explainer, image: Uint8Array, name: str) -> list[Curves]:
    """The curves of one method, or control, for each of a photograph's strongest objects."""
    engine = explainer.engine
    if not isinstance(engine, GradientEngine):
        raise SystemExit("this measures detectors")
    seen = explainer.explain(image, with_object_maps=True)
    letterbox, _ = explainer.prepare(image)
    clear = letterbox.image_to_model(image)
    boxes = letterbox.boxes_to_model(seen.detections.boxes_xyxy)
    found = []
    for number in range(min(MOST_OBJECTS, len(seen.detections))):
        values = (
            control(name, letterbox.model_wh[::-1])
            if name in CONTROLS
            else over_letterbox(seen.object_maps[number].values, letterbox.model_wh)
        )
        cut = cut_to_box(values, boxes[number])
        class_id = int(seen.detections.class_ids[number])
        found.append(curves_of(partial(predicted, engine), clear, cut, boxes[number], class_id))
    return found


def predicted(engine: GradientEngine, boxed_bgr: Uint8Array) -> tuple[Float32Array, Float32Array]:
    """All boxes and class scores of a letterboxed picture, as NumPy."""
    boxes, scores = engine.predictions(picture_tensor(boxed_bgr, engine.device))
    return np.asarray(boxes.cpu()), np.asarray(scores.cpu())


def main() -> None:
    """Measure, print the table, and store it if asked."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model")
    asked.add_argument("photographs", nargs="+", type=Path)
    asked.add_argument("--write", action="store_true")
    given = asked.parse_args()
    rows: dict[str, list[Curves]] = {}
    names = [*METHODS, *CONTROLS]
    with Progress() as progress:
        task = progress.add_task("measuring", total=len(names) * len(given.photographs))
        for name in names:
            method = "live" if name in CONTROLS else name
            options = ExplainOptions(conf=CONFIDENCE, backend="torch", method=method)
            explainer = build_explainer(given.model, None, options)
            for path in given.photographs:
                image = cv2.imread(str(path))
                if image is None:
                    raise SystemExit(f"{path} is no picture")
                rows.setdefault(name, []).extend(measured(explainer, np.asarray(image, np.uint8), name))
                progress.advance(task)
    objects = len(rows["live"])
    table = Table("map, cut to its box", "insertion", "deletion", "difference", title=f"{objects} objects")
    differences = {name: float(np.mean([c.difference for c in curves])) for name, curves in rows.items()}
    for name in sorted(rows, key=lambda n: -differences[n]):
        means = [np.mean([getattr(c, part) for c in rows[name]]) for part in ("insertion", "deletion")]
        table.add_row(name, *(f"{mean:.3f}" for mean in means), f"{differences[name]:.3f}")
    Console().print(table)
    if given.write:
        facts = {
            "protocol": PROTOCOL,
            "model": Path(given.model).stem,
            "photographs": [path.name for path in given.photographs],
            "objects": objects,
            "insertion_minus_deletion": {name: round(value, 3) for name, value in differences.items()},
        }
        STORED.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
