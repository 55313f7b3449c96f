"""Table of a sheet: a row per object, in as many columns as they need, the text smaller where they are many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heatcam.frames import Detections, Explanation
from heatcam.geometry import Uint8Array
from heatcam.overlay import Pixels, line_height, object_colour, text_width
from heatcam.views.paper import WHITE_PAPER, write_left, write_right
from heatcam.views.tiles import ObjectNumbers, numbers_of

_GAP = 64  # pixels between columns of rows
_MOST_COLUMNS = 3
_MOST_ROWS = 24  # for which the picture is made smaller
_ROOMY = 14  # rows that stand in one column, if they fit


def table_height(rows: int, sizes: Sequence[int]) -> int:
    """Return the height in pixels that so many rows should have, with their heading, in the largest or the smallest text."""
    if not rows:
        return 0
    if rows <= _ROOMY:
        return (rows + 2) * _row_height(sizes[0])
    return (min(math.ceil(rows / _MOST_COLUMNS), _MOST_ROWS) + 3) * _row_height(sizes[-1])


def draw_table(sheet: Uint8Array, place: Pixels, explanation: Explanation, sizes: Sequence[int]) -> None:
    """Draw the table, in place; rows for which there is no room are counted below it.

    Args:
        sheet: uint8 ``(H, W, 3)``, BGR.
        place: the rectangle that it may fill.
        explanation: detections and maps of one frame.
        sizes: font sizes in pixels, the best first; the next is taken where rows do not fit.
    """
    count = len(explanation.detections)
    if not count:
        return
    left, top, right, bottom = place
    size, columns, most = _plan(count, bottom - top, sizes)
    rows = [numbers_of(explanation, n) for n in range(min(count, columns * most))]
    each = math.ceil(len(rows) / columns)
    wide = (right - left - (columns - 1) * _GAP) // columns
    stops = _stops(rows, size, is_narrow=columns > 1)
    for column in range(columns):
        x = left + column * (wide + _GAP)
        shown = range(column * each, min((column + 1) * each, len(rows)))
        _draw_column(
            sheet, (x, top, x + wide), explanation.detections, [(n, rows[n]) for n in shown], stops, size
        )
    if len(rows) < count:
        words = f"and {count - len(rows)} less confident: the JSON document has the numbers of all"
        write_left(sheet, words, left, bottom - _row_height(size), right, size, WHITE_PAPER.quiet)


def _plan(count: int, room: int, sizes: Sequence[int]) -> tuple[int, int, int]:
    """Return font size, number of columns and rows in each; the last, if not all fit, leaves a line for their number."""
    for columns in range(1, _MOST_COLUMNS + 1):
        for size in sizes if columns < _MOST_COLUMNS else sizes[-1:]:
            most = max(1, room // _row_height(size) - 1)
            if count <= columns * min(most, _ROOMY if columns == 1 else most):
                return size, columns, most
    return sizes[-1], _MOST_COLUMNS, max(1, room // _row_height(sizes[-1]) - 2)


def _row_height(size: int) -> int:
    return line_height(size) + size // 5


@dataclass(frozen=True)
class TableColumn:
    """One of the columns of numbers, which end flush right.

    Attributes:
        head: its heading.
        before_end: pixels from where it ends to where the row does.
        wide: its width in pixels.
    """

    head: str
    before_end: int
    wide: int


def _stops(rows: Sequence[ObjectNumbers], size: int, *, is_narrow: bool) -> list[TableColumn]:
    """Return the columns of numbers, each as wide as its longest text and some air."""
    unit = next((row.unit for row in rows if row.unit), "")
    heads = (
        ("conf.", "in box", "evidence") if is_narrow else ("confidence", "energy in box", f"evidence, {unit}")
    )
    columns, end = [], 0
    for n in (2, 1, 0):
        wide = max(text_width(text, size) for text in (heads[n], *(_numbers(row)[n] for row in rows)))
        columns.append(TableColumn(heads[n].rstrip(", "), end, wide))
        end += wide + round((0.7 if is_narrow else 2.4) * size)
    return columns[::-1]


def _numbers(row: ObjectNumbers) -> tuple[str, str, str]:
    return row.score, row.energy_in_box or "-", row.evidence or "-"


def _draw_column(
    sheet: Uint8Array,
    place: tuple[int, int, int],
    found: Detections,
    rows: Sequence[tuple[int, ObjectNumbers]],
    columns: Sequence[TableColumn],
    size: int,
) -> None:
    """Draw the heading and the rows of objects, each by its index, with a thin line between."""
    left, top, right = place
    named = right - columns[0].before_end - columns[0].wide - size // 2
    write_left(sheet, "object", left, top, named, size, WHITE_PAPER.quiet)
    for column in columns:
        write_right(sheet, column.head, left, top, right - column.before_end, size, WHITE_PAPER.quiet)
    x = left + text_width("0" * len(str(rows[-1][0] + 1)), size) + size
    for n, row in rows:
        top += _row_height(size)
        sheet[top - size // 10 - 1 : top - size // 10 + 1, left:right] = WHITE_PAPER.rule
        write_left(sheet, str(n + 1), left, top, x, size, WHITE_PAPER.quiet)
        chip, at = round(0.7 * size), top + round(0.42 * size)
        sheet[at : at + chip, x : x + chip] = object_colour(found, n)
        _write_name(sheet, (x + size, top, named), row, size)
        for column, text in zip(columns, _numbers(row), strict=True):
            write_right(sheet, text, left, top, right - column.before_end, size, WHITE_PAPER.ink)


def _write_name(sheet: Uint8Array, place: tuple[int, int, int], row: ObjectNumbers, size: int) -> None:
    """Write an object's name, and behind it that its evidence is low; in one word where there is little room."""
    left, top, right = place
    whole = "low evidence"
    mark = (
        (whole if text_width(f"{row.name} {whole}", size) <= right - left - size else "low")
        if row.is_low
        else ""
    )
    taken = write_right(sheet, mark, left, top, right, size, WHITE_PAPER.warns)
    write_left(sheet, row.name, left, top, right - (taken + size // 2 if taken else 0), size, WHITE_PAPER.ink)
