"""``heatcam recover``: finished files of what interrupted recordings have left; and the question that ``record`` asks first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from heatcam.commands.terminal import Terminal
from heatcam.errors import HeatcamError
from heatcam.sinks.recording.claim import is_claimed
from heatcam.sinks.recording.leftovers import Recovered, frames_in, leftover_of, leftovers_in
from heatcam.sinks.recording.leftovers import recover as recover_leftover
from heatcam.sinks.recording.targets import Target


def recover(places: Sequence[Path], json: str | None, terminal: Terminal) -> int:
    """Recover everything that is left in ``places``, one line each.

    Returns:
        0, or 1 where something could not be recovered, or is still being written.

    Raises:
        UsageError: a place that is not there, or no leftover.
    """
    leftovers = leftovers_in(places)
    done: list[Recovered] = []
    failed = []
    for leftover in leftovers:
        try:
            done.append(recover_leftover(leftover))
            terminal.note(f"recovered {leftover.pieces[0]}")
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
    if not leftovers:
        terminal.note("nothing is left of interrupted recordings")
    return int(bool(failed))


def offer_recovery(target: Target, terminal: Terminal) -> None:
    """Ask about a leftover in the way of a new recording, where somebody can answer; without a yes nothing happens.

    Raises:
        HeatcamError: it cannot be recovered.
    """
    leftover = leftover_of(target.part) if target.kind != "pictures" else None
    if leftover is None or terminal.confirm is None or is_claimed(target.claim):
        return
    frames = sum(frames_in(leftover))
    left = leftover.pieces[0]
    if frames and terminal.confirm(
        f"{left} is left from a recording that was interrupted ({frames} frames). Keep it as a finished file and go on?"
    ):
        terminal.note(_words(recover_leftover(leftover)))


def _words(made: Recovered) -> str:
    return f"{made.path}  {made.frames} frames, {made.seconds:.1f} s"
