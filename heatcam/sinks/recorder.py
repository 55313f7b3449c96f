"""Video recording that survives this process: frames go through a pipe to the encoder's process, which owns the file.

Writing waits when the encoder is behind (files drop nothing), and needs no thread here: once ``write`` has returned, the frame
is in the pipe or in the other process, and ends in a playable file even if this one is killed the moment after.
"""

from __future__ import annotations

import contextlib
import math
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

import numpy as np

from heatcam.errors import SinkError, UsageError
from heatcam.geometry import Uint8Array
from heatcam.sinks.recording.codecs import CODECS, codec_of
from heatcam.sinks.recording.disk_space import SpaceWatch, require_space
from heatcam.sinks.recording.messages import EncodeJob, Outcome, to_line
from heatcam.sinks.recording.output_path import OutputPath, earlier_segments, output_path_of
from heatcam.sinks.recording.process import pipe_of, start, wait_for
from heatcam.sinks.recording.rates import exact_rate
from heatcam.sinks.recording.recording_lock import RecordingLock, require_unlocked
from heatcam.sinks.recording.recovery import interrupted_recording, joined
from heatcam.sinks.recording.vanishing import FileWatch, named_where_it_is, other_folders

_FINISH_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class RecorderOptions:
    """Settings of a recording beyond name, size and rate.

    Attributes:
        codec: a key of ``recording.codecs.CODECS``; "" takes the container's default: H.264, in WebM VP9.
        crf: constant rate factor on the codec's own scale; None takes its default.
        min_free: bytes that must stay free on the disk; 0 for no check.
        manifest: description of the recording, kept beside the file until it is complete; JSON.
        resume_origin_s: to resume after existing segments: the time of the whole recording's first frame, in seconds.
    """

    codec: str = ""
    crf: int | None = None
    min_free: int = 0
    manifest: Mapping[str, Any] = field(default_factory=dict)
    resume_origin_s: float | None = None


def check_recording_path(path: str | Path, overwrite: bool = False) -> OutputPath:
    """Refuse a path that cannot be recorded to, before anything is computed.

    Raises:
        UsageError: an unknown suffix, a missing folder, an existing file without ``overwrite``, an interrupted recording in the
            way, or a recording that another process is writing.
    """
    target = output_path_of(path)
    require_unlocked(target.lock_file)
    existing = target.existing()
    if existing is not None and not overwrite:
        raise UsageError(f"{existing} exists already", "choose another name or add --overwrite")
    interrupted = interrupted_recording(target.part) if target.form.has_part_file else None
    if interrupted is not None and not overwrite:
        left = interrupted.segments[0]
        raise UsageError(
            f"{left} is left from a recording that was interrupted",
            f"`heatcam recover {left}` makes a finished file of it, --resume continues it, --overwrite throws it away",
        )
    return target


