"""``record --resume``: check of an interrupted recording against this run, and the frame to resume from.

The two runs are compared option by option. The frames before the resume point are decoded and not explained, except for the
last ones: heat is smoothed over frames, so those are explained again without being written.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions, RecordingOptions
from heatcam.errors import UsageError
from heatcam.frames import Frame
from heatcam.options import PromptOptions
from heatcam.sinks import (
    InterruptedRecording,
    OutputPath,
    codec_of,
    frames_in,
    interrupted_recording,
    manifest_in,
    next_segment,
    require_unlocked,
)
from heatcam.sources import DEMO, CaptureOptions, PictureOptions

# ``--smooth`` keeps at most 0.9 of an object's content and 0.95 of its scale from frame to frame: after 150 frames, 1/2000.
WARM_UP_FRAMES = 150


def manifest_of(
    spec: str,
    model: ModelChoice,
    look: LookOptions,
    motion: MotionOptions,
    recording: RecordingOptions,
    asked: CaptureOptions,
    target: OutputPath,
) -> dict[str, Any]:
    """Return source and options that two runs must share to make one recording, by the options' names.

    Empty for sources that cannot be read again, and formats that cannot be resumed.
    """
    source = _identity(spec)
    if source is None or not target.form.resumable:
        return {}
    kept = {
        name: value for record in (model, look, motion) for name, value in dataclasses.asdict(record).items()
    }
    del kept["yes"], kept["pictures"]  # they change no frame
    for name in (field.name for field in dataclasses.fields(PromptOptions)):
        if not kept[name]:
            del kept[name]  # (written as in versions without them)
    # (written as in earlier versions)
    kept |= {"classes": list(model.classes) or None, "layers": ",".join(model.layers)}
    encoding = {
        "codec": codec_of(target.path, recording.codec, recording.crf),
        "crf": recording.crf,
        "fps": asked.fps,
    }
    weights = _identity(model.model) if model.model else None
    start: dict[str, Any] = (
        {"start": asked.start_s} if asked.start_s else {}
    )  # (left out where nothing was asked, as in earlier versions)
    if asked.pictures != PictureOptions():
        start["pictures"] = dataclasses.asdict(asked.pictures)
    manifest = {"source": source, **kept, **encoding, **start, "weights": weights}
    return dict(json.loads(json.dumps(manifest, default=str)))


def _identity(spec: str) -> list[Any] | None:
    """Identify a file, or a folder's files, by name, size and time of change, or the demo scene; None for anything else."""
    path = Path(spec)
    if path.is_file():
        found = path.stat()
        return [str(path.resolve()), found.st_size, found.st_mtime_ns]
    if path.is_dir():
        files = [one.stat() for one in path.iterdir() if one.is_file()]
        return [
            str(path.resolve()),
            sum(one.st_size for one in files),
            max((one.st_mtime_ns for one in files), default=0),
        ]
    return [DEMO] if spec == DEMO else None


@dataclasses.dataclass(frozen=True)
class Resumption:
    """Frames of an earlier run, to resume from.

    Attributes:
        target: the recording.
        segments: the files with its frames, in order; the last may carry the finished name.
        frames: number of frames in all of them.
    """

    target: OutputPath
    segments: tuple[Path, ...] = ()
    frames: int = 0

    @property
    def warm_up(self) -> int:
        """Number of frames before the resume point that are explained again."""
        return min(self.frames, WARM_UP_FRAMES)

    @property
    def passed(self) -> int:
        """Number of frames at the beginning that are decoded and not explained."""
        return self.frames - self.warm_up

    def set_aside(self) -> None:
        """Rename the last segment to ``name.part-N.mp4`` to make room for the next one."""
        for path in (self.target.part, self.target.path):
            if path in self.segments:
                path.rename(next_segment(self.target.part))

    def interrupted(self) -> InterruptedRecording | None:
        """Return the segments as an interrupted recording to finish; None where they are the finished file already."""
        return (
            None
            if self.segments == (self.target.path,)
            else InterruptedRecording(self.target.part, self.segments)
        )


def resumption_of(target: OutputPath, manifest: Mapping[str, Any]) -> Resumption:
    """Find what is left of an earlier run with the same source and options; without frames if nothing is left.

    Raises:
        UsageError: the source or format cannot be resumed, or the earlier recording is finished, is still being written, was
            made with other options or from another source, or has no record of them.
    """
    if not manifest:
        raise UsageError(
            "--resume works for videos recorded from files", "record cameras, GIFs and pictures again"
        )
    require_unlocked(target.lock_file)
    interrupted = interrupted_recording(target.part)
    segments = interrupted.segments if interrupted else ()
    if target.path.exists():
        if not target.lock_file.exists():
            raise UsageError(f"{target.path} is already complete", "choose another name or add --overwrite")
        segments = (*segments, target.path)
    if not segments:
        return Resumption(target)
    _require_same(target, manifest_in(target.lock_file), manifest)
    counts = frames_in(InterruptedRecording(target.part, segments))
    for segment, count in zip(segments, counts, strict=True):
        if not count:
            segment.unlink()  # killed before its first frame was whole
    kept = tuple(segment for segment, count in zip(segments, counts, strict=True) if count)
    return Resumption(target, kept, sum(counts))


def _require_same(target: OutputPath, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    instead = f"`heatcam recover {target.part}` keeps what there is, --overwrite throws it away"
    if "source" not in before:
        raise UsageError(f"nothing says how {target.part} was recorded", instead)
    if before["source"] != now["source"]:
        raise UsageError(f"{target.part} was recorded from another source, or that has changed", instead)
    for name in dict.fromkeys((*now, *(["start"] if "start" in before else []))):
        value = now.get(name)
        if before.get(name) != value:
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{flag} was {_words(before.get(name))} in the interrupted recording, and is {_words(value)} now",
                f"give the same options; {instead}",
            )


def _words(value: object) -> str:
    return "left out" if value in (None, "") else str(value)


class ResumedFrames:
    """The frames of a source from the first one that is explained again.

    Args:
        frames: all frames of the source.
        resumption: the frames of the earlier run.

    Attributes:
        origin_s: the time of the source's first frame, in seconds, once it has been read.
    """

    def __init__(self, frames: Iterable[Frame], resumption: Resumption) -> None:
        self._frames = frames
        self._passed = resumption.passed
        self.origin_s = 0.0

    def __iter__(self) -> Iterator[Frame]:
        frames = iter(self._frames)
        first = next(frames, None)
        if first is None:
            return
        self.origin_s = first.pts_s
        yield from itertools.islice(itertools.chain([first], frames), self._passed, None)
