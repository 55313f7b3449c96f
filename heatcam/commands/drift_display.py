"""Display of a watch: on a terminal a table that is drawn anew once a block, in a pipe a line a block."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.drift import (
    DriftWatch,
    JudgedBlock,
    SeriesStanding,
    alarm_in_words,
    measure_in_words,
    nearest,
)
from heatcam.text import printable

HEADINGS = ("class", "measure", "now", "baseline", "5 to 95 %", "e-value", "drift")
_NUMBERS = HEADINGS[2:6]
_NARROW = ("class", "measure", "now", "e-value")  # a drift is red there
#: Columns to show, the first of which that fit into the terminal.
_CHOICES = (HEADINGS, (*HEADINGS[:4], *HEADINGS[5:]), _NARROW)
_SHORTEST_NAME = 8
_ROWS = 12
_APART_S = 1.0  # between two redraws of the line below


def row_of(own: SeriesStanding) -> list[str]:
    """Return a row for people: the e-value is what a bet against "no drift" has made of 1, and what it must for an alarm."""
    return [
        printable(own.name.about),
        measure_in_words(own.name),
        "-" if own.recent is None else f"{own.recent:.3g}",
        f"{own.baseline:.3g}",
        f"{own.low:.3g} to {own.high:.3g}",
        f"{evidence_words(own.log10_e)} of {evidence_words(own.log10_alarm)}",
        drift_words(own),
    ]


def drift_words(own: SeriesStanding) -> str:
    """Return ``since 11-28 03:00``, or seconds of a film, or ``no``."""
    at = own.drifted_at
    return f"since {at[5:16].replace('T', ' ') if 'T' in at else at}" if own.has_drifted else "no"


def evidence_words(log10: float) -> str:
    """Return an e-value in few letters: ``0.3``, ``120``, ``1e5``."""
    if log10 >= 4:
        return f"1e{log10:.0f}"
    return f"{10**log10:.2g}" if log10 < 2 else f"{10**log10:.0f}"


def show_standings(standings: Sequence[SeriesStanding], terminal: Terminal) -> None:
    """Print the table of what was seen, the nearest to its alarm first, as a result."""
    shown = [own for own in nearest(standings) if own.recent or own.baseline]
    show_table(terminal, HEADINGS, [row_of(own) for own in shown[:_ROWS]], _NUMBERS)
    if len(shown) > _ROWS:
        terminal.result(f"and {len(shown) - _ROWS} more, further from an alarm")


class DriftDisplay:
    """Display of one watch.

    Args:
        watch: the watch.
        terminal: where to.
        quiet: True where standard output is a document's: lines are notes then.
    """

    def __init__(self, watch: DriftWatch, terminal: Terminal, *, quiet: bool = False) -> None:
        self._watch, self._terminal = watch, terminal
        self._say = terminal.note if quiet else terminal.result
        self._live: Live | None = None
        self._last_s = 0.0
        self._newest = ""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw the table while it lasts, on a terminal."""
        if not self._terminal.notes.is_terminal:
            yield
            return
        console = self._terminal.notes
        with Live(
            self._drawn("waiting for frames"), console=console, auto_refresh=False, transient=True
        ) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def looked(self, frames: int, objects: int) -> None:
        """Note that a frame was looked at; drawn once a second."""
        now_s = time.monotonic()
        if self._live is None or now_s - self._last_s < _APART_S:
            return
        self._last_s = now_s
        seen = f"{frames} frame{'s' * (frames != 1)} in this block, {objects} object{'s' * (objects != 1)} in the newest"
        self._live.update(self._drawn(seen), refresh=True)

    def judged(self, judged: JudgedBlock, at: str) -> None:
        """Show a block that was judged: a line in a pipe, and one an alarm."""
        if self._live is None:
            self._say(line_of(judged, self._watch, at))
        for alarm in judged.alarms:
            (self._say if self._live is None else self._terminal.note)(
                f"{at}  DRIFT  {alarm_in_words(alarm)}"
            )
        self._newest, self._last_s = at, 0.0

    def _drawn(self, below: str) -> Group:
        console = self._terminal.notes
        shown = [own for own in nearest(self._watch.standings()) if own.recent or own.baseline]
        shown = shown[: max(1, min(_ROWS, console.height - 6))]
        table = _fitting([row_of(own) for own in shown], [own.has_drifted for own in shown], console.width)
        last = f"; last block ended {self._newest}" if self._newest else ""
        return Group(table, Text(f"{self._watch.blocks} blocks judged{last}; {below}"))


def _fitting(rows: Sequence[Sequence[str]], drifted: Sequence[bool], width: int) -> Table:
    """Return a table of the columns that fit into a terminal of this width; where none do, names of classes are cut."""
    columns = dict(zip(HEADINGS, zip(*[HEADINGS, *rows], strict=True), strict=True))
    widths = {heading: max(map(cell_len, cells)) for heading, cells in columns.items()}
    room = {headings: width - sum(widths[own] + 3 for own in headings) for headings in _CHOICES}
    headings = next((own for own in _CHOICES if room[own] >= 0), _NARROW)
    is_narrow = headings is _NARROW
    table = Table(box=None if is_narrow else box.SIMPLE_HEAD)
    for heading in headings:
        side: Literal["left", "right"] = "right" if heading in _NUMBERS else "left"
        cut = max(_SHORTEST_NAME, widths[heading] + min(0, room[_NARROW]))
        most = cut if is_narrow and heading == headings[0] else None
        table.add_column(Text(heading), justify=side, no_wrap=True, overflow="ellipsis", max_width=most)
    for n, has_drifted in enumerate(drifted):
        cells = [Text(columns[heading][n + 1]) for heading in headings]
        table.add_row(*cells, style="bold red" if has_drifted else "")
    return table


def line_of(judged: JudgedBlock, watch: DriftWatch, at: str) -> str:
    """Return the line of a block: what is nearest to its alarm."""
    head = f"{at}  block {watch.blocks}, {judged.block.frames} frames"
    if not judged.is_judged:
        return f"{head}: not judged, the baseline has too little of {judged.part or 'it'}"
    drifted = len(watch.alarms)
    (first, *_) = [own for own in nearest(watch.standings()) if not own.has_drifted] or nearest(
        watch.standings()
    )
    said = f"{drifted} series drifted" if drifted else "no drift"
    return (
        f"{head}: {said}; nearest {printable(first.name.about)}: {measure_in_words(first.name)}, "
        f"e-value {evidence_words(first.log10_e)} of {evidence_words(first.log10_alarm)}"
    )
