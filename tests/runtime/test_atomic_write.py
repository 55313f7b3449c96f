"""Atomic writes: all of a file or nothing, under signals and errors."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from heatcam.runtime import write_atomically
from tests.runtime.test_stopping import after
from tests.sinks.test_recorder import posix_only


def test_a_failed_write_leaves_what_was_there_and_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")

    def is_full(self: Path, data: bytes) -> None:
        with self.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", is_full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@posix_only
def test_a_signal_waits_until_the_file_has_its_name(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from heatcam.runtime import write_atomically\n"
        "write = Path.write_bytes\n"
        "Path.write_bytes = lambda self, data: (write(self, data[:1]), ready(), time.sleep(1), write(self, data))\n"
        f"write_atomically(Path({str(tmp_path / 'a.json')!r}), b'whole')\n"
        "time.sleep(60)"
    )
    ended = after(signal.SIGINT, code)
    assert ended.returncode == 130, ended.stderr
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.json", b"whole")]
