"""Starting the encoder's process, and short errands to it."""

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

# The child imports from where this process does, however it was started; -m would put the current folder first.
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from heatcam.sinks.encoder.{} import main; main()"


def start(room: str, stderr_file: IO[bytes] | int, keep_open: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start a module of the encoder's room, deaf to this terminal's Ctrl-C, with pipes to it and from it.

    Args:
        room: the module: ``encoder_process`` or ``encoder_worker``.
        stderr_file: where its standard error goes.
        keep_open: descriptors that it holds open as long as it lives (POSIX).
    """
    return subprocess.Popen(
        [sys.executable, "-c", _START.format(room), json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr_file,
        bufsize=0,
        pass_fds=tuple(keep_open) if os.name == "posix" else (),
        start_new_session=os.name == "posix",  # Ctrl-C goes to a whole process group: not to this child's
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def codecs_here() -> list[str]:
    """The codecs that this PyAV can encode; about 0.3 s.

    Raises:
        SinkError: it cannot be asked.
    """
    return list(_ask({"errand": "codecs"})["codecs"])


def count_frames(path: Path) -> Outcome:
    """How many whole frames a file holds, finished or not; ``error`` where it is no video.

    Raises:
        SinkError: it cannot be asked.
    """
    return Outcome(**_ask({"errand": "count", "path": str(path.resolve())}))


def join_pieces(job: JoinJob) -> Outcome:
    """Put segments together into ``job.path``; ``error`` where that failed.

    Raises:
        SinkError: it cannot be asked.
    """
    return Outcome(**_ask({"errand": "join", "job": asdict(job)}))


def pipe_of(child: subprocess.Popen[bytes]) -> IO[bytes]:
    """The way to a child, the caller's to close: ``communicate`` would flush a closed one."""
    pipe, child.stdin = child.stdin, None
    assert pipe is not None  # asked for by ``start``
    return pipe


def wait_for(child: subprocess.Popen[bytes], stderr_file: IO[bytes], timeout_s: float) -> Outcome:
    """What the encoder says at its end; where it says nothing, how it ended and the last line of its standard error.

    Args:
        child: whose pipe has been closed.
        stderr_file: its standard error.
        timeout_s: how long it may take, in seconds; it is killed then.
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
        except BaseException:  # Ctrl-C above all, to which it is deaf
            child.kill()
            raise
    if not answer.strip():
        last = stderr_file.decode(errors="replace").strip().splitlines()[-1:]
        raise SinkError(
            f"the encoder's process ended without an answer ({' '.join(last)})", "check that PyAV works"
        )
    return dict(json.loads(answer))
