"""Findings of every frame of a recording: a line of JSON each, kept outside of memory until the report is written."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from heatcam.commands.findings_log import FindingsLog
from heatcam.commands.options import RecordingOutput, RecordOptions
from heatcam.commands.recording_checks import Destination
from heatcam.commands.terminal import Terminal
from heatcam.errors import SinkError, UsageError
from heatcam.frames import ExplainerFacts, Explains, Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.pipeline import Painter, Run
from heatcam.sinks import refuse_existing
from heatcam.text import json_text


def check_jsonl(output: RecordingOutput) -> None:
    """Refuse lines of JSON where they cannot go.

    Raises:
        UsageError: the file exists already, or both outputs are standard output.
    """
    if output.json == output.jsonl == "-":
        raise UsageError("--json - and --jsonl - are the same output", "give one of them a file")
    if output.jsonl not in (None, "-"):
        refuse_existing([Path(str(output.jsonl))], output.overwrite)


@contextmanager
def frame_log(
    facts: ExplainerFacts, options: RecordOptions, destination: Destination, terminal: Terminal
) -> Iterator[FrameLog | None]:
    """Give the sink of each frame's findings, whose tables are written at the end; None where nobody asks for them.

    Args:
        facts: the explainer's.
        options: what is asked for.
        destination: the recording.
        terminal: standard output, and notes.
    """
    output = options.output
    if not (output.json or output.jsonl or options.findings.writes):
        yield None
        return
    log = FindingsLog(options.findings, facts, terminal)
    keep, skip = bool(output.json), destination.resumption.warm_up
    with FrameLog(log, destination.target.path, output.jsonl, terminal, keep=keep, skip=skip) as frames:
        yield frames


class FrameLog:
    """Sink that tells each frame's findings.

    Args:
        log: makes them, and their tables, labels and crops.
        target: the recording: labels are named after it and the frame's number from 1 on, as by ultralytics.
        jsonl: a file that gets a line a frame at once, ``-`` for standard output, None for none.
        keep: keep the lines for ``frames``.
        skip: number of frames at the beginning that are explained but not recorded again.
        terminal: standard output.
    """

    def __init__(
        self, log: FindingsLog, target: Path, jsonl: str | None, terminal: Terminal, *, keep: bool, skip: int
    ) -> None:
        self._log, self._target, self._terminal, self._to_skip = log, target, terminal, skip
        self._open = ExitStack()
        self._lines: IO[str] | None = None
        if keep:
            self._lines = self._open.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))  # noqa: SIM115
        self._jsonl, self._to_stdout = None, jsonl == "-"
        if jsonl is not None and jsonl != "-":
            self._jsonl = self._open.enter_context(_opened(Path(jsonl)))

    def __enter__(self) -> FrameLog:
        return self

    def __exit__(self, *_: object) -> None:
        """Write the tables of all frames so far, also after an error.

        Raises:
            SinkError: one cannot be written.
        """
        with self._open:
            self._log.close()

    def take(self, _picture: Uint8Array, explanation: Explanation) -> None:
        """Tell one frame's findings.

        Raises:
            SinkError: a file cannot be written.
        """
        if self._to_skip:
            self._to_skip -= 1
            return
        frame = explanation.frame
        beside = self._target.with_name(f"{self._target.stem}_{frame.frame_index + 1}{self._target.suffix}")
        where = {"path": frame.name, "frame_index": frame.frame_index, "pts_s": round(frame.pts_s, 6)}
        found = self._log.add(explanation, beside, **where).as_json()
        if self._lines is not None:
            self._lines.write(json_text(found, in_ascii=True) + "\n")
        if self._to_stdout:
            self._terminal.line(found)
        if self._jsonl is not None:
            try:
                self._jsonl.write(json_text(found) + "\n")
                self._jsonl.flush()
            except OSError as error:
                raise SinkError(
                    f"cannot write {self._jsonl.name} ({error.strerror})", "make space"
                ) from error

    def frames(self) -> Iterator[dict[str, Any]]:
        """Yield the findings of all frames so far; nothing if they are not kept."""
        if self._lines is not None:
            self._lines.seek(0)
            yield from (json.loads(line) for line in self._lines)


class WithObjectMaps:
    """Explainer that also makes each object's own map, for its numbers.

    Args:
        explainer: the explainer.
    """

    def __init__(self, explainer: Explains) -> None:
        self._explainer = explainer

    def explain(
        self, image: Frame, *, with_map: bool = True, with_object_maps: bool = True, conf: float | None = None
    ) -> Explanation:
        """See ``Explainer.explain``."""
        return self._explainer.explain(image, with_map=with_map, with_object_maps=with_object_maps, conf=conf)


def as_without_object_maps(paint: Painter) -> Painter:
    """Return a painter that draws as if no object had its own map: a recording looks the same, whatever is told of it."""

    def painted(explanation: Explanation, run: Run) -> Uint8Array:
        return paint(replace(explanation, object_maps=()), run)

    return painted


def _opened(path: Path) -> IO[str]:
    """Open a file for lines.

    Raises:
        SinkError: it cannot be opened.
    """
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise SinkError(f"cannot write {path} ({error.strerror})", "choose another file") from error
