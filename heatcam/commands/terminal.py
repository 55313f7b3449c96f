"""What is said to people and to programs: results on standard output, notes and progress on standard error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from heatcam.sinks.files import write_whole


class Terminal:
    """The command's voice. Tests hand in consoles that write to memory.

    Args:
        results: for what the command produced.
        notes: for everything else.
        confirm: asks a yes/no question; None when nobody can answer.
    """

    def __init__(
        self,
        results: Console | None = None,
        notes: Console | None = None,
        confirm: Callable[[str], bool] | None = None,
    ) -> None:
        self.results = results or Console(soft_wrap=True, highlight=False)
        self.notes = notes or Console(stderr=True, soft_wrap=True, highlight=False)
        self.confirm = confirm

    def note(self, text: str) -> None:
        """One line for people, beside the results."""
        self.notes.print(text, markup=False)

    def result(self, text: str) -> None:
        """One line of what was produced."""
        self.results.print(text, markup=False)

    def document(self, data: dict[str, Any], target: str) -> None:
        """One JSON document into a file, whole or not at all, or onto standard output for ``-``.

        Raises:
            SinkError: the file cannot be written.
        """
        text = json.dumps(data, indent=2, ensure_ascii=False)
        if target == "-":
            self.results.out(text, highlight=False)
            return
        write_whole(Path(target), (text + "\n").encode())

    def progress(self, unit: str, *, shown: bool = True) -> Progress:
        """A bar with how many, the rate and the time left; nothing is drawn where nobody looks."""
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(f"{{task.fields[rate]:.1f}} {unit}/s"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.notes,
            disable=not (shown and self.notes.is_terminal),
            transient=True,
        )


class ProgressSink:
    """Moves the bar by one a frame.

    Args:
        progress: the bar.
        task: which of its lines.
        rate: frames a second so far.
    """

    def __init__(self, progress: Progress, task: TaskID, rate: Callable[[], float]) -> None:
        self._progress = progress
        self._task = task
        self._rate = rate

    def take(self, *_: object) -> None:
        """One frame is done."""
        self._progress.update(self._task, advance=1, rate=self._rate())
