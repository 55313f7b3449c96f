"""Maps by masks, their cost and agreement: ``python benchmarks/black_boxes.py model.onnx photos/*.jpg --network model.pt``.

The black box finds the objects and makes both kinds of maps by masks; the network that it was exported from makes the fine map.
Agreement is Spearman's rank correlation over the cells in each object's box, between each pair of maps; the control is the same
with the fine map turned by half a turn in its box.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from heatcam.blackbox.masking import PLANS, MaskExplainer
from heatcam.blackbox.opening import open_black_box
from heatcam.enums import FINE_MAP
from heatcam.frames import Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array, overlaps
from heatcam.measures.evidence import cells_in_box, relative_error
from heatcam.measures.ranks import rank_correlation
from heatcam.options import ExplainOptions
from heatcam.perturbation.crops import resized
from heatcam.saliency.factory import build_explainer
from heatcam.sources.opening import open_source

TURNED = "fine map turned by 180 degrees"
SAME = 0.8  # overlap from which a box of both is one object


def inside(own: SaliencyMap, box_xyxy: Float32Array, shape_hw: tuple[int, int]) -> Float32Array:
    """Return a map's cells in a box, at the resolution of the maps by masks."""
    return cells_in_box(resized(own.values, shape_hw), own.letterbox, box_xyxy)


def maps_of(found: dict[str, Explanation]) -> Iterator[tuple[Float32Array, dict[str, SaliencyMap]]]:
    """Yield the box and the maps of each object that is found by all."""
    first = next(iter(found.values()))
    for n, box in enumerate(first.detections.boxes_xyxy):
        own = {}
        for name, seen in found.items():
            shared = overlaps(seen.detections.boxes_xyxy, box[None])[:, 0]
            shared[seen.detections.class_ids != first.detections.class_ids[n]] = 0
            if seen.object_maps and shared.max(initial=0) > SAME:
                own[name] = seen.object_maps[int(shared.argmax())]
        if len(own) == len(found):
            yield box, own


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--network", required=True)
    parser.add_argument("--imgsz", type=int)
    parser.add_argument("--masks", type=int, default=1000)
    asked = parser.parse_args()
    options = ExplainOptions(imgsz=asked.imgsz, conf=0.4)
    box = open_black_box(asked.model, options)
    network = build_explainer(
        asked.network, None, ExplainOptions(imgsz=asked.imgsz, conf=0.25, quality=FINE_MAP, backend="torch")
    )
    agreed: dict[tuple[str, str], list[float]] = defaultdict(list)
    costs: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for photo in asked.photos:
        with open_source(photo) as source:
            image: Frame = next(iter(source))
        found = {name: MaskExplainer(box, box.predict, name, asked.masks).explain(image) for name in PLANS}
        for name, seen in found.items():
            if seen.saliency is not None and seen.saliency.trials:
                error = relative_error(seen.saliency) or 0.0
                costs[name].append((seen.saliency.trials, seen.saliency.seconds, error))
        found[FINE_MAP] = network.explain(image, with_object_maps=True)
        for place, own in maps_of(found):
            shape_hw = next(iter(own.values())).values.shape
            cells = {name: inside(each, place, (shape_hw[0], shape_hw[1])) for name, each in own.items()}
            cells[TURNED] = cells[FINE_MAP][::-1, ::-1]
            for a, b in ((a, b) for a in cells for b in cells if a < b):
                agreement = rank_correlation(cells[a], cells[b])
                if agreement is not None:
                    agreed[a, b].append(agreement)
        print(
            photo,
            {
                name: (seen.saliency.trials, seen.saliency.seconds)
                for name, seen in found.items()
                if seen.saliency
            },
        )
    show(agreed, costs)


def show(
    agreed: dict[tuple[str, str], list[float]], costs: dict[str, list[tuple[float, float, float]]]
) -> None:
    """Print what was measured."""
    console = Console()
    cost = Table(
        "map", "pictures", "masks", "seconds a picture", "ms a mask", "error, of its peak", title="cost"
    )
    for name, rows in costs.items():
        masks, seconds, error = np.median(np.array(rows), 0)
        each = 1e3 * np.sum([r[1] for r in rows]) / np.sum([r[0] for r in rows])
        cost.add_row(name, str(len(rows)), f"{masks:.0f}", f"{seconds:.1f}", f"{each:.0f}", f"{error:.1%}")
    console.print(cost)
    table = Table("maps", "objects", "mean rank correlation", "quartiles", title="agreement in the box")
    for (a, b), values in sorted(agreed.items()):
        low, high = np.quantile(values, (0.25, 0.75))
        table.add_row(f"{a} / {b}", str(len(values)), f"{np.mean(values):+.2f}", f"{low:+.2f} to {high:+.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
