"""``heatcam snapshot --quality true``: progress, Ctrl-C, documents, and who takes it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import heatcam as package
from heatcam.cli.app import app
from heatcam.commands.options import ModelChoice
from heatcam.commands.picture_sink import PicturesDone, TrialByTrial
from heatcam.errors import UsageError
from heatcam.frames import Explanation, Frame
from heatcam.runtime import stopping
from heatcam.sources.demo.scene import DemoScene
from tests.commands.fake_explainer import FakeExplainer
from tests.commands.test_terminal import in_memory


@pytest.fixture(autouse=True)
def _usual_handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(stopping, "_state", stopping._State())
    yield
    signal.signal(signal.SIGINT, before)


class Trying:
    """Makes ten batches of trials; Ctrl-C is pressed in the third."""

    def __init__(self, pressed_at: int | None) -> None:
        self._pressed_at = pressed_at

    def explain(
        self,
        image: Frame,
        *,
        conf: float | None,
        on_trials: Callable[[int, int], None],
        is_stopped: Callable[[], bool],
    ) -> Explanation:
        trials = 0
        for n in range(1, 11):
            if n == self._pressed_at:
                os.kill(os.getpid(), signal.SIGINT)
            trials = 16 * n
            on_trials(trials, 160)
            if is_stopped():
                break
        seen = FakeExplainer().explain(image, with_object_maps=True)
        own = replace(seen.object_maps[0], trials=trials)
        return replace(seen, saliency=own, object_maps=(own,))


FRAME = Frame(np.zeros((60, 80, 3), np.uint8), 0, 0.0, 0.0, "cat.jpg")


def explained(pressed_at: int | None, *, drawn: bool = False) -> tuple[Explanation, PicturesDone, str]:
    terminal, done = in_memory(drawn=drawn), PicturesDone()
    trying: Any = Trying(pressed_at)
    seen = TrialByTrial(trying, terminal, done).explain(FRAME)
    written: Any = terminal.notes.file
    return seen, done, written.getvalue()


def test_all_trials_are_made_and_nothing_is_said_in_a_pipe() -> None:
    seen, done, said = explained(None)
    assert (seen.object_maps[0].trials, done.stopped, said) == (160, False, "")


def test_ctrl_c_ends_the_trials_and_keeps_what_they_have_told() -> None:
    seen, done, said = explained(3)
    assert seen.object_maps[0].trials == 48
    assert done.stopped
    assert stopping.stop_requested()
    assert said == "cat.jpg: stopped after 48 trials of 1 object\n"


def test_on_a_terminal_a_bar_counts_the_trials_with_the_time_left() -> None:
    said = explained(None, drawn=True)[2]
    assert "160/160" in said
    assert "trials/s" in said


def test_beside_the_bar_of_pictures_its_name_counts_them() -> None:
    terminal = in_memory(drawn=True)
    with terminal.progress("pictures") as bar:
        task = bar.add_task("snapshot", total=3, rate=0.0)
        with terminal.trials() as on_trials:
            on_trials(16, 160)
            assert bar.tasks[task].description == "trial 16 of 160"
        assert bar.tasks[task].description == "snapshot"
        assert terminal._bar is bar


def run(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_picture_is_written_with_its_maps_and_their_numbers(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "scene.png"), DemoScene(size_wh=(640, 360)).render(30).image_bgr)
    result = run(
        *("snapshot", tmp_path / "scene.png", "-o", tmp_path / "out.png", "--model", "markers", "--npz"),
        *(
            "--quality",
            "true",
            "--trials",
            50,
            "--max-det",
            1,
            "--backend",
            "torch",
            "--json",
            tmp_path / "a.json",
        ),
    )
    assert result.exit_code == 0, result.output
    assert "method true" in result.stderr
    document = json.loads((tmp_path / "a.json").read_text())
    (found,) = document["images"][0]["detections"]
    assert (document["method"], document["unit"], found["trials"]) == ("true", "score", 50)
    assert 0 <= found["undecided"] <= 1
    assert found["evidence"] > 0
    assert found["evidence_logits"] is None
    arrays = np.load(tmp_path / "out.png.npz")
    assert arrays["object_deviations"].shape == arrays["object_cells"].shape
    again = run("redraw", tmp_path / "out.png.npz", "-o", tmp_path / "again.png")
    assert again.exit_code == 0, again.output
    assert (cv2.imread(str(tmp_path / "again.png")) == cv2.imread(str(tmp_path / "out.png"))).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--trials", 100), "--trials is for --quality true"),
        (("--quality", "true", "--method", "gradcam"), "--method is for gradients"),
        (("--quality", "true", "--trials", 10), "50"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: tuple[object, ...], said: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), FRAME.image_bgr)
    result = run("snapshot", tmp_path / "a.png", "-o", tmp_path / "b.png", "--model", "markers", *words)
    assert result.exit_code == 2 or isinstance(result.exception, UsageError)
    assert said in f"{result.output}{result.exception}"
    assert not (tmp_path / "b.png").exists()


def test_other_commands_than_snapshot_refuse_it() -> None:
    choice = ModelChoice(quality="true")
    for pictures in (None, 3):
        with pytest.raises(UsageError, match=r"takes seconds an object.*heatcam snapshot"):
            choice.explain_options(pictures)
    assert choice.explain_options(3, by_trial=True).by_trial
    with pytest.raises(UsageError, match="tries objects out"):
        package.load("markers", quality="true")
