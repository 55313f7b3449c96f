"""Video recording that outlives this process: frames go down a pipe to ``encoder_child``, which owns the file.

Writing waits when the encoder is behind (files drop nothing), and needs no thread here: what ``write`` has returned for
is in the pipe or in the other process, and ends in a playable file even if this one is killed the moment after.
"""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, cast

import numpy as np

from heatcam.errors import SinkError, UsageError
from heatcam.geometry import Uint8Array

MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}

_CRF = 20
_FINISH_TIMEOUT_S = 120.0
# The child imports from where this process does, however it was started; -m would put the current folder first.
_START_CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from heatcam.sinks.encoder_child import main; main()"
)


def check_recording_path(path: str | Path, overwrite: bool = False) -> None:
    """Refuse what cannot be recorded to, before anything is computed.

    Raises:
        UsageError: an unknown suffix, an existing file without ``overwrite``, or the leftover of a killed run in the way.
        SinkError: the folder is not there.
    """
    path = Path(path)
    if path.suffix.lower() not in MUXERS:
        raise UsageError(f"cannot record to {path.name}", f"name it with one of {', '.join(MUXERS)}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", f"name a file in it, {path / 'out.mp4'} for example")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists already", "choose another name or add --overwrite")
    part = part_path(path)
    if part.exists() and not overwrite:
        raise UsageError(
            f"{part} is left from a recording that was interrupted, and plays",
            "rename it, or add --overwrite",
        )
    if not path.parent.is_dir():
        raise SinkError(f"there is no folder {path.parent}", "make it first or choose another")


def part_path(path: Path) -> Path:
    """What a recording is called while it is unfinished: ``out.part.mp4`` for ``out.mp4``."""
    return path.with_name(f"{path.stem}.part{path.suffix}")


def exact_rate(fps: float) -> Fraction:
    """The rate that ``fps`` stands for: a whole number or one of NTSC's (30000/1001) if within 0.01 %, else ``fps``.

    Containers that round their times claim 23.97599 for 24000/1001; frame times of such a rate have no exact time base.
    """
    whole = max(1, round(fps))
    ntsc = Fraction(max(1, round(fps * 1.001)) * 1000, 1001)
    nearest = min(Fraction(whole), ntsc, key=lambda rate: abs(rate - Fraction(fps)))
    return (
        nearest if abs(nearest - Fraction(fps)) <= nearest / 10_000 else Fraction(fps).limit_denominator(1001)
    )


