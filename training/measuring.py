"""How good the shipped model is: through ``heatcam.load("markers")``, so that what is shipped is what is measured."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import heatcam
from heatcam.sources.demo import DemoScene
from heatcam.sources.demo.markers import MARKER_CLASSES
from training.card import write_card
from training.cutouts import training_cutouts
from training.exporting import EMBEDDED
from training.photographs import (
    held_out_photographs,
    judged_photographs,
    read_photograph,
    training_photographs,
)

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
#: What counts as detected in the tables: heatcam's default confidence.
TABLE_CONFIDENCE = 0.25
#: Above this confidence nothing may be detected on a photograph without markers.
ALARM_CONFIDENCE = 0.5
#: Longer side of a marker's box in pixels of the 320 px scene: up to and without.
SIZES = {"small": (0, 32), "medium": (32, 96), "large": (96, 10_000)}
_DEMO_FRAMES = range(0, 3600, 60)


@dataclass(frozen=True)
class Boxes:
    """Boxes ``xyxy`` float64 ``[N x 4]`` in picture pixels, class ids int64 ``[N]``, confidences ``[N]`` (1 for the truth)."""

    xyxy: NDArray[np.float64]
    class_ids: NDArray[np.int64]
    confidences: NDArray[np.float64]

    def above(self, confidence: float) -> Boxes:
        """Only the boxes of at least that confidence."""
        keep = self.confidences >= confidence
        return Boxes(self.xyxy[keep], self.class_ids[keep], self.confidences[keep])


@dataclass(frozen=True)
class Judged:
    """One picture: what is in it, and what the model found."""

    truth: Boxes
    found: Boxes


def evaluate(dataset: Path, imgsz: int) -> dict[str, Any]:
    """Measure, print, and write the numbers into ``markers.json`` and ``CARD.md``."""
    explainer = heatcam.load("markers", imgsz=imgsz, conf=0.001).explainer
    scenes = judge_scenes(explainer, dataset)
    metrics = {
        "held_out_scenes": len(scenes),
        "held_out_markers": int(sum(len(scene.truth.class_ids) for scene in scenes)),
        **average_precision(scenes),
        "confusion": confusion(scenes),
        "recall_by_size": recall_by_size(scenes),
        "photographs": false_detections(explainer),
        "demo_scene": _demo_scene(explainer),
    }
    _store(metrics)
    print(json.dumps(metrics, indent=1))
    return metrics


def judge_scenes(explainer: Any, dataset: Path) -> list[Judged]:
    """Run the model over the held-out scenes.

    Raises:
        FileNotFoundError: there are none.
    """
    paths = sorted((dataset / "images" / "held-out").glob("*.png"))
    if not paths:
        raise FileNotFoundError(f"{dataset} holds no held-out scenes: python -m training render")
    return [_judge_scene(explainer, path) for path in paths]


def average_precision(scenes: list[Judged]) -> dict[str, Any]:
    """mAP50 and mAP50-95 over the classes, and AP50 of each class, as ultralytics computes them."""
    from ultralytics.utils.metrics import ap_per_class

    hits = np.concatenate([match(scene) for scene in scenes])
    confidences = np.concatenate([scene.found.confidences for scene in scenes])
    found = np.concatenate([scene.found.class_ids for scene in scenes])
    wanted = np.concatenate([scene.truth.class_ids for scene in scenes])
    result = ap_per_class(hits, confidences, found, wanted)
    precision, classes = np.asarray(result[5]), np.asarray(result[6])
    return {
        "map50": _round(precision[:, 0].mean()),
        "map50_95": _round(precision.mean()),
        "ap50": {MARKER_CLASSES[i]: _round(row[0]) for i, row in zip(classes, precision, strict=True)},
        "ap50_95": {MARKER_CLASSES[i]: _round(row.mean()) for i, row in zip(classes, precision, strict=True)},
    }


def match(scene: Judged) -> NDArray[np.bool_]:
    """Which found boxes are right at each IoU threshold, bool ``[N x 10]``.

    The surest box chooses first, among the markers of its class that are still free.
    """
    right = np.zeros((len(scene.found.class_ids), len(IOU_THRESHOLDS)), bool)
    overlap = iou(scene.found.xyxy, scene.truth.xyxy)
    overlap[scene.found.class_ids[:, None] != scene.truth.class_ids[None]] = 0
    for column, threshold in enumerate(IOU_THRESHOLDS):
        free = overlap.copy()
        for row in np.argsort(-scene.found.confidences, kind="stable"):
            best = int(free[row].argmax()) if free.shape[1] else -1
            if best >= 0 and free[row, best] >= threshold:
                right[row, column] = True
                free[:, best] = 0
    return right


def confusion(scenes: list[Judged]) -> dict[str, dict[str, int]]:
    """Markers of each class by what they were taken for, at ``TABLE_CONFIDENCE`` and IoU 0.5.

    The column ``missed`` counts markers that no box covers, the row ``nothing`` boxes that cover no marker.
    """
    columns = (*MARKER_CLASSES, "missed")
    table = {row: dict.fromkeys(columns, 0) for row in (*MARKER_CLASSES, "nothing")}
    for scene in scenes:
        found = scene.found.above(TABLE_CONFIDENCE)
        overlap = iou(found.xyxy, scene.truth.xyxy)
        taken: set[int] = set()
        for column, class_id in enumerate(scene.truth.class_ids):
            row = _best_cover(overlap[:, column], found.class_ids == class_id, taken)
            as_what = "missed" if row is None else MARKER_CLASSES[found.class_ids[row]]
            table[MARKER_CLASSES[class_id]][as_what] += 1
            taken |= set() if row is None else {row}
        for row in set(range(len(found.class_ids))) - taken:
            table["nothing"][MARKER_CLASSES[found.class_ids[row]]] += 1
    return table


def _best_cover(overlap: NDArray[np.float64], same_class: NDArray[np.bool_], taken: set[int]) -> int | None:
    """The free box that covers a marker best, one of its own class before any other."""
    rows = [row for row in np.flatnonzero(overlap >= 0.5) if row not in taken]
    return int(max(rows, key=lambda row: (same_class[row], overlap[row]))) if rows else None


def recall_by_size(scenes: list[Judged]) -> dict[str, dict[str, list[int]]]:
    """``[found, all]`` by class and size, at ``TABLE_CONFIDENCE`` and IoU 0.5 with the right class."""
    table = {name: {size: [0, 0] for size in SIZES} for name in MARKER_CLASSES}
    for scene in scenes:
        found = scene.found.above(TABLE_CONFIDENCE)
        overlap = iou(found.xyxy, scene.truth.xyxy)
        for column, (class_id, box) in enumerate(zip(scene.truth.class_ids, scene.truth.xyxy, strict=True)):
            longer = max(box[2] - box[0], box[3] - box[1])
            size = next(name for name, (low, high) in SIZES.items() if low <= longer < high)
            cell = table[MARKER_CLASSES[class_id]][size]
            cell[0] += bool(((overlap[:, column] >= 0.5) & (found.class_ids == class_id)).any())
            cell[1] += 1
    return table


def false_detections(explainer: Any) -> dict[str, Any]:
    """What is found on photographs without markers: their number, the boxes at ``ALARM_CONFIDENCE``, the surest of each."""
    surest: dict[str, list[Any]] = {}
    alarms = 0
    for path in judged_photographs():
        found = _find(explainer, read_photograph(path))
        alarms += len(found.above(ALARM_CONFIDENCE).class_ids)
        if len(found.confidences):
            best = int(found.confidences.argmax())
            surest[path.name] = [MARKER_CLASSES[found.class_ids[best]], _round(found.confidences[best])]
        else:
            surest[path.name] = ["", 0.0]
    known = {
        "trained_on": len(training_photographs()),
        "held_out": len(held_out_photographs()),
        "cutouts": len(training_cutouts()),
    }
    return {**known, "judged": len(surest), "alarms_at_0.5": alarms, "surest": surest}


def _demo_scene(explainer: Any) -> dict[str, Any]:
    """Markers of the demo scene that are found with the right class, and boxes where there is none."""
    scene, judged = DemoScene(seed=0), []
    for frame_index in _DEMO_FRAMES:
        rendered = scene.render(frame_index)
        class_ids = np.array([MARKER_CLASSES.index(box.class_name) for box in rendered.boxes], np.int64)
        truth = Boxes(np.array([box.box_xyxy for box in rendered.boxes]), class_ids, np.ones(len(class_ids)))
        judged.append(Judged(truth, _find(explainer, rendered.image_bgr).above(TABLE_CONFIDENCE)))
    hits = sum(int(match(one)[:, 0].sum()) for one in judged)
    return {
        "frames": len(judged),
        "markers": sum(len(one.truth.class_ids) for one in judged),
        "found": hits,
        "false": sum(len(one.found.class_ids) for one in judged) - hits,
    }


def iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of every box of ``a`` with every box of ``b``: ``[len(a) x len(b)]``."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(axis=1), (b[:, 2:] - b[:, :2]).prod(axis=1)
    return np.asarray(shared / np.maximum(area_a[:, None] + area_b[None] - shared, 1e-9))


def _judge_scene(explainer: Any, path: Path) -> Judged:
    image = cv2.imread(str(path))
    labels = path.parents[2] / "labels" / path.parent.name / f"{path.stem}.txt"
    return Judged(read_labels(labels.read_text(), image.shape[1], image.shape[0]), _find(explainer, image))


def read_labels(text: str, width: int, height: int) -> Boxes:
    """YOLO lines ``class x y w h`` as boxes in pixels."""
    rows = np.array([line.split() for line in text.splitlines() if line.strip()], float).reshape(-1, 5)
    centre, half = rows[:, 1:3] * (width, height), rows[:, 3:] * (width, height) / 2
    xyxy = np.concatenate([centre - half, centre + half], axis=1)
    return Boxes(xyxy, rows[:, 0].astype(np.int64), np.ones(len(rows)))


def _find(explainer: Any, image: NDArray[np.uint8]) -> Boxes:
    found = explainer.explain(image, with_map=False).detections
    return Boxes(
        found.boxes_xyxy.astype(float).reshape(-1, 4),
        found.class_ids.astype(np.int64),
        found.confidences.astype(float),
    )


def _store(metrics: dict[str, Any]) -> None:
    """Into ``markers.json`` beside the weights they belong to, and into the card."""
    path = EMBEDDED / "markers.json"
    facts = json.loads(path.read_text("utf-8"))
    weights = (EMBEDDED / "markers.safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != facts["sha256"]:
        raise ValueError("markers.json belongs to other weights: python -m training export")
    facts["metrics"] = metrics
    path.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    write_card(facts, weights)


def _round(value: float) -> float:
    return round(float(value), 4)
