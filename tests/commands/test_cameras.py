import io
import json

from rich.console import Console

from heatcam.commands.cameras import show_cameras
from heatcam.commands.terminal import Terminal
from heatcam.sources.cameras import Camera
from heatcam.sources.v4l2 import Mode

WEBCAM = Camera(
    0,
    "HD Webcam [USB]",
    (
        Mode("YUYV", (1280, 720), (10.0,)),
        Mode("MJPG", (1280, 720), (30.0, 15.0)),
        Mode("MJPG", (1920, 1080), (29.97,)),
        Mode("GREY", (640, 480), ()),
    ),
)
LOCKED = Camera(2, "Logitech C920", problem="you may not open /dev/video2: `sudo usermod -aG video $USER`")


def said(*found, json_to=None, exit_code=0):
    results, notes = io.StringIO(), io.StringIO()
    terminal = Terminal(Console(file=results, soft_wrap=True), Console(file=notes, soft_wrap=True))
    assert show_cameras(json_to, terminal, lambda: found) == exit_code
    return results.getvalue(), notes.getvalue()


def test_each_size_is_said_once_with_its_fastest_rate_the_largest_first():
    results, notes = said(WEBCAM)
    assert results.splitlines() == [
        "index  name             sizes and rates",
        "    0  HD Webcam [USB]  1920x1080 at 29.97 (MJPG), 1280x720 at 30 (MJPG), 640x480 (GREY)",
    ]
    assert notes == ""


def test_what_keeps_a_camera_from_being_used_is_said():
    results, notes = said(WEBCAM, LOCKED)
    assert "Logitech C920    cannot be used" in results
    assert notes == "camera 2: you may not open /dev/video2: `sudo usermod -aG video $USER`\n"


def test_when_none_can_be_used_the_exit_code_is_one():
    said(LOCKED, exit_code=1)


def test_the_json_has_every_mode():
    document = json.loads(said(WEBCAM, LOCKED, json_to="-")[0])
    assert document["cameras"][0]["index"] == 0
    assert document["cameras"][0]["modes"][1] == {"kind": "MJPG", "size_wh": [1280, 720], "fps": [30.0, 15.0]}
    assert document["cameras"][1]["problem"].startswith("you may not open")
