"""Panel of text over the window's picture, for answers about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heatcam.geometry import Uint8Array
from heatcam.overlay.columns import broken
from heatcam.overlay.heat import Pixels
from heatcam.overlay.panels import (
    EDGE,
    QUIET,
    corners_of,
    is_small,
    lay_card,
    least_covering,
    small_px,
)
from heatcam.overlay.text import LIGHT, Colour, fitted, line_height, text_width, write
from heatcam.overlay.topline import top_line_box

DOUBTED: Colour = (90, 190, 255)
_WIDEST = 0.33  # of the picture
_NARROW = 26  # font sizes; a picture narrower than that gives the panel its full width
_TALLEST_IN_SMALL = 0.46  # of a small picture's height


@dataclass(frozen=True)
class PanelLine:
    """Line of a panel; it is broken where it is too wide.

    Attributes:
        text: at the left.
        value: at the right, never broken or shortened; "" for none.
        colour: BGR.
        is_chosen: on a lighter ground, as the focused object has it.
        importance: lines of the lowest are left out first where there is no room for all.
    """

    text: str
    value: str = ""
    colour: Colour = LIGHT
    is_chosen: bool = False
    importance: int = 0


def quiet(text: str, importance: int = 0) -> PanelLine:
    """Return a line that stands back."""
    return PanelLine(text, colour=QUIET, importance=importance)


def doubted(text: str, importance: int = 0) -> PanelLine:
    """Return a line of what is to be doubted."""
    return PanelLine(text, colour=DOUBTED, importance=importance)


def draw_text_panel(
    picture: Uint8Array,
    lines: Sequence[PanelLine],
    keep_clear: Sequence[Pixels] = (),
    cards: Sequence[Pixels] = (),
    frames: Sequence[Pixels] = (),
) -> Pixels | None:
    """Draw the panel in a corner below the top line, in place: where it covers the least of what is to be seen.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        lines: of text, the first on top.
        keep_clear: rectangles to be seen.
        cards: rectangles of other panels, which are more important than these.
        frames: rectangles of the source's picture, which are less so.

    Returns:
        The panel's rectangle; None if there is no room for one.
    """
    height, width = picture.shape[:2]
    size = small_px((width, height))
    line_px, top = line_height(size), top_line_box((width, height))[3] + size // 2
    small = is_small((width, height))
    below = (
        line_px + size if small else size // 2
    )  # the colour bar is one line high there, and as wide as the picture
    space = size // 2, top, width - size // 2, height - below
    tallest = min(space[3] - top, round(_TALLEST_IN_SMALL * height) if small else height)
    room = max(round(_WIDEST * width), min(width - size, _NARROW * size)) - size
    most = (tallest - size) // line_px
    if most < 1 or room < 12 * size or not lines:
        return None
    rows = _rows(lines, size, room, most)
    wide = max(_wide(row, size) for row in rows)
    tall = len(rows) * line_px + size
    corners = corners_of(space, min(wide, room) + size, tall, "nw sw ne se")
    beside = [moved for corner in corners for moved in _clear_of(corner, cards, space)]
    card = least_covering([*corners, *beside], cards, keep_clear, frames)
    lay_card(picture, card)
    for n, row in enumerate(rows):
        _draw(picture, row, (card[0], card[1] + size // 2 + n * line_px, card[2]), size)
    return card


def _clear_of(corner: Pixels, cards: Sequence[Pixels], space: Pixels) -> list[Pixels]:
    """Return a corner's place moved directly above and below each card, as far as that is inside of ``space``."""
    left, top, right, bottom = corner
    gap, tall = max(1, (space[0] + 1) // 2), bottom - top
    tops = [at for card in cards for at in (card[1] - gap - tall, card[3] + gap)]
    return [(left, at, right, at + tall) for at in tops if space[1] <= at <= space[3] - tall]


def _rows(lines: Sequence[PanelLine], size: int, room: int, most: int) -> list[PanelLine]:
    """Break lines into at most ``most`` rows; lines of little importance are left out, then rows at the end."""
    kept = list(lines)
    while True:
        rows = [row for line in kept for row in _broken(line, size, room)]
        if len(rows) <= most or len(kept) == 1:
            return rows[:most]
        least = min(line.importance for line in kept)
        kept.pop(max(n for n, line in enumerate(kept) if line.importance == least))


def _broken(line: PanelLine, size: int, room: int) -> list[PanelLine]:
    """Break a line; its value stays in the first row."""
    beside = text_width(line.value, size) + size if line.value else 0
    parts = [fitted(part, size, room - beside) for part in broken(line.text, size, room - beside)]
    return [
        PanelLine(part, "" if n else line.value, line.colour, line.is_chosen) for n, part in enumerate(parts)
    ]


def _wide(row: PanelLine, size: int) -> int:
    return text_width(row.text, size) + (text_width(row.value, size) + size if row.value else 0)


def _draw(picture: Uint8Array, row: PanelLine, place: tuple[int, int, int], size: int) -> None:
    """Draw a row between ``place``'s left and right, from its top."""
    left, top, right = place
    left, right = left + size // 2, right - size // 2
    if row.is_chosen:
        picture[top : top + line_height(size), left - size // 4 : right + size // 4] = EDGE
    write(picture, row.text, left, top, size, row.colour)
    write(picture, row.value, right - text_width(row.value, size), top, size, row.colour)
