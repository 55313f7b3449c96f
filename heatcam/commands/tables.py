"""A table for people on a terminal, the same as plain aligned lines into a pipe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from heatcam.commands.terminal import Terminal
from heatcam.printable import printable

NOTHING = "-"


def show_table(
    terminal: Terminal, headings: Sequence[str], rows: Sequence[Sequence[object]], numbers: Collection[str]
) -> None:
    """Print rows as results.

    Args:
        terminal: where to.
        headings: one a column.
        rows: one cell a heading; None is shown as ``-``.
        numbers: the headings whose columns stand flush right.
    """
    texts = [[NOTHING if cell is None else printable(str(cell)) for cell in row] for row in rows]
    if terminal.results.is_terminal:
        table = Table(box=box.SIMPLE_HEAD)
        for heading, *cells in zip(headings, *texts, strict=True):
            side: Literal["left", "right"] = "right" if heading in numbers else "left"
            sentences = any(
                " " in cell for cell in cells
            )  # where it is narrow these break, so that names stay whole
            table.add_column(Text(heading), justify=side, no_wrap=not sentences)
        for row in texts:
            table.add_row(*(Text(cell) for cell in row))
        terminal.results.print(table, soft_wrap=False)
        return
    for line in aligned([list(headings), *texts], [heading in numbers for heading in headings]):
        terminal.result(line)


def aligned(rows: Sequence[Sequence[str]], to_the_right: Sequence[bool]) -> list[str]:
    """One line a row; columns as wide as their widest cell, two spaces apart, nothing behind the last word."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            _padded(cell, width, right) for cell, width, right in zip(row, widths, to_the_right, strict=True)
        ).rstrip()
        for row in rows
    ]


def _padded(cell: str, width: int, to_the_right: bool) -> str:
    """``cell`` with spaces to ``width`` columns of a terminal, of which Chinese letters take two each."""
    spaces = " " * (width - cell_len(cell))
    return spaces + cell if to_the_right else cell + spaces
