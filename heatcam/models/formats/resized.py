"""Geometry of pictures that a library resizes whole, without borders, by a filter of Pillow's."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from heatcam.geometry import Letterbox
from heatcam.samples import Pixels, resized_by_pillow


@dataclass(frozen=True)
class Resized(Letterbox):
    """A whole picture resized by one of Pillow's filters, as image processors of other libraries do it.

    Attributes:
        resample: Pillow's number of the filter (``PIL.Image.Resampling``); all but the nearest average when they shrink.
    """

    resample: int = Image.Resampling.BILINEAR

    @classmethod
    def to(cls, image_wh: tuple[int, int], model_wh: tuple[int, int], resample: int) -> Resized:
        """Make the geometry from a picture of ``image_wh`` to an input of ``model_wh``, both width and height in pixels."""
        return cls(image_wh, model_wh, model_wh, 0, 0, resample=resample)

    def _resized(self, image: Pixels) -> Pixels:
        return resized_by_pillow(image, self.resized_wh, Image.Resampling(self.resample))
