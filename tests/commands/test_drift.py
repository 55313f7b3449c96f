"""``heatcam drift``: a baseline is learnt, a film is watched against it, and what is told where."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from heatcam.drift import read_baseline
from heatcam.frames import Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from tests.commands.fake_explainer import FakeExplainer, take_the_models_place
from tests.commands.programs import heatcam, start

#: Twelve blocks of ten frames at 10 frames a second.
FRAMES, FPS = 120, 10


class BrightExplainer(FakeExplainer):
    """The same box in each frame, and evidence that follows the picture: the brighter, the more of it lies in the box."""

    def explain(self, frame: Frame, **asked: Any) -> Explanation:
        found = super().explain(frame, **asked)
        light = float(frame.image_bgr.mean()) / 255
        noise = np.random.default_rng(frame.frame_index + int(1e4 * light)).normal(0, 0.05)
        values = np.full((16, 16), 1.0, np.float32)
        values[:, :8] += 10 * max(0.0, light + noise)
        saliency = SaliencyMap(values, Letterbox.fit(frame.size_wh, 64), "live", "0:fake")
        boxes = np.float32([[0, 0, frame.size_wh[0] / 2, frame.size_wh[1]]])
        kept = replace(found.detections, boxes_xyxy=boxes)
        return Explanation(frame, kept, saliency, (saliency,), low_evidence=(False,))


def film(path: Path, shade: int, frames: int = FRAMES) -> Path:
    """A grey film whose light flickers a little from second to second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (64, 48))
    rng = np.random.default_rng(shade)
    for n in range(frames):
        if n % FPS == 0:
            light = shade + int(rng.integers(-8, 8))
        writer.write(np.full((48, 64, 3), light, np.uint8))
    writer.release()
    return path


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_models_place(monkeypatch)
    monkeypatch.setattr("heatcam.commands.drift.start_explainer", lambda *_: BrightExplainer())


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for name, shade, frames in (
        ("well", 140, 300),
        ("same", 141, 120),
        ("dark", 40, 200),
        ("darker", 41, 30),
    ):
        film(folder / f"{name}.avi", shade, frames)
    return folder


@pytest.fixture(scope="module")
def base(films: Path) -> Path:
    path = films / "base.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heatcam.commands.drift.start_explainer", lambda *_: BrightExplainer())
        heatcam("drift", films / "well.avi", "--learn", path, "--block", "1")
    return path


def watched(*words: object, exit_code: int = 0) -> Any:
    return heatcam("drift", *words, exit_code=exit_code)


def test_a_baseline_says_what_was_learnt_with_which_settings(base: Path) -> None:
    own = read_baseline(base).document
    assert (own.source, own.model.name, own.settings.method) == ("well.avi", "fake", "live")
    assert (own.clock, own.day_parts, own.learnt_block_s, own.every) == ("source", 1, 1.0, 1)
    assert len(own.blocks) == 30
    assert {block.frames for block in own.blocks} == {10}


def test_the_same_again_has_not_drifted(base: Path, films: Path, tmp_path: Path) -> None:
    same = films / "same.avi"
    done = watched(same, "--baseline", base)
    assert "no drift in 12 blocks" in done.stdout
    assert "1 s  block 1, 10 frames: no drift; nearest" in done.stdout
    assert "watching 5 series in blocks of 1 s against 30 of well.avi" in done.stderr


def test_a_darker_film_has_drifted_and_says_in_what(base: Path, films: Path, tmp_path: Path) -> None:
    dark = films / "dark.avi"
    done = watched(dark, "--baseline", base, "--json", tmp_path / "done.json", exit_code=1)
    assert "DRIFT  all objects: energy in box has drifted, now " in done.stdout
    document = json.loads((tmp_path / "done.json").read_text("utf-8"))
    assert document["drifted"]
    told = {alarm["measure"] for alarm in document["alarms"]}
    assert told == {"energy_in_box", "evidence"}
    assert document["series"]["/energy_in_box"]["value"] < document["series"]["/energy_in_box"]["baseline"]
    assert document["blocks"] == 20


def test_the_first_drift_may_end_the_run(base: Path, films: Path, tmp_path: Path) -> None:
    dark = films / "dark.avi"
    watched(dark, "--baseline", base, "--exit-on-drift", "--json", tmp_path / "done.json", exit_code=1)
    document = json.loads((tmp_path / "done.json").read_text("utf-8"))
    assert document["blocks"] < 20


def test_restarts_that_keep_the_state_find_what_one_run_finds(
    base: Path, films: Path, tmp_path: Path
) -> None:
    """Four runs of three blocks each: none of them sees enough by itself."""
    darker = films / "darker.avi"
    codes = [
        heatcam_code(
            "drift", darker, "--baseline", base, "--state", tmp_path / "state.json", "--log", tmp_path / "log"
        )
        for _ in range(4)
    ]
    assert codes[0] == 0
    assert codes[-1] == 1
    lines = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    assert [line["block"] for line in lines] == list(range(1, 13))
    assert sum(len(line["alarms"]) for line in lines) == len(lines[-1]["drifted"]) > 0
    again = heatcam_code("drift", darker, "--baseline", base, "--state", tmp_path / "fresh.json")
    assert again == 0


def heatcam_code(*words: object) -> int:
    from typer.testing import CliRunner

    from heatcam.cli.app import app

    return CliRunner().invoke(app, [str(word) for word in words]).exit_code


