"""``record`` of films that are awkward: lost streams, names that are not UTF-8, interlaced ones, parts of them."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.commands.fake_explainer import take_the_models_place
from tests.commands.programs import heatcam, probe
from tests.commands.test_record_safely import PLAIN, pictures_in, sound_in
from tests.sinks.test_recorder import posix_only
from tests.sources.mjpeg_server import PLAY, REFUSE_LOGIN, RESET, mjpeg_server
from tests.sources.numbered import encode_numbered, number_in
from tests.system_tools import requires

pytestmark = requires("ffmpeg", "ffprobe")


@pytest.fixture(autouse=True)
def _quick_model(monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_models_place(monkeypatch)


def test_a_stream_that_does_not_come_back_is_said_and_is_a_failure(tmp_path: Path) -> None:
    out, report = tmp_path / "out.mp4", tmp_path / "run.json"
    with mjpeg_server("admin:geheim") as server:

        def refuse() -> None:
            while server.sent < 20:
                time.sleep(0.01)
            server.mode = REFUSE_LOGIN

        threading.Thread(target=refuse, daemon=True).start()
        result = heatcam(
            "record", server.url, "-o", out, *PLAIN, "--seconds", "5", "--json", report, exit_code=1
        )
        requests = server.requests
    assert "no picture comes any more" in result.stderr
    assert "the user or the password is refused (401)" in result.stderr
    assert "did not come back: no picture came after 0:0" in result.stderr
    assert "geheim" not in result.stderr + report.read_text()
    (error,) = json.loads(report.read_text())["errors"]
    assert "no picture came after" in error
    assert "refused (401)" in error
    assert requests <= 6, "a wrong login may not be sent again and again"
    assert int(probe(out)["nb_read_frames"]) >= 5


def test_a_stream_that_comes_back_is_said_and_is_no_failure(tmp_path: Path) -> None:
    report = tmp_path / "run.json"
    with mjpeg_server() as server:

        def fail_for_a_while() -> None:
            while server.sent < 20:
                time.sleep(0.01)
            server.mode = RESET
            time.sleep(0.5)
            server.mode = PLAY

        threading.Thread(target=fail_for_a_while, daemon=True).start()
        result = heatcam(
            "record", server.url, "-o", tmp_path / "out.mp4", *PLAIN, "--seconds", "6", "--json", report
        )
    assert "is back after" in result.stderr
    assert "did not come back" not in result.stderr
    (error,) = json.loads(report.read_text())["errors"]
    assert "no picture for" in error


@posix_only
def test_films_and_recordings_may_have_names_that_are_not_utf_8(tmp_path: Path) -> None:
    film = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    encode_numbered(tmp_path / "clip.mp4", [n / 25 for n in range(10)]).rename(film)
    out = tmp_path / os.fsdecode(b"h\xe4t.mp4")
    heatcam("record", film, "-o", out, *PLAIN)
    assert [path.name for path in tmp_path.iterdir() if path not in (film, out)] == []
    plain = out.rename(tmp_path / "plain.mp4")
    assert [number_in(picture) for picture in pictures_in(plain)] == list(range(10))


def test_a_part_of_a_film_has_the_frames_and_the_sound_of_that_part(tmp_path: Path) -> None:
    clip = encode_numbered(tmp_path / "silent.mkv", [n / 25 for n in range(100)])
    with_sound = tmp_path / "clip.mkv"
    audio = [
        "-f",
        "lavfi",
        "-i",
        "sine=440:d=4",
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c:v",
        "copy",
        "-c:a",
        "flac",
    ]
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, *audio, with_sound], check=True)
    out = tmp_path / "out.mkv"
    heatcam("record", with_sound, "-o", out, *PLAIN, "--start", "0:02", "--seconds", "1")
    assert [number_in(picture) for picture in pictures_in(out)] == list(range(50, 75))
    whole, part = sound_in(with_sound), sound_in(out)
    assert len(part) > len(whole) / 5
    assert whole.find(part) / len(whole) == pytest.approx(0.5, abs=0.06)


def test_a_start_behind_the_end_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    clip = encode_numbered(tmp_path / "clip.mp4", [n / 25 for n in range(10)])
    result = heatcam("record", clip, "-o", tmp_path / "out.mp4", *PLAIN, "--start", "80", exit_code=2)
    assert "is only 0.40 s long" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
