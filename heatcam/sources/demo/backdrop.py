"""Backdrop of the cards: photographs that come with ultralytics, a rendered desk, and a camera that moves slowly over them."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

PHOTOGRAPHS: Final = ("bus.jpg", "zidane.jpg")
SECONDS_EACH: Final = 10.0
FADE_S: Final = 0.8
_ROOM = 1.16  # size of a backdrop relative to the picture, so that the camera can wander over it


class Backdrop:
    """Photographs one after another, each crossfading into the next, under a camera that wanders and zooms.

    Args:
        size_wh: width and height of the pictures in pixels.
    """

    def __init__(self, size_wh: tuple[int, int]) -> None:
        self._size_wh = size_wh
        self._plates = [_cover(image, size_wh) for image in (*_photographs(), render_desk())]

    def render(self, time_s: float) -> NDArray[np.uint8]:
        """Render the backdrop at ``time_s`` seconds: a new uint8 BGR picture ``[H x W x 3]``."""
        number, within_s = divmod(time_s, SECONDS_EACH)
        picture = self._view(int(number), time_s)
        until_cut_s = SECONDS_EACH - within_s
        if until_cut_s >= FADE_S:
            return picture
        share = 1.0 - until_cut_s / FADE_S
        share = share * share * (3 - 2 * share)
        coming = self._view(int(number) + 1, time_s)
        return np.asarray(cv2.addWeighted(picture, 1 - share, coming, share, 0.0), dtype=np.uint8)

    def _view(self, number: int, time_s: float) -> NDArray[np.uint8]:
        """Return backdrop ``number``, repeated endlessly, as the camera sees it at ``time_s``."""
        plate = self._plates[number % len(self._plates)]
        width, height = self._size_wh
        zoom = 1.0 + 0.045 * np.sin(0.23 * time_s + number)
        spare_x, spare_y = plate.shape[1] - width * zoom, plate.shape[0] - height * zoom
        left = spare_x * (0.5 + 0.48 * np.sin(0.19 * time_s + 2.1 * number))
        top = spare_y * (0.5 + 0.48 * np.sin(0.14 * time_s + 1.3 * number))
        matrix = np.array([[zoom, 0.0, left], [0.0, zoom, top]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(plate, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, dtype=np.uint8)


@cache
def render_desk() -> NDArray[np.uint8]:
    """Render a wooden desk, uint8 BGR ``[820 x 1460 x 3]``: planks, grain and soft light. The array is shared: do not write."""
    height, width, planks = 820, 1460, 6
    rng = np.random.default_rng(11)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    board = (ys * planks / height).astype(np.int32)
    offset = rng.uniform(0, 900, planks + 1).astype(np.float32)[board]
    knots = rng.normal(0, 1, (9, 12)).astype(np.float32)
    wave = cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC)
    rings = np.sin((ys + offset) / 7.5 + 2.6 * wave + 0.5 * np.sin((xs + offset) / 190.0))
    fibre = cv2.resize(rng.normal(0, 1, (height, width // 28)).astype(np.float32), (width, height))
    plank_tone = rng.uniform(-0.09, 0.09, planks + 1).astype(np.float32)[board]
    tone = 1.0 + 0.055 * rings + 0.035 * fibre + plank_tone
    gap = np.abs((ys * planks / height) % 1.0 - 0.5) > 0.489
    tone = cv2.GaussianBlur(np.where(gap, tone * 0.45, tone).astype(np.float32), (0, 0), 0.9)
    light = 1.12 - 0.42 * np.hypot(xs / width - 0.35, ys / height - 0.3)
    desk = (tone * light)[..., None] * np.array([74, 112, 158], np.float32)
    return np.asarray(desk.clip(0, 255), dtype=np.uint8)


def photograph_paths() -> tuple[Path, ...]:
    """Return the paths of ultralytics' photographs, found without importing it; empty if there are none."""
    spec = importlib.util.find_spec("ultralytics")
    if spec is None or spec.origin is None:
        return ()
    assets = Path(spec.origin).parent / "assets"
    return tuple(path for name in PHOTOGRAPHS if (path := assets / name).is_file())


def _photographs() -> list[NDArray[np.uint8]]:
    images = (cv2.imread(str(path), cv2.IMREAD_COLOR) for path in photograph_paths())
    return [np.asarray(image, dtype=np.uint8) for image in images if image is not None]


def _cover(image: NDArray[np.uint8], size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale and crop a picture so that it covers the frame with room for the camera to wander."""
    width, height = (round(side * _ROOM) for side in size_wh)
    scale = max(width / image.shape[1], height / image.shape[0])
    shape_wh = max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(image, shape_wh, interpolation=method)
    left, top = (scaled.shape[1] - width) // 2, (scaled.shape[0] - height) // 3
    return np.ascontiguousarray(scaled[top : top + height, left : left + width], dtype=np.uint8)
