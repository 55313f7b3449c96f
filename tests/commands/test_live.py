"""``heatcam live`` for real: a window under Xvfb, keys pressed with xdotool, and what it says when there is no display."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.window import Use, use_of
from heatcam.commands import ModelChoice
from heatcam.commands.live import as_kept, film_options, holds_at_the_end, second_model, to_keep
from heatcam.commands.live_model import explainer_for
from heatcam.commands.options import Extent, WindowChoice
from heatcam.commands.settings import Settings, load_settings, save_settings
from heatcam.commands.terminal import Terminal
from heatcam.comparison import Comparing
from heatcam.enums import Colormap, ComparedView, Layout
from heatcam.errors import HeatcamError, UsageError
from heatcam.live.capture import FilmOptions
from heatcam.live.state import WindowState
from heatcam.options import ExplainOptions
from heatcam.sources.demo.source import DemoSource
from heatcam.sources.options import CaptureOptions
from tests.bench.tiny import tiny_checkpoint
from tests.commands.programs import start
from tests.live.streams import Stream
from tests.sinks.x_server import environment, press_close_button, window_called, x_server, xdotool
from tests.sources.mjpeg_server import STALL, mjpeg_server
from tests.system_tools import requires
from tests.web.live_fakes import until

TOP_LINE = 40  # pixels of 720 that the top line may take
#: For windows of which nothing is asked that takes long: no network is compiled, and a paused frame is tried no 200 times.
QUICK = ("--backend", "torch", "--refine", "fine")


def test_no_display_is_one_line_and_exit_code_one() -> None:
    env = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    program = start("live", "--source", "demo", env=env)
    _, stderr = program.communicate(timeout=60)
    assert program.returncode == 1, stderr
    assert len(stderr.strip().splitlines()) == 1
    assert stderr.startswith("heatcam: ")
    assert "heatcam record" in stderr or "heatcam snapshot" in stderr


def test_no_display_is_said_before_anything_slow_is_loaded() -> None:
    """Under a second is what was promised; loading torch alone takes longer."""
    code = (
        "import sys; from typer.testing import CliRunner; from heatcam.cli.app import app; "
        "result = CliRunner().invoke(app, ['live', '--source', 'demo']); "
        "sys.exit(10 * ('torch' in sys.modules) + result.exit_code)"
    )
    env = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 1


def test_what_was_kept_counts_unless_the_command_line_says_otherwise() -> None:
    start_state, kept = WindowState(alpha=0.3), Settings(alpha=0.5, layout=Layout.DUAL, full_screen=True)
    assert as_kept(start_state, kept, frozenset()).alpha == 0.5
    given = as_kept(start_state, kept, frozenset({"alpha", "fullscreen"}))
    assert (given.alpha, given.full_screen, given.layout) == (0.3, False, Layout.DUAL)


def test_what_is_kept_is_what_the_next_run_starts_with() -> None:
    state = WindowState(heatmap=False, colormap=Colormap.JET, method="odam", paused=True, focus=3, help=True)
    kept = to_keep(state, WindowState(), Settings(), frozenset(), (800, 600))
    assert kept.method == "odam"
    assert kept.window_wh == (800, 600)
    again = as_kept(WindowState(), kept, frozenset())
    assert again == WindowState(heatmap=False, colormap=Colormap.JET, method="odam")


def test_which_of_two_models_was_seen_is_not_kept() -> None:
    kept = to_keep(WindowState(compared=ComparedView.B), WindowState(), Settings(), frozenset(), None)
    assert as_kept(WindowState(), kept, frozenset()) == WindowState()


@pytest.mark.parametrize("name", ["markers", "damaged.pt"])
def test_a_second_model_that_is_the_first_or_cannot_be_loaded_is_an_error_before_the_window(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("damaged.pt").write_bytes(b"PK" + bytes(3000))
    with pytest.raises(HeatcamError, match=r"--compare markers is the model itself|damaged\.pt is "):
        second_model(name, ModelChoice(model="markers"), Terminal())


def test_each_view_has_the_explainers_that_it_needs_named_so_that_they_can_be_told_apart() -> None:
    taken = []

    def cache(side: str) -> Any:
        own = SimpleNamespace(title="best", may_run_beside=lambda _: True)
        return SimpleNamespace(take=lambda options, _wh: taken.append((side, options.quality)) or own)

    names = ("run1/best", "run2/best")
    explainer_of = explainer_for((cache("a"), cache("b")), ExplainOptions(), (640, 480), names)
    assert explainer_of("live", "", False, 0.7, (), ComparedView.B).title == "run2/best"
    assert isinstance(explainer_of("live", "", True, 0.7, (), ComparedView.BOTH), Comparing)
    assert taken == [("b", "live"), ("a", "fine"), ("b", "fine")]


def test_options_hold_for_one_run_unless_a_key_changes_them() -> None:
    before = Settings(alpha=0.5, conf=0.4, window_wh=(640, 480))
    begun = WindowState(alpha=0.9, conf=0.1)
    given = frozenset({"alpha", "conf"})
    kept = to_keep(replace(begun, conf=0.15), begun, before, given, None)
    assert (kept.alpha, kept.conf, kept.window_wh) == (0.5, 0.15, (640, 480))
    full = to_keep(replace(begun, full_screen=True), begun, before, given, (1920, 1080))
    assert full.window_wh == (640, 480), "the size of the whole screen is not the window's"


def test_what_only_files_can_do_is_refused_for_cameras() -> None:
    camera, file = Stream(is_live=True), Stream(5, can_seek=True)
    asked = CaptureOptions(start_s=2.0)
    assert film_options(file, WindowChoice(loop=True, speed=0.5), asked) == FilmOptions(2.0, True, 0.5)
    for choice, source in (
        (WindowChoice(loop=True), camera),
        (WindowChoice(loop=True), Stream(5)),
        (WindowChoice(speed=2.0), camera),
        (WindowChoice(loop=True, exit_at_end=True), file),
    ):
        with pytest.raises(UsageError):
            film_options(source, choice, asked)


def test_the_end_of_a_file_is_held_unless_something_says_that_nobody_sits_there(tmp_path: Path) -> None:
    file = Stream(5, can_seek=True)
    assert holds_at_the_end(file, WindowChoice(), Extent())
    assert not holds_at_the_end(file, WindowChoice(exit_at_end=True), Extent())
    assert not holds_at_the_end(file, WindowChoice(report=tmp_path / "r.json"), Extent())
    assert not holds_at_the_end(file, WindowChoice(), Extent(max_frames=9))
    assert not holds_at_the_end(file, WindowChoice(), Extent(seconds=9))
    assert not holds_at_the_end(Stream(5), WindowChoice(), Extent())
    assert not holds_at_the_end(Stream(is_live=True), WindowChoice(), Extent())


@requires("Xvfb", "xdotool", "ffprobe")
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.soak),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.soak),
    ],
)
def test_recordings_and_a_snapshot_are_written_while_it_plays_and_ctrl_c_finishes_the_last(
    display: str, tmp_path: Path, number: int, code: int
) -> None:
    window = LiveWindow(display, tmp_path, *QUICK)
    window.press_with_shift("r", wait_s=0)
    until(lambda: any(tmp_path.glob("heatcam-*.part.mp4")))
    window.press("s", wait_s=0.5)
    window.press_with_shift("r", wait_s=0)
    until(lambda: not any(tmp_path.glob("heatcam-*.part.mp4")))
    window.press_with_shift("r", wait_s=0)
    until(lambda: any(tmp_path.glob("heatcam-*.part.mp4")))
    time.sleep(0.5)
    for _ in range(3):
        os.killpg(window.program.pid, number)
        time.sleep(0.05)
    _, stderr = window.program.communicate(timeout=30)
    assert window.program.returncode == code, stderr
    assert "Traceback" not in stderr
    assert "recorded heatcam-" in stderr
    report = json.loads(window.report.read_text())
    assert report["frames_shown"] > 3
    assert report["errors"] == []
    assert sorted(p.suffix for p in tmp_path.glob("heatcam-*") if p.suffix in {".mp4", ".png"}) == [
        ".mp4",
        ".mp4",
        ".png",
    ]
    assert cv2.imread(str(next(tmp_path.glob("heatcam-*.png")))).shape == (720, 1280, 3)
    for video in tmp_path.glob("heatcam-*.mp4"):
        capture = cv2.VideoCapture(str(video))
        assert (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (1280, 720)
        assert capture.read()[0]


@requires("Xvfb")
def test_a_report_that_has_no_folder_is_refused_at_once(display: str, tmp_path: Path) -> None:
    program = start(
        "live",
        "--source",
        "demo",
        "--report",
        tmp_path / "no" / "r.json",
        env=environment(display),
        cwd=tmp_path,
    )
    _, stderr = program.communicate(timeout=60)
    assert program.returncode == 2
    assert "there is no folder for" in stderr


@pytest.fixture(scope="module")
def display():
    with x_server() as name:
        yield name


class LiveWindow:
    """A running ``heatcam live``, on the demo scene unless another source is given."""

    def __init__(
        self, display: str, folder: Path, *more: str, source: str = "demo", title: str = "heatcam - demo"
    ) -> None:
        self.display, self.folder = display, folder
        self.report = folder / "report.json"
        env = environment(display) | {"HEATCAM_CONFIG_DIR": str(folder / "config")}
        self.stderr = ""
        self.program = start("live", "--source", source, "--report", self.report, *more, env=env, cwd=folder)
        self.id = window_called(display, title, within_s=60)
        assert self.id, self.program.communicate(timeout=5)
        self.wait_until_loaded()
        time.sleep(0.5)
        xdotool(display, "windowfocus", self.id)

    def wait_until_loaded(self) -> None:
        """The window is there first: wait until the program says which model runs."""
        said = b""
        assert self.program.stderr is not None
        while not said.startswith(b"model ") or not said.endswith(b"\n"):
            said = b"" if said.endswith(b"\n") else said
            byte = os.read(
                self.program.stderr.fileno(), 1
            )  # (what is read ahead would be lost to communicate)
            assert byte, "it ended before its model was loaded"
            said += byte

    def press(self, key: str, wait_s: float = 1.0) -> None:
        xdotool(self.display, "key", key)
        time.sleep(wait_s)

    def press_all(self, keys: Sequence[str], wait_s: float = 0.3) -> None:
        for key in keys:
            self.press(key, wait_s)

    def press_with_shift(self, key: str, wait_s: float = 1.0) -> None:
        xdotool(self.display, "keydown", "shift")
        time.sleep(0.2)
        self.press(key, 0.2)
        xdotool(self.display, "keyup", "shift")
        time.sleep(wait_s)

    def type(self, text: str) -> None:
        """Type as a person does: OpenCV keeps one key alone between two looks at them."""
        for letter in text:
            self.press({",": "comma", " ": "space"}.get(letter, letter), 0.3)

    def click(self, x: float, y: float, wait_s: float = 1.0) -> None:
        xdotool(self.display, "mousemove", "--window", self.id, str(round(x)), str(round(y)), "click", "1")
        time.sleep(wait_s)

    def drag(
        self, start: tuple[int, int], to: tuple[int, int], *, button: int = 1, wait_s: float = 1.5
    ) -> None:
        steps = [
            (start[0] + (to[0] - start[0]) * n // 4, start[1] + (to[1] - start[1]) * n // 4) for n in range(5)
        ]
        for n, (x, y) in enumerate(steps):
            xdotool(self.display, "mousemove", "--window", self.id, str(x), str(y))
            time.sleep(0.1)
            if not n:
                xdotool(self.display, "mousedown", str(button))
                time.sleep(0.1)
        xdotool(self.display, "mouseup", str(button))
        time.sleep(wait_s)

    def picture(self) -> np.ndarray:
        """What is in the window, 1280x720 at the screen's corner, without its top line."""
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "x11grab",
            "-draw_mouse",
            "0",
            "-video_size",
            "1280x720",
            "-i",
            self.display,
        ]
        command += ["-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
        raw = subprocess.run(command, capture_output=True, check=True).stdout
        return cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)[TOP_LINE:].astype(int)

    def settled_picture(self) -> np.ndarray:
        """What is in the window once a paused picture changes no more."""
        picture, until = self.picture(), time.monotonic() + 20
        while time.monotonic() < until:
            time.sleep(0.3)
            last, picture = picture, self.picture()
            if (picture == last).all():
                break
        return picture

    def end(self) -> dict[str, Any]:
        _, self.stderr = self.program.communicate(timeout=30)
        assert self.program.returncode == 0, self.stderr
        assert "Traceback" not in self.stderr
        return json.loads(self.report.read_text())


