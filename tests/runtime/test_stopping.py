"""Signals that end the program: one line and an exit code, whatever is going on; nothing half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sinks.test_recorder import posix_only

pytestmark = posix_only
ENDS = [(signal.SIGINT, 130, "stopped"), (signal.SIGTERM, 143, "ended by SIGTERM")]
if hasattr(signal, "SIGHUP"):
    ENDS.append((signal.SIGHUP, 129, "ended by SIGHUP"))


def after(number: int, code: str, *, before: str = "") -> subprocess.CompletedProcess[str]:
    """What becomes of ``code``, which says when it is ready, after a signal. ``before``: what runs before it is installed."""
    start = (
        f"import os, signal, sys, time\n{before}\nfrom heatcam.runtime import stopping\nstopping.install()\n"
    )
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # (a shell's background lets its children ignore it)
    with subprocess.Popen(
        [sys.executable, "-c", start + "ready = lambda: os.write(1, b'ready\\n')\n" + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(number)
        said, complained = child.communicate(timeout=30)
    return subprocess.CompletedProcess(code, child.returncode, said, complained)


@pytest.mark.parametrize(("number", "code", "words"), ENDS)
def test_where_nothing_can_be_lost_the_program_ends_at_once_in_one_line(number, code, words):
    ended = after(number, "ready(); time.sleep(60)")
    assert (ended.returncode, ended.stderr, ended.stdout) == (code, f"heatcam: {words}\n", "")


def test_a_library_that_swallows_every_exception_while_it_is_imported_does_not_swallow_ctrl_c():
    swallows = (
        "try:\n    ready(); time.sleep(60)\nexcept BaseException:\n    print('swallowed')\ntime.sleep(60)"
    )
    ended = after(signal.SIGINT, swallows)
    assert (ended.returncode, ended.stderr, ended.stdout) == (130, "heatcam: stopped\n", "")


@pytest.mark.parametrize(("number", "code", "words"), ENDS)
def test_where_something_is_to_be_finished_it_is_an_exception(number, code, words):
    finishes = (
        "try:\n"
        "    with stopping.raising():\n"
        "        ready(); time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    print('finished', stopping.stop_requested())\n"
        "sys.exit(stopping.exit_code())\n"
    )
    ended = after(number, finishes)
    assert (ended.returncode, ended.stderr, ended.stdout) == (code, "", "finished True\n")


def test_an_exception_that_was_swallowed_is_raised_again_by_the_loop_that_asks():
    swallows = (
        "with stopping.raising():\n"
        "    try: ready(); time.sleep(60)\n"
        "    except KeyboardInterrupt: pass\n"
        "    try: stopping.raise_if_stopped()\n"
        "    except KeyboardInterrupt: print('again')\n"
    )
    assert after(signal.SIGINT, swallows).stdout == "again\n"


@pytest.mark.parametrize("where", ["writes()", "t = threading.Thread(target=writes); t.start(); t.join()"])
def test_a_file_that_is_being_written_is_whole_before_the_program_ends(tmp_path: Path, where):
    writes = (
        "import threading\n"
        "def writes():\n"
        "    with stopping.held():\n"
        "        ready(); time.sleep(0.3)\n"
        f"        open({str(tmp_path / 'whole')!r}, 'w').write('whole')\n"
        f"{where}\n"
        "time.sleep(60)"
    )
    ended = after(signal.SIGINT, writes)
    assert (ended.returncode, ended.stderr) == (130, "heatcam: stopped\n")
    assert (tmp_path / "whole").read_text() == "whole"


def test_what_nohup_ignores_stays_ignored():
    ended = after(
        signal.SIGHUP,
        "ready(); time.sleep(0.3); print('went on')",
        before="signal.signal(signal.SIGHUP, signal.SIG_IGN)",
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "went on\n", "")


def test_when_all_is_said_a_signal_ends_the_rest_with_the_same_exit_code(tmp_path: Path):
    (tmp_path / "scratch").write_text("")
    code = (
        f"stopping.at_the_end(lambda: os.unlink({str(tmp_path / 'scratch')!r}))\n"
        "stopping.leave(2); ready(); time.sleep(60)"
    )
    ended = after(signal.SIGINT, code)
    assert (ended.returncode, ended.stderr) == (2, "")
    assert not (tmp_path / "scratch").exists()


def test_the_line_is_said_once_however_often_ctrl_c_is_pressed():
    code = "stopping.note(signal.SIGINT); stopping.say(); stopping.say(); ready(); time.sleep(60)"
    assert after(signal.SIGINT, code).stderr == "heatcam: stopped\n"


def test_a_terminal_that_has_closed_is_not_written_to_any_more(tmp_path: Path):
    """What is finished after SIGHUP may print: that must not fail, or the file would be left unfinished."""
    import pty

    done = tmp_path / "done"
    finishes = (
        "import os, signal, sys, time\n"
        "from heatcam.runtime import stopping\n"
        "stopping.install()\n"
        "try:\n"
        "    with stopping.raising(): print('ready', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    print('finishing', flush=True); print('finishing', file=sys.stderr, flush=True)\n"
        f"    open({str(done)!r}, 'w').write('done')\n"
        "    sys.exit(stopping.exit_code())\n"
    )
    child, terminal = pty.fork()
    if not child:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execv(sys.executable, [sys.executable, "-c", finishes])
    assert os.read(terminal, 100).startswith(b"ready")
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 129
    assert done.read_text() == "done"
