"""Screen capture device: one monitor or a part of it, at a constant rate."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from heatcam.errors import SourceError, UsageError
from heatcam.sources.device import FALLBACK_FPS, Connection, Grab, ProbeResult

SCREEN = "screen"
_SPEC = re.compile(r"screen(?::(\d+)(?::(\d+),(\d+),(\d+),(\d+))?)?", re.ASCII)


@dataclass(frozen=True)
class ScreenPart:
    """Part of the screen to capture.

    Attributes:
        monitor: 1, 2, ... as the system counts them; 0 for all as one picture.
        region: left, top, width and height in the monitor's pixels; None for all of it.
    """

    monitor: int = 1
    region: tuple[int, int, int, int] | None = None


def is_screen(spec: str) -> bool:
    """Return True if ``spec`` means a screen."""
    return spec.partition(":")[0] == SCREEN


def parse_screen(spec: str) -> ScreenPart:
    """Parse ``screen``, ``screen:2`` or ``screen:1:left,top,width,height``.

    Raises:
        UsageError: the text has another form, or an empty region.
    """
    match = _SPEC.fullmatch(spec)
    numbers = [int(number) for number in match.groups() if number] if match else []
    if match is None or (len(numbers) == 5 and min(numbers[3:]) < 1):
        raise UsageError(
            f"{spec} is not a part of a screen", "say screen, screen:2 or screen:1:left,top,width,height"
        )
    region = (numbers[1], numbers[2], numbers[3], numbers[4]) if len(numbers) == 5 else None
    return ScreenPart(numbers[0] if numbers else 1, region)


class ScreenDevice:
    """Monitor, captured ``fps`` times per second.

    Args:
        part: the part to capture.
        fps: pictures per second; None is 30.
    """

    accepts_rate = True

    def __init__(self, part: ScreenPart, fps: float | None = None) -> None:
        self._part = part
        self._fps = fps or FALLBACK_FPS

    @property
    def name(self) -> str:
        """Display name: ``screen``, or ``screen 2``."""
        return SCREEN if self._part.monitor == 1 else f"{SCREEN} {self._part.monitor}"

    def connect(self) -> Connection:
        """Open the display; see ``Device``."""
        return ScreenConnection(self._part, self._fps)

    def look(self) -> ProbeResult:
        """Return ready: only an attempt to connect can tell."""
        return ProbeResult(True)

    def next_step(self) -> str:
        """Return advice for the user."""
        return "run heatcam inside the desktop session (DISPLAY must be set), or use --source demo"

    def asked(self) -> str:
        """Return "": a screen always gives the requested format."""
        return ""


class ScreenConnection:
    """Open display. Created, read and closed in one thread, as the operating systems require.

    Raises:
        SourceError: on construction, if there is no display or no such monitor, or the region exceeds it.
    """

    kind = ""
    tells_fps = True

    def __init__(self, part: ScreenPart, fps: float) -> None:
        self.fps = fps
        self._next_s = time.monotonic()
        self._grabber = _open_display()
        try:
            self._area = _area_of(self._grabber.monitors, part)
        except BaseException:
            self.close()
            raise

    def grab(self) -> Grab:
        """Capture the screen when the next picture is due."""
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = max(self._next_s + 1 / self.fps, time.monotonic())
        try:
            shot = self._grabber.grab(self._area)
        except Exception as error:  # (each system raises its own)
            raise SourceError("the screen cannot be read any more") from error
        pixels = np.frombuffer(shot.bgra, np.uint8).reshape(shot.height, shot.width, 4)
        return Grab(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR), np.uint8), time.monotonic())

    def close(self) -> None:
        """Close the display."""
        self._grabber.close()


def _open_display() -> Any:
    import mss  # noqa: PLC0415 (only when asked for)

    try:
        return mss.MSS()
    except Exception as error:
        raise SourceError("no screen can be read here") from error


def _area_of(monitors: list[dict[str, int]], part: ScreenPart) -> dict[str, int]:
    """Return the area of the part in the pixels of all monitors.

    Raises:
        SourceError: there is no such monitor, or the region exceeds it.
    """
    count = len(monitors) - 1  # the first entry is all of them together
    if part.monitor > count:
        raise SourceError(
            f"there is no screen {part.monitor}", f"there are {count}: screen:1 to screen:{count}"
        )
    whole = monitors[part.monitor]
    if part.region is None:
        return whole
    left, top, width, height = part.region
    if left + width > whole["width"] or top + height > whole["height"]:
        size = f"{whole['width']}x{whole['height']}"
        raise SourceError(f"that part reaches over the edge of the screen ({size})", "name a smaller one")
    return {"left": whole["left"] + left, "top": whole["top"] + top, "width": width, "height": height}
