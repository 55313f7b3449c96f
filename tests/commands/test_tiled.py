"""``heatcam snapshot --tiles`` from its command line to its files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner, Result

from heatcam.cli.app import app
from heatcam.frames import Explanation, Frame
from tests.tiling.made import SquareExplainer


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.full((500, 700, 3), 30, np.uint8)
    for x, y in ((20, 30), (230, 220), (600, 400)):
        pixels[y : y + 40, x : x + 40, 0] = 200
    path = tmp_path / "big.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", tile=(128, 128), compression="deflate")
    return path


@pytest.fixture
def explainer(monkeypatch: pytest.MonkeyPatch) -> SquareExplainer:
    made = SquareExplainer()
    monkeypatch.setattr("heatcam.commands.tiled.start_any_explainer", lambda *_, **__: made)
    return made


def snapshot(*words: object) -> Result:
    return CliRunner().invoke(app, ["snapshot", *(str(word) for word in words)], catch_exceptions=True)


def test_document_tables_and_pyramid_are_of_the_whole_picture(
    picture: Path, tmp_path: Path, explainer: SquareExplainer
) -> None:
    out = tmp_path / "made" / "out.tif"
    asked = (
        "--tiles",
        256,
        "-o",
        out,
        "--json",
        "-",
        "--csv",
        tmp_path / "o.csv",
        "--coco",
        tmp_path / "o.json",
        "--save-txt",
    )
    result = snapshot(picture, "-m", "markers", *asked)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    (image,) = document["images"]
    assert sorted(tuple(one["box_xyxy"]) for one in image["detections"]) == [
        (20, 30, 60, 70),
        (230, 220, 270, 260),
        (600, 400, 640, 440),
    ]
    assert image["tiles"]["columns"] == 4 and image["tiles"]["levels"] == [[700, 500], [350, 250]]
    assert (image["path"], image["output"]) == (str(picture), str(out))
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 4
    assert len(json.loads((tmp_path / "o.json").read_text())["annotations"]) == 3
    assert len((out.parent / "labels" / "out.txt").read_text().splitlines()) == 3
    with tifffile.TiffFile(out) as file:
        assert file.pages[0].shape == (500, 700, 3)
    assert len(explainer.seen) == 12 + 1  # and the whole picture, shrunk
    assert explainer.seen[-1] == (64, 46)


def test_the_whole_picture_is_left_out_where_it_is_not_wanted(
    picture: Path, tmp_path: Path, explainer: SquareExplainer
) -> None:
    result = snapshot(picture, "--tiles", 256, "--no-whole", "-o", tmp_path / "out.tif", "-m", "markers")
    assert result.exit_code == 0, result.output
    assert result.stdout.rstrip().endswith("3 square")
    assert len(explainer.seen) == 12


@pytest.fixture
def _usual_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_usual_handler")
def test_ctrl_c_ends_it_with_130_and_nothing_is_written(
    picture: Path, tmp_path: Path, explainer: SquareExplainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain = explainer.explain

    def interrupted(frame: Frame, **asked: object) -> Explanation:
        if len(explainer.seen) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return explain(frame, **asked)

    monkeypatch.setattr(explainer, "explain", interrupted)
    result = snapshot(
        picture, "--tiles", 256, "-o", tmp_path / "out.tif", "-m", "markers", "--json", tmp_path / "o.json"
    )
    assert result.exit_code == 130
    assert "stopped, nothing is written" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["big.tif"]


REFUSED = {
    "--tiles 0": ("--tiles", 0),
    "--tiles -5": ("--tiles", -5),
    "an overlap of 0.9": ("--tiles", 256, "--overlap", 0.9),
    "an overlap below 0": ("--tiles", 256, "--overlap", -0.1),
    "an overlap without tiles": ("--overlap", 0.2),
    "--no-whole without tiles": ("--no-whole",),
    "two pictures": ("--tiles", 256, "other.tif"),
    "regions": ("--tiles", 256, "--renorm", "region"),
    "another view": ("--tiles", 256, "--view", "grid"),
    "raw maps": ("--tiles", 256, "--npz"),
    "trials": ("--tiles", 256, "--quality", "true"),
    "a png": ("--tiles", 256, "-o", "out.png"),
    "itself": ("--tiles", 256, "-o", "big.tif", "--overwrite"),
    "a folder": ("--tiles", 256, "--camera", "0"),
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED.keys())
def test_what_makes_no_sense_is_one_line_and_2(
    picture: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[object, ...]
) -> None:
    monkeypatch.chdir(picture.parent)
    monkeypatch.setattr(
        "heatcam.commands.tiled.start_any_explainer", lambda *_, **__: pytest.fail("it was loaded")
    )
    result = snapshot("big.tif", *asked)
    assert result.exit_code == 2 or getattr(result.exception, "exit_code", 0) == 2, result.output
    assert [path.name for path in picture.parent.iterdir() if path.is_file()] == ["big.tif"]


def test_it_is_refused_before_torch_is_imported(picture: Path) -> None:
    code = (
        "import sys\n"
        "from heatcam.cli.program import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "snapshot", str(picture), "--tiles", "256", "-o", "a.png"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "2 False\n", done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_the_extra_it_is_said_how_it_is_had(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heatcam.tiling.reading.find_spec", lambda name: None)
    result = snapshot(picture, "--tiles", 256)
    assert "heatcam[large]" in str(result.exception) + result.output