def true_boxes(frame_index: int) -> list[tuple[float, float, float, float]]:
    """Where the demo scene's markers are in one of its frames."""
    with DemoSource() as demo:
        return [box.box_xyxy for box in demo.truth(frame_index)]


def share_inside(mask: np.ndarray, boxes: list[tuple[float, float, float, float]], margin: int = 12) -> float:
    """The share of a mask's pixels that lies in boxes of the whole picture; the mask begins below the top line."""
    inside = np.zeros_like(mask)
    for x1, y1, x2, y2 in boxes:
        top, bottom = (max(0, int(y) - TOP_LINE) for y in (y1 - margin, y2 + margin))
        inside[top:bottom, max(0, int(x1) - margin) : int(x2) + margin] = True
    return float((mask & inside).sum() / max(1, mask.sum()))


@requires("Xvfb", "xdotool")
def test_the_window_shows_the_source_before_the_model_is_loaded_and_q_leaves_at_once(
    display: str, tmp_path: Path
) -> None:
    program = start(
        *("live", "--source", "demo", "--reset-settings", "--report", tmp_path / "r.json"),
        env=environment(display) | {"HEATCAM_CONFIG_DIR": str(tmp_path)},
        cwd=tmp_path,
    )
    window = window_called(display, "heatcam - demo", within_s=60)
    xdotool(display, "windowfocus", window)
    xdotool(display, "key", "q")
    _, stderr = program.communicate(timeout=30)
    assert program.returncode == 0, stderr
    assert "model markers" not in stderr
    assert json.loads((tmp_path / "r.json").read_text())["frames_shown"] == 0


