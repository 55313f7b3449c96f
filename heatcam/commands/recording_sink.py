"""Recording of painted frames: of a file every frame, of a live source as many as the encoder can keep up with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from heatcam.commands.interrupts import on_interrupt
from heatcam.commands.recording_plan import RecordingPlan
from heatcam.errors import SinkError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.sinks import LiveRecorder, Recorder, RecorderOptions, exact_rate, joined, parse_size


class RecordingSink:
    """Writes each painted frame at its own time; the recorder opens with the first frame, when its size is known.

    Args:
        plan: where to write, and how.
        origin_s: asked when the first frame is written: the time of the source's first frame, in seconds.
        on_failure: called from another thread when something live is not recorded any more: it may give no frame for long.

    Attributes:
        ends_early: set before the end if the recording is incomplete and may be resumed.
    """

    def __init__(
        self, plan: RecordingPlan, origin_s: Callable[[], float], on_failure: Callable[[], object]
    ) -> None:
        self._plan, self._origin_s, self._on_failure = plan, origin_s, on_failure
        self._target, self._resumption = plan.destination.target, plan.destination.resumption
        self._recorder: Recorder | LiveRecorder | None = None
        self._to_warm_up = self._resumption.warm_up
        self.ends_early = False

    def __enter__(self) -> RecordingSink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        recorder = self._recorder
        if isinstance(recorder, Recorder):
            recorder.keeps_manifest |= self.ends_early
        if recorder is not None:
            with on_interrupt(lambda: None):  # a second Ctrl-C must not leave the file unfinished
                recorder.__exit__(kind, error, trace)
        elif self._resumption.frames and error is None:
            self._put_together()
        if isinstance(recorder, LiveRecorder) and error is None and recorder.failure is not None:
            raise recorder.failure

    @property
    def path(self) -> Path:
        """The finished file, or the pattern of the pictures."""
        return self._target.path

    @property
    def note(self) -> str:
        """Note on what the file lacks, such as sound that its container cannot hold; "" for nothing."""
        return self._recorder.note if isinstance(self._recorder, Recorder) else ""

    @property
    def frames(self) -> int:
        """Number of frames in the recording, those of earlier runs included."""
        recorder = self._recorder
        new = (
            recorder.frames_written if isinstance(recorder, Recorder) else recorder.frames if recorder else 0
        )
        return self._resumption.frames + new

    @property
    def dropped(self) -> int:
        """Number of frames of a live source that the encoder could not keep up with."""
        return self._recorder.dropped if isinstance(self._recorder, LiveRecorder) else 0

    def take(self, picture: Uint8Array, explanation: Explanation) -> None:
        """Hand one frame to the encoder; when it is behind, wait for it, or drop the frame of a live source.

        Raises:
            SinkError: the frame has another size than the first, or the encoder failed.
        """
        if self._to_warm_up:
            self._to_warm_up -= 1
            return
        frame, size_wh = explanation.frame, (picture.shape[1], picture.shape[0])
        if self._recorder is None:
            self._recorder = self._open(size_wh)
        if size_wh != self._recorder.size_wh:
            first, now = ("x".join(map(str, wh)) for wh in (self._recorder.size_wh, size_wh))
            raise SinkError(
                f"{frame.name or 'the source'} changed its size from {first} to {now}",
                f"{self.path} holds all before; use `heatcam snapshot` for pictures of several sizes",
            )
        if isinstance(self._recorder, Recorder):
            self._recorder.write(picture, frame.pts_s)
        elif not self._recorder.offer(picture, frame.pts_s) and self._recorder.failure is not None:
            raise self._recorder.failure

    def _open(self, size_wh: tuple[int, int]) -> Recorder | LiveRecorder:
        plan, asked = self._plan, self._plan.recording
        goes_on = self._resumption.frames > 0
        options = RecorderOptions(
            asked.codec,
            asked.crf,
            parse_size(asked.min_free),
            plan.destination.manifest,
            self._origin_s() if goes_on else None,
        )
        if plan.is_live:
            return LiveRecorder(
                self._target.path,
                size_wh,
                plan.fps,
                overwrite=plan.overwrite,
                options=options,
                on_failure=self._on_failure,
            )
        if goes_on:
            self._resumption.set_aside()
        return Recorder(
            self._target.path,
            size_wh,
            plan.fps,
            overwrite=plan.overwrite,
            audio_from=plan.audio,
            options=options,
        )

    def _put_together(self) -> None:
        """Join the segments of an earlier run into the finished file, where no new frames came."""
        left, plan = self._resumption.interrupted(), self._plan
        if left is not None:
            rate = exact_rate(plan.fps)
            made = joined(
                left.segments,
                self.path,
                (rate.numerator, rate.denominator),
                str(plan.audio.resolve()) if plan.audio else "",
                self._origin_s(),
            )
            made.path.replace(self.path)
            for segment in left.segments:
                if segment != self.path:
                    segment.unlink()
        if not self.ends_early:
            self._target.lock_file.unlink(missing_ok=True)
