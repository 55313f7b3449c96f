"""Small pictures for the page: WebP, which takes about half of a JPEG's bytes and is read by every browser."""

from __future__ import annotations

import cv2
import numpy as np

from heatcam.errors import SinkError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array, fitted_wh
from heatcam.overlay import OverlayOptions, at_size, draw

THUMBNAIL_WH = 480, 360  # pixels at most: shown at half of that or a little more
_QUALITY = 72


def webp_of(picture: Uint8Array) -> bytes:
    """Encode a picture, uint8 ``(H, W, 3)`` BGR.

    Raises:
        SinkError: it cannot be encoded.
    """
    done, data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    if not done:
        raise SinkError("a picture of the report cannot be encoded", "free some memory")
    return np.asarray(data).tobytes()


def thumbnail_of(explanation: Explanation) -> tuple[bytes, tuple[int, int]]:
    """Draw a frame with its heat and boxes, small, and return it as WebP with its width and height."""
    size_wh = fitted_wh(explanation.frame.size_wh, THUMBNAIL_WH)
    small = draw(at_size(explanation, size_wh), OverlayOptions(hud=False))
    return webp_of(small), size_wh
