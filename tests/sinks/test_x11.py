"""What the X server is asked and told beside OpenCV, on a display of its own; each in a child of its own."""

import subprocess
import sys

import pytest

from tests.sinks.x_server import environment, x_server
from tests.system_tools import requires

pytestmark = requires("Xvfb", "ffmpeg")

MANY = """
import os, subprocess
import numpy as np
from heatcam.sinks.viewer import Viewer

picture = np.full((240, 320, 3), 200, np.uint8)
grab = ["ffmpeg", "-v", "error", "-f", "x11grab", "-draw_mouse", "0", "-video_size", "320x240"]
grab += ["-i", os.environ["DISPLAY"], "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
for number in range(12):
    with Viewer(f"heatcam \u00fc {number}") as viewer:
        for _ in range(6):
            viewer.show(picture)
            viewer.poll(10)
        print(np.frombuffer(subprocess.run(grab, capture_output=True, check=True).stdout, np.uint8).mean())
"""

FIRST = """
import numpy as np
import heatcam.sinks.viewer as viewers
class Server:
    def shift_is_held(self): return False
    def say_mapped(self, title): print(title)
viewers.window_server = Server
with viewers.Viewer("heatcam test") as viewer:
    for _ in range(3):
        viewer.show(np.zeros((240, 320, 3), np.uint8))
        viewer.poll(10)
"""

GONE = """
from heatcam.sinks.x11 import XServer
server = XServer()
server._top_windows = lambda: [0x1FFFFFFF]
server.say_mapped("heatcam test")
print(server.shift_is_held())
"""


@pytest.fixture(scope="module")
def display():
    with x_server() as name:
        yield name


def said_by(code: str, display: str) -> list[str]:
    """The lines a program prints on a display."""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(display),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split("\n")[:-1]


def test_no_window_stays_black_where_no_window_manager_runs(display: str) -> None:
    """Three or more of twelve did: Qt had lost the message that they are on the screen."""
    assert [float(line) for line in said_by(MANY, display)] == pytest.approx([200] * 12, abs=2)


def test_a_new_window_is_told_once(display: str) -> None:
    assert said_by(FIRST, display) == ["heatcam test"]


def test_a_window_that_goes_while_it_is_asked_for_its_name_ends_nothing(display: str) -> None:
    assert said_by(GONE, display) == ["False"]
