"""Preparation of pictures as a model's image processor does it: sizes asked of the processor itself, filters of Pillow's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatcam.errors import ModelError, SourceError, first_line
from heatcam.models.formats.resized import Resized

_SIDES = ("shortest_edge", "longest_edge", "height", "width", "max_height", "max_width")
_BILINEAR = 2  # as Pillow numbers its filters
_STEP = 32  # multiple of the sides of a network whose input has one size


@dataclass
class ProcessorPreparation:
    """An image processor, as it prepares pictures for detection.

    Attributes:
        processor: an image processor of transformers.
    """

    processor: Any
    _known: dict[tuple[int, int, int], tuple[int, int]] = field(default_factory=dict)

    def require_usable(self, name: str) -> None:
        """Refuse a processor that does more than resizing and normalising.

        Raises:
            ModelError: it crops, or pads to a size of its own.
        """
        told = self.processor
        if getattr(told, "do_center_crop", None) or getattr(told, "pad_size", None):
            raise ModelError(
                f"the image processor of {name} crops pictures or pads them to a size of its own",
                "give a model without do_center_crop and pad_size",
            )

    @property
    def imgsz(self) -> int:
        """The longer side of the input at most, in pixels."""
        return max(self._sides().values(), default=640)

    def fit(self, image_wh: tuple[int, int], imgsz: int) -> Resized:
        """Return the geometry from a picture to the input; another ``imgsz`` than the processor's own scales its sizes."""
        key = *image_wh, imgsz
        if key not in self._known:
            self._known[key] = self._resized_wh(image_wh, imgsz)
        resample = getattr(self.processor, "resample", None)
        return Resized.to(image_wh, self._known[key], _BILINEAR if resample is None else int(resample))

    def normalised(self, picture: Tensor) -> Tensor:
        """Return a picture, float ``(1, 3, H, W)`` RGB in ``[0, 1]``, as the network takes it."""
        told = self.processor
        scaled = picture * (255 * (told.rescale_factor if told.do_rescale else 1.0))
        if not told.do_normalize:
            return scaled
        mean, std = (
            torch.tensor(numbers, dtype=picture.dtype, device=picture.device).reshape(1, -1, 1, 1)
            for numbers in (told.image_mean, told.image_std)
        )
        return (scaled - mean) / std

    def _sides(self) -> dict[str, int]:
        size = self.processor.size if self.processor.do_resize else None
        told = {name: getattr(size, name, None) for name in _SIDES}
        return {name: int(side) for name, side in told.items() if side}

    def _resized_wh(self, image_wh: tuple[int, int], imgsz: int) -> tuple[int, int]:
        """Let the processor prepare a black picture, and return the size of what it made."""
        black = np.zeros((image_wh[1], image_wh[0], 3), np.uint8)
        asked = {} if imgsz == self.imgsz or not self._sides() else {"size": self._scaled(imgsz)}
        try:
            made = self.processor(black, return_tensors="pt", **asked)["pixel_values"]
        except (ValueError, RuntimeError, ZeroDivisionError) as error:
            raise SourceError(
                f"the model's image processor cannot prepare a picture of {image_wh[0]}x{image_wh[1]} px "
                f"({first_line(error, 80)})",
                "give pictures that are not as narrow",
            ) from error
        return int(made.shape[3]), int(made.shape[2])

    def _scaled(self, imgsz: int) -> dict[str, int]:
        """Return the processor's sizes with ``imgsz`` as the longest; those of one fixed size stay multiples of 32."""
        sides = self._sides()
        factor = imgsz / self.imgsz
        step = _STEP if "height" in sides else 1
        return {name: max(step, -(-round(side * factor) // step) * step) for name, side in sides.items()}
