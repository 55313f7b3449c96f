"""Colours of the page's maps: those of heatcam's pictures, with their opacity."""

from __future__ import annotations

import base64

import numpy as np

from heatcam.enums import Colormap
from heatcam.geometry import Uint8Array
from heatcam.overlay import colour_table, diverging_table, opacity_table

_ALPHA = 0.7  # opacity of full heat: edges of the object stay to be seen
_SIGNED_ALPHA = 0.92


def palettes() -> dict[str, str]:
    """Return base64 of RGBA colours: ``own`` for 0 to 255, ``signed`` for -255 to 255."""
    own = np.dstack((colour_table(Colormap.TURBO)[None, :, ::-1], opacity_table(_ALPHA)[None, :, None]))[0]
    half = opacity_table(_SIGNED_ALPHA)
    both = np.concatenate((half[:0:-1], half))
    signed = np.dstack((diverging_table()[None, :, ::-1], both[None, :, None]))[0]
    return {"own": _base64(own), "signed": _base64(signed)}


def _base64(table: Uint8Array) -> str:
    return base64.b64encode(np.ascontiguousarray(table).tobytes()).decode()
