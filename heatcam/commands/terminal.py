"""Output for people and programs: results on standard output, notes and progress on standard error.

All output goes through here: text that others chose, such as a class name or a file name, is made printable and never read as
markup, and neither a locale nor a closed pipe makes printing fail.
"""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from heatcam.runtime import shown_by
from heatcam.sinks import write_whole
from heatcam.text import json_text, printable

_WIDE = 80  # columns of a terminal in which a bar has room for everything
_MANY_OBJECTS = 20  # in one picture; from this many on, progress is shown while they are explained


class Terminal:
    """Output of a command. Tests pass consoles that write to memory.

    Args:
        results: console for results.
        notes: console for everything else.
        confirm: asks a yes/no question; None when nobody can answer.
        says_yes: True if ``--yes`` has answered the question about a download.
    """

    def __init__(
        self,
        results: Console | None = None,
        notes: Console | None = None,
        confirm: Callable[[str], bool] | None = None,
        *,
        says_yes: bool = False,
    ) -> None:
        self.results = results or _Stream(soft_wrap=True, highlight=False, emoji=False)
        self.notes = notes or _Stream(stderr=True, soft_wrap=True, highlight=False, emoji=False)
        self.confirm = None if confirm is None else lambda question: confirm(printable(question))
        self.says_yes = says_yes
        self._bar: Progress | None = None

    def note(self, text: str) -> None:
        """Print one line for people, beside the results."""
        self.notes.print(Text(printable(text)), soft_wrap=True)

    def error(self, text: str) -> None:
        """Print one line about an error, after the program's name, which is red on a terminal."""
        self.notes.print(Text.assemble(("heatcam:", "bold red"), " ", printable(text)), soft_wrap=True)

    def result(self, text: str) -> None:
        """Print one line of results; above the progress bar where one is drawn."""
        bar_is_drawn = self._bar is not None and not self._bar.disable
        out = self.notes if bar_is_drawn and self.results.is_terminal else self.results
        out.print(Text(printable(text)), soft_wrap=True)

    def document(
        self, data: dict[str, Any], target: str, rows: tuple[str, Iterable[dict[str, Any]]] | None = None
    ) -> None:
        r"""Write one JSON document to a file, whole or not at all, or to standard output for ``-``.

        It is always valid UTF-8: a name that is not keeps its bytes as ``\udc80`` to ``\udcff`` (``heatcam.printable``). NaN and
        infinity become null.

        Args:
            data: the document.
            target: a file, or ``-``.
            rows: a further key and its long list, which gets a line a row; None for no such key.

        Raises:
            SinkError: the file cannot be written.
        """
        in_ascii = target == "-" and self._writes_ascii  # right in every locale
        text = json_text(data, indent=2, in_ascii=in_ascii)
        if rows is not None:
            lines = ",\n    ".join(json_text(row, in_ascii=in_ascii) for row in rows[1])
            listed = f"[\n    {lines}\n  ]" if lines else "[]"
            text = (
                f'{text[:-2]},\n  "{rows[0]}": {listed}\n}}' if data else f'{{\n  "{rows[0]}": {listed}\n}}'
            )
        if target == "-":
            self.results.out(text, highlight=False)
        else:
            write_whole(Path(target), (text + "\n").encode())

    def line(self, data: dict[str, Any]) -> None:
        """Write plain values to standard output as one line of JSON: see ``document``."""
        self.results.out(json_text(data, in_ascii=self._writes_ascii), highlight=False)

    @property
    def _writes_ascii(self) -> bool:
        """True if standard output has an encoding in which some names cannot be written."""
        return not self.results.encoding.startswith("utf")

    @contextlib.contextmanager
    def status(self, text: str) -> Iterator[None]:
        """Show what is being done while it lasts: in a line that follows ``say_doing``; in a pipe once, at the start."""
        if not self.notes.is_terminal:
            self.note(text)
            yield
            return
        spinner = "dots" if self.notes.encoding.startswith("utf") else "line"
        shown = self.notes.status(Text(printable(text)), spinner=spinner)
        with shown as status, shown_by(lambda doing: status.update(Text(printable(doing)))):
            yield

    @contextlib.contextmanager
    def progress(self, unit: str, *, shown: bool = True, by_itself: bool = True) -> Iterator[Progress]:
        """Show a progress bar below other output, with count, rate and time left; nothing is drawn in a pipe.

        Args:
            unit: unit of the count, in the plural.
            shown: False draws nothing.
            by_itself: a thread redraws the bar ten times a second; without it, its ``refresh`` has to be called.
        """
        bar = Progress(
            _Name(),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TextColumn(f"{{task.fields[rate]:.1f}} {unit}/s", markup=False),
            *([TimeElapsedColumn()] if self.notes.width >= _WIDE else []),
            TimeRemainingColumn(),
            console=self.notes,
            auto_refresh=by_itself,
            disable=not (shown and self.notes.is_terminal),
            transient=True,
        )
        self._bar = bar
        try:
            with bar:
                yield bar
        finally:
            self._bar = None

    @contextlib.contextmanager
    def objects(self) -> Iterator[Callable[[int, int], None]]:
        """Show how many of one picture's objects are done, in the bar where one is drawn; nothing for few, or in a pipe.

        Yields:
            A function to call with the number of objects done and their total.
        """
        if not self.notes.is_terminal:
            yield lambda *_: None
        elif self._bar is not None and self._bar.tasks:
            bar, task = self._bar, self._bar.tasks[0]
            name = task.description
            try:
                yield lambda done, total: bar.update(task.id, description=objects_done(done, total) or name)
            finally:
                bar.update(task.id, description=name)
        else:
            looking = "looking for objects"
            with self.notes.status(Text(looking)) as status:
                yield lambda done, total: status.update(Text(objects_done(done, total) or looking))

    @contextlib.contextmanager
    def trials(self, unit: str = "trials") -> Iterator[Callable[[int, int], None]]:
        """Show how many trials of a picture's objects are done, with the time left: in a bar, or beside the one that is drawn.

        Args:
            unit: of what is counted, in the plural.

        Yields:
            A function to call with the number of trials done and that of all.
        """
        if self._bar is not None and self._bar.tasks and not self._bar.disable:
            bar, task = self._bar, self._bar.tasks[0]
            name = task.description
            try:
                yield lambda done, total: bar.update(
                    task.id, description=f"{unit.removesuffix('s')} {done} of {total}"
                )
            finally:
                bar.update(task.id, description=name)
            return
        outer, started = self._bar, time.perf_counter()
        with self.progress(unit) as bar:
            task_id = bar.add_task(unit, total=None, rate=0.0)

            def show(done: int, total: int) -> None:
                rate = done / max(time.perf_counter() - started, 1e-9)
                bar.update(task_id, completed=done, total=total, rate=rate)

            yield show
        self._bar = outer


