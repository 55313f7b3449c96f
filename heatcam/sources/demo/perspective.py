"""Perspective of a flat card seen by a pinhole camera: the homography from card pixels to picture pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pose:
    """Pose of a card: its centre in picture pixels, picture pixels per card pixel, and three angles in radians.

    ``roll`` turns the card in its own plane, ``pitch`` tilts its upper edge away, ``yaw`` its right edge. ``focal_px``
    is the camera's focal length in picture pixels: the smaller, the stronger the perspective.
    """

    centre_xy: tuple[float, float]
    scale: float
    roll: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0
    focal_px: float = 1200.0


def card_homography(card_size_wh: tuple[int, int], pose: Pose) -> NDArray[np.float64]:
    """Return the matrix ``[3 x 3]`` from card pixels to picture pixels; the card's centre lands on ``pose.centre_xy``."""
    rotation = _rotation(pose)
    width, height = card_size_wh
    centred = np.array([[1.0, 0.0, -width / 2], [0.0, 1.0, -height / 2], [0.0, 0.0, 1.0]])
    centred[:2] *= pose.scale
    # A point (u, v) of the card lies at rotation @ (u, v, 0) + (0, 0, focal): unit magnification at the centre.
    plane = np.column_stack([rotation[:, 0], rotation[:, 1], [0.0, 0.0, pose.focal_px]])
    camera = np.array([[pose.focal_px, 0.0, 0.0], [0.0, pose.focal_px, 0.0], [0.0, 0.0, 1.0]])
    shift = np.array([[1.0, 0.0, pose.centre_xy[0]], [0.0, 1.0, pose.centre_xy[1]], [0.0, 0.0, 1.0]])
    return np.asarray(shift @ camera @ plane @ centred, dtype=np.float64)


def card_normal(pose: Pose) -> NDArray[np.float64]:
    """Return the card's unit normal ``[3]`` for shading; its z is negative towards the camera."""
    return np.asarray(-_rotation(pose)[:, 2], dtype=np.float64)


def map_points(homography: NDArray[np.float64], points_xy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map ``[N x 2]`` points in card pixels to ``[N x 2]`` points in picture pixels."""
    mapped = cv2.perspectiveTransform(np.asarray(points_xy, np.float32)[None], homography)
    return np.asarray(mapped[0], dtype=np.float32)


def box_around(points_xy: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Return the bounding box ``(x1, y1, x2, y2)`` of ``[N x 2]`` points."""
    x1, y1 = points_xy.min(axis=0)
    x2, y2 = points_xy.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def _rotation(pose: Pose) -> NDArray[np.float64]:
    """Return the rotation matrix, yaw after pitch after roll, ``[3 x 3]``."""
    cr, sr = np.cos(pose.roll), np.sin(pose.roll)
    cp, sp = np.cos(pose.pitch), np.sin(pose.pitch)
    cy, sy = np.cos(pose.yaw), np.sin(pose.yaw)
    roll = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    pitch = np.array([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
    yaw = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    return np.asarray(yaw @ pitch @ roll, dtype=np.float64)
