"""Pages to print: a picture as a PDF of one page."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from heatcam import __version__
from heatcam.geometry import Uint8Array
from heatcam.text import printable

PAGE_SUFFIX = ".pdf"
PRINT_DPI = 300  # a sheet of 2480x3508 pixels is A4
_QUALITY = 95  # of JPEG, which is what a PDF has its pictures in


def as_page(image_bgr: Uint8Array, title: str) -> bytes:
    """Return a PDF of one page that a picture fills, at 300 pixels an inch; colours are not halved, so that text stays sharp.

    Args:
        image_bgr: uint8 ``(H, W, 3)``, BGR.
        title: of the document.
    """
    page = Image.fromarray(np.ascontiguousarray(image_bgr[..., ::-1]))
    buffer = io.BytesIO()
    page.save(
        buffer,
        "PDF",
        resolution=PRINT_DPI,
        quality=_QUALITY,
        subsampling=0,
        title=printable(title),
        producer=f"heatcam {__version__}",
    )
    return buffer.getvalue()
