"""What is said to people and to programs: results on standard output, notes and progress on standard error.

The one door to the terminal: whatever text others chose, such as a class name or a file name, is made printable here, no markup
is read in it, and no locale and no closed pipe makes saying it fail.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
from collections.abc import Callable, Iterator
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
from heatcam.text import escaped_in_json, printable

_WIDE = 80  # columns of a terminal in which a bar has room for everything
_MANY_OBJECTS = 20  # in one picture; from here on they are counted while they are explained


class Terminal:
    """The command's voice. Tests hand in consoles that write to memory.

    Args:
        results: for what the command produced.
        notes: for everything else.
        confirm: asks a yes/no question; None when nobody can answer.
        says_yes: whether ``--yes`` has answered the question about a download.
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
        """One line for people, beside the results."""
        self.notes.print(Text(printable(text)), soft_wrap=True)

    def error(self, text: str) -> None:
        """One line of what went wrong, behind the program's name, which is red on a terminal."""
        self.notes.print(Text.assemble(("heatcam:", "bold red"), " ", printable(text)), soft_wrap=True)

    def result(self, text: str) -> None:
        """One line of what was produced; above the bar where one is drawn."""
        bar_is_drawn = self._bar is not None and not self._bar.disable
        out = self.notes if bar_is_drawn and self.results.is_terminal else self.results
        out.print(Text(printable(text)), soft_wrap=True)

    def document(self, data: dict[str, Any], target: str) -> None:
        r"""One JSON document into a file, whole or not at all, or onto standard output for ``-``.

        Always valid UTF-8: a name that is not keeps its bytes as ``\udc80`` to ``\udcff`` (``heatcam.text.escaping``). A number
        that is none (NaN, infinity) is null.

        Raises:
            SinkError: the file cannot be written.
        """
        in_ascii = target == "-" and not self.results.encoding.startswith("utf")  # right in every locale
        text = escaped_in_json(json.dumps(_finite(data), indent=2, ensure_ascii=in_ascii, allow_nan=False))
        if target == "-":
            self.results.out(text, highlight=False)
        else:
            write_whole(Path(target), (text + "\n").encode())

    @contextlib.contextmanager
    def status(self, text: str) -> Iterator[None]:
        """Say what is being done as long as it takes: in a line that follows ``say_doing``, in a pipe once, at the start."""
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
        """A bar below all else, with how many, the rate and the time left; nothing is drawn where nobody looks.

        Args:
            unit: what is counted, in the plural.
            shown: False draws nothing.
            by_itself: a thread draws the bar anew ten times a second; without, its ``refresh`` has to be called.
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
        """Show how many of one picture's objects are done, in the bar where one is drawn; nothing for few, or where nobody looks.

        Yields:
            What to call with how many are done, and of how many.
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


def objects_done(done: int, total: int) -> str:
    """``object 40 of 300``; "" for so few that they are done at once."""
    return f"object {done} of {total}" if total >= _MANY_OBJECTS else ""


def summary(count: int, unit: str, objects: int, seconds: float) -> str:
    """How much was done how fast: ``12 pictures, 30 objects, 4.2 s (2.9 pictures/s)``."""
    found = f"{objects} object{'s' * (objects != 1)}"
    return f"{count} {unit}, {found}, {seconds:.1f} s ({count / max(seconds, 1e-9):.1f} {unit}/s)"


class ProgressSink:
    """Moves the bar by one a frame.

    Args:
        progress: the bar.
        task: which of its lines.
        rate: frames a second so far.

    Attributes:
        objects: detections so far, over all frames.
    """

    def __init__(self, progress: Progress, task: TaskID, rate: Callable[[], float]) -> None:
        self._progress = progress
        self._task = task
        self._rate = rate
        self.objects = 0

    def take(self, _: object, explanation: Any) -> None:
        """One frame is done."""
        self.objects += len(explanation.detections)
        self._progress.update(self._task, advance=1, rate=self._rate())


class _Name(ProgressColumn):
    """The bar's name in one line, in which no markup is read."""

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
        """Go on without a reader (``heatcam snapshot ... | head -1``): what is written to files is still wanted."""
        self.quiet = True
        with contextlib.suppress(
            OSError, ValueError
        ):  # a stream without a number of its own has nothing to flush at the end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.file.fileno())
            os.close(nowhere)


def _finite(data: Any) -> Any:
    """The same with null for numbers that JSON has no word for."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
