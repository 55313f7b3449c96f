"""Recordings that were interrupted: found, described, made whole, or gone on with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heatcam.errors import SinkError, UsageError
from heatcam.runtime import stopping
from heatcam.sinks.files import free_path
from heatcam.sinks.picture_names import fitting_name
from heatcam.sinks.recording.formats import format_of_suffix
from heatcam.sinks.recording.messages import JoinJob, Outcome
from heatcam.sinks.recording.output_path import earlier_segments, finished_path, is_part, lock_path
from heatcam.sinks.recording.process import count_frames, join_pieces
from heatcam.sinks.recording.recording_lock import manifest_in, require_unlocked


@dataclass(frozen=True)
class InterruptedRecording:
    """What an interrupted recording has left.

    Attributes:
        part: its unfinished file, there or (killed between two segments) not.
        segments: all files with its frames, in order.
    """

    part: Path
    segments: tuple[Path, ...]

    @property
    def lock_file(self) -> Path:
        """The small file with its manifest."""
        return lock_path(self.part)

    @property
    def fps(self) -> tuple[int, int]:
        """Its nominal rate, ``(0, 1)`` where nobody says."""
        said = manifest_in(self.lock_file).get("rate")
        is_rate = isinstance(said, list) and len(said) == 2 and all(type(n) is int and n > 0 for n in said)
        return (said[0], said[1]) if is_rate and isinstance(said, list) else (0, 1)

    def discard(self) -> None:
        """Remove its files."""
        for path in (*self.segments, self.lock_file):
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Recovered:
    """An interrupted recording made whole.

    Attributes:
        path: the finished file.
        frames: how many it has.
        seconds: how long it plays.
    """

    path: Path
    frames: int
    seconds: float


def interrupted_recording(part: Path) -> InterruptedRecording | None:
    """What is left of the recording whose unfinished file is called ``part``; None for nothing."""
    segments = earlier_segments(part) + ((part,) if part.exists() else ())
    return InterruptedRecording(part, segments) if segments else None


def interrupted_recordings_in(places: Sequence[Path]) -> list[InterruptedRecording]:
    """The interrupted recordings in folders, and those that are named.

    Raises:
        UsageError: a place that is not there, or a file that is no interrupted recording.
    """
    parts: list[Path] = []
    for place in places:
        if place.is_dir():
            segments = {_part_of(path) for path in place.iterdir() if path.is_file()}
            parts += sorted(part for part in segments if part is not None)
        elif not place.exists():
            raise UsageError(f"there is no file {place}", "check the path")
        elif (part := _part_of(place)) is not None:
            parts.append(part)
        else:
            raise UsageError(
                f"{place} is not what an interrupted recording has left", "they are called name.part.mp4"
            )
    return [found for part in dict.fromkeys(parts) if (found := interrupted_recording(part)) is not None]


def recover(interrupted: InterruptedRecording) -> Recovered:
    """Make a finished file, ``name-recovered.mp4``, of what was left, without encoding anew; then what was left is removed.

    Raises:
        UsageError: another process still writes it.
        SinkError: there is no whole frame in it, or the finished file cannot be written; what was left stays.
    """
    require_unlocked(interrupted.lock_file)
    finished = finished_path(interrupted.part)
    made = joined(interrupted.segments, finished, interrupted.fps)
    target = put_in_place(
        made.path, finished.with_name(fitting_name(finished.stem, f"-recovered{finished.suffix}", len("-99")))
    )
    interrupted.discard()
    return Recovered(target, made.outcome.frames, made.outcome.seconds)


@dataclass(frozen=True)
class Joined:
    """Segments in one file that has no name of its own yet.

    Attributes:
        path: that file.
        outcome: what is in it.
    """

    path: Path
    outcome: Outcome


def joined(
    segments: Sequence[Path],
    finished: Path,
    fps: tuple[int, int],
    audio_from: str = "",
    origin_s: float = 0.0,
) -> Joined:
    """Put segments together into a file that is hidden beside ``finished``.

    Raises:
        SinkError: that failed, or there is no whole frame; no file is left of the attempt.
    """
    hidden = finished.with_name(fitting_name(f".{finished.name}", f".{os.getpid()}.joining"))
    form = format_of_suffix(finished.suffix)
    assert form is not None  # (it was recorded to)
    job = JoinJob(
        tuple(str(segment.resolve()) for segment in segments),
        str(hidden.resolve()),
        form.muxer,
        fps,
        audio_from,
        origin_s,
    )
    try:
        with stopping.raising():
            outcome = join_pieces(job)
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise
    if outcome.error or not outcome.frames:
        hidden.unlink(missing_ok=True)
        reason = outcome.error or "no whole frame is in it"
        raise SinkError(
            f"{', '.join(map(str, segments))} cannot be put together ({reason})", "it stays as it is"
        )
    return Joined(hidden, outcome)


def frames_in(interrupted: InterruptedRecording) -> list[int]:
    """How many whole frames each segment holds.

    Raises:
        SinkError: it cannot be told.
    """
    return [count_frames(segment).frames for segment in interrupted.segments]


def put_in_place(made: Path, target: Path) -> Path:
    """Give ``made`` its name, or the next free one (``name-2.mp4``); nothing is ever replaced.

    Raises:
        SinkError: no permission.
    """
    free = free_path(target)
    try:
        made.replace(free)
    except OSError as error:
        raise SinkError(f"cannot rename to {free} ({error.strerror})", f"it is in {made}") from error
    return free


def _part_of(path: Path) -> Path | None:
    """The unfinished file that this one is, or is an earlier segment of; None for other files."""
    stem, _, number = path.stem.rpartition("-")
    whole = path.with_name(f"{stem}{path.suffix}") if number.isdecimal() and stem else path
    return whole if is_part(whole) else (path if is_part(path) else None)
