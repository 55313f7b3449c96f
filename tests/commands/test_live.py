"""``heatcam live`` for real: a window under Xvfb, keys pressed with xdotool, and what it says when there is no display."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.commands.programs import start
from tests.sinks.x_server import environment, press_close_button, window_called, x_server, xdotool
from tests.system_tools import requires


def test_no_display_is_one_line_and_exit_code_one() -> None:
    env = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    program = start("live", "--source", "demo", env=env)
    _, stderr = program.communicate(timeout=60)
    assert program.returncode == 1, stderr
    assert len(stderr.strip().splitlines()) == 1
    assert stderr.startswith("heatcam: ")
    assert "heatcam record" in stderr or "heatcam snapshot" in stderr


@pytest.fixture(scope="module")
def display():
    with x_server() as name:
        yield name


class LiveWindow:
    """A running ``heatcam live --source demo``."""

    def __init__(self, display: str, folder: Path, *more: str) -> None:
        self.display, self.folder = display, folder
        self.report = folder / "report.json"
        env = environment(display) | {"HEATCAM_CONFIG_DIR": str(folder / "config")}
        self.program = start("live", "--source", "demo", "--report", self.report, *more, env=env, cwd=folder)
        self.id = window_called(display, "heatcam - demo", within_s=60)
        assert self.id, self.program.communicate(timeout=5)
        time.sleep(0.5)
        xdotool(display, "windowfocus", self.id)

    def press(self, key: str, wait_s: float = 1.0) -> None:
        xdotool(self.display, "key", key)
        time.sleep(wait_s)

    def screenshot(self) -> object:
        import cv2
        import numpy as np

        command = ["ffmpeg", "-v", "error", "-f", "x11grab", "-video_size", "1920x1080", "-i", self.display]
        command += ["-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
        raw = subprocess.run(command, capture_output=True, check=True).stdout
        return cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)

    def end(self) -> dict[str, object]:
        _, stderr = self.program.communicate(timeout=30)
        assert self.program.returncode == 0, stderr
        assert "Traceback" not in stderr
        return json.loads(self.report.read_text())


@requires("Xvfb", "xdotool")
def test_h_toggles_the_mode_mid_stream_and_the_next_run_remembers_it(display: str, tmp_path: Path) -> None:
    window = LiveWindow(display, tmp_path)
    window.press("h")
    window.press("q")
    report = window.end()
    assert report["mode"] == "NORMAL"
    assert report["toggles"] == 1
    assert report["frames_shown"] > 3
    assert report["errors"] == []
    again = LiveWindow(display, tmp_path)
    again.press("Escape")
    assert again.end()["mode"] == "NORMAL"


@requires("Xvfb", "xdotool", "ffmpeg")
def test_the_heat_leaves_the_picture_and_comes_back(display: str, tmp_path: Path) -> None:
    import numpy as np

    window = LiveWindow(display, tmp_path, "--no-boxes")
    pictures = [window.screenshot()]
    for _ in range(2):
        window.press("h", wait_s=1.5)
        pictures.append(window.screenshot())
    window.press("q")
    assert window.end()["toggles"] == 2

    def colourful_share(picture: np.ndarray) -> float:
        """Saturated reds and yellows below the top line: heat, which the cards themselves do not have."""
        blue, red = picture[60:, :, 0].astype(int), picture[60:, :, 2].astype(int)
        return float(((red > 150) & (red - blue > 90)).mean())

    hot, plain, hot_again = (colourful_share(picture) for picture in pictures)
    assert hot > plain + 0.002
    assert hot_again > plain + 0.002


@requires("Xvfb", "xdotool")
def test_s_saves_what_is_shown_and_the_close_button_quits(display: str, tmp_path: Path) -> None:
    import cv2

    window = LiveWindow(display, tmp_path)
    window.press("s")
    press_close_button(display, window.id)
    window.end()
    (saved,) = tmp_path.glob("heatcam-*.png")
    assert cv2.imread(str(saved)).shape == (720, 1280, 3)


@requires("Xvfb", "xdotool")
def test_limits_end_the_window_by_themselves(display: str, tmp_path: Path) -> None:
    window = LiveWindow(display, tmp_path, "--max-frames", "8")
    assert window.end()["frames_shown"] == 8


def test_a_source_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with x_server() as name:
        program = start("live", "--source", "nothing.mp4", env=environment(name), cwd=tmp_path)
        _, stderr = program.communicate(timeout=60)
    assert program.returncode == 2
    assert stderr.startswith("heatcam: there is no file nothing.mp4")


test_a_source_that_is_not_there_is_one_line = requires("Xvfb")(test_a_source_that_is_not_there_is_one_line)
