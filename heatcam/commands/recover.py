"""``heatcam recover``: finishing of interrupted recordings; and the question about them that ``record`` asks first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heatcam.commands.terminal import Terminal
from heatcam.errors import HeatcamError
from heatcam.sinks import (
    OutputPath,
    Recovered,
    frames_in,
    interrupted_recording,
    interrupted_recordings_in,
    is_locked,
)
from heatcam.sinks import recover as recover_recording


def run_recover(places: Sequence[Path], json: str | None, terminal: Terminal) -> int:
    """Recover all interrupted recordings in ``places`` and print one line for each.

    Returns:
        0, or 1 if one could not be recovered, or is still being written.

    Raises:
        UsageError: a place does not exist, or is no interrupted recording.
    """
    interrupted_recordings = interrupted_recordings_in(places)
    done: list[Recovered] = []
    failed = []
    for interrupted in interrupted_recordings:
        try:
            done.append(recover_recording(interrupted))
            terminal.note(f"recovered {interrupted.segments[0]}")
        except HeatcamError as error:
            failed.append(str(error))
            terminal.error(str(error))
    if json:
        rows = [
            {"path": str(one.path), "frames": one.frames, "seconds": round(one.seconds, 3)} for one in done
        ]
        terminal.document({"recovered": rows, "errors": failed}, json)
    if json != "-":
        for one in done:
            terminal.result(_words(one))
    if not interrupted_recordings:
        terminal.note("there are no interrupted recordings")
    return int(bool(failed))


def offer_recovery(target: OutputPath, terminal: Terminal) -> None:
    """Offer to recover an interrupted recording of the same name before a new one; without a yes nothing happens.

    Raises:
        HeatcamError: the recording cannot be recovered.
    """
    interrupted = interrupted_recording(target.part) if target.form.has_part_file else None
    if interrupted is None or terminal.confirm is None or is_locked(target.lock_file):
        return
    frames = sum(frames_in(interrupted))
    left = interrupted.segments[0]
    if frames and terminal.confirm(
        f"{left} is left from a recording that was interrupted ({frames} frames). Keep it as a finished file and go on?"
    ):
        terminal.note(_words(recover_recording(interrupted)))


def _words(made: Recovered) -> str:
    return f"{made.path}  {made.frames} frames, {made.seconds:.1f} s"
