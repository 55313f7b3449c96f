"""Demo scene: cards with markers that drift, turn and tilt over photographs. Every frame is a pure function of its index.

``DemoScene(seed=0).render(frame_index)`` returns the picture and the true boxes; nothing depends on the frames before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from heatcam.sources.demo.backdrop import Backdrop
from heatcam.sources.demo.cards import Card, print_card
from heatcam.sources.demo.choreography import card_moment
from heatcam.sources.demo.markers import MARKER_CLASSES
from heatcam.sources.demo.perspective import Pose, box_around, card_homography, card_normal, map_points

_LIGHT = np.array([-0.42, -0.55, -0.72])  # direction of the light: over the viewer's left shoulder
_LEAST_FACING = 0.4  # a card more edge-on than this (cosine) has no box: nobody could read it
_SHADOW_SCALE = 8  # shadows are soft: drawn at an eighth of the size
_NOISE_SIGMA = 2.2  # of 255: a good webcam indoors


@dataclass(frozen=True)
class TrueBox:
    """Ground truth of a marker: its class and the box around its pattern, ``x1 y1 x2 y2`` in pixels of the picture."""

    class_name: str
    box_xyxy: tuple[float, float, float, float]


@dataclass(frozen=True)
class RenderedScene:
    """One frame: uint8 BGR ``[H x W x 3]``, and every marker in it that faces the camera."""

    image_bgr: NDArray[np.uint8]
    boxes: tuple[TrueBox, ...]


@dataclass(frozen=True)
class _PlacedCard:
    """A card with its pose and the homography ``[3 x 3]`` from its pixels to the picture's."""

    card: Card
    pose: Pose
    homography: NDArray[np.float64]


class DemoScene:
    """A moving scene with known boxes.

    Args:
        size_wh: width and height of the pictures in pixels; each at least 160.
        seed: random seed of the cards and their motion, at least 0.
        fps: frames per second of the scene.

    Raises:
        ValueError: a side below 160 pixels, a rate of 0 or less, or a negative seed.
    """

    def __init__(self, size_wh: tuple[int, int] = (1280, 720), seed: int = 0, fps: float = 30.0) -> None:
        if min(size_wh) < 160:
            raise ValueError(f"size_wh must be at least (160, 160), got {size_wh}")
        if fps <= 0 or seed < 0:
            raise ValueError(f"fps must be above 0 and seed at least 0, got fps {fps} and seed {seed}")
        self.size_wh = size_wh
        self.seed = seed
        self.fps = fps
        self._backdrop = Backdrop(size_wh)
        self._vignette = _vignette(size_wh)
        self._noise = _noise(size_wh)

    def render(self, frame_index: int) -> RenderedScene:
        """Render frame ``frame_index`` (0 or more): a new picture and its true boxes."""
        time_s = frame_index / self.fps
        placed = self._placed(time_s)
        image = self._backdrop.render(time_s)
        self._light(image, placed)
        for each in placed:
            _lay(image, each)
        self._add_noise(image, frame_index)
        return RenderedScene(image, self._boxes(placed))

    def boxes(self, frame_index: int) -> tuple[TrueBox, ...]:
        """Return the true boxes of frame ``frame_index`` without drawing it."""
        return self._boxes(self._placed(frame_index / self.fps))

    def _placed(self, time_s: float) -> list[_PlacedCard]:
        placed = []
        for number, class_name in enumerate(MARKER_CLASSES):
            moment = card_moment(number, len(MARKER_CLASSES), time_s, self.size_wh, self.seed)
            card = _card(class_name, self.seed, moment.edition)
            placed.append(_PlacedCard(card, moment.pose, card_homography(card.size_wh, moment.pose)))
        return placed

    def _boxes(self, placed: list[_PlacedCard]) -> tuple[TrueBox, ...]:
        width, height = self.size_wh
        found = []
        for each in placed:
            if abs(card_normal(each.pose)[2]) < _LEAST_FACING:
                continue
            x1, y1, x2, y2 = box_around(map_points(each.homography, each.card.outline_xy))
            inside = max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))
            found.append(TrueBox(each.card.marker.class_name, inside))
        return tuple(found)

    def _light(self, image: NDArray[np.uint8], placed: list[_PlacedCard]) -> None:
        """Darken the backdrop in place: towards its corners, and in the shadows of the cards."""
        light = self._vignette.copy()
        for each in placed:
            height_px = 26.0 * each.pose.scale  # height of a card above the backdrop
            shift = -_LIGHT[:2] / abs(_LIGHT[2]) * height_px
            corners = (map_points(each.homography, each.card.paper_xy) + shift) / _SHADOW_SCALE
            shade = np.zeros_like(light)
            cv2.fillConvexPoly(shade, np.round(corners * 16).astype(np.int32), 1.0, cv2.LINE_AA, shift=4)
            softness_px = max(0.6, 16.0 * each.pose.scale / _SHADOW_SCALE)
            light *= 1.0 - 0.5 * cv2.GaussianBlur(shade, (0, 0), softness_px)
        gain = cv2.resize((light * 255).astype(np.uint8), self.size_wh, interpolation=cv2.INTER_LINEAR)
        cv2.multiply(image, cv2.merge([gain, gain, gain]), dst=image, scale=1 / 255)

    def _add_noise(self, image: NDArray[np.uint8], frame_index: int) -> None:
        """Add sensor noise in place: a random window of noise that was generated once."""
        width, height = self.size_wh
        top, left = (int(v) for v in np.random.default_rng([self.seed, frame_index]).integers(0, 64, 2))
        brighter, darker = (noise[top : top + height, left : left + width] for noise in self._noise)
        cv2.add(image, brighter, dst=image)
        cv2.subtract(image, darker, dst=image)


