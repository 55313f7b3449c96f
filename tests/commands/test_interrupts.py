"""Ctrl-C at awkward moments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from heatcam.commands.interrupts import on_interrupt


@pytest.fixture(autouse=True)
def _usual_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # (ignored in a shell's background)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_acts_however_often_and_raises_nothing() -> None:
    pressed: list[int] = []
    with on_interrupt(lambda: pressed.append(1)):
        press_ctrl_c()
        press_ctrl_c()
    assert pressed == [1, 1]


def test_afterwards_it_is_what_it_was() -> None:
    with on_interrupt(lambda: None):
        press_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c()


def test_once_it_has_ended_the_program_it_stays_without_effect() -> None:
    with on_interrupt(lambda: None, ends_the_program=True):
        press_ctrl_c()
    press_ctrl_c()


def test_what_hangs_while_it_is_put_away_is_ended_by_another_ctrl_c() -> None:
    code = (
        "import os, signal, time\n"
        "from heatcam.commands import interrupts\n"
        "interrupts._WAITED_FOR_REPORT_S = 0.2\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with interrupts.on_interrupt(lambda: None, ends_the_program=True):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "print('still there', flush=True)\n"
        "time.sleep(0.3)\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "time.sleep(60)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "still there\n", "")


def test_a_program_that_was_not_interrupted_can_be_later() -> None:
    with on_interrupt(lambda: None, ends_the_program=True):
        pass
    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c()