class Recorder:
    """Recording of a video in MP4, MOV, MKV or WebM, each frame at its own time; of a GIF; or of numbered pictures.

    Use it with ``with``: leaving the block finishes the file and gives it its name, also when an error or Ctrl-C ends
    the block. Frames go in by ``write`` from one thread.

    Args:
        path: the file; its suffix chooses the container. ``out-%05d.png`` makes pictures.
        size_wh: width and height of every frame in pixels. Odd sizes are kept, H.264 and HEVC in 4:4:4 then.
        fps: nominal frames per second; it also sets the duration of the last frame.
        overwrite: replace an existing file, once the new one is complete.
        audio_from: a file whose audio is copied unchanged, as far as there are frames.
        options: other settings.

    Attributes:
        frames_written: number of frames that ``write`` has taken.
        note: what the file lacks, such as audio, known after ``close``; "" for nothing.
        keeps_manifest: set before ``close`` to keep the manifest, because the recording ends before it is complete.

    Raises:
        UsageError: an unknown suffix or codec, a missing folder, an existing file without ``overwrite``, or another process that
            writes it.
        SinkError: no permission, no encoder, or too little space on the disk.
        ValueError: a size below 1 or a rate outside of (0, 10000).
    """

    def __init__(
        self,
        path: str | Path,
        size_wh: tuple[int, int],
        fps: float,
        *,
        overwrite: bool = False,
        audio_from: str | Path | None = None,
        options: RecorderOptions | None = None,
    ) -> None:
        if min(size_wh) < 1 or not 0 < fps < 10_000:
            raise ValueError(f"cannot record {size_wh[0]}x{size_wh[1]} at {fps} frames a second")
        self._options = options or RecorderOptions()
        goes_on = self._options.resume_origin_s is not None
        self._target = output_path_of(path) if goes_on else check_recording_path(path, overwrite)
        self.path, self.part, self._form = self._target.path, self._target.part, self._target.form
        self.size_wh = size_wh
        self.frames_written = 0
        self.note = ""
        self.keeps_manifest = False
        self._overwrite = overwrite
        self._torn = False
        self._rate = exact_rate(fps)
        self._audio_from = str(Path(audio_from).resolve()) if audio_from else ""
        require_space(self.path.parent, self._options.min_free)
        self._space = SpaceWatch(self.path.parent, self._options.min_free)
        self._recording_lock = RecordingLock(
            self._target.lock_file, {"rate": self._fps, **self._options.manifest}
        )
        self._folder = self.path.parent.absolute()
        try:
            self._start(goes_on)
        except BaseException:  # such as too many open files, or Ctrl-C
            self._leave_nothing()
            raise

    def write(self, image_bgr: Uint8Array, pts_s: float) -> None:
        """Record one frame; waits while the encoder is behind. The picture is copied.

        Args:
            image_bgr: uint8 ``(H, W, 3)``, BGR, of ``size_wh``.
            pts_s: its presentation time, in seconds; the first frame's time becomes zero.

        Raises:
            ValueError: a picture of another size or type, a time that is not finite, or a recorder that is closed.
            SinkError: the encoder died, the disk is full, or nearly (``min_free``), or the file was deleted or moved; the
                recording so far plays, and the message says where it is.
        """
        self._check(image_bgr, pts_s)
        shortage = self._space.shortage()
        if shortage:
            self.keeps_manifest = True
            self.close()
            raise SinkError(shortage, f"recording stopped; {self.path} holds what was recorded")
        self.require_place()
        # Ctrl-C may come in the middle: the child leaves out a truncated frame, but could not find the next one.
        self._torn = True
        self._send(struct.pack("<d", pts_s), np.ascontiguousarray(image_bgr))
        self._torn = False
        self.frames_written += 1

    def require_place(self) -> None:
        """Check that the file is still in its place, at most once a second; ``write`` does so too.

        Raises:
            SinkError: the file or its folder was deleted or moved; the recording has ended, and the message says what is left.
        """
        if not self._pipe.closed and self._watch.is_gone():
            self.keeps_manifest = True
            self.close()

    def close(self) -> None:
        """Finish the file and give it its name; a second call is harmless. A recording without frames leaves no file.

        Raises:
            SinkError: the encoder failed, another program took the name meanwhile, or the file was deleted or moved; the message
                says where the frames so far are.
        """
        if self._pipe.closed:
            return
        self._pipe.close()
        self._settle()

    def abandon(self) -> None:
        """Kill an encoder that does not finish, from any thread. The frames it has written stay in the file."""
        self._child.kill()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.keeps_manifest |= error is not None
        try:
            self.close()
        except SinkError as failure:
            if error is None:
                raise
            if error is not failure:
                error.__context__ = error.__context__ or failure

    def _check(self, image_bgr: Uint8Array, pts_s: float) -> None:
        width, height = self.size_wh
        if image_bgr.shape != (height, width, 3) or image_bgr.dtype != np.uint8:
            shape = "x".join(map(str, image_bgr.shape))
            raise ValueError(
                f"frame of {shape} {image_bgr.dtype} given to a recording of {height}x{width}x3 uint8"
            )
        if not math.isfinite(pts_s):
            raise ValueError(f"frame {self.frames_written} has the time {pts_s}")
        if self._pipe.closed or self._torn:
            raise ValueError(f"the recording {self.path} is closed")

    def _start(self, goes_on: bool) -> None:
        """Make the unfinished file and start the encoder's process."""
        self._stderr_file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (the child's standard error)
        self._claim_part(goes_on)
        self._watch = FileWatch(self.part if self._form.has_part_file else self.path.parent)
        self._child = start(
            "encoder_process", self._stderr_file, [self._recording_lock.descriptor, *self._watch.held]
        )
        self._pipe = pipe_of(self._child)
        self._send(to_line(self._job()))

    def _leave_nothing(self) -> None:
        """Remove the files of a failed start, so that they are in nobody's way."""
        with contextlib.suppress(OSError):
            if self._form.has_part_file and not self.part.stat().st_size:
                self.part.unlink()
        self._recording_lock.withdraw()

    def _claim_part(self, goes_on: bool) -> None:
        """Create the unfinished file; segments of an earlier run are deleted unless this one resumes it.

        Raises:
            SinkError: the file cannot be written.
        """
        if not self._form.has_part_file:
            return
        if not goes_on:
            for segment in earlier_segments(self.part):
                segment.unlink(missing_ok=True)
        try:
            with self.part.open("wb"):
                pass
        except OSError as error:
            self._recording_lock.withdraw()
            raise SinkError(
                f"cannot write {self.part} ({error.strerror})", "choose another folder"
            ) from error

    def _job(self) -> EncodeJob:
        codec = codec_of(self.path, self._options.codec, self._options.crf)
        crf = self._options.crf
        return EncodeJob(
            path=str(self.part.resolve()) if not self._form.has_part_file else self._watch.path_for_child(),
            writer=self._form.writer,
            muxer=self._form.muxer,
            size_wh=self.size_wh,
            fps=self._fps,
            codec=codec,
            crf=CODECS[codec].crf if codec and crf is None else crf,
            audio_from=self._audio_from,
            origin_s=self._options.resume_origin_s,
        )

    @property
    def _fps(self) -> tuple[int, int]:
        return self._rate.numerator, self._rate.denominator

    def _send(self, *parts: bytes | Uint8Array) -> None:
        try:
            for part in parts:
                view = memoryview(cast(bytes, part)).cast("B")
                while view:
                    view = view[self._pipe.write(view) :]
        except OSError:  # a broken pipe: the child is gone
            self._pipe.close()
            self._settle()
            raise SinkError("the encoder stopped by itself", self._what_remains()) from None

    def _settle(self) -> None:
        """Wait for the child's answer, then put the file in place or raise the failure."""
        with self._stderr_file:
            outcome = wait_for(self._child, self._stderr_file, _FINISH_TIMEOUT_S)
        self.note = outcome.note
        try:
            if self._watch.is_missing():
                raise self._lost(outcome)
            if outcome.error:
                raise SinkError(f"recording {self.path} failed ({outcome.error})", self._what_remains())
            self._put_in_place(outcome.frames)
        except BaseException:
            # the remaining frames can be recovered or resumed
            (
                self._recording_lock.release
                if interrupted_recording(self.part)
                else self._recording_lock.withdraw
            )()
            raise
        finally:
            self._watch.close()
        if self.keeps_manifest and self._options.manifest and self.path.exists():
            self._recording_lock.release()
        else:
            self._recording_lock.withdraw()

    def _put_in_place(self, frames: int) -> None:
        """Rename the file, after the earlier segments if there are any."""
        if not self._form.has_part_file:
            return
        if not frames:
            self.part.unlink(missing_ok=True)
        segments = earlier_segments(self.part)
        if not frames and not segments:
            return
        if self.path.exists() and not self._overwrite:
            raise SinkError(f"{self.path} was made by another program meanwhile", self._what_remains())
        made = self._joined((*segments, self.part) if frames else segments) if segments else self.part
        try:
            made.replace(self.path)
        except OSError as error:
            raise SinkError(
                f"cannot rename to {self.path} ({error.strerror})", self._what_remains()
            ) from error
        for segment in (*segments, self.part):
            segment.unlink(missing_ok=True)

    def _joined(self, segments: tuple[Path, ...]) -> Path:
        origin_s = self._options.resume_origin_s or 0.0
        made = joined(segments, self.path, self._fps, self._audio_from, origin_s)
        self.note = self.note or made.outcome.note
        return made.path

    def _lost(self, outcome: Outcome) -> SinkError:
        """Save what can be saved of a file that was deleted or moved, and return the error that tells where it is."""
        lost = f"the folder {self._folder}" if not self._folder.is_dir() else str(self.part)
        moved_to = self._watch.new_place()
        if moved_to is None:
            happened = "was deleted, or its disk is gone,"
            kept = (
                self._watch.copy_to(other_folders(self._folder), self.path.name) if outcome.frames else None
            )
        else:
            happened = "was moved"
            kept = named_where_it_is(moved_to, self._target)
            if not self._options.manifest:  # it cannot be resumed
                kept.with_name(self._target.lock_file.name).unlink(missing_ok=True)
        problem = f"{lost} {happened} while it was being recorded to"
        if not self._form.has_part_file and kept is None:
            return SinkError(problem, "recording stopped; the pictures were in it")
        if kept is None:
            return SinkError(problem, "recording stopped; nothing could be kept")
        frames = f"what could be written of {outcome.frames}" if outcome.error else f"the {outcome.frames}"
        return SinkError(problem, f"recording stopped; {frames} frames so far are in {kept}")

    def _what_remains(self) -> str:
        if not self._form.has_part_file:
            return "the pictures written so far are whole"
        if self.part.exists() and self.part.stat().st_size:
            return f"what was recorded so far plays: {self.part}"
        self.part.unlink(missing_ok=True)
        return "nothing was recorded"
