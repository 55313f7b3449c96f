"""``heatcam record``: real encoded video in, real encoded video out."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.commands.fake_explainer import take_the_models_place
from tests.commands.programs import heatcam, probe, start
from tests.sinks.test_recorder import posix_only
from tests.system_tools import requires

pytestmark = requires("ffmpeg", "ffprobe")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    made = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=322x180:rate=30000/1001",
        "-f",
        "lavfi",
        "-i",
        "sine=440",
        "-t",
        "1.2",
    ]
    subprocess.run(["ffmpeg", "-v", "error", *made, "-pix_fmt", "yuv420p", str(path)], check=True)
    return path


@pytest.fixture
def quick_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is the same whatever explains; the demo scene and Ctrl-C have a real model."""
    take_the_models_place(monkeypatch)


@pytest.mark.usefixtures("quick_model")
def test_size_rate_length_and_sound_equal_the_sources(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    result = heatcam("record", clip, "-o", out, "--json", tmp_path / "run.json")
    source, written = probe(clip), probe(out)
    for key in ("width", "height", "r_frame_rate", "avg_frame_rate", "nb_read_frames"):
        assert written[key] == source[key], key
    assert abs(float(written["duration"]) - float(source["duration"])) < 0.002
    assert written["codec_name"] == "h264"
    kinds = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", str(out)]
    assert "audio" in subprocess.run(kinds, capture_output=True, text=True, check=True).stdout
    assert f"{source['nb_read_frames']} frames" in result.stdout
    report = json.loads((tmp_path / "run.json").read_text())
    assert {
        "frames_read",
        "frames_written",
        "dropped",
        "fps",
        "latency_ms",
        "mode",
        "backend",
        "errors",
    } <= set(report)
    assert set(report["latency_ms"]) == {"p50", "p95", "p99"}
    assert report["frames_written"] == int(source["nb_read_frames"])


def test_the_demo_scene_needs_an_end_and_takes_one(tmp_path: Path) -> None:
    refused = heatcam("record", "demo", "-o", tmp_path / "out.mp4", exit_code=2)
    assert "never ends; say how long: --seconds 10" in refused.stderr
    heatcam("record", "demo", "-o", tmp_path / "out.mp4", "--seconds", "0.5")
    written = probe(tmp_path / "out.mp4")
    assert (written["width"], written["height"], written["nb_read_frames"]) == (1280, 720, "15")


@posix_only
def test_ctrl_c_sigterm_and_sighup_leave_a_playable_file_and_their_exit_code(tmp_path: Path) -> None:
    """All at once, because a start takes seconds; something quick is in the model's place (``live`` is ended with its model)."""
    words = ("record", "demo", "--seconds", "600", "-o")
    ends = {"int": (signal.SIGINT, 130), "term": (signal.SIGTERM, 143), "hup": (signal.SIGHUP, 129)}
    programs = {
        name: start(*words, tmp_path / f"{name}.mp4", module="tests.commands.fake_explainer") for name in ends
    }
    for name, (number, _) in ends.items():
        part = tmp_path / f"{name}.part.mp4"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (part.exists() and part.stat().st_size > 60_000):
            time.sleep(0.1)
        if number == signal.SIGINT:  # as a terminal: the encoder gets it too
            os.killpg(programs[name].pid, number)
        else:
            programs[name].send_signal(number)
    for name, (_, code) in ends.items():
        try:
            stdout, stderr = programs[name].communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(programs[name].pid, signal.SIGKILL)
            raise
        assert programs[name].returncode == code, stderr
        (summary,) = stderr.splitlines()
        assert re.fullmatch(r"\d+ frames, \d+ objects, [\d.]+ s \([\d.]+ frames/s\)", summary)
        assert "stopped early" in stdout
        assert int(probe(tmp_path / f"{name}.mp4")["nb_read_frames"]) >= 5
        assert not (tmp_path / f"{name}.part.mp4").exists()


def test_nothing_is_replaced_unasked(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"mine")
    result = heatcam("record", clip, "-o", out, exit_code=2)
    assert "--overwrite" in result.stderr
    assert out.read_bytes() == b"mine"


@pytest.mark.usefixtures("quick_model")
def test_a_truncated_video_is_recorded_as_far_as_it_goes_and_said(clip: Path, tmp_path: Path) -> None:
    import cv2
    import numpy as np

    cut = tmp_path / "cut.avi"
    writer = cv2.VideoWriter(str(cut), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    rng = np.random.default_rng(0)
    for _ in range(30):
        writer.write(rng.integers(0, 256, (120, 160, 3), np.uint8))
    writer.release()
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    result = heatcam("record", cut, "-o", tmp_path / "out.mp4", exit_code=1)
    written = int(probe(tmp_path / "out.mp4")["nb_read_frames"])
    assert 5 < written < 30
    assert f"{written} of 30 frames could be decoded" in result.stderr


def test_what_is_no_video_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    result = heatcam("record", tmp_path / "text.mp4", "-o", tmp_path / "out.mp4", exit_code=2)
    assert result.stderr.strip().splitlines()[-1].startswith("heatcam: ")
    assert not (tmp_path / "out.mp4").exists()
    assert not list(tmp_path.glob("*.part.*"))


@pytest.mark.usefixtures("quick_model")
def test_pictures_of_several_sizes_end_with_a_clear_line_and_keep_what_was_done(tmp_path: Path) -> None:
    import cv2
    import numpy as np

    for name, side in (("1.png", 64), ("2.png", 64), ("3.png", 96)):
        cv2.imwrite(str(tmp_path / name), np.zeros((side, 80, 3), np.uint8))
    result = heatcam("record", tmp_path, "-o", tmp_path / "out.mp4", exit_code=1)
    assert "3.png changed its size from 80x64 to 80x96" in result.stderr
    assert probe(tmp_path / "out.mp4")["nb_read_frames"] == "2"
