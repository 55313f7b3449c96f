"""Control maps that do not use the network: every method has to beat them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from heatcam.evaluation.choices import CONTROL
from heatcam.evaluation.curves import cut_to_box
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation import edge_strength

PLAIN_BOX = f"{CONTROL}plain box"
_NOISE_CELLS = 20, 12  # along x and y


@dataclass(frozen=True)
class Scene:
    """Inputs of a control map.

    Attributes:
        boxed_bgr: the letterboxed picture, uint8 ``(H, W, 3)``.
        box_xyxy: ``(4,)``, the object in model pixels.
        cell_xyxy: ``(4,)``, the cell of the head that the object was found in, in model pixels.
        rng: for noise; each object has its own.
    """

    boxed_bgr: Uint8Array
    box_xyxy: Float32Array
    cell_xyxy: Float32Array
    rng: np.random.Generator

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the map."""
        return self.boxed_bgr.shape[0], self.boxed_bgr.shape[1]


def plain_box(scene: Scene) -> Float32Array:
    """Return 1 in the box and 0 outside: equal pixels are ranked in random order."""
    return cut_to_box(np.ones(scene.shape, np.float32), scene.box_xyxy)


def edges_in_box(scene: Scene) -> Float32Array:
    """Return the strength of edges (blurred absolute Laplacian of the brightness) in the box, 0 outside."""
    return cut_to_box(edge_strength(scene.boxed_bgr), scene.box_xyxy)


def box_gaussian(scene: Scene) -> Float32Array:
    """Return a Gaussian around the middle of the box; its standard deviation is a quarter of each side."""
    left, top, right, bottom = scene.box_xyxy
    columns, rows = np.arange(scene.shape[1]) + 0.5, np.arange(scene.shape[0]) + 0.5
    along_x = ((columns - (left + right) / 2) / max((right - left) / 4, 1)) ** 2
    along_y = ((rows - (top + bottom) / 2) / max((bottom - top) / 4, 1)) ** 2
    return np.asarray(np.exp(-(along_y[:, None] + along_x) / 2), np.float32)


def one_cell(scene: Scene) -> Float32Array:
    """Return 1 in the one cell of the head that the object was found in, 0 outside."""
    return cut_to_box(np.ones(scene.shape, np.float32), scene.cell_xyxy)


def random_noise(scene: Scene) -> Float32Array:
    """Return smooth random noise."""
    coarse = scene.rng.random(_NOISE_CELLS[::-1], np.float32)
    return np.asarray(cv2.resize(coarse, scene.shape[::-1]), np.float32)


#: Controls by the name of their row: each makes a map, float32 ``(H, W)`` over the letterbox, never negative, from a scene.
CONTROLS: dict[str, Callable[[Scene], Float32Array]] = {
    PLAIN_BOX: plain_box,
    f"{CONTROL}edges in box": edges_in_box,
    f"{CONTROL}box gaussian": box_gaussian,
    f"{CONTROL}one cell": one_cell,
    f"{CONTROL}random": random_noise,
}
