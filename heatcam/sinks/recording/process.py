"""Start of the encoder's process, and short tasks for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from heatcam.errors import SinkError
from heatcam.sinks.recording.messages import JoinJob, Outcome, outcome_from

# The child gets this process's import path, however that was started; -m would put the current folder first.
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from heatcam.sinks.encoder.{} import main; main()"


def start(room: str, stderr_file: IO[bytes] | int, keep_open: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start a module of ``sinks/encoder`` as a process with pipes to and from it, out of reach of this terminal's Ctrl-C.

    Args:
        room: the module: ``encoder_process`` or ``encoder_worker``.
        stderr_file: destination of its standard error.
        keep_open: file descriptors that it inherits and holds open as long as it lives (POSIX).
    """
    return subprocess.Popen(
        [sys.executable, "-c", _START.format(room), json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr_file,
        bufsize=0,
        pass_fds=tuple(keep_open) if os.name == "posix" else (),
        start_new_session=os.name == "posix",  # Ctrl-C reaches only the terminal's process group
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def codecs_here() -> list[str]:
    """Return the codecs that this PyAV can encode; takes about 0.3 s.

    Raises:
        SinkError: the encoder's process ended without an answer.
    """
    return list(_ask({"errand": "codecs"})["codecs"])


def count_frames(path: Path) -> Outcome:
    """Count the complete frames of a file, finished or not; ``error`` is set if it is no video.

    Raises:
        SinkError: the encoder's process ended without an answer.
    """
    return Outcome(**_ask({"errand": "count", "path": str(path.resolve())}))


def join_segments(job: JoinJob) -> Outcome:
    """Join segments into ``job.path``; ``error`` is set if that failed.

    Raises:
        SinkError: the encoder's process ended without an answer.
    """
    return Outcome(**_ask({"errand": "join", "job": asdict(job)}))


def pipe_of(child: subprocess.Popen[bytes]) -> IO[bytes]:
    """Take over the pipe to a child's standard input; the caller closes it, since ``communicate`` would flush a closed one."""
    pipe, child.stdin = child.stdin, None
    assert pipe is not None  # asked for by ``start``
    return pipe


def wait_for(child: subprocess.Popen[bytes], stderr_file: IO[bytes], timeout_s: float) -> Outcome:
    """Wait for the encoder's outcome; without one, ``error`` is its exit code and the last line of its standard error.

    Args:
        child: the encoder, whose pipe has been closed.
        stderr_file: its standard error.
        timeout_s: time limit in seconds, after which it is killed.
    """
    try:
        answer, _ = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return Outcome(0, f"the encoder did not finish within {timeout_s:g} s")
    return outcome_from(answer) if answer.strip() else Outcome(0, _last_words(child, stderr_file))


def _last_words(child: subprocess.Popen[bytes], stderr_file: IO[bytes]) -> str:
    stderr_file.seek(0)
    lines = stderr_file.read().decode(errors="replace").strip().splitlines()
    code = child.returncode
    ended = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return f"the encoder ended with {ended}" + (f": {lines[-1]}" if lines else "")


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    with start("encoder_worker", subprocess.PIPE) as child:
        try:
            answer, stderr_file = child.communicate(json.dumps(question).encode() + b"\n")
        except BaseException:  # above all Ctrl-C, which does not reach the child
            child.kill()
            raise
    if not answer.strip():
        last = stderr_file.decode(errors="replace").strip().splitlines()[-1:]
        raise SinkError(
            f"the encoder's process ended without an answer ({' '.join(last)})", "check that PyAV works"
        )
    return dict(json.loads(answer))
