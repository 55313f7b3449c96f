"""Candidates written by hand: one level of anchors on a grid, with boxes and logits placed where a test wants them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatcam.frames import AnchorGrid, Candidates, Detections
from heatcam.geometry import Letterbox, overlaps
from heatcam.probing import AskedPlace

SIZE_WH = 320, 320
LETTERBOX = Letterbox.fit(SIZE_WH, 320)
GRID = AnchorGrid(LETTERBOX, (16,))
NAMES = {0: "cat", 1: "dog", 2: "cow"}
QUIET = -10.0
CAT, DOG, COW = range(3)
#: A place in the middle, and the anchor whose point lies nearest to its middle.
BOX = (112.0, 112.0, 208.0, 208.0)


def row_at(x: float, y: float) -> int:
    """The anchor whose cell holds a point of the picture."""
    return int(y // 16) * 20 + int(x // 16)


def candidates(
    placed: Sequence[tuple[tuple[float, float, float, float], dict[int, float]]] = (),
    *,
    conf: float = 0.25,
    iou: float = 0.7,
    max_det: int = 300,
    suppresses: bool = True,
    level: float = QUIET,
) -> Candidates:
    """Anchors everywhere with boxes of one cell and quiet logits that differ a little; those placed have the logits given.

    What is kept is worked out here in the plainest way, apart from the code that is tested.
    """
    points, levels = GRID.points()
    boxes = np.concatenate((points - 8, points + 8), 1).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 0.5, (len(points), len(NAMES)))
    logits = (level + noise).astype(np.float32)
    for box, own in placed:
        row = row_at((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        while (logits[row] > level + 4).any():  # (taken: the next anchor)
            row += 1
        boxes[row] = box
        for class_id, logit in own.items():
            logits[row, class_id] = logit
    kept = _kept(boxes, logits, conf, iou, max_det, suppresses)
    return Candidates(
        kept, boxes, logits, points, np.full(len(levels), 16), LETTERBOX, NAMES, conf, iou, max_det, suppresses
    )  # fmt: skip


def _kept(boxes, logits, conf, iou, max_det, suppresses) -> Detections:
    scores = 1 / (1 + np.exp(-logits.astype(np.float64)))
    pairs = [(scores[r, c], r, c) for r, c in zip(*np.nonzero(scores > conf), strict=True)]
    kept: list[tuple[float, int, int]] = []
    for score, row, class_id in sorted(pairs, reverse=True):
        if suppresses and scores[row].argmax() != class_id:
            continue
        rivals = [r for _, r, c in kept if c == class_id]
        if suppresses and rivals and overlaps(boxes[rivals], boxes[row : row + 1]).max() > iou:
            continue
        kept.append((score, row, class_id))
    kept = kept[:max_det]
    rows, classes = np.array([r for _, r, _ in kept], np.int64), np.array([c for *_, c in kept], np.int64)
    return Detections(
        boxes[rows].clip(0, 320),
        np.array([s for s, *_ in kept], np.float32),
        classes,
        rows,
        tuple(NAMES[int(c)] for c in classes),
    )


def place(class_id: int = DOG, box: tuple[float, float, float, float] = BOX) -> AskedPlace:
    return AskedPlace(box, class_id, NAMES[class_id])
