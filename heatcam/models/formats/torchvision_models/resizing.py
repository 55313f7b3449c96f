"""The geometry of torchvision's detectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array, Letterbox, Uint8Array
from heatcam.samples import Pixels


@dataclass(frozen=True)
class FloatLetterbox(Letterbox):
    """A letterbox whose pictures are resized without rounding, with borders of one colour to the right and below.

    So torchvision's detectors prepare their pictures.

    Attributes:
        border_bgr: colour of the borders, in ``[0, 255]``.
    """

    border_bgr: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def corner(
        cls,
        image_wh: tuple[int, int],
        resized_wh: tuple[int, int],
        stride: int,
        border_bgr: tuple[float, float, float],
    ) -> FloatLetterbox:
        """Put a picture of ``image_wh``, resized to ``resized_wh``, into the corner of an input of multiples of ``stride``."""
        wide, tall = (-(-length // stride) * stride for length in resized_wh)
        return cls(image_wh, resized_wh, (wide, tall), 0, 0, border_bgr=border_bgr)

    def image_to_model(self, image: Pixels, _border: npt.ArrayLike = 0) -> Pixels:
        """See ``Letterbox``; the border is that of ``border_bgr``."""
        border = np.rint(self.border_bgr) if image.dtype == np.uint8 else self.border_bgr
        return super().image_to_model(image, border)

    def network_input(self, image: Uint8Array) -> Float32Array:
        """See ``Letterbox``: float32."""
        return self.image_to_model(image.astype(np.float32))
