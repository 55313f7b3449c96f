"""Tables: drawn on a terminal, plain aligned lines in a pipe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from heatcam.commands.terminal import Terminal
from heatcam.text import printable

NOTHING = "-"


def show_table(
    terminal: Terminal, headings: Sequence[str], rows: Sequence[Sequence[object]], numbers: Collection[str]
) -> None:
    """Print rows as results.

    Args:
        terminal: where to.
        headings: one per column.
        rows: one cell per heading; None is shown as ``-``.
        numbers: the headings whose columns are aligned right.
    """
    texts = [[NOTHING if cell is None else printable(str(cell)) for cell in row] for row in rows]
    flush_right = [heading in numbers for heading in headings]
    if not terminal.results.is_terminal:
        for line in aligned([list(headings), *texts], flush_right):
            terminal.result(line)
        return
    # The first column has names, which may be of several words
    in_sentences = [n > 0 and any(" " in row[n] for row in texts) for n in range(len(headings))]
    widths = [max(map(cell_len, column)) for column in zip(headings, *texts, strict=True)]
    room = terminal.results.width
    if sum(widths) + 3 * len(widths) <= room:
        _draw(terminal, headings, texts, flush_right, in_sentences)
    elif sum(widths) + 2 * (len(widths) - 1) <= room or not any(in_sentences):
        _show_close(terminal, aligned([headings, *texts], flush_right))
    else:
        _show_in_two_lines(terminal, headings, texts, flush_right, in_sentences)


def _draw(
    terminal: Terminal,
    headings: Sequence[str],
    texts: Sequence[Sequence[str]],
    flush_right: Sequence[bool],
    in_sentences: Sequence[bool],
) -> None:
    """Draw a table; in a narrow terminal sentences are wrapped and names are not."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading, right, breaks in zip(headings, flush_right, in_sentences, strict=True):
        side: Literal["left", "right"] = "right" if right else "left"
        table.add_column(Text(heading), justify=side, no_wrap=not breaks)
    for row in texts:
        table.add_row(*(Text(cell) for cell in row))
    terminal.results.print(table, soft_wrap=False)


def _show_close(terminal: Terminal, lines: Sequence[str]) -> None:
    """Show aligned lines, which take less room than a drawn table."""
    terminal.results.print(Text(lines[0], style="bold"), soft_wrap=True)
    for line in lines[1:]:
        terminal.results.print(Text(line), soft_wrap=True)


def _show_in_two_lines(
    terminal: Terminal,
    headings: Sequence[str],
    texts: Sequence[Sequence[str]],
    flush_right: Sequence[bool],
    in_sentences: Sequence[bool],
) -> None:
    """Show the short columns in one line, and below it the row's sentences, whose columns would be three words wide."""
    short = [n for n, sentence in enumerate(in_sentences) if not sentence]
    lines = aligned([[row[n] for n in short] for row in [headings, *texts]], [flush_right[n] for n in short])
    terminal.results.print(Text(lines[0], style="bold"), soft_wrap=True)
    for line, row in zip(lines[1:], texts, strict=True):
        said = "; ".join(cell for cell, sentence in zip(row, in_sentences, strict=True) if sentence)
        terminal.results.print(Text(line), soft_wrap=True)
        terminal.results.print(Padding(Text(said, style="dim"), (0, 0, 0, 4)), soft_wrap=False)


def aligned(rows: Sequence[Sequence[str]], to_the_right: Sequence[bool]) -> list[str]:
    """Return one line per row; columns as wide as their widest cell, two spaces apart, no trailing spaces."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            _padded(cell, width, right) for cell, width, right in zip(row, widths, to_the_right, strict=True)
        ).rstrip()
        for row in rows
    ]


def _padded(cell: str, width: int, to_the_right: bool) -> str:
    """Pad ``cell`` with spaces to ``width`` columns of a terminal, of which Chinese letters take two each."""
    spaces = " " * (width - cell_len(cell))
    return spaces + cell if to_the_right else cell + spaces
