"""Crops around objects: a trial's picture needs no more than the object and some of its surroundings.

All crops of a network have one size, so that objects of any size share a batch and the network is compiled once. Objects that are
too large for it are seen smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from heatcam.geometry import PAD_GREY, Float32Array, Uint8Array

_CONTEXT, _LEAST_CONTEXT = 0.25, 24.0  # of the box's sides on each side, and in model pixels at least


@dataclass(frozen=True)
class Crop:
    """Part of a letterboxed picture, seen at a size of its own.

    Attributes:
        left, top: its corner, in model pixels; beyond the picture it is grey.
        scale: crop pixels a model pixel, at most 1.
        size_wh: width and height in crop pixels.
    """

    left: float
    top: float
    scale: float
    size_wh: tuple[int, int]

    @classmethod
    def around(cls, box_xyxy: Float32Array, model_wh: tuple[int, int], size_wh: tuple[int, int]) -> Crop:
        """Make the crop around a box, moved into the picture where that is larger.

        Args:
            box_xyxy: ``(4,)`` in model pixels.
            model_wh: width and height of the letterboxed picture.
            size_wh: those of the crop.
        """
        low, high = np.asarray(box_xyxy, np.float64).reshape(2, 2).clip(0, model_wh)
        wanted = (high - low) + 2 * np.maximum(_CONTEXT * (high - low), _LEAST_CONTEXT)
        wanted = np.minimum(wanted, model_wh)
        scale = float(min(1.0, *(np.array(size_wh) / np.maximum(wanted, 1))))
        shown = np.array(size_wh) / scale
        corner = (low + high) / 2 - shown / 2
        room = np.array(model_wh) - shown
        left, top = np.where(room > 0, corner.clip(0, np.maximum(room, 0)), room / 2)
        if scale == 1.0:  # whole pixels stay as they are
            left, top = np.rint((left, top))
        return cls(float(left), float(top), scale, size_wh)

    @classmethod
    def whole(cls, model_wh: tuple[int, int]) -> Crop:
        """Make the crop that is the whole picture."""
        return cls(0.0, 0.0, 1.0, model_wh)

    def of(self, picture: Uint8Array) -> Uint8Array:
        """Return the crop of a letterboxed picture, uint8 ``(H, W, 3)``: uint8 ``(h, w, 3)``, a new array."""
        shift = np.array([[self.scale, 0, -self.left * self.scale], [0, self.scale, -self.top * self.scale]])
        if self.scale < 1.0:  # areas are averaged first, as warping does not
            wide, tall = (max(1, round(side * self.scale)) for side in picture.shape[1::-1])
            picture = np.asarray(cv2.resize(picture, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
            shift[:, :2] = np.eye(2)
        return np.asarray(
            cv2.warpAffine(
                picture,
                shift,
                self.size_wh,
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(PAD_GREY,) * 3,
            ),
            np.uint8,
        )

    def box(self, box_xyxy: Float32Array) -> Float32Array:
        """Convert boxes ``(..., 4)`` xyxy from model to crop pixels, float32, not clipped."""
        return np.asarray((box_xyxy - np.array([self.left, self.top] * 2)) * self.scale, np.float32)

    def window(self, box_xyxy: Float32Array, seen_xyxy: Float32Array) -> tuple[slice, slice]:
        """Return the rows and columns of crop pixels that a box covers, at least one of each.

        Args:
            box_xyxy: ``(4,)`` in model pixels.
            seen_xyxy: ``(4,)``, the picture without the letterbox's border, in model pixels.
        """
        low, high = box_xyxy.reshape(2, 2).clip(seen_xyxy[:2], seen_xyxy[2:])
        left, top, right, bottom = self.box(np.concatenate((low, high)))
        wide, tall = self.size_wh
        left, top = min(max(0, round(left)), wide - 1), min(max(0, round(top)), tall - 1)
        right, bottom = min(max(round(right), left + 1), wide), min(max(round(bottom), top + 1), tall)
        return slice(top, bottom), slice(left, right)

    def resampled(
        self, values: Float32Array, model_wh: tuple[int, int], window: tuple[slice, slice]
    ) -> Float32Array:
        """Sample a map over the letterbox, of any resolution, at the crop pixels of a window: float32 ``(h, w)``."""
        rows, columns = window
        per_cell = np.array(model_wh) / values.shape[::-1]
        step = 1 / self.scale / per_cell
        first = (
            (np.array([columns.start, rows.start]) + 0.5) / self.scale + (self.left, self.top)
        ) / per_cell - 0.5
        back = np.array([[step[0], 0, first[0]], [0, step[1], first[1]]])
        size = columns.stop - columns.start, rows.stop - rows.start
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(values, back, size, flags=how, borderMode=cv2.BORDER_REPLICATE), np.float32
        )

    def placed(
        self,
        values: Float32Array,
        window: tuple[slice, slice],
        model_wh: tuple[int, int],
        shape_hw: tuple[int, int],
    ) -> Float32Array:
        """Put what a window holds, ``(h, w)``, into a map over the whole letterbox, zero elsewhere: float32 ``shape_hw``.

        Each cell of the map takes the value at its middle; those whose middle is outside the window are 0.
        """
        (rows, columns), (tall, wide) = window, shape_hw
        cell = np.array(model_wh) / (wide, tall)
        step = cell * self.scale
        first = (cell / 2 - (self.left, self.top)) * self.scale - (columns.start, rows.start) - 0.5
        back = np.array([[step[0], 0, first[0]], [0, step[1], first[1]]])
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        large = cv2.warpAffine(
            np.asarray(values, np.float32), back, (wide, tall), flags=how, borderMode=cv2.BORDER_REPLICATE
        )
        at_x, at_y = first[0] + step[0] * np.arange(wide), first[1] + step[1] * np.arange(tall)
        inside = (at_y >= -0.5)[:, None] & (at_y < values.shape[0] - 0.5)[:, None]
        inside = inside & (at_x >= -0.5) & (at_x < values.shape[1] - 0.5)
        return np.asarray(np.where(inside, large, 0), np.float32)


def resized(values: Float32Array, shape: tuple[int, int]) -> Float32Array:
    """Interpolate a map to a shape in rows and columns: float32, a new array."""
    return np.asarray(cv2.resize(values, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