def objects_done(done: int, total: int) -> str:
    """Return ``object 40 of 300``; "" for fewer than 20 objects, which are done at once."""
    return f"object {done} of {total}" if total >= _MANY_OBJECTS else ""


def summary(count: int, unit: str, objects: int, seconds: float) -> str:
    """Summarise a run: ``12 pictures, 30 objects, 4.2 s (2.9 pictures/s)``."""
    found = f"{objects} object{'s' * (objects != 1)}"
    return f"{count} {unit}, {found}, {seconds:.1f} s ({count / max(seconds, 1e-9):.1f} {unit}/s)"


class ProgressSink:
    """Advances the progress bar by one per frame.

    Args:
        progress: the bar.
        task: the line of the bar.
        rate: returns the frames a second so far.

    Attributes:
        objects: number of detections so far, over all frames.
    """

    def __init__(self, progress: Progress, task: TaskID, rate: Callable[[], float]) -> None:
        self._progress = progress
        self._task = task
        self._rate = rate
        self.objects = 0

    def take(self, _: object, explanation: Any) -> None:
        """Count one frame that is done."""
        self.objects += len(explanation.detections)
        self.advance()

    def advance(self) -> None:
        """Advance the bar by one frame."""
        self._progress.update(self._task, advance=1, rate=self._rate())


class _Name(ProgressColumn):
    """The bar's name in one line, not read as markup."""

    def __init__(self) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis", max_width=18))

    def render(self, task: Task) -> Text:
        """See ``ProgressColumn``."""
        return Text(printable(task.description))


class _Stream(Console):
    """Standard output or standard error, in whatever encoding, read or not."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if isinstance(self.file, io.TextIOWrapper):
            self.file.reconfigure(errors="backslashreplace")

    def on_broken_pipe(self) -> None:
        """Continue without a reader (``heatcam snapshot ... | head -1``): files are still to be written."""
        self.quiet = True
        with contextlib.suppress(
            OSError, ValueError
        ):  # a stream without a file descriptor has nothing to flush at the end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.file.fileno())
            os.close(nowhere)
