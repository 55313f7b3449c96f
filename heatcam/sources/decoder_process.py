"""Client of the decoder process, which decodes a video with PyAV."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from heatcam.errors import SourceError, UnreadableInputError
from heatcam.geometry import Uint8Array
from heatcam.sources.decoder_messages import (
    END,
    FACTS,
    FAILURE,
    HEADER,
    DecodeJob,
    FilmFacts,
    Header,
)

# The child gets this process's import path, however that was started; -m would put the current folder first.
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from heatcam.sources.decoder.child import main; main()"


@dataclass(frozen=True)
class Decoded:
    """One frame.

    Attributes:
        image_bgr: uint8 ``(H, W, 3)``, BGR, upright; its own memory.
        pts_s: seconds from the video's first frame.
    """

    image_bgr: Uint8Array
    pts_s: float


class DecoderProcess:
    """Decodes one video. Used from one thread; ``close`` ends the process at once.

    Args:
        target: path or address.
        is_url: True if it is an address.

    Attributes:
        facts: the facts that the video states about itself.

    Raises:
        UnreadableInputError: it is no video; ``problem`` is the reason in a few words.
        SourceError: the process has died.
    """

    def __init__(self, target: str, *, is_url: bool = False) -> None:
        self._stderr_file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._generation = 0
        self._child = _started(self._stderr_file)
        assert self._child.stdin is not None and self._child.stdout is not None
        self._orders, self._answers = self._child.stdin, self._child.stdout
        try:
            self._tell(DecodeJob(target, is_url).line())
            header = self._header()
            if header.kind != FACTS:
                raise UnreadableInputError(self._reason(header))
            self.facts = FilmFacts.decoded(self._exactly(bytearray(header.length)))
        except BaseException:
            self.close()
            raise

    def go(self, to_s: float) -> None:
        """Decode from ``to_s`` seconds on; there are no frames before the first call.

        Raises:
            SourceError: the process has died.
        """
        self._generation += 1
        self._tell(json.dumps({"seek": to_s, "generation": self._generation}).encode() + b"\n")

    def next(self) -> Decoded | None:
        """Return the next frame; None after the last one.

        Raises:
            SourceError: the video cannot be read any further, or the process has died.
        """
        while True:
            header = self._header()
            body = np.empty(header.length, np.uint8)
            self._exactly(body)
            if header.kind == FAILURE:
                raise SourceError(body.tobytes().decode("utf-8", "replace"))
            if header.generation != self._generation:
                continue  # from before the last seek
            if header.kind == END:
                return None
            width, height = header.size_wh
            return Decoded(body.reshape(height, width, 3), header.pts_s)

    def close(self) -> None:
        """Kill the process; it has nothing to finish."""
        self._child.kill()
        for pipe in (self._orders, self._answers):
            with contextlib.suppress(OSError):  # (unsent data is not needed any more)
                pipe.close()
        self._child.wait()
        self._stderr_file.close()

    def _tell(self, line: bytes) -> None:
        try:
            self._orders.write(line)
        except OSError:
            raise self._died() from None

    def _header(self) -> Header:
        return Header.unpacked(self._exactly(bytearray(HEADER.size)))

    def _reason(self, header: Header) -> str:
        words: bytearray = self._exactly(bytearray(header.length))
        return words.decode("utf-8", "replace")

    def _exactly(self, buffer: Any) -> Any:
        """Fill ``buffer`` from the pipe and return it."""
        view = memoryview(buffer)
        while view:
            got = self._answers.readinto(view)  # type: ignore[attr-defined]
            if not got:
                raise self._died()
            view = view[got:]
        return buffer

    def _died(self) -> SourceError:
        code = self._child.wait()
        self._stderr_file.seek(0)
        lines = self._stderr_file.read().decode(errors="replace").strip().splitlines()
        ended = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return SourceError(f"the decoder ended ({ended}{': ' + lines[-1] if lines else ''})", "try again")


def _started(stderr_file: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the child, out of reach of this terminal's Ctrl-C."""
    return subprocess.Popen(
        [sys.executable, "-c", _START, json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr_file,
        bufsize=0,
        start_new_session=os.name == "posix",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
