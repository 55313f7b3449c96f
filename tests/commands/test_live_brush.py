"""The causal brush for real: a window under Xvfb, a key, a drag with the mouse, and what a snapshot says then."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from tests.commands.test_live import LiveWindow
from tests.sinks.x_server import x_server, xdotool
from tests.system_tools import requires

GREY = 114


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server() as name:
        yield name


def drag(window: LiveWindow, start: tuple[int, int], to: tuple[int, int], wait_s: float) -> None:
    """Press the left button at one place of the window, move to another, and let go."""
    for step in range(5):
        x, y = (a + (b - a) * step // 4 for a, b in zip(start, to, strict=True))
        xdotool(window.display, "mousemove", "--window", window.id, str(x), str(y))
        time.sleep(0.1)
        if step == 0:
            xdotool(window.display, "mousedown", "1")
            time.sleep(0.1)
    xdotool(window.display, "mouseup", "1")
    time.sleep(wait_s)


@requires("Xvfb", "xdotool")
def test_a_drag_covers_a_place_and_a_snapshot_says_what_that_changes(display: str, tmp_path: Path) -> None:
    window = LiveWindow(display, tmp_path, "--no-boxes", "--backend", "torch")
    window.press("space", wait_s=3)
    window.press("x", wait_s=0.3)
    window.press_with_shift("x", wait_s=0.3)
    drag(window, (440, 120), (560, 240), wait_s=2.5)
    window.press("h", wait_s=1)
    window.press("s", wait_s=1)
    window.press("BackSpace", wait_s=1)
    window.press("q")
    report = window.end()
    assert report["errors"] == []
    (file,) = tmp_path.glob("heatcam-*.json")
    document = json.loads(file.read_text())
    (stroke,) = document["view"]["questions"]["strokes"]
    assert stroke["box_xyxy"] == pytest.approx([440, 120, 561, 241], abs=3)
    cover = document["answers"]["cover"]
    assert (cover["fill"], cover["numbers"], cover["reason"]) == ("grey", [1], None)
    assert cover["cover_ms"] > 0
    assert cover["foretold"]["pairs"] == len(cover["effect"]["objects"]) > 0
    picture = cv2.imread(str(file.with_suffix(".png")))
    assert (picture[130:200, 450:550] == GREY).all()
