"""Hard negatives: scenes without a marker in which the shipped model sees one, for a further round of training.

Photographs are looked at from near and from far away, where leaves, gravel and crowds become the grain of which codes are made.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

import heatcam
from training.dataset import stock
from training.leaves import read_crown, training_crowns
from training.scenes import negative_scene

#: A box of this confidence makes a scene a hard negative.
FIRES = 0.1
_STREAM = 3


def mine(folder: Path, looked_at: int, seed: int, side: int) -> int:
    """Add to the training scenes in ``folder`` those of ``looked_at`` marker-free ones in which ``markers`` fires.

    Returns:
        How many were added; their names begin with ``hard-``.
    """
    explainer = heatcam.load("markers", imgsz=side, conf=FIRES).explainer
    photographs, _ = stock("train")
    crowns = [read_crown(path) for path in training_crowns()]
    found = 0
    for index in range(looked_at):
        image = negative_scene(np.random.default_rng([seed, _STREAM, index]), photographs, side, crowns)
        if len(explainer.explain(image, with_map=False).detections):
            cv2.imwrite(str(folder / "images" / "train" / f"hard-{index:06d}.png"), image)
            (folder / "labels" / "train" / f"hard-{index:06d}.txt").write_text("")
            found += 1
        if index % 250 == 249:
            print(f"{found} hard negatives in {index + 1} scenes", flush=True)
    return found