@lru_cache(maxsize=64)
def _card(class_name: str, seed: int, edition: int) -> Card:
    return print_card(class_name, seed * 1009 + edition)


def _lay(image: NDArray[np.uint8], placed: _PlacedCard) -> None:
    """Blend a card over the picture in place; only the pixels around it are touched."""
    width, height = placed.card.size_wh
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    x1, y1, x2, y2 = box_around(map_points(placed.homography, corners))
    left, top = max(int(x1), 0), max(int(y1), 0)
    right, bottom = min(int(x2) + 2, image.shape[1]), min(int(y2) + 2, image.shape[0])
    if left >= right or top >= bottom:
        return
    moved = np.array([[1.0, 0.0, -left], [0.0, 1.0, -top], [0.0, 0.0, 1.0]]) @ placed.homography
    window_wh = right - left, bottom - top
    warped = cv2.warpPerspective(placed.card.image_bgra, moved, window_wh, flags=cv2.INTER_LINEAR)
    through = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(warped, 3)), cv2.COLOR_GRAY2BGR)
    paper = cv2.convertScaleAbs(cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR), alpha=_brightness(placed.pose))
    below = image[top:bottom, left:right]
    cv2.multiply(below, through, dst=below, scale=1 / 255)
    cv2.add(below, paper, dst=below)


def _brightness(pose: Pose) -> float:
    """Return the light that a tilted card reflects: ambient and diffuse, about 1 when it faces the light."""
    normal = card_normal(pose)
    normal = normal * np.sign(-normal[2]) if normal[2] else normal
    diffuse = float(normal @ (_LIGHT / np.linalg.norm(_LIGHT)))
    return 0.58 + 0.44 * max(diffuse, 0.0)


def _vignette(size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """Return the light over the backdrop at an eighth of its size, float32 in [0, 1]."""
    width, height = (max(1, side // _SHADOW_SCALE) for side in size_wh)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot(xs / width - 0.45, ys / height - 0.42)
    return np.asarray(0.95 - 0.38 * away**2, dtype=np.float32)


def _noise(size_wh: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the positive and the negative part of the noise, each uint8 BGR and 64 px wider and taller than the picture."""
    width, height = size_wh
    noise = np.random.default_rng(5).normal(0, _NOISE_SIGMA, (height + 64, width + 64, 3)).round()
    return noise.clip(0, 255).astype(np.uint8), (-noise).clip(0, 255).astype(np.uint8)
