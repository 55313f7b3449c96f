"""Dark cards behind text and graphs, so that they are readable over any picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from heatcam.geometry import Uint8Array
from heatcam.overlay.heat import Pixels
from heatcam.overlay.text import Colour, font_px

EDGE: Colour = (92, 92, 92)
QUIET: Colour = (190, 190, 190)
_SHOWS_THROUGH, _DARK = 0.1, 16  # weight of the picture, and the grey added to it


def small_px(size_wh: tuple[int, int]) -> int:
    """Return the font size in pixels for cards: smaller than for labels, because cards hold much text."""
    return max(10, round(0.85 * font_px(*size_wh)))


def is_small(size_wh: tuple[int, int]) -> bool:
    """Return True if a picture has so little room that cards have to share it."""
    return min(size_wh) < 400


def lay_card(picture: Uint8Array, box: Pixels, *, shows_through: float = _SHOWS_THROUGH) -> None:
    """Darken a rectangle until the picture is hardly visible, with a thin line around it; in place.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        box: half-open whole pixels, inside the picture; an empty one draws nothing.
        shows_through: weight of the picture, in ``[0, 1]``.
    """
    left, top, right, bottom = box
    part = picture[top:bottom, left:right]
    if not part.size:
        return
    part[...] = cv2.convertScaleAbs(part, alpha=shows_through, beta=_DARK)
    line = max(1, round(font_px(picture.shape[1], picture.shape[0]) / 22))
    cv2.rectangle(part, (0, 0), (right - left - 1, bottom - top - 1), EDGE, line)


def corners_of(room: Pixels, wide: int, tall: int, order: str) -> list[Pixels]:
    """Return the rectangles of a card in the corners of a larger rectangle.

    Args:
        room: the larger rectangle, half-open pixels, at least as large as the card.
        wide: width of the card, in pixels.
        tall: height of the card, in pixels.
        order: the corners to try, the best first: ``ne nw sw se``.
    """
    left, top, right, bottom = room
    found = []
    for corner in order.split():
        x = left if "w" in corner else right - wide
        y = top if "n" in corner else bottom - tall
        found.append((x, y, x + wide, y + tall))
    return found


def least_covering(places: Sequence[Pixels], *avoid: Sequence[Pixels]) -> Pixels:
    """Return the place that covers the fewest pixels of ``avoid``; the first of equal ones.

    Args:
        places: candidate rectangles, the best first.
        avoid: groups of rectangles, the most important group first.
    """
    return min(places, key=lambda place: [covered_px(place, boxes) for boxes in avoid])


def covered_px(place: Pixels, boxes: Sequence[Pixels]) -> int:
    """Return the number of pixels of ``boxes`` that a card at ``place`` covers."""
    return sum(
        max(0, min(place[2], right) - max(place[0], left))
        * max(0, min(place[3], bottom) - max(place[1], top))
        for left, top, right, bottom in boxes
    )
