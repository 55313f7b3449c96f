"""What will be refused is refused before torch is imported: at once, in one line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from heatcam.commands.options import ModelChoice, WindowChoice
from heatcam.commands.refusals import before_live
from heatcam.errors import HeatcamError

REFUSED = [
    (["snapshot", "none.jpg"], "there is no file none.jpg"),
    (["snapshot", "photo.png", "--model", "none.pt"], "model file none.pt does not exist"),
    (["snapshot", "photo.png", "--model", "yolo26n.pt"], "yolo26n.pt is not here and heatcam downloads nothing"),
    (["snapshot", "photo.png", "--device", "gpu"], "unknown device 'gpu'"),
    (["snapshot", "photo.png", "--conf", "7"], "conf is 7.0"),
    (["snapshot", "photo.png", "-o", "photo.png"], "photo.png"),
    (["snapshot", "photo.png", "-o", "there.png"], "there.png exists already"),
    (["record", "none.mp4"], "there is no file none.mp4"),
    (["record", "demo", "--seconds", "1", "--model", "none.pt"], "model file none.pt does not exist"),
    (["record", "demo", "--seconds", "1", "--device", "gpu"], "unknown device 'gpu'"),
    (["record", "demo", "--seconds", "1", "--imgsz", "7"], "imgsz is 7"),
    (["record", "demo", "--seconds", "1", "-o", "there.mp4"], "there.mp4 exists already"),
    (["bench", "none.mp4"], "there is no file none.mp4"),
    (["bench", "--model", "none.pt"], "model file none.pt does not exist"),
    (["bench", "--device", "gpu"], "unknown device 'gpu'"),
    (["bench", "--only", "nonsense"], "no row has 'nonsense' in its name"),
    (["eval", "none.jpg"], "there is no file none.jpg"),
    (["eval", "photo.png", "--model", "none.pt"], "model file none.pt does not exist"),
    (["eval", "photo.png", "--methods", "nonsense"], "unknown method 'nonsense'"),
    (["eval", "photo.png", "--csv", "there.png"], "there.png exists already"),
    (["layers", "none.pt"], "model file none.pt does not exist"),
    (["layers", "--imgsz", "7"], "imgsz is 7"),
]  # fmt: skip
RUN_ALL = """
import json, sys
from typer.testing import CliRunner
from heatcam.cli.app import app

rows = []
for words in json.loads(sys.argv[1]):
    result = CliRunner().invoke(app, words)
    rows.append([result.exit_code, result.stderr, sorted({"torch", "ultralytics", "openvino"} & set(sys.modules))])
print(json.dumps(rows))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, list[str]]]:
    """Exit code, standard error and what is loaded afterwards, of every case: all in one process, as none loads anything."""
    folder = tmp_path_factory.mktemp("refused")
    for name in ("photo.png", "there.png"):
        cv2.imwrite(str(folder / name), np.full((48, 64, 3), 90, np.uint8))
    (folder / "there.mp4").touch()
    run = subprocess.run(
        [sys.executable, "-c", RUN_ALL, json.dumps([words for words, _ in REFUSED])],
        cwd=folder, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return {" ".join(words): row for (words, _), row in zip(REFUSED, json.loads(run.stdout), strict=True)}


@pytest.mark.parametrize(("words", "problem"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_it_is_refused_in_one_line_and_nothing_heavy_is_loaded(
    answers: dict[str, tuple[int, str, list[str]]], words: list[str], problem: str
) -> None:
    exit_code, stderr, loaded = answers[" ".join(words)]
    (line,) = [line for line in stderr.splitlines() if line.startswith("heatcam: ")]
    assert problem in line
    assert exit_code == 2
    assert loaded == []


@pytest.mark.parametrize(
    ("source", "choice", "problem"),
    [
        ("none.mp4", ModelChoice(), "there is no file none.mp4"),
        ("demo", ModelChoice(model="none.pt"), "model file none.pt does not exist"),
        ("demo", ModelChoice(device="gpu"), "unknown device 'gpu'"),
        ("demo", ModelChoice(imgsz=7), "imgsz is 7"),
    ],
)
def test_the_window_refuses_the_same_before_it_loads_anything(
    source: str, choice: ModelChoice, problem: str
) -> None:
    with pytest.raises(HeatcamError, match=re.escape(problem)):
        before_live(source, choice, WindowChoice())


def test_none_of_the_files_was_touched(answers: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.getbasetemp() / "refused0"
    assert {path.name for path in folder.iterdir()} == {"photo.png", "there.png", "there.mp4"}
