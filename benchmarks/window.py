"""The live window from outside, under Xvfb: ``python -m benchmarks.window keys`` or ``... soak --seconds 3600``.

``keys`` presses ``h`` again and again and watches the screen: the time from the key to the first changed pixel of the mode on the
top line, beside the time that one frame takes. ``soak`` reads memory, threads and file descriptors of the running window while
keys are pressed. What stands behind ``--`` goes to ``heatcam live``.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.sinks.x_server import environment, window_called, x_server, xdotool

console = Console(soft_wrap=True, highlight=False)
_MODE = (8, 8, 160, 16)  # left, top, width and height of what is watched: the mode's name
_Z_PIXMAP, _ALL_PLANES = 2, 0xFFFFFFFF
_SOAK_KEYS = (
    "h",
    "h",
    "d",
    "d",
    "n",
    "n",
    "c",
    "i",
    "i",
    "a",
    "a",
    "space",
    "space",
    "e",
    "e",
    "e",
    "e",
    "0",
)


class Screen:
    """Presses keys and reads pixels through Xlib, in microseconds where xdotool takes milliseconds to start."""

    def __init__(self, display: str) -> None:
        self._x11, self._test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        pointer, number = ctypes.c_void_p, ctypes.c_ulong
        self._x11.XOpenDisplay.restype = pointer
        self._x11.XDefaultRootWindow.restype = number
        self._x11.XDefaultRootWindow.argtypes = [pointer]
        self._x11.XKeysymToKeycode.argtypes = [pointer, number]
        self._x11.XFlush.argtypes = [pointer]
        self._x11.XGetImage.restype = pointer
        self._x11.XGetImage.argtypes = [
            pointer,
            number,
            *[ctypes.c_int] * 2,
            *[ctypes.c_uint] * 2,
            number,
            ctypes.c_int,
        ]
        self._x11.XGetPixel.restype = number
        self._x11.XGetPixel.argtypes = [pointer, ctypes.c_int, ctypes.c_int]
        self._x11.XDestroyImage.argtypes = [pointer]
        self._test.XTestFakeKeyEvent.argtypes = [pointer, ctypes.c_uint, ctypes.c_int, number]
        self._connection = self._x11.XOpenDisplay(display.encode())
        self._root = self._x11.XDefaultRootWindow(self._connection)

    def press(self, letter: str) -> None:
        """Press and release a key."""
        code = self._x11.XKeysymToKeycode(self._connection, ord(letter))
        for down in (1, 0):
            self._test.XTestFakeKeyEvent(self._connection, code, down, 0)
        self._x11.XFlush(self._connection)

    def mode(self) -> tuple[int, ...]:
        """Every fourth pixel of the mode's name."""
        left, top, width, height = _MODE
        image = self._x11.XGetImage(
            self._connection, self._root, left, top, width, height, _ALL_PLANES, _Z_PIXMAP
        )
        pixels = tuple(
            self._x11.XGetPixel(image, x, y) for y in range(0, height, 4) for x in range(0, width, 4)
        )
        self._x11.XDestroyImage(image)
        return pixels


@dataclass(frozen=True)
class Use:
    """What a process holds: memory in MB, threads, file descriptors."""

    memory_mb: float
    threads: int
    descriptors: int


def use_of(pid: int) -> Use:
    """As /proc has it now."""
    process = Path(f"/proc/{pid}")
    said = dict(line.split(":", 1) for line in (process / "status").read_text("ascii").splitlines())
    memory = int(said["VmRSS"].split()[0]) / 1024
    return Use(memory, int(said["Threads"]), len(list((process / "fd").iterdir())))


@contextmanager
def window(options: list[str], report: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The demo scene in a window on a display of its own: the display's name and the program."""
    with x_server() as display:
        command = [sys.executable, "-m", "heatcam", "live", "--source", "demo", "--reset-settings"]
        env = environment(display) | {"HEATCAM_CONFIG_DIR": str(report.parent)}
        with subprocess.Popen([*command, "--report", str(report), *options], env=env) as program:
            number = window_called(display, "heatcam - demo", within_s=120)
            time.sleep(20)  # the window opens first, and then the model is loaded
            xdotool(display, "windowfocus", number)
            yield display, program
            xdotool(display, "key", "q")
            program.wait(30)


def measure_keys(presses: int, options: list[str], report: Path) -> None:
    """Print how long the answer to ``h`` takes, seen on the screen."""
    waits: list[float] = []
    with window(options, report) as (display, _):
        presenter = Screen(display)
        for _ in range(presses):
            time.sleep(0.2 + random.random() / 3)
            before, pressed = presenter.mode(), time.perf_counter()
            presenter.press("h")
            while presenter.mode() == before and time.perf_counter() - pressed < 5:
                time.sleep(0.0005)
            waits.append(1e3 * (time.perf_counter() - pressed))
    numbers = json.loads(report.read_text("utf-8"))
    p95, fps = statistics.quantiles(waits, n=20)[-1], numbers["fps"]
    console.print(
        f"{presses} keys: median {statistics.median(waits):.1f} ms, p95 {p95:.1f} ms, max {max(waits):.1f} ms; one frame takes "
        f"{1e3 / fps:.0f} ms ({fps} fps); inside the program p95 {numbers['key_ms']['p95']} ms"
    )


def soak(
    seconds: float, options: list[str], report: Path, say: Callable[[str], None] = console.print
) -> None:
    """Print memory, threads and descriptors after a warm-up and at the end."""
    with window(options, report) as (display, program):
        begun, uses = time.monotonic(), []
        while time.monotonic() - begun < seconds:
            xdotool(display, "key", random.choice(_SOAK_KEYS))
            time.sleep(min(5.0, seconds / 20))
            uses.append(use_of(program.pid))
        warm = uses[len(uses) // 6 :]
        third = max(1, len(warm) // 3)
        early, late = (statistics.median(u.memory_mb for u in part) for part in (warm[:third], warm[-third:]))
        threads, files = ({getattr(u, name) for u in warm} for name in ("threads", "descriptors"))
        say(
            f"{seconds:.0f} s: memory {early:.0f} MB in the first third after the warm-up, {late:.0f} MB in the last "
            f"({late - early:+.0f} MB); threads {min(threads)} to {max(threads)}, descriptors {min(files)} to {max(files)}"
        )


def main() -> None:
    """Measure and print one line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("what", choices=["keys", "soak"])
    asked.add_argument("--presses", type=int, default=60)
    asked.add_argument("--seconds", type=float, default=3600)
    given, options = asked.parse_known_args()
    options = [word for word in options if word != "--"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        if given.what == "keys":
            measure_keys(given.presses, options, report)
        else:
            soak(given.seconds, options, report)


if __name__ == "__main__":
    main()
