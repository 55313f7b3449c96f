"""The window for real, on a display of its own. It opens in a child: a test process must never abort."""

import queue
import subprocess
import sys
import threading
import time

import pytest

from heatcam.sinks.keys import DEFAULT_KEYS, Action
from heatcam.sinks.viewer import borders
from tests.sinks.x_server import (
    environment,
    press_close_button,
    window_called,
    window_manager,
    x_server,
    xdotool,
)
from tests.system_tools import requires

pytestmark = requires("Xvfb", "xdotool")

# Says "ready" when the window answers, then each action on a line; after quitting says "left" and waits, so that the window's end
# can be seen from outside.
WINDOW = """
import sys
import numpy as np
from heatcam.sinks.keys import Action
from heatcam.sinks.viewer import Viewer
from heatcam.sinks.window_events import Click, Drag, Typed
width, height = int(sys.argv[1]), int(sys.argv[2])
image = np.zeros((height, width, 3), np.uint8)
image[:, width // 2:] = (0, 0, 255)
with Viewer("heatcam test") as viewer:
    for _ in range(5):
        viewer.show(image)
        viewer.poll(10)
    print("ready", flush=True)
    done = full = False
    while not done:
        viewer.show(image)
        for event in viewer.poll(10):
            if isinstance(event, Click):
                print(f"click {event.x:.0f} {event.y:.0f}", flush=True)
            if isinstance(event, Drag) and event.is_over and event.start_xy != event.to_xy:
                ends = (*event.start_xy, *event.to_xy)
                print("drag", event.button.value, *(f"{end:.0f}" for end in ends), flush=True)
            if isinstance(event, Typed):
                print("typed", "space" if event.text == " " else event.text or event.key.value, flush=True)
                if event.key is not None and event.key.value == "escape":
                    viewer.take_text(False)
            if event is Action.CHANGE_PROMPT and sys.argv[3:] == ["typing"]:
                viewer.take_text(True)
            if isinstance(event, Action):
                print(event.name, flush=True)
                if event is Action.FULL_SCREEN:
                    full = not full
                    viewer.set_full_screen(full)
            done = done or event is Action.QUIT
    for _ in range(10):
        viewer.show(image)
        actions = viewer.poll(10)
    print("after quit", [a.name for a in actions], flush=True)
    sys.stdin.readline()
print("left", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def display():
    with x_server() as name:
        yield name


class Window:
    def __init__(self, display, width=640, height=360, *more):
        self.display = display
        self.process = subprocess.Popen(
            [sys.executable, "-c", WINDOW, str(width), str(height), *more],
            env=environment(display),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(
            target=lambda: [self.lines.put(x.strip()) for x in self.process.stdout], daemon=True
        ).start()
        self.id = window_called(display, "heatcam test")
        assert self.id, self.process.stderr.read() if self.process.poll() is not None else "no window came"
        assert self.says(within_s=20) == "ready"
        time.sleep(0.2)
        xdotool(display, "windowfocus", self.id)

    def press(self, *keys):
        """Presses keys one by one, each some frames after the other, and gives what the window said to each."""
        answers = []
        for key in keys:
            xdotool(self.display, "key", key)
            answers.append(self.says())
        return answers

    def says(self, within_s=3):
        try:
            return self.lines.get(timeout=within_s)
        except queue.Empty:
            return ""

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


def test_h_and_s_arrive_as_their_actions_and_q_quits(display):
    with Window(display) as window:
        assert window.press("h", "s", "h", "q") == [
            "TOGGLE_HEATMAP",
            "SAVE_SNAPSHOT",
            "TOGGLE_HEATMAP",
            "QUIT",
        ]
        assert window.says() == "after quit []"
        window.go_on()
        assert window.says() == "left"
        assert window_called(display, "heatcam test", within_s=0) == ""
        window.process.stdin.close()
        assert window.process.wait(5) == 0


def test_escape_is_a_key_of_its_own(display):
    with Window(display) as window:
        assert window.press("Escape") == ["LEAVE"]


def test_capitals_do_the_same_and_keys_without_meaning_do_nothing(display):
    with Window(display) as window:
        xdotool(display, "key", "Home")
        xdotool(display, "key", "F1")
        assert window.press("shift+h", "q") == ["TOGGLE_HEATMAP", "QUIT"]


def test_the_close_button_quits_and_the_window_does_not_come_back(display):
    with Window(display) as window:
        press_close_button(display, window.id)
        assert window.says() == "QUIT"
        assert window.says() == "after quit ['QUIT']"
        assert window_called(display, "heatcam test", within_s=0.3) == ""
        window.go_on()
        assert window.says() == "left"
        window.process.stdin.close()
        assert window.process.wait(5) == 0


@pytest.mark.parametrize(
    ("size", "opens_at"), [((640, 360), "640x360"), ((3840, 2160), "1600x900"), ((600, 1800), "300x900")]
)
def test_the_window_opens_at_the_pictures_size_but_not_larger_than_a_screen(display, size, opens_at):
    with Window(display, *size) as window:
        assert f"Geometry: {opens_at}" in xdotool(display, "getwindowgeometry", window.id)


def test_the_window_can_be_resized_and_goes_on(display):
    with Window(display) as window:
        xdotool(display, "windowsize", window.id, "500", "500")
        assert window.press("h", "q") == ["TOGGLE_HEATMAP", "QUIT"]


def test_nothing_is_said_on_standard_error(display):
    with Window(display) as window:
        window.press("q")
        window.process.stdin.close()
        window.process.wait(5)
        assert window.process.stderr.read() == ""


def test_shift_tells_capitals_from_small_letters(display):
    """Qt gives the small letter for both."""
    with Window(display) as window:
        assert window.press("d", "n", "r") == ["DUAL_VIEW", "FOCUS_NEXT", "NEXT_RENORM"]
        xdotool(display, "keydown", "shift")
        time.sleep(0.2)
        assert window.press("d", "n", "r", "h") == [
            "WIPE",
            "FOCUS_PREVIOUS",
            "TOGGLE_RECORDING",
            "TOGGLE_HEATMAP",
        ]
        xdotool(display, "keyup", "shift")
        time.sleep(0.3)
        assert window.press("d") == ["DUAL_VIEW"]


def test_every_key_of_the_table_arrives(display):
    """By the names that xdotool has for them; capitals have a test of their own."""
    names = {
        " ": "space",
        ".": "period",
        ",": "comma",
        "+": "plus",
        "=": "equal",
        "-": "minus",
        "_": "underscore",
    }
    names |= {
        "[": "bracketleft",
        "]": "bracketright",
        "?": "question",
        "/": "slash",
    }
    with Window(display) as window:
        for binding in DEFAULT_KEYS:
            if binding.action is Action.QUIT:
                continue
            first = chr(binding.codes[0])
            if not (first.isascii() and first.isprintable()):
                name = {"Backspace": "BackSpace", "Esc": "Escape"}.get(binding.label, binding.label)
                assert window.press(name) == [binding.action.name]
                continue
            for code in binding.codes:
                if not chr(code).isupper():
                    answer = window.press(names.get(chr(code), chr(code)))
                    assert answer == [binding.action.name], binding


def drag(display, window, button, start, to):
    """Press at one place, move to another in two steps, and release; returns what the window says then."""
    move = ("mousemove", "--window", window.id)
    half = [str((a + b) // 2) for a, b in zip(start, to, strict=True)]
    xdotool(display, *move, *map(str, start), "mousedown", button)
    xdotool(display, *move, *half)
    xdotool(display, *move, *map(str, to))
    xdotool(display, "mouseup", button)
    return window.says()


def test_drags_of_either_button_come_whole_and_in_the_pictures_pixels(display):
    with Window(display) as window:
        assert drag(display, window, "3", (100, 50), (220, 170)) == "drag right 100 50 220 170"
        assert drag(display, window, "1", (300, 200), (40, 60)) == "click 300 200"
        assert window.says() == "drag left 300 200 40 60"


def test_keys_are_typed_while_text_is_wanted_and_do_what_they_did_afterwards(display):
    with Window(display, 640, 360, "typing") as window:
        assert window.press("p") == ["CHANGE_PROMPT"]
        for key, typed in {
            "h": "h",
            "H": "H",
            "q": "q",
            "comma": ",",
            "BackSpace": "backspace",
            "Return": "enter",
            "Left": "left",
            "Right": "right",
            "Home": "home",
            "End": "end",
            "Delete": "delete",
        }.items():
            assert window.press(key) == [f"typed {typed}"]
        assert window.press("space") == ["typed space"]
        assert window.press("Escape") == ["typed escape"]
        assert window.press("h") == ["TOGGLE_HEATMAP"]


def click(display, window, x, y):
    xdotool(display, "mousemove", "--window", window.id, str(x), str(y), "click", "1")
    return window.says()


def test_clicks_are_in_the_pictures_own_pixels_whatever_the_windows_size(display):
    with Window(display, 640, 360) as window:
        assert click(display, window, 100, 50) == "click 100 50"
        xdotool(display, "windowsize", window.id, "1280", "720")
        time.sleep(0.5)
        xdotool(display, "mousemove", "--window", window.id, "5", "5")
        words = click(display, window, 800, 400).split()
        assert words[0] == "click"
        assert [int(n) for n in words[1:]] == pytest.approx([400, 200], abs=2)


@requires("openbox")
def test_a_window_manager_may_resize_maximise_and_fill_the_screen():
    with x_server() as name, window_manager(name), Window(name, 640, 360) as window:
        xdotool(name, "windowsize", window.id, "900", "700")
        time.sleep(0.5)
        # 900x700 for 640x360: the picture keeps its shape, with borders above and below
        words = click(name, window, 450, 350).split()
        assert [int(n) for n in words[1:]] == pytest.approx([320, 180], abs=3)
        assert window.press("f") == ["FULL_SCREEN"]
        time.sleep(0.5)
        assert "Geometry: 1920x1080" in xdotool(name, "getwindowgeometry", window.id)
        assert window.press("f") == ["FULL_SCREEN"]
        time.sleep(0.5)
        assert "Geometry: 1920x1080" not in xdotool(name, "getwindowgeometry", window.id)
        assert window.press("q") == ["QUIT"]


@pytest.mark.parametrize(
    ("size_wh", "shape", "expected"),
    [((1280, 720), 16 / 9, (0, 0)), ((2562, 720), 16 / 9, (0, 361)), ((720, 1280), 16 / 9, (778, 0))],
)
def test_pictures_of_another_shape_get_borders_until_they_have_the_windows(size_wh, shape, expected):
    assert borders(size_wh, shape) == expected
    width, height = size_wh[0] + 2 * expected[0], size_wh[1] + 2 * expected[1]
    assert width / height == pytest.approx(shape, rel=0.01)
