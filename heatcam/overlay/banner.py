"""Banner over a picture that is not live: the reason, so that nobody takes the picture for live."""

from __future__ import annotations

import cv2

from heatcam.geometry import Uint8Array
from heatcam.overlay.text import DARK, Colour, fitted, font_px, line_height, text_width, write

_AMBER: Colour = (30, 180, 255)
_LEFT_OF_PICTURE = 0.4
_LARGEST = 2.2  # times the usual font size


def draw_banner(picture: Uint8Array, text: str, detail: str = "") -> None:
    """Dim the picture and draw a wide amber strip across its middle, in place.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR: the last that was shown.
        text: the problem, such as ``camera 0 stalled for 3 s``; as large as one line allows.
        detail: the remedy under way, below in smaller letters: ``attempt 2 in 1.4 s``; "" for none.
    """
    height, width = picture.shape[:2]
    picture[...] = cv2.convertScaleAbs(picture, alpha=_LEFT_OF_PICTURE)
    usual = font_px(width, height)
    text, detail = " ".join(text.split()), " ".join(detail.split())
    room = width - 2 * usual
    size = _largest_size(text, usual, room)
    tall = line_height(size) + (line_height(usual) if detail else 0) + usual
    top = max(0, (height - tall) // 2)
    picture[top : top + tall] = _AMBER
    edge = max(1, usual // 6)
    picture[top : top + edge] = picture[max(top, top + tall - edge) : top + tall] = DARK
    _centred(picture, fitted(text, size, room), top + usual // 2, size)
    if detail:
        _centred(picture, fitted(detail, usual, room), top + usual // 2 + line_height(size), usual)


def _largest_size(text: str, usual: int, room: int) -> int:
    """Return the largest font size at which the text fits; the usual one if none does."""
    for size in range(round(_LARGEST * usual), usual, -1):
        if text_width(text, size) <= room:
            return size
    return usual


def _centred(picture: Uint8Array, text: str, top: int, size: int) -> None:
    write(picture, text, max(0, (picture.shape[1] - text_width(text, size)) // 2), top, size, DARK)
