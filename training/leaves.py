"""Real foliage for hard negatives: crowns of trees and shrubs, cut out, set before one another until they are a thicket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from training.cutouts import FOLDER, read_cutout
from training.surfaces import Picture

#: Of Debian's tuxpaint-stamps-default; all of them are seen in training, none where the model is judged.
CROWNS = (
    "plants/trees/birch.png", "plants/trees/holm_oak.png", "plants/trees/tree336.png", "plants/trees/liberia-palm.png",
    "plants/thyme.png", "plants/lavender.png", "plants/lettuce_bolted.png",
)  # fmt: skip
#: Share of each cutout's height, from above, that is leaves rather than trunk.
_CROWN = 0.78


def training_crowns() -> list[Path]:
    """Those that are installed."""
    return [path for name in CROWNS if (path := FOLDER / name).is_file()]


def read_crown(path: Path) -> Picture:
    """A crown without its trunk as uint8 BGRA ``[H x W x 4]``."""
    cutout = read_cutout(path)
    return cutout[: int(cutout.shape[0] * _CROWN)]


def thicket(rng: np.random.Generator, crowns: Sequence[Picture], size: int) -> Picture:
    """Leaves as far as one sees, uint8 BGR ``[size x size x 3]``: in shade or light, green or nearly grey, near or far."""
    canvas = np.full((size, size, 3), rng.uniform(5, 60), np.float32)
    kinds = rng.permutation(len(crowns))[: int(rng.integers(1, 4))]
    reach = float(np.exp(rng.uniform(np.log(0.2), np.log(1.2)))) * size
    for _ in range(int(min(120, 4 + rng.uniform(3, 9) * (size / reach) ** 2))):
        _set(rng, canvas, crowns[int(rng.choice(kinds))], reach * rng.uniform(0.7, 1.4))
    grey = canvas.mean(axis=2, keepdims=True)
    colourful = np.float32(rng.uniform(0.0, 1.2))
    light = rng.uniform(25, 120) / max(float(grey.mean()), 1.0) * rng.uniform(0.9, 1.1, 3)
    graded = (grey + colourful * (canvas - grey)) * np.float32(light)
    haze = np.float32(rng.uniform(0, 45))
    return np.asarray((graded + haze).clip(0, 255).astype(np.uint8))


def _set(rng: np.random.Generator, canvas: Picture, crown: Picture, reach: float) -> None:
    """One crown, mirrored and tilted, its longer side ``reach`` pixels, drawn into ``canvas`` (float32)."""
    size, (height, width) = canvas.shape[0], crown.shape[:2]
    scale = reach / max(height, width)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(0, 25)), scale)
    matrix[:, 2] += rng.uniform(-0.1, 1.1, 2) * size - (width / 2, height / 2)
    seen = crown[:, ::-1] if rng.random() < 0.5 else crown
    light = np.float32(rng.uniform(0.5, 1.2))
    solid = seen.astype(np.float32)
    solid[..., :3] *= solid[..., 3:] / 255 * light
    if scale < 1:
        solid = cv2.GaussianBlur(solid, (0, 0), 0.35 / scale)
    laid = cv2.warpAffine(solid, matrix, (size, size), flags=cv2.INTER_LINEAR)
    canvas *= 1 - laid[..., 3:] / 255
    canvas += laid[..., :3]
