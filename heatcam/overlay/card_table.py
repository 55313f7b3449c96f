"""Table on a card: a line for each object, with its colour, its name and columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from heatcam.geometry import Uint8Array
from heatcam.overlay.heat import Pixels
from heatcam.overlay.panels import EDGE, QUIET
from heatcam.overlay.text import Colour, fitted, line_height, text_width, write

_LEAST_NAME = 4  # font sizes, about seven letters: columns are left out before names are shorter


@dataclass(frozen=True)
class TableRow:
    """Row of one object.

    Attributes:
        name: its name.
        cells: a text per column.
        colour: of its box, BGR.
        text_colour: BGR.
        is_focus: it stands out.
    """

    name: str
    cells: tuple[str, ...]
    colour: Colour
    text_colour: Colour
    is_focus: bool


@dataclass(frozen=True)
class CardTable:
    """Headings of the number columns, and the rows below them; widths in pixels."""

    headings: tuple[str, ...]
    rows: tuple[TableRow, ...]
    name_px: int
    cells_px: tuple[int, ...]

    def wide(self, size: int) -> int:
        """Width of the table without margins, at a font size."""
        return size + self.name_px + sum(self.cells_px) + size * len(self.cells_px)


def table_of(headings: Sequence[str], rows: Sequence[TableRow], size: int, room: int) -> CardTable:
    """Return a table with as many of the first columns as fit.

    Args:
        headings: of the columns, the most important first.
        rows: with a cell for each.
        size: font size in pixels.
        room: width in pixels.
    """
    longest = max((text_width(row.name, size) for row in rows), default=0)
    cells_px = [
        max([text_width(heading, size), *(text_width(row.cells[n], size) for row in rows)])
        for n, heading in enumerate(headings)
    ]
    while cells_px and sum(cells_px) + size * (len(cells_px) + 1) + min(longest, _LEAST_NAME * size) > room:
        cells_px.pop()
    name_px = min(longest, room - sum(cells_px) - size * (len(cells_px) + 1))
    kept = tuple(replace(row, cells=row.cells[: len(cells_px)]) for row in rows)
    return CardTable(tuple(headings[: len(cells_px)]), kept, name_px, tuple(cells_px))


def draw_table(picture: Uint8Array, table: CardTable, left: int, right: int, top: int, size: int) -> int:
    """Draw headings over a thin line and a line for each row, in place; return where the table ends, in pixels."""
    line_px = line_height(size)
    if not table.rows:
        return top
    _headings(picture, table, left, right, top, size)
    for row in table.rows:
        top += line_px
        _row(picture, row, table, (left, top, right, top + line_px), size)
    return top + line_px


def _headings(picture: Uint8Array, table: CardTable, left: int, right: int, top: int, size: int) -> None:
    for text, end in zip(table.headings, _ends(table, right, size), strict=True):
        write(picture, text, end - text_width(text, size), top, size, QUIET)
    at = top + line_height(size) - 1
    picture[at : at + max(1, size // 16), left:right] = EDGE


def _row(picture: Uint8Array, row: TableRow, table: CardTable, box: Pixels, size: int) -> None:
    left, top, right, bottom = box
    if row.is_focus:
        picture[top:bottom, left:right] = EDGE
    gap = max(1, size // 3)
    picture[top + gap : bottom - gap, left : left + size // 2] = row.colour
    write(picture, fitted(row.name, size, table.name_px), left + size, top, size, row.text_colour)
    for text, end in zip(row.cells, _ends(table, right, size), strict=True):
        write(picture, text, end - text_width(text, size), top, size, row.text_colour)


def _ends(table: CardTable, right: int, size: int) -> list[int]:
    """Return the right edge of each column of numbers, in pixels."""
    ends, end = [], right
    for cells_px in reversed(table.cells_px):
        ends.append(end)
        end -= cells_px + size
    return ends[::-1]
