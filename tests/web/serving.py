"""A server in a process of its own, which tests may kill and start again at the same address."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_STARTS_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServedProcess:
    """A server; ``command`` is given ``--port`` and its number."""

    def __init__(self, command: list[str]) -> None:
        self._port, self.command = free_port(), command
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", *self.command, "--port", str(self._port)]
        self._process = subprocess.Popen(command, cwd=_ROOT, env=environment)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + _STARTS_S
        while True:
            try:
                urllib.request.urlopen(f"{self.address}session", timeout=2).close()
                return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < until, "the server does not start"
                time.sleep(0.1)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
