"""Recovery of interrupted recordings: find them, count their frames, and join their segments to a finished file."""

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
from heatcam.sinks.recording.process import count_frames, join_segments
from heatcam.sinks.recording.recording_lock import manifest_in, require_unlocked


@dataclass(frozen=True)
class InterruptedRecording:
    """Files of an interrupted recording.

    Attributes:
        part: its unfinished file, which may be missing (killed between two segments).
        segments: all files with its frames, in order.
    """

    part: Path
    segments: tuple[Path, ...]

    @property
    def lock_file(self) -> Path:
        """Path of the lock file with its manifest."""
        return lock_path(self.part)

    @property
    def fps(self) -> tuple[int, int]:
        """Nominal rate from the manifest as ``(numerator, denominator)``, ``(0, 1)`` if unknown."""
        said = manifest_in(self.lock_file).get("rate")
        is_rate = isinstance(said, list) and len(said) == 2 and all(type(n) is int and n > 0 for n in said)
        return (said[0], said[1]) if is_rate and isinstance(said, list) else (0, 1)

    def discard(self) -> None:
        """Delete its files."""
        for path in (*self.segments, self.lock_file):
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Recovered:
    """Recovered recording.

    Attributes:
        path: the finished file.
        frames: number of its frames.
        seconds: its duration.
    """

    path: Path
    frames: int
    seconds: float


def interrupted_recording(part: Path) -> InterruptedRecording | None:
    """Return the interrupted recording whose unfinished file is called ``part``; None if there are no files of it."""
    segments = earlier_segments(part) + ((part,) if part.exists() else ())
    return InterruptedRecording(part, segments) if segments else None


def interrupted_recordings_in(places: Sequence[Path]) -> list[InterruptedRecording]:
    """Find the interrupted recordings in folders, and those named directly.

    Raises:
        UsageError: a path does not exist, or a file is not part of an interrupted recording.
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
            raise UsageError(f"{place} is not an interrupted recording", "these are named name.part.mp4")
    return [found for part in dict.fromkeys(parts) if (found := interrupted_recording(part)) is not None]


def recover(interrupted: InterruptedRecording) -> Recovered:
    """Join an interrupted recording to a finished file, ``name-recovered.mp4``, without re-encoding; then delete its segments.

    Raises:
        UsageError: another process is still writing it.
        SinkError: it has no complete frame, or the finished file cannot be written; the segments are kept.
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
    """Joined segments, in a file that still has a temporary name.

    Attributes:
        path: that file.
        outcome: its frames and duration.
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
    """Join segments into a hidden file beside ``finished``.

    Raises:
        SinkError: the segments cannot be joined, or have no complete frame; the hidden file is deleted.
    """
    hidden = finished.with_name(fitting_name(f".{finished.name}", f".{os.getpid()}.joining"))
    form = format_of_suffix(finished.suffix)
    assert form is not None  # (it was recorded, so its suffix is known)
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
            outcome = join_segments(job)
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
    """Count the complete frames of each segment.

    Raises:
        SinkError: the encoder's process ended without an answer.
    """
    return [count_frames(segment).frames for segment in interrupted.segments]


def put_in_place(made: Path, target: Path) -> Path:
    """Rename ``made`` to ``target``, or to the next free name (``name-2.mp4``); no file is ever replaced.

    Raises:
        SinkError: the file cannot be renamed.
    """
    free = free_path(target)
    try:
        made.replace(free)
    except OSError as error:
        raise SinkError(f"cannot rename to {free} ({error.strerror})", f"it is in {made}") from error
    return free


def _part_of(path: Path) -> Path | None:
    """Return the unfinished file that this one is, or is an earlier segment of; None for other files."""
    stem, _, number = path.stem.rpartition("-")
    whole = path.with_name(f"{stem}{path.suffix}") if number.isdecimal() and stem else path
    return whole if is_part(whole) else (path if is_part(path) else None)