class Recorder:
    """One video file: H.264 in MP4, MOV or MKV, VP9 in WebM; BT.709; each frame at its own time.

    Use it with ``with``: leaving the block finishes the file and gives it its name, also when an error or Ctrl-C ends
    the block. Frames go in by ``write`` from one thread.

    Args:
        path: the file; its suffix chooses the container.
        size_wh: width and height of every frame in pixels. Odd sizes are kept, H.264 in 4:4:4 then.
        fps: nominal frames a second, and how long the last frame stands.
        overwrite: replace an existing file, once the new one is complete.
        audio_from: a file whose sound is carried over unchanged, as far as there are frames.

    Raises:
        UsageError: an unknown suffix, an existing file without ``overwrite``.
        SinkError: no folder, no permission, no encoder.
        ValueError: a size or rate below what can be.
    """

    def __init__(
        self,
        path: str | Path,
        size_wh: tuple[int, int],
        fps: float,
        *,
        overwrite: bool = False,
        audio_from: str | Path | None = None,
    ) -> None:
        if min(size_wh) < 1 or not 0 < fps < 10_000:
            raise ValueError(f"cannot record {size_wh[0]}x{size_wh[1]} at {fps} frames a second")
        self.path = Path(path)
        check_recording_path(self.path, overwrite)
        self.part = part_path(self.path)
        self.size_wh = size_wh
        self.frames_written = 0
        self.note = ""
        self._overwrite = overwrite
        self._torn = False
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (the child's standard error)
        self._claim_part()
        self._child, self._pipe = self._start_child()
        self._send(self._job(fps, str(audio_from or "")))

    def write(self, image_bgr: Uint8Array, pts_s: float) -> None:
        """Hand over one frame; waits while the encoder is behind. The picture is copied.

        Args:
            image_bgr: uint8 ``(H, W, 3)``, BGR, of ``size_wh``.
            pts_s: when it is shown, in seconds; the first frame's time becomes zero.

        Raises:
            ValueError: a picture of another size or type, a time that is no number, or a recorder that is closed.
            SinkError: the encoder died or the disk is full; the file so far plays and is named.
        """
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
        # Ctrl-C may come in the middle: the child leaves out a frame cut off, but could not find the next one.
        self._torn = True
        self._send(struct.pack("<d", pts_s), np.ascontiguousarray(image_bgr))
        self._torn = False
        self.frames_written += 1

    def close(self) -> None:
        """Finish the file and give it its name; twice is harmless. A recording without frames leaves no file.

        Raises:
            SinkError: the encoder failed, or the name was taken meanwhile; the file so far plays and is named.
        """
        if self._pipe.closed:
            return
        self._pipe.close()
        self._settle()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except SinkError as failure:
            if error is None:
                raise
            if error is not failure:
                error.__context__ = error.__context__ or failure

    def _claim_part(self) -> None:
        try:
            with self.part.open("wb"):
                pass
        except OSError as error:
            raise SinkError(
                f"cannot write {self.part} ({error.strerror})", "choose another folder"
            ) from error

    def _job(self, fps: float, audio_from: str) -> bytes:
        rate = exact_rate(fps)
        job = {
            "path": str(self.part.resolve()),
            "muxer": MUXERS[self.path.suffix.lower()],
            "size_wh": self.size_wh,
            "fps": (rate.numerator, rate.denominator),
            "crf": _CRF,
            "audio_from": str(Path(audio_from).resolve()) if audio_from else "",
        }
        return json.dumps(job).encode() + b"\n"

    def _start_child(self) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        command = [sys.executable, "-c", _START_CHILD, json.dumps(sys.path)]
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            bufsize=0,
            start_new_session=os.name == "posix",  # Ctrl-C goes to a whole process group: not to this child's
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        pipe, child.stdin = child.stdin, None  # ours to close: communicate() would flush a closed one
        assert pipe is not None  # asked for above
        return child, pipe

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
        """Wait for the child's answer, then rename the file or say what went wrong."""
        with self._complaints:
            outcome = self._wait_for_child()
        self.note = str(outcome.get("note", ""))
        if outcome["error"]:
            raise SinkError(f"recording {self.path} failed ({outcome['error']})", self._what_remains())
        if not outcome["frames"]:
            self.part.unlink(missing_ok=True)
            return
        if self.path.exists() and not self._overwrite:
            raise SinkError(f"{self.path} was made by another program meanwhile", self._what_remains())
        try:
            self.part.replace(self.path)
        except OSError as error:
            raise SinkError(
                f"cannot rename to {self.path} ({error.strerror})", self._what_remains()
            ) from error

    def _wait_for_child(self) -> dict[str, str | int]:
        try:
            answer, _ = self._child.communicate(timeout=_FINISH_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
            return {"frames": 0, "error": f"the encoder did not finish within {_FINISH_TIMEOUT_S:g} s"}
        if answer.strip():
            return dict(json.loads(answer))
        return {"frames": 0, "error": self._last_words()}

    def _last_words(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        code = self._child.returncode
        ended = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return f"the encoder ended with {ended}" + (f": {lines[-1]}" if lines else "")

    def _what_remains(self) -> str:
        if self.part.exists() and self.part.stat().st_size:
            return f"what was recorded so far plays: {self.part}"
        self.part.unlink(missing_ok=True)
        return "nothing was recorded"
