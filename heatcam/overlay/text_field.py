"""Text field at the bottom of the picture: a title, the text with its cursor, and the keys that end it."""

from __future__ import annotations

import cv2

from heatcam.geometry import Uint8Array
from heatcam.overlay.panels import QUIET, lay_card, small_px
from heatcam.overlay.text import LIGHT, Colour, fitted, font_px, line_height, text_width, write
from heatcam.overlay.text_runs import clusters_end

_CURSOR: Colour = (120, 220, 255)
_ENDS = ("Enter applies, Esc leaves it as it was", "Enter applies, Esc leaves", "Enter / Esc")
_DOTS = "…"


def draw_text_field(picture: Uint8Array, title: str, before: str, after: str, when_empty: str = "") -> None:
    """Draw the field over the picture's last rows, in place.

    A text that is too long is cut at the side that is farther from the cursor, which is always seen.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        title: what the text is for.
        before: the text before the cursor, printable.
        after: the text after it.
        when_empty: shown, in grey, in place of an empty text.
    """
    height, width = picture.shape[:2]
    small, size = small_px((width, height)), round(1.2 * font_px(width, height))
    gap = size // 2
    tall = min(height, line_height(small) + line_height(size) + gap)
    lay_card(picture, (0, height - tall, width, height), shows_through=0.04)
    room, top = width - 2 * gap, height - tall + gap // 3
    _head(picture, title, gap, top, small, room)
    top += line_height(small)
    shown, rest = visible(before, after, size, room - gap)
    if not before and not after:
        write(picture, fitted(when_empty, size, room - gap), gap + gap // 2, top, size, QUIET)
    write(picture, shown, gap, top, size, LIGHT)
    cursor = gap + text_width(shown, size)
    write(picture, rest, cursor + max(2, size // 8), top, size, LIGHT)
    wide = max(2, size // 9)
    cv2.rectangle(
        picture,
        (cursor, top + round(0.2 * size)),
        (cursor + wide - 1, top + round(1.35 * size)),
        _CURSOR,
        cv2.FILLED,
    )


def visible(before: str, after: str, size: int, room: int) -> tuple[str, str]:
    """Return the parts of a text around the cursor that fit into ``room`` pixels, an ellipsis where some is left out."""
    if text_width(before + after, size) <= room:
        return before, after
    ahead = min(text_width(after, size), room // 3)
    shown = _end_of(before, size, room - ahead)
    return shown, fitted(after, size, room - text_width(shown, size))


def _end_of(text: str, size: int, room: int) -> str:
    """Return the longest end of a text that fits, an ellipsis before it if it is not all."""
    if text_width(text, size) <= room:
        return text
    starts = [*clusters_end(text)]
    low, high = 0, len(starts) - 1
    while low < high:
        middle = (low + high) // 2
        fits = text_width(_DOTS + text[starts[middle] :], size) <= room
        low, high = (low, middle) if fits else (middle + 1, high)
    return _DOTS + text[starts[low] :]


def _head(picture: Uint8Array, title: str, left: int, top: int, size: int, room: int) -> None:
    """Write the title, and at the right what ends the field, as far as there is room for it."""
    wide = text_width(title, size)
    ends = next((text for text in _ENDS if wide + 2 * size + text_width(text, size) <= room), "")
    write(picture, fitted(title, size, room), left, top, size, _CURSOR)
    write(picture, ends, left + room - text_width(ends, size), top, size, QUIET)
