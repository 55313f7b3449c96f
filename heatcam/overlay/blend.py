"""Blending of heat over the picture: opacity follows heat, so that cold pixels keep their own colours."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from heatcam.enums import Colormap
from heatcam.geometry import Uint8Array

GAMMA = 0.8  # below 1: medium heat is brightened a little
CLEAR_BELOW = 0.10  # heat that is not shown at all; turbo's dark end would be a muddy tint
FULL_FROM = 0.65  # heat from which the opacity is full
STRIP_PIXELS = 48_000  # 140 kB of picture: strip and scratch memory fit into the L2 cache together

_CV2_MAPS = {
    Colormap.TURBO: cv2.COLORMAP_TURBO,
    Colormap.INFERNO: cv2.COLORMAP_INFERNO,
    Colormap.VIRIDIS: cv2.COLORMAP_VIRIDIS,
    Colormap.MAGMA: cv2.COLORMAP_MAGMA,
    Colormap.JET: cv2.COLORMAP_JET,
}
#: The part of each map that is used: the dark ends would be muddy tints over a photograph.
_USED = {
    Colormap.TURBO: (0.12, 0.94),
    Colormap.INFERNO: (0.22, 1.0),
    Colormap.VIRIDIS: (0.05, 1.0),
    Colormap.MAGMA: (0.22, 1.0),
    Colormap.JET: (0.08, 0.93),
}


def colour_table(colormap: Colormap) -> Uint8Array:
    """Return the colour of each heat value: uint8 ``(256, 3)``, BGR."""
    heat = (np.arange(256) / 255) ** GAMMA
    first, last = _USED[colormap]
    index = np.rint(255 * (first + (last - first) * heat)).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(index[:, None], _CV2_MAPS[colormap])[:, 0], np.uint8)


def opacity_table(alpha: float) -> Uint8Array:
    """Return the opacity of each heat value: uint8 ``(256,)``, 0 for cold, rising smoothly to ``255 * alpha``."""
    heat = (np.arange(256) / 255) ** GAMMA
    ramp = ((heat - CLEAR_BELOW) / (FULL_FROM - CLEAR_BELOW)).clip(0, 1)
    return np.asarray(np.rint(255 * alpha * ramp * ramp * (3 - 2 * ramp)), np.uint8)


@lru_cache(maxsize=16)
def _tables(colormap: Colormap, alpha: float) -> tuple[Uint8Array, Uint8Array]:
    """Return the premultiplied colours, uint8 ``(256, 1, 3)`` for ``cv2.applyColorMap``, and the picture's share, ``(256,)``."""
    opacity = opacity_table(alpha)[:, None].astype(np.float32)
    premultiplied = np.rint(colour_table(colormap) * opacity / 255).astype(np.uint8)
    return np.ascontiguousarray(premultiplied[:, None]), 255 - opacity_table(alpha)


def blend(picture: Uint8Array, heat: Uint8Array, colormap: Colormap, alpha: float) -> None:
    """Blend ``heat`` over ``picture``, in place.

    It works in strips that stay in the processor's cache, and in each only on the bounding rectangle of the visible heat, because
    most of a picture is cold.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR; may be a view.
        heat: uint8 ``(H, W)``.
        colormap: colour map of the heat.
        alpha: opacity of full heat, in ``[0, 1]``.
    """
    colours, rest = _tables(colormap, round(alpha, 3))
    clear = int(np.argmax(rest < 255)) - 1  # the hottest value that is not shown; -1 if all are
    rows = max(1, STRIP_PIXELS // picture.shape[1])
    for top in range(0, picture.shape[0], rows):
        strip = heat[top : top + rows]
        x, y, wide, tall = cv2.boundingRect(cv2.threshold(strip, clear, 255, cv2.THRESH_TOZERO)[1])
        if wide:
            under = picture[top + y : top + y + tall, x : x + wide]
            _blend_part(under, strip[y : y + tall, x : x + wide], colours, rest)


def _blend_part(picture: Uint8Array, heat: Uint8Array, colours: Uint8Array, rest: Uint8Array) -> None:
    """Compute ``picture * rest + colours`` in integers, in place: a third of the time of floating point weights."""
    kept = cv2.cvtColor(cv2.LUT(heat, rest), cv2.COLOR_GRAY2BGR)
    cv2.multiply(picture, kept, dst=kept, scale=1 / 255)
    picture[...] = cv2.add(kept, cv2.applyColorMap(heat, colours), dst=kept)