def test_results_go_to_standard_output_alone_where_it_is_a_document(
    base: Path, films: Path, tmp_path: Path
) -> None:
    done = watched(films / "same.avi", "--baseline", base, "--json", "-")
    assert json.loads(done.stdout)["drifted"] is False


def test_other_settings_and_what_contradicts_itself_are_refused(
    base: Path, films: Path, tmp_path: Path
) -> None:
    well = films / "well.avi"
    refused = watched(well, "--baseline", base, "--every", "2", exit_code=2)
    assert "the baseline was learnt with another every: '1', not '2'" in refused.stderr
    for words, said in (
        ((), "give --baseline or --learn"),
        (("--baseline", base, "--learn", tmp_path / "b"), "give --baseline or --learn"),
        (("--baseline", base, "--block", "3"), "--block is for --learn"),
        (("--learn", base), "exists already"),
        (("--learn", tmp_path / "none" / "b"), "there is no folder"),
        (("--baseline", base, "--state", base), "is given twice"),
        (("--baseline", base, "--webhook", "file:///SECRET"), "the webhook is no address"),
        (("--learn", tmp_path / "b", "--log", tmp_path / "l"), "--log is for --baseline"),
        (("--baseline", base, "--false-alarms", "1"), "false-alarms is 1"),
        (("--baseline", tmp_path / "none.json"), "there is no baseline"),
        (("--baseline", well), "is no baseline of drift"),
    ):
        done = watched(well, *words, exit_code=2)
        assert said in " ".join(done.stderr.split())
        assert "SECRET" not in done.stderr


def test_too_short_a_film_is_no_baseline_and_is_not_judged(base: Path, films: Path, tmp_path: Path) -> None:
    short = film(tmp_path / "short.avi", 140, 50)
    done = watched(short, "--learn", tmp_path / "b.json", "--block", "1", exit_code=2)
    assert "5 blocks of 1 s are no baseline" in done.stderr
    assert not (tmp_path / "b.json").exists()
    blink = film(tmp_path / "blink.avi", 140, 4)
    assert "no block could be judged" in watched(blink, "--baseline", base, exit_code=1).stderr


def test_pictures_without_time_count_as_a_second_each(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(24):
        cv2.imwrite(str(folder / f"{n:02d}.png"), np.full((48, 64, 3), 100 + n, np.uint8))
    heatcam("drift", folder, "--learn", tmp_path / "b.json", "--block", "2")
    assert len(read_baseline(tmp_path / "b.json").document.blocks) == 12


@contextmanager
def hook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/SECRET", got
    finally:
        server.shutdown()
        server.server_close()


def test_each_drift_is_posted_once_over_all_restarts(base: Path, films: Path, tmp_path: Path) -> None:
    dark, state = films / "dark.avi", tmp_path / "state.json"
    with hook() as (url, got):
        for _ in range(2):
            done = watched(dark, "--baseline", base, "--webhook", url, "--state", state, exit_code=1)
            assert "SECRET" not in done.stdout + done.stderr
    keys = [(own["alarm"]["class_name"], own["alarm"]["measure"]) for own in got]
    assert len(keys) == len(set(keys)) > 0
    assert got[0]["text"].startswith("heatcam: dark.avi: all objects: ")
    assert json.loads(state.read_text("utf-8"))["untold"] == []
    assert "SECRET" not in state.read_text("utf-8")


def test_what_no_webhook_took_is_posted_after_a_restart(base: Path, films: Path, tmp_path: Path) -> None:
    dark, state = films / "dark.avi", tmp_path / "state.json"
    with hook() as (url, _):
        pass  # nobody listens there any more
    done = watched(dark, "--baseline", base, "--webhook", url, "--state", state, exit_code=1)
    assert "did not take an alarm" in done.stderr
    untold = json.loads(state.read_text("utf-8"))["untold"]
    assert untold
    with hook() as (url, got):
        watched(
            films / "same.avi",
            "--baseline",
            base,
            "--webhook",
            url,
            "--state",
            state,
            exit_code=1,
        )
    assert [f"{own['alarm']['class_name']}/{own['alarm']['measure']}" for own in got][: len(untold)] == untold


def test_ctrl_c_ends_it_with_a_summary_and_130(base: Path, tmp_path: Path) -> None:
    """In a process of its own, with something quick in the model's place: its baseline is of the same."""
    long = film(tmp_path / "long.avi", 140, 3000)
    learning = start(
        *("drift", long, "--learn", tmp_path / "b.json", "--block", "1"),
        module="tests.commands.fake_explainer",
    )
    end_by_ctrl_c(learning, tmp_path / "b.json")
    assert learning.returncode == 130
    assert len(read_baseline(tmp_path / "b.json").document.blocks) >= 10
    watching = start(
        *("drift", long, "--baseline", tmp_path / "b.json", "--state", tmp_path / "state.json"),
        module="tests.commands.fake_explainer",
    )
    out, err = end_by_ctrl_c(watching, tmp_path / "state.json")
    assert watching.returncode == 130
    assert "e-value" in out
    assert "Traceback" not in err


def end_by_ctrl_c(program: Any, appears: Path) -> tuple[str, str]:
    import time

    end_s = time.monotonic() + 60
    while not appears.exists():
        assert program.poll() is None, program.communicate()
        assert time.monotonic() < end_s
        time.sleep(0.02)
    program.send_signal(signal.SIGINT)
    return program.communicate(timeout=60)
