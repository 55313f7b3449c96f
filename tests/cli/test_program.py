"""The program around its commands: closed streams, full disks, pipes that nobody reads, and what nobody expected."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from tests.commands.programs import start
from tests.sinks.test_recorder import posix_only


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line for the shell, in which HEATCAM is the program."""
    return subprocess.run(
        ["sh", "-c", line.replace("HEATCAM", f"{sys.executable} -m heatcam")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@posix_only
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_at_the_start_do_not_matter(tmp_path: Path, closed: str) -> None:
    document = tmp_path / "recovered.json"
    result = shell(f"HEATCAM recover {tmp_path} --json {document} {closed}")
    assert result.returncode == 0
    assert "heatcam:" not in result.stderr
    assert "Traceback" not in result.stderr
    assert document.read_text().startswith("{")


@posix_only
def test_what_cannot_be_printed_because_the_disk_is_full_is_said() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    result = shell("HEATCAM --help >/dev/full")
    assert result.returncode == 1
    assert result.stderr.startswith("heatcam: no space is left (")
    assert len(result.stderr.splitlines()) == 1


@posix_only
def test_what_is_printed_last_and_does_not_fit_on_the_disk_is_said_too(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        result = with_methods("sys.stdout.write('x')", tmp_path=tmp_path, output=full)
    assert result.returncode == 1
    assert (
        result.stderr
        == "heatcam: no space is left (No space left on device); make space or choose another disk\n"
    )


@posix_only
def test_a_pipe_that_was_left_before_the_last_words_is_no_trouble(tmp_path: Path) -> None:
    left, output = os.pipe()
    os.close(left)
    with os.fdopen(output, "w") as pipe:
        result = with_methods("sys.stdout.write('x')", tmp_path=tmp_path, output=pipe)
    assert (result.returncode, result.stderr) == (1, "")


@posix_only
def test_a_document_that_does_not_fit_on_the_disk_is_one_line(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    result = shell(f"HEATCAM recover {tmp_path} --json /dev/full")
    assert result.returncode == 1
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("heatcam:"))
    assert (
        line == "heatcam: cannot write /dev/full (No space left on device); make space or choose another disk"
    )


@posix_only
def test_a_current_folder_that_was_deleted_is_one_line(tmp_path: Path) -> None:
    result = shell(f"mkdir {tmp_path}/gone && cd {tmp_path}/gone && rmdir {tmp_path}/gone && HEATCAM methods")
    assert result.returncode == 1
    assert result.stderr == "heatcam: the current folder does not exist any more; change to one that does\n"


@posix_only
def test_too_many_open_files_are_one_line(tmp_path: Path) -> None:
    """The limit is set once the command runs: to start, Python needs some itself."""
    limits = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))\n"
        "files = [open('/dev/null') for _ in range(10)]"
    )
    result = with_methods(limits, tmp_path=tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "ulimit -n" in result.stderr


@posix_only
def test_too_little_address_space_is_one_line(tmp_path: Path) -> None:
    """Of a real limit, which torch does not fit into."""
    if sys.platform != "linux":
        pytest.skip("other systems do not keep to `ulimit -v`")
    result = shell(f"ulimit -v 1500000; HEATCAM record demo --max-frames 1 -o {tmp_path}/a.mp4")
    assert result.returncode == 1
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("heatcam:"))
    assert "not enough memory" in line
    assert "Traceback" not in result.stderr


@posix_only
def test_too_little_memory_is_one_line_even_where_none_is_left_to_say_it(tmp_path: Path) -> None:
    for body in ("raise MemoryError", "sys.modules['heatcam.cli.failures'] = None\nraise MemoryError"):
        result = with_methods(body, tmp_path=tmp_path)
        assert result.returncode == 1
        assert result.stderr.startswith("heatcam: not enough memory")
        assert len(result.stderr.splitlines()) == 1


@posix_only
def test_a_pipe_that_nobody_reads_any_more_is_no_trouble() -> None:
    result = shell("HEATCAM --help | true")
    assert (result.returncode, result.stderr) == (0, "")


