"""The program as its users start it: in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from heatcam.cli.app import app


def with_markers(words: Sequence[object]) -> list[str]:
    """A command line that explains with ``markers`` where it names no model: the pictures here show markers."""
    told = [str(word) for word in words]
    explains = {"snapshot", "record", "live", "stats", "drift"} & set(told[:2])  # (--debug may come first)
    return told if not explains or {"--model", "-m", "--help"} & set(told) else [*told, "--model", "markers"]


def heatcam(*words: object, exit_code: int = 0) -> Result:
    """Run a command in this process, with ``markers`` where it names no model, and check its exit code."""
    result = CliRunner().invoke(app, with_markers(words))
    assert result.exit_code == exit_code, (result.exit_code, result.stdout, result.stderr, result.exception)
    return result


def start(
    *words: object, env: dict[str, str] | None = None, cwd: Path | None = None, module: str = "heatcam"
) -> subprocess.Popen[str]:
    """Start a command in a process group of its own and open to Ctrl-C, as a terminal does; ``markers`` as above."""
    # A shell that starts the tests in the background lets them, and all they start, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(
        [sys.executable, "-m", module, *with_markers(words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env or dict(os.environ),
        cwd=cwd,
        start_new_session=True,
    )


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe counts and says of a file's video stream."""
    command = [
        "ffprobe",
        "-v",
        "error",
        "-count_frames",
        "-select_streams",
        "v:0",
        "-show_streams",
        "-of",
        "json",
        str(path),
    ]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["streams"][
        0
    ]
