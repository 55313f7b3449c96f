"""The window asks the picture, for real: drags and typed text under Xvfb, and what a snapshot says then."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from heatcam.models import ClassVectors
from heatcam.models.official import sha256_of
from heatcam.models.prompt import remember
from tests.commands.test_live import QUICK, TOP_LINE, LiveWindow
from tests.models.test_checkpoint import saved
from tests.models.test_prompting import unprompted
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
    window = LiveWindow(display, tmp_path, "--no-boxes", *QUICK)
    window.press("space", wait_s=1.5)
    window.press("x", wait_s=0.3)
    window.press_with_shift("x", wait_s=0.3)
    drag(window, (440, 120), (560, 240), wait_s=1.5)
    window.press("h", wait_s=0.5)
    window.press("s", wait_s=0.5)
    window.press("BackSpace", wait_s=0.5)
    window.press("q", wait_s=0)
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


def colours_of(picture: np.ndarray) -> float:
    """How far a picture is from grey."""
    return float(np.ptp(picture, axis=2).mean())


@requires("Xvfb", "xdotool", "ffmpeg")
def test_a_drag_with_the_right_button_asks_why_nothing_was_found_and_a_snapshot_says_it(
    display: str, tmp_path: Path
) -> None:
    window = LiveWindow(display, tmp_path, *QUICK)
    window.press("space", wait_s=1.5)
    before = window.picture()
    x1, y1, x2, y2 = 40, 560, 240, 690
    window.drag((x1, y1), (x2, y2), button=3)
    asked, until_s = window.picture(), time.monotonic() + 20
    while colours_of(asked) > 0.5 * colours_of(before) and time.monotonic() < until_s:  # (the verdict alone)
        asked = window.picture()
    assert colours_of(asked) < 0.5 * colours_of(before), "evidence lies over a picture without its colours"
    window.press("s")
    window.press_with_shift("w")
    window.press("s")
    window.press("Escape")  # (the question ends, not the window)
    after = window.picture()
    window.press("q")
    assert window.end()["errors"] == []
    documents = sorted(tmp_path.glob("heatcam-*.json"), key=lambda path: path.stat().st_mtime_ns)
    first, second = (json.loads(path.read_text())["answers"]["place"] for path in documents)
    assert first["at_xyxy"] == pytest.approx([x1, y1, x2 + 1, y2 + 1], abs=2)
    assert first["verdict"] in ("not-seen", "misplaced", "other-class", "below-threshold")
    assert first["evidence_for"] is not None, "the paused frame has the map too"
    assert second["class_name"] != first["class_name"], "the next likeliest"
    assert colours_of(after) > 0.8 * colours_of(before)
    saved = cv2.imread(str(documents[0].with_suffix(".png")))[TOP_LINE:].astype(int)
    assert np.abs(saved - asked).mean() < 2, "what is saved is what is shown"


def settings_of(
    window: LiveWindow, is_so: Callable[[dict[str, Any]], bool], within_s: float = 60
) -> dict[str, Any]:
    """The settings of the first snapshot for which something holds: a new prompt is prepared beside the stream."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        before = set(window.folder.glob("heatcam-*.json"))
        window.press("s", wait_s=0.5)
        while not (written := set(window.folder.glob("heatcam-*.json")) - before):
            assert time.monotonic() < until_s
            time.sleep(0.2)
        settings: dict[str, Any] = json.loads(written.pop().read_text("utf-8"))
        if is_so(settings):
            return settings
    raise TimeoutError(str(settings["prompt"]))


@requires("Xvfb", "xdotool", "ffmpeg")
def test_a_prompt_is_typed_and_shown_while_it_plays(
    display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    path = saved(unprompted("yoloe-v8n"), tmp_path / "eye.pt")
    vectors = np.random.default_rng(5).normal(size=(2, 512)).astype(np.float32)
    remember(sha256_of(path), ClassVectors(("person", "kite"), vectors))
    small = ("--imgsz", "128", "--conf", "0.05", *QUICK, "--iou", "0.3", "--max-det", "3")
    window = LiveWindow(display, tmp_path, "-m", str(path), "--prompt", "person", *small)
    before = window.picture()
    window.press("p")
    with_field = window.picture()
    window.type(", kites")
    window.press("BackSpace", 0.3)
    window.press("Return", 0.5)
    found = settings_of(window, lambda settings: settings["prompt"]["text"] == "person, kite")
    assert {row["class_name"] for row in found["detections"]} <= {"person", "kite"}
    assert (with_field[-30:].mean(), with_field[-30:].std()) < (0.6 * before[-30:].mean(), 60)
    window.press_with_shift("p", 0.5)
    at = ("mousemove", "--window", window.id)
    xdotool(display, *at, "300", "200", "mousedown", "1")
    xdotool(display, *at, "420", "260")
    xdotool(display, *at, "500", "380", "mouseup", "1")
    shown = settings_of(window, lambda settings: bool(settings["prompt"]["examples"]))["prompt"]
    assert [round(side) for side in shown["examples"][0]["box_xyxy"]] == [300, 200, 501, 381]
    window.press("0", 1.0)
    assert (
        settings_of(window, lambda settings: not settings["prompt"]["examples"])["prompt"]["text"] == "person"
    )
    window.press("q")
    assert window.end()["errors"] == []