@posix_only
def test_ctrl_c_while_the_interpreter_is_torn_down_changes_no_exit_code(tmp_path: Path) -> None:
    """CPython restores the default action of signals before modules go, and the program was killed: exit code -2."""
    body = (
        "import os, signal\n"
        "class Last:\n"
        "    def __del__(self, kill=os.kill, me=os.getpid(), number=signal.SIGINT):\n"
        "        kill(me, number)\n"
        "sys.kept = Last()"
    )
    result = with_methods(body, tmp_path=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


def with_methods(
    body: str, *words: str, tmp_path: Path, output: int | IO[str] = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """``heatcam methods`` whose work is ``body`` instead."""
    code = (
        "import sys, threading, time\n"
        "from types import ModuleType\n"
        "def instead(json, terminal):\n"
        + "".join(f"    {line}\n" for line in body.splitlines())
        + "    return 0\n"
        "sys.modules['heatcam.commands.methods'] = ModuleType('methods')  # quicker than the command's own\n"
        "sys.modules['heatcam.commands.methods'].show_methods = instead\n"
        f"sys.argv = ['heatcam', *{words!r}, 'methods']\n"
        "from heatcam.cli.program import main\n"
        "main()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        env={**os.environ, "HEATCAM_CACHE_DIR": str(tmp_path / "cache"), "PYTHONUNBUFFERED": ""},
        check=False,
    )


def reports(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "reports").glob("*"))


def test_what_nobody_expected_is_one_line_with_a_report_and_exit_code_1(tmp_path: Path) -> None:
    result = with_methods("raise KeyError('unheard of')", tmp_path=tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    (report,) = reports(tmp_path)
    assert str(report) in result.stderr
    assert "in instead" in report.read_text()


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    result = with_methods("raise KeyError('unheard of')", "--debug", tmp_path=tmp_path)
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert not reports(tmp_path)


def test_a_thread_that_dies_is_said_likewise_and_the_exit_code_is_1(tmp_path: Path) -> None:
    dies = "thread = threading.Thread(target=lambda: {}['unheard of'], name='reader')\nthread.start()\nthread.join()"
    result = with_methods(dies, tmp_path=tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "thread reader" in reports(tmp_path)[0].read_text()


def test_an_unexpected_error_leaves_past_threads_that_hang(tmp_path: Path) -> None:
    """Python's own end would stop them in the middle of C++ code, which aborts the process."""
    hangs = (
        "import atexit, os\n"
        "atexit.register(os.write, 2, b'the end of Python')\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "raise KeyError('x')"
    )
    result = with_methods(hangs, tmp_path=tmp_path)
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert "the end of Python" not in result.stderr


def stopped_after(seconds: float, folder: Path, *words: object) -> str:
    """What is wrong with how a command ends that Ctrl-C reaches so many seconds after its start; "" for nothing."""
    program = start(*words, cwd=folder)
    time.sleep(seconds)
    os.killpg(program.pid, signal.SIGINT)
    stdout, stderr = program.communicate(timeout=60)
    if "heatcam" not in stderr and program.returncode in (1, -signal.SIGINT):
        return ""  # before the first line of heatcam's own: Python was still starting
    lines = (
        stderr.count("heatcam: stopped") + ("stopped early" in stdout) + ("no frame was recorded" in stderr)
    )
    fine = program.returncode == 130 and lines == 1 and "Traceback" not in stderr
    return "" if fine else f"after {seconds:.2f} s: exit code {program.returncode}, {stderr}"


@posix_only
@pytest.mark.parametrize("seconds", [0.06, 0.25, 1.2, 2.5])
def test_ctrl_c_during_the_start_is_one_line_and_130(tmp_path: Path, seconds: float) -> None:
    assert not stopped_after(seconds, tmp_path, "record", "demo", "-o", "out.mp4", "--seconds", "600")


@posix_only
@pytest.mark.soak
def test_ctrl_c_at_forty_moments_of_the_start_is_one_line_and_130(tmp_path: Path) -> None:
    """From the first instant until frames are recorded; of another command, until long after it is done."""
    record = ("record", "demo", "--overwrite", "-o", "out.mp4", "--seconds", "600")
    wrong = [stopped_after(0.05 + n * 10 / 40, tmp_path, *record) for n in range(40)]
    assert not [text for text in wrong if text]
