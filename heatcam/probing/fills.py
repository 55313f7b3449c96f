"""Covers laid over places of a picture.

A cover is laid in the picture's own pixels, before the letterbox, so that every backend and head sees the same. ``blur`` takes
detail away and leaves colours, ``grey`` is the letterbox's own, ``noise`` is even random colours, the same each time, and
``background`` carries the surroundings in (Telea, "An Image Inpainting Technique Based on the Fast Marching Method", 2004).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from heatcam.enums import Fill
from heatcam.geometry import PAD_GREY, Float32Array, Uint8Array

_BLUR = 0.25  # sigma, of the cover's shorter side
_MARGIN = 0.5  # of the cover's sides: how much around it is carried in
_INPAINTED = 192  # pixels of the longer side that inpainting is done at, as it is slow

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class CoverPatch:
    """Pixels that cover a place.

    Attributes:
        left, top: of its first pixel in the picture.
        pixels: uint8 ``(h, w, 3)``, BGR, inside the picture.
    """

    left: int
    top: int
    pixels: Uint8Array


def patches_of(image_bgr: Uint8Array, covers_xyxy: Float32Array, fill: Fill) -> tuple[CoverPatch, ...]:
    """Make the pixels that cover places of a picture.

    Args:
        image_bgr: uint8 ``(H, W, 3)``, not changed.
        covers_xyxy: float ``(N, 4)`` in image pixels; parts outside of the picture are left out.
        fill: how.

    Returns:
        One for each cover that is in the picture, each made of the bare picture.
    """
    limits = np.array([image_bgr.shape[1], image_bgr.shape[0]] * 2)
    whole = np.rint(np.asarray(covers_xyxy, np.float64).reshape(-1, 4)).clip(0, limits).astype(int)
    return tuple(
        CoverPatch(x1, y1, _FILLS[fill](image_bgr, (x1, y1, x2, y2)))
        for x1, y1, x2, y2 in whole.tolist()
        if x2 > x1 and y2 > y1
    )


def laid(image_bgr: Uint8Array, patches: Sequence[CoverPatch]) -> Uint8Array:
    """Return a new picture with patches laid over it, the last one on top."""
    picture: Uint8Array = image_bgr.copy()
    for patch in patches:
        height, width = patch.pixels.shape[:2]
        picture[patch.top : patch.top + height, patch.left : patch.left + width] = patch.pixels
    return picture


def covered(image_bgr: Uint8Array, covers_xyxy: Float32Array, fill: Fill) -> Uint8Array:
    """Cover places of a picture: ``patches_of`` laid over it. Returns uint8 ``(H, W, 3)``, a new picture."""
    return laid(image_bgr, patches_of(image_bgr, covers_xyxy, fill))


def _blurred(image: Uint8Array, box: Box) -> Uint8Array:
    """Blur the place with its surroundings, so that its edges take on what is around it."""
    part, inside = _around(image, box)
    sigma = max(1.0, _BLUR * min(box[2] - box[0], box[3] - box[1]))
    step = max(1, round(sigma / 4))  # a wide blur is as good at a smaller size, and quick
    small = cv2.resize(part, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma / step, borderType=cv2.BORDER_REPLICATE)
    large = cv2.resize(soft, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[inside], np.uint8)


def _grey(_image: Uint8Array, box: Box) -> Uint8Array:
    return np.full((box[3] - box[1], box[2] - box[0], 3), PAD_GREY, np.uint8)


def _noise(_image: Uint8Array, box: Box) -> Uint8Array:
    random = np.random.default_rng(box)
    return random.integers(0, 256, (box[3] - box[1], box[2] - box[0], 3), np.uint8)


def _background(image: Uint8Array, box: Box) -> Uint8Array:
    """Carry the surroundings in, at a smaller size where the place is large."""
    part, inside = _around(image, box)
    scale = min(1.0, _INPAINTED / max(part.shape[:2]))
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    missing = np.zeros(part.shape[:2], np.uint8)
    missing[inside] = 255
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(missing, size, interpolation=cv2.INTER_NEAREST)
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))  # mixed pixels at the edge belong to the object
    if mask.all():  # nothing around it to carry in
        return _grey(image, box)
    filled = cv2.inpaint(small, mask, 3, cv2.INPAINT_TELEA)
    large = cv2.resize(filled, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[inside], np.uint8)


def _around(image: Uint8Array, box: Box) -> tuple[Uint8Array, tuple[slice, slice]]:
    """Return the place with its surroundings, and where in them it lies."""
    x1, y1, x2, y2 = box
    wide, tall = int(_MARGIN * (x2 - x1)) + 2, int(_MARGIN * (y2 - y1)) + 2
    left, top = max(0, x1 - wide), max(0, y1 - tall)
    part = image[top : y2 + tall, left : x2 + wide]
    return part, (slice(y1 - top, y2 - top), slice(x1 - left, x2 - left))


_FILLS: dict[Fill, Callable[[Uint8Array, Box], Uint8Array]] = {
    Fill.BLUR: _blurred,
    Fill.GREY: _grey,
    Fill.NOISE: _noise,
    Fill.BACKGROUND: _background,
}
