"""Help card: the keys and their meanings in the middle of the picture, as large as the picture allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import cv2

from heatcam.geometry import Uint8Array
from heatcam.overlay.heat import Pixels
from heatcam.overlay.panels import EDGE, lay_card
from heatcam.overlay.text import LIGHT, Colour, fitted, font_px, text_width, write

SMALLEST_PX = 9
_LINE = 1.5  # height of a line, in font sizes
_ABOVE_HEADING = 0.4  # room, in lines
_KEY_PLATE: Colour = (70, 70, 70)
_KEY: Colour = (150, 225, 255)
_HEADING: Colour = (190, 190, 190)
MOST_COLUMNS = 3
_DOTS = "..."

Line = tuple[str, str]
#: Heading and lines of keys that belong together.
Group = tuple[str, Sequence[Line]]


@dataclass(frozen=True)
class _KeyLayout:
    """Layout of the lines, in pixels.

    Attributes:
        size: font size.
        columns: the lines of each column; a line without a key is a heading.
        keys_px: width of each column's keys, their plates included.
        texts_px: width of each column's meanings.
        gap: space between keys and meanings, and at the edges; columns are twice as far apart.
    """

    size: int
    columns: tuple[tuple[Line, ...], ...]
    keys_px: tuple[int, ...]
    texts_px: tuple[int, ...]
    gap: int

    @property
    def line_px(self) -> int:
        """Height of a line."""
        return round(_LINE * self.size)

    @property
    def lines_tall(self) -> float:
        """Height of the longest column, in lines."""
        return max(_lines_above(column, len(column)) for column in self.columns)

    @property
    def wide(self) -> int:
        """Width of the card."""
        return sum(self.keys_px) + sum(self.texts_px) + 3 * self.gap * len(self.columns)

    @property
    def tall(self) -> int:
        """Height of the card: title, lines, and half a line above and below."""
        return round(self.line_px * (self.lines_tall + 2.5))


def draw_help(picture: Uint8Array, groups: Sequence[Group], title: str = "keys") -> None:
    """Draw the card in the middle of the picture, in place.

    It has one to three columns, at the largest font size at which everything fits; a group stays together. If not even the
    smallest size fits, headings are left out, meanings are shortened, and lines without room are replaced by "...".

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        groups: heading, and keys with their meanings, in order; the heading "" is not shown.
        title: the title above them.
    """
    height, width = picture.shape[:2]
    groups = [(name, tuple(lines)) for name, lines in groups if lines]
    if not groups or min(width, height) < 4 * SMALLEST_PX:
        return
    plan = _plan(groups, width, height)
    left, top = max(0, (width - plan.wide) // 2), max(0, (height - plan.tall) // 2)
    card = left, top, min(width, left + plan.wide), min(height, top + plan.tall)
    lay_card(picture, card, shows_through=0.08)
    _title(picture, title, card, plan)
    x, first = left + plan.gap, top + round(2 * plan.line_px)
    for column, key_px, text_px in zip(plan.columns, plan.keys_px, plan.texts_px, strict=True):
        for row, (key, meaning) in enumerate(column):
            y = first + round(_lines_above(column, row) * plan.line_px)
            if key:
                _key(picture, key, x, y, plan, key_px)
                text, start = fitted(meaning, plan.size, text_px), x + key_px + plan.gap
                write(picture, text, start, y, plan.size, LIGHT)
            else:
                text = fitted(meaning, plan.size, key_px + plan.gap + text_px)
                write(picture, text, x, y, plan.size, _HEADING)
        x += key_px + text_px + 3 * plan.gap


def _plan(groups: Sequence[Group], width: int, height: int) -> _KeyLayout:
    """Return the largest layout that fits; with as few columns as have that size."""
    largest = max(SMALLEST_PX, round(1.15 * font_px(width, height)))
    room_wide, room_tall = width - width // 40, height - height // 40
    ways = [_in_columns(groups, count) for count in range(1, MOST_COLUMNS + 1)]
    for size in range(largest, SMALLEST_PX - 1, -1):
        for columns in ways:
            plan = _measured(columns, size)
            if plan.wide <= room_wide and plan.tall <= room_tall:
                return plan
    return _squeezed(groups, room_wide, room_tall)


def _squeezed(groups: Sequence[Group], room_wide: int, room_tall: int) -> _KeyLayout:
    """Return a layout at the smallest size in two columns, with headings and lines left out and meanings shortened to fit."""
    line_px = round(_LINE * SMALLEST_PX)
    rows = max(1, int(room_tall / line_px - 2.5))
    lines = tuple(line for _, own in groups for line in own)
    if len(lines) > 2 * rows:
        lines = (*lines[: 2 * rows - 1], (_DOTS, ""))
    half = -(-len(lines) // 2)
    plan = _measured(tuple(filter(None, (lines[:half], lines[half:]))), SMALLEST_PX, gap=SMALLEST_PX // 2)
    left = room_wide - (plan.wide - sum(plan.texts_px))
    return replace(plan, texts_px=_shared(left, plan.texts_px))


def _shared(room: int, wanted: tuple[int, ...]) -> tuple[int, ...]:
    """Return widths of at most two columns that fit into ``room``: one that needs less than half leaves the rest to the other."""
    rest = [room - (sum(wanted) - want) for want in wanted]
    return tuple(
        max(3 * SMALLEST_PX, min(want, max(room // len(wanted), left)))
        for want, left in zip(wanted, rest, strict=True)
    )


def _in_columns(groups: Sequence[Group], count: int) -> tuple[tuple[Line, ...], ...]:
    """Split the groups into at most ``count`` columns, in order, down the first column and on in the next, the longest short."""
    blocks = [((("", name), *lines) if name else tuple(lines)) for name, lines in groups]
    best: tuple[tuple[Line, ...], ...] = ()
    for cuts in combinations(range(1, len(blocks)), min(count, len(blocks)) - 1):
        ends = (*cuts, len(blocks))
        columns = tuple(
            tuple(line for block in blocks[first:last] for line in block)
            for first, last in zip((0, *cuts), ends, strict=True)
        )
        if not best or max(map(len, columns)) < max(map(len, best)):
            best = columns
    return best


def _lines_above(column: Sequence[Line], row: int) -> float:
    """Return the height above a row of a column, in lines; a heading has some room above it, but for the first."""
    return row + _ABOVE_HEADING * sum(not key for key, _ in column[1 : row + 1])


def _measured(columns: tuple[tuple[Line, ...], ...], size: int, gap: int = 0) -> _KeyLayout:
    keys_px = tuple(max(text_width(key, size) for key, _ in column) + size for column in columns)
    texts_px = tuple(max(text_width(meaning, size) for _, meaning in column) for column in columns)
    return _KeyLayout(size, columns, keys_px, texts_px, gap or size)


def _title(picture: Uint8Array, title: str, card: Pixels, plan: _KeyLayout) -> None:
    """Draw the title with a line below it."""
    left, top, right, _ = card
    room = right - left - 2 * plan.gap
    y, at = top + round(0.4 * plan.line_px), top + round(1.6 * plan.line_px)
    write(picture, fitted(title, plan.size, room), left + plan.gap, y, plan.size, _KEY)
    cv2.line(picture, (left + plan.gap, at), (right - plan.gap - 1, at), EDGE, max(1, plan.size // 16))


def _key(picture: Uint8Array, key: str, x: int, y: int, plan: _KeyLayout, room: int) -> None:
    """Draw a key on its plate."""
    text = fitted(key, plan.size, room - plan.size)
    gap = max(1, round(0.12 * plan.size))
    if text != _DOTS:
        right = x + text_width(text, plan.size) + plan.size
        picture[y + gap : y + plan.line_px - gap, x:right] = _KEY_PLATE
    write(picture, text, x + plan.size // 2, y, plan.size, _KEY)