@requires("Xvfb", "xdotool")
def test_a_model_that_is_damaged_closes_the_window_with_one_line_and_exit_code_two(
    display: str, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes(b"PK" + bytes(3000))
    program = start("live", "demo", "--model", damaged, env=environment(display), cwd=tmp_path)
    assert window_called(display, "heatcam - demo", within_s=60)
    _, stderr = program.communicate(timeout=60)
    assert program.returncode == 2, stderr
    assert len(stderr.strip().splitlines()) == 1
    assert stderr.startswith("heatcam: damaged.pt is ")


@requires("Xvfb", "xdotool", "ffmpeg")
def test_heat_is_where_the_markers_are_and_h_twice_gives_the_first_picture_back(
    display: str, tmp_path: Path
) -> None:
    window = LiveWindow(display, tmp_path, "--no-boxes", "--no-hud", *QUICK)
    window.press("space", wait_s=1.5)  # the fine maps come
    hot = window.settled_picture()
    window.press("s", wait_s=0.5)
    window.press("h", wait_s=0.5)
    plain = window.settled_picture()
    window.press("h", wait_s=0.5)
    again = window.settled_picture()
    boxes = true_boxes(json.loads(next(tmp_path.glob("heatcam-*.json")).read_text())["frame_index"])
    window.click(*middle(boxes[0]), wait_s=0.5)
    one = window.settled_picture()
    window.press("q", wait_s=0)
    report = window.end()
    assert report["toggles"] == 2
    assert report["errors"] == []
    heat = np.abs(hot - plain).max(2) > 24
    assert heat.sum() > 2000
    assert share_inside(heat, boxes) > 0.9
    assert (hot == again).all()
    alone = np.abs(one - plain).max(2) > 24
    assert alone.sum() > 200
    assert share_inside(alone, boxes[:1]) > 0.9


def middle(box: tuple[float, float, float, float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


@requires("Xvfb", "xdotool")
def test_h_toggles_the_mode_mid_stream_the_last_run_is_remembered_and_the_next_one_will_remember(
    display: str, tmp_path: Path
) -> None:
    save_settings(Settings(heatmap=False, alpha=0.5))
    window = LiveWindow(display, tmp_path)
    window.press("h")
    window.press("Escape")
    report = window.end()
    assert report["mode"] == "HEATMAP"
    assert report["toggles"] == 1
    assert report["frames_shown"] > 3
    assert report["errors"] == []
    assert set(report["key_ms"]) == set(report["latency_ms"]) == {"p50", "p95", "p99"}
    assert (load_settings().heatmap, load_settings().alpha) == (True, 0.5)


@requires("Xvfb", "xdotool", "ffmpeg")
def test_the_other_keys_change_the_picture_and_pressed_again_take_nothing_more(
    display: str, tmp_path: Path
) -> None:
    window = LiveWindow(display, tmp_path, *QUICK)
    window.press("space", wait_s=1.5)
    before = window.settled_picture()
    for key in ("question", "i", "a", "c", "b", "minus"):
        window.press(key, wait_s=0.4)
        after = window.picture()
        assert (after != before).any(), key
        before = after
    window.press("question", wait_s=0.3)
    for key in ("d", "d", "period", "comma", "n", "r", "bracketright", "e", "m", "l", "space"):
        window.press(key, wait_s=0.3)
    window.press_with_shift("d", wait_s=0.3)
    window.press("0", wait_s=0.5)
    again = ("h", "h", "d", "d", "c", "space", "space")
    uses = []
    for _ in range(3):
        window.press_all(again)
        uses.append(use_of(window.program.pid))
    window.press("q", wait_s=0)
    report = window.end()
    assert sum(report["actions"].values()) == 22 + 3 * len(again)
    assert report["errors"] == []
    assert report["mode"] == "HEATMAP"
    assert uses[-1].threads <= uses[0].threads
    assert uses[-1].descriptors <= uses[0].descriptors
    assert uses[-1].memory_mb - uses[0].memory_mb < 60


@requires("Xvfb", "xdotool", "ffmpeg")
def test_two_models_are_gone_through_with_a_key_and_a_snapshot_has_both(display: str, tmp_path: Path) -> None:
    window = LiveWindow(display, tmp_path, "--compare", str(tiny_checkpoint(tmp_path)), *QUICK)
    seen = [window.picture()]
    for _ in range(3):
        window.press("v", wait_s=1.5)
        seen.append(window.picture())
        if len(seen) == 3:
            window.press("s", wait_s=0.5)
    window.press("v", wait_s=0.5)
    press_close_button(display, window.id)
    report = window.end()
    assert report["errors"] == []
    assert report["actions"]["next compared"] == 4
    grey = [np.ptp(picture, axis=2).mean() for picture in seen]
    assert grey[3] < 0.5 * grey[0]
    assert sorted(path.name[-6:] for path in tmp_path.glob("heatcam-*.npz")) == ["-a.npz", "-b.npz"]
    (document,) = tmp_path.glob("heatcam-*.json")
    assert json.loads(document.read_text())["models"] == {"a": "markers", "b": "tiny-yolov8n"}


@requires("Xvfb", "xdotool", "ffmpeg")
def test_a_stream_that_stalls_is_marked_and_leaving_takes_no_two_seconds(
    display: str, tmp_path: Path
) -> None:
    with mjpeg_server(login="user:secret", interval_s=0.05) as server:
        server.size_wh = 640, 384
        window = LiveWindow(display, tmp_path, *QUICK, source=server.url, title=server.address)
        plays = window.picture()[:340, :640]
        server.mode = STALL
        time.sleep(3.5)
        stalled = window.picture()[:340, :640]
        asked = time.monotonic()
        window.press("q", wait_s=0)
        report = window.end()
        assert time.monotonic() - asked < 4  # two seconds, and the end of the program
    assert np.abs(stalled - plays).mean() > 4, "the banner lies over a dimmed picture"
    assert report["frames_shown"] > 2
    assert "secret" not in json.dumps(report)
    assert "secret" not in window.stderr


def settled_use_of(pid: int) -> Use:
    """What a program uses once nothing more is loaded: a paused frame's fine map compiles for seconds on a slow machine."""
    use, until = use_of(pid), time.monotonic() + 20
    while time.monotonic() < until:
        time.sleep(1)
        last, use = use, use_of(pid)
        if abs(use.memory_mb - last.memory_mb) < 3:
            break
    return use


@requires("Xvfb", "xdotool")
@pytest.mark.soak
def test_memory_threads_and_descriptors_stay_flat(display: str, tmp_path: Path, seconds: float = 600) -> None:
    """``python -m benchmarks.window soak`` is the hour; the usual tests press the keys three times (above)."""
    window = LiveWindow(display, tmp_path)
    for key in ("n", "n", "space", "space", "d", "d"):  # whatever a key loads is loaded now
        window.press(key, wait_s=0.3 if key == "space" else 1.2)
        if key == "space":
            settled_use_of(window.program.pid)
    before = settled_use_of(window.program.pid)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        window.press_all(("h", "h", "d", "d", "c", "space", "space"))
    after = use_of(window.program.pid)
    window.press("q")
    assert window.end()["errors"] == []
    assert after.threads <= before.threads
    assert after.descriptors <= before.descriptors
    assert after.memory_mb - before.memory_mb < 60


@requires("Xvfb", "xdotool")
def test_limits_end_the_window_by_themselves_and_what_was_kept_can_be_left_aside(
    display: str, tmp_path: Path
) -> None:
    save_settings(Settings(heatmap=False, window_wh=(800, 450)))
    window = LiveWindow(
        display, tmp_path, "--max-frames", "8", "--window-size", "640x360", "--reset-settings", *QUICK
    )
    assert "Geometry: 640x360" in xdotool(display, "getwindowgeometry", window.id)
    report = window.end()
    assert (report["frames_shown"], report["mode"]) == (8, "HEATMAP")


@requires("Xvfb")
def test_a_source_that_is_not_there_is_one_line(display: str, tmp_path: Path) -> None:
    program = start("live", "--source", "nothing.mp4", env=environment(display), cwd=tmp_path)
    _, stderr = program.communicate(timeout=60)
    assert program.returncode == 2
    assert stderr.startswith("heatcam: there is no file nothing.mp4")
