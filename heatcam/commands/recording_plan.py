"""Plan of a recording: which frames of the source, at which rate, and how many there will be."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from heatcam.commands.options import Extent, RecordingOptions, RecordOptions
from heatcam.commands.recording_checks import Destination
from heatcam.frames import Frame
from heatcam.pipeline import Limits
from heatcam.sinks import OutputPath, at_rate
from heatcam.sources import CaptureOptions, Source


@dataclass(frozen=True)
class RecordingPlan:
    """Settings of one recording, once the source is open.

    Attributes:
        destination: where it goes, and what is there of it already.
        fps: nominal frames a second.
        constant_fps: the rate that frames are repeated or left out for; None leaves each frame its own time.
        audio: the file whose sound goes along, or None.
        overwrite: replace what is there.
        recording: codec and disk space, from the command line.
        extent: how long.
        start_s: where the source begins to play, in seconds.
        is_live: drop frames rather than wait.
        expected: how many frames there will be; None if nobody knows.
    """

    destination: Destination
    fps: float
    constant_fps: float | None
    audio: Path | None
    overwrite: bool
    recording: RecordingOptions
    extent: Extent
    start_s: float
    is_live: bool
    expected: int | None

    @property
    def limits(self) -> Limits:
        """Frames to explain in this run at most, after those that are passed over."""
        most = self.extent.max_frames
        return Limits(None if most is None else max(1, most - self.destination.resumption.passed))

    def first_seconds(self, frames: Iterable[Frame]) -> Iterable[Frame]:
        """Return the frames of ``--seconds`` of the stream's own time, however long they take to explain."""
        return first_seconds(frames, self.extent.seconds, self.start_s)

    def at_constant_rate(self, frames: Iterable[Frame], source_fps: float) -> Iterable[Frame]:
        """Return the frames repeated or left out for the constant rate; the same where each keeps its own time."""
        return frames if self.constant_fps is None else at_rate(frames, self.constant_fps, 1 / source_fps)


def first_seconds(frames: Iterable[Frame], seconds: float | None, start_s: float) -> Iterable[Frame]:
    """Return the frames of the first ``seconds`` from ``start_s`` on, in the source's own time; all for None."""
    if seconds is None:
        return frames
    return itertools.takewhile(lambda frame: frame.pts_s < start_s + seconds, frames)


def recording_plan(
    spec: str, source: Source, destination: Destination, options: RecordOptions, asked: CaptureOptions
) -> RecordingPlan:
    """Return the plan to record a source that is open.

    Args:
        spec: the source as given: the sound of a file goes along.
        source: the same, opened.
        destination: where the recording goes.
        options: settings of the recording.
        asked: what the source was asked for; a rate that it does not accept becomes the recording's.
    """
    fps = constant_rate(source, destination.target, asked.fps)
    return RecordingPlan(
        destination=destination,
        fps=fps or source.fps,
        constant_fps=fps,
        audio=Path(spec) if Path(spec).is_file() else None,
        overwrite=options.output.overwrite,
        recording=options.recording,
        extent=options.extent,
        start_s=asked.start_s,
        is_live=source.is_live,
        expected=expected_frames(source, options.extent, fps, asked.start_s),
    )


def constant_rate(source: Source, target: OutputPath, asked: float | None) -> float | None:
    """Return the constant rate to write, in frames a second; None for each frame's own time."""
    fps = None if source.accepts_rate else asked
    most = target.form.most_fps
    return most if fps is None and most is not None and source.fps > most else fps


def expected_frames(source: Source, extent: Extent, fps: float | None, start_s: float) -> int | None:
    """Return how many frames there will be; None if nobody knows."""
    share = 1.0 if fps is None or source.fps <= 0 else fps / source.fps
    by_count = None
    if source.frame_count is not None:
        by_count = max(0, round((source.frame_count - start_s * source.fps) * share))
    by_time = (
        None if extent.seconds is None or source.fps <= 0 else round(extent.seconds * (fps or source.fps))
    )
    counts = [n for n in (by_count, extent.max_frames, by_time) if n is not None]
    return min(counts) if counts else None
