"""``heatcam bench`` from its command line to its document. No test asserts a speed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import pytest

from heatcam.bench.timing import Contestant, Measurement, Times
from tests.bench.tiny import CONF, IMGSZ, PICTURE, tiny_checkpoint
from tests.commands.programs import heatcam

MODES = ("forward", "plain", "live map", "per-object maps", "fine map")
RIVALS = (
    "ultralytics predict+plot",
    "ultralytics visualize=True",
    "grad-cam GradCAM",
    "grad-cam HiResCAM x5",
)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """The command on a small picture with a tiny model, one round."""
    folder = tmp_path_factory.mktemp("bench")
    cv2.imwrite(str(folder / "photo.png"), PICTURE)
    model = tiny_checkpoint(folder)
    quick = ["--imgsz", IMGSZ, "--conf", CONF, "--runs", 1, "--warmup", 0, "--device", "cpu"]
    return ["bench", folder / "photo.png", "--model", model, *quick]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stub(monkeypatch: pytest.MonkeyPatch, measurement: Measurement | BaseException | None) -> None:
    """Nothing is measured; this comes out, or 4 ms for everybody."""
    from heatcam.commands import bench

    def measure(contestants: Sequence[Contestant], *_: Any, **__: Any) -> Measurement:
        if isinstance(measurement, BaseException):
            raise measurement
        return measurement or Measurement(tuple(Times(one.name, (4.0,)) for one in contestants), 1)

    monkeypatch.setattr(bench, "measure", measure)


def test_the_document_has_every_row_and_what_it_holds_for(
    words: list[object], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That each of them runs is in ``tests/bench``."""
    stub(monkeypatch, None)
    rivals = ["--only", "(torch)", "--only", "ultralytics", "--only", "grad-cam"]
    document = json.loads(heatcam(*words, *rivals, "--json", "-").stdout)
    rows = {row["name"]: row for row in document["rows"]}
    assert list(rows) == [*(f"{mode} (torch)" for mode in MODES), *RIVALS]
    for row in rows.values():
        assert {"name", "median_ms", "iqr_ms", "min_ms", "ratio"} == set(row), row
        assert (row["median_ms"], row["iqr_ms"], row["ratio"]) == (4, 0, 1)
    assert document["input"] == {"name": "photo.png", "size_wh": [80, 48], "frames": 1}
    assert (document["imgsz"], document["conf"], document["runs"]) == (IMGSZ, CONF, 1)
    assert document["objects"][0] > 0
    assert {"cpu_count", "torch_threads", "versions"} <= set(document["machine"])
    assert not [path for path in here.iterdir() if path.name != "config"]


def test_only_the_rows_that_are_named_are_measured_and_a_pipe_gets_plain_lines(words: list[object]) -> None:
    result = heatcam(*words, "--only", "PLAIN (torch)", "--only", "predict")
    input_line, model_line, rounds, headings, *lines = result.stdout.splitlines()
    assert input_line.startswith("input: photo.png (80x48), ")
    assert "tiny-yolov8n on cpu, 64 px" in model_line
    assert rounds == "1 rounds after 0 for warm-up; ratio is to ultralytics predict+plot"
    assert headings.split() == ["name", "median", "ms", "IQR", "ms", "min", "ms", "ratio"]
    assert [line.split("  ")[0] for line in lines] == ["plain (torch)", "ultralytics predict+plot"]


def test_a_row_that_fails_stands_there_with_its_error(words: list[object], tmp_path: Path) -> None:
    from heatcam.bench import rivals

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rivals, "five_layers", lambda network: 1 / 0)
        heatcam(*words, "--only", "grad-cam", "--json", tmp_path / "out.json")
    fine, failed = json.loads((tmp_path / "out.json").read_text("utf-8"))["rows"]
    assert fine["median_ms"] > 0
    assert "error" not in fine
    assert failed["error"] == "ZeroDivisionError: division by zero"
    assert (failed["median_ms"], failed["iqr_ms"], failed["ratio"]) == (None, None, None)


def test_when_nobody_could_be_measured_it_has_failed(
    words: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(monkeypatch, Measurement((Times("plain (torch)", (), "RuntimeError: no"),), 1))
    assert "RuntimeError: no" in heatcam(*words, exit_code=1).stdout


def test_ctrl_c_leaves_what_full_rounds_gave(words: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, Measurement((Times("plain (torch)", (3.0, 5.0)),), 2, interrupted=True))
    result = heatcam(*words, "--json", "-", exit_code=130)
    document = json.loads(result.stdout)
    assert (document["runs"], document["interrupted"]) == (2, True)
    assert document["rows"][0]["median_ms"] == 4
    assert "stopped after 2 full rounds" in result.stderr
    assert "nothing is detected" not in result.stderr


def test_ctrl_c_before_that_leaves_nothing(
    words: list[object], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, KeyboardInterrupt())
    result = heatcam(*words, "--json", "-", exit_code=130)
    assert result.stdout == ""
    assert (
        "heatcam: stopped" in capfd.readouterr().err
    )  # (written past Python's streams, as a signal's handler must)


def test_an_input_in_which_nothing_is_found_is_said(
    words: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(monkeypatch, Measurement((Times("plain (torch)", (3.0,)),), 1))
    assert "nothing is detected in this input" in heatcam(*words, "--conf", 1).stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--only", "tensorrt"], "no row has 'tensorrt' in its name; there are: forward (torch), "),
        (["--model", "gone.pt"], "gone.pt does not exist"),
        (["--conf", "7"], "conf is 7.0; give a number from 0 to 1"),
    ],
)
def test_wrong_use_is_one_line_with_exit_code_two(words: list[object], more: list[str], said: str) -> None:
    result = heatcam(*words, *more, exit_code=2)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("heatcam: ")]
    assert said in line
    assert result.stdout == ""
