"""Report of a recording: notes before it, lines for people after it, and what ``record --json`` writes.

``live_report`` is the window's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatcam.commands.resume import Resumption
from heatcam.commands.terminal import Terminal, summary
from heatcam.pipeline import Run
from heatcam.sinks import OutputPath

_SHORT_FRAMES = 300  # of a GIF or numbered pictures; more are said to be many


@dataclass(frozen=True)
class RecordingDone:
    """Result of a recording.

    Attributes:
        path: the finished file, or the pattern of the pictures.
        frames: frames in it, those of earlier runs included.
        frames_resumed: frames that earlier runs had written.
        frames_read: frames that the source gave, those it lost included.
        dropped: frames of something live that were lost on the way.
        objects: detections, over all frames that were explained.
        run: times, frames and errors.
        note: what the file had to go without, such as sound that its container cannot hold; "" for nothing.
        lacking: what the source claimed and did not give, in one line; "" for nothing.
        outages: times in which the source was lost, a line each.
        interrupted: True after Ctrl-C or another signal.
        is_resumable: True if a run that was interrupted can be resumed.
    """

    path: Path
    frames: int
    frames_resumed: int
    frames_read: int
    dropped: int
    objects: int
    run: Run
    note: str
    lacking: str
    outages: tuple[str, ...]
    interrupted: bool
    is_resumable: bool


def recording_report(done: RecordingDone, backend: str) -> dict[str, Any]:
    """Return frames, rate, latencies and errors of a recording, for programs.

    Args:
        done: the recording.
        backend: name of what ran the network.
    """
    run, losses = done.run, done.outages or ((done.lacking,) if done.lacking else ())
    return {
        "frames_read": done.frames_read,
        "frames_written": done.frames,
        "frames_resumed": done.frames_resumed,
        "dropped": done.dropped,
        "fps": round(run.frames / run.elapsed_s, 2) if run.frames else 0.0,
        "latency_ms": run.latency_ms(),
        "mode": "HEATMAP",
        "backend": backend,
        "errors": [*run.errors, *losses],
    }


def say_resumption(resumption: Resumption, terminal: Terminal) -> None:
    """Say after which frame a recording is resumed."""
    if resumption.frames:
        terminal.note(
            f"resuming after frame {resumption.frames}; "
            f"{resumption.warm_up} before that are explained again, because heat is smoothed over frames"
        )
    else:
        terminal.note("nothing to resume: recording from the start")


def say_length(target: OutputPath, expected: int | None, terminal: Terminal) -> None:
    """Say that a GIF or numbered pictures of so many frames become large; nothing of a video or an unknown length."""
    if not target.form.is_video and expected is not None and expected > _SHORT_FRAMES:
        terminal.note(
            f"{expected} frames make {target.form.name} many times larger than a video: "
            "--seconds or --fps make it less, .mp4 small"
        )


def say_result(done: RecordingDone, terminal: Terminal, *, on_results: bool) -> None:
    """Say what the file holds now, what is missing in it, and how fast it was made; ``on_results``: on standard output."""
    if done.note:
        terminal.note(done.note)
    for error in done.run.errors:
        terminal.note(f"some frames have no heat map ({error})")
    if not done.frames:
        terminal.note("no frame was recorded")
        return
    say = terminal.result if on_results else terminal.note
    say(_line(done))
    if done.lacking:
        terminal.note(done.lacking)
    terminal.note(summary(done.run.frames, "frames", done.objects, done.run.elapsed_s))


def _line(done: RecordingDone) -> str:
    """Return the file, its frames, and how it ended: ``out.mp4  12 frames, 2 dropped, stopped early``."""
    dropped = f", {done.dropped} dropped" if done.dropped else ""
    early = (
        ", stopped early" + ("; --resume continues" if done.is_resumable else "") if done.interrupted else ""
    )
    return f"{done.path}  {done.frames} frame" + "s" * (done.frames != 1) + dropped + early
