"""``heatcam missed`` and ``heatcam cover`` from their command lines to their files, with the embedded model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from heatcam.cli.app import app
from heatcam.commands.options import ModelChoice
from heatcam.models import load_model
from heatcam.saliency import explainer_of
from heatcam.sources.demo.scene import DemoScene

SCENE = DemoScene((640, 480)).render(20)
TRUE = {box.class_name: box.box_xyxy for box in SCENE.boxes}


@pytest.fixture(autouse=True)
def _uncalibrated(monkeypatch: pytest.MonkeyPatch, markers: Any) -> None:
    """The real model without the measurement of its noise floor, which takes seconds."""

    def start(choice: ModelChoice, *_: object) -> Any:
        return explainer_of(markers, torch.device("cpu"), choice.explain_options(1))

    for command in ("missed", "cover"):
        monkeypatch.setattr(f"heatcam.commands.{command}.start_explainer", start)


@pytest.fixture(scope="module")
def markers() -> Any:
    return load_model("markers")


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("photo.png", SCENE.image_bgr)
    return Path("photo.png")


def run(*words: object) -> Any:
    return CliRunner().invoke(app, [*map(str, words)])


def at(class_name: str) -> str:
    return ",".join(f"{side:.1f}" for side in TRUE[class_name])


def missed(*words: object) -> Any:
    return run("missed", *words, "-m", "markers", "--backend", "torch")


def test_a_place_is_answered_in_words_a_picture_and_a_document(photo: Path) -> None:
    result = missed(photo, "--at", at("aruco"), "--class", "aruco", "--conf", 0.95, "--json", "out.json")
    assert result.exit_code == 0, result.output
    assert "below-threshold: aruco 0.8" in result.output
    assert "keeps it" in result.output
    assert cv2.imread("photo-missed.png").shape[1] >= 960
    found = json.loads(Path("out.json").read_text())
    (row,) = found["missed"]
    assert row["verdict"] == "below-threshold"
    assert row["candidate"]["stride"] in (8, 16, 32)
    assert row["evidence_for"] > 0
    assert row["evidence_against"] > 0
    assert found["image"] == {"path": "photo.png", "size_wh": [640, 480], "output": "photo-missed.png"}
    again = missed(
        photo,
        "--at",
        at("aruco"),
        "--class",
        "aruco",
        "--conf",
        row["needs"]["conf"],
        "--json",
        "-",
        "-o",
        "b.png",
    )
    assert json.loads(again.stdout)["missed"][0]["verdict"] == "found"


def test_what_snapshot_finds_is_found_with_the_same_options(photo: Path, markers: Any) -> None:
    options = ModelChoice(conf=0.4, iou=0.5, backend="torch").explain_options(1)
    kept = (
        explainer_of(markers, torch.device("cpu"), options)
        .explain(SCENE.image_bgr, with_map=False)
        .detections
    )
    words: list[object] = []
    for box, name in zip(kept.boxes_xyxy, kept.class_names, strict=True):
        words += ["--at", ",".join(map(str, box.tolist())), "--class", name]
    result = missed(photo, *words, "--conf", 0.4, "--iou", 0.5, "--json", "-")
    rows = json.loads(result.stdout)["missed"]
    assert [row["verdict"] for row in rows] == ["found"] * len(kept)
    assert np.allclose([row["candidate"]["confidence"] for row in rows], kept.confidences, atol=1e-5)


def test_of_labels_only_those_that_were_not_found_are_told(photo: Path) -> None:
    classes = ["qr-code", "barcode", "data-matrix", "aruco", "chessboard"]
    lines = []
    for name, (x1, y1, x2, y2) in TRUE.items():
        lines.append(
            f"{classes.index(name)} {(x1 + x2) / 1280} {(y1 + y2) / 960} {(x2 - x1) / 640} {(y2 - y1) / 480}"
        )
    lines.append("3 0.5 0.1 0.1 0.1")  # nothing is there
    Path("photo.txt").write_text("\n".join(lines))
    result = missed(photo, "--labels", "photo.txt", "--json", "out.json")
    assert result.exit_code == 0, result.output
    assert "5 of 6 labels are found" in result.output
    found = json.loads(Path("out.json").read_text())
    assert found["labels"] == {"count": 6, "found": 5}
    (row,) = found["missed"]
    assert row["verdict"] == "not-seen"
    Path("photo.txt").write_text("\n".join(lines[:-1]))
    result = missed(photo, "--labels", ".", "-o", "none.png")
    assert "nothing is missed" in result.output
    assert not Path("none.png").exists()


def test_labels_of_coco_are_matched_by_name_and_unknown_classes_are_told(photo: Path) -> None:
    x1, y1, x2, y2 = TRUE["aruco"]
    boxes = [[x1, y1, x2 - x1, y2 - y1], [5, 5, 40, 40]]
    document = {
        "images": [{"id": 1, "file_name": "photo.png"}],
        "categories": [{"id": 5, "name": "ArUco"}, {"id": 6, "name": "zebra\x1b"}],
        "annotations": [{"image_id": 1, "category_id": 5 + n, "bbox": box} for n, box in enumerate(boxes)],
    }
    Path("labels.json").write_text(json.dumps(document))
    result = missed(photo, "--labels", "labels.json")
    assert "1 of 1 labels are found" in result.output
    assert "no such class: zebra" in result.output
    assert "\x1b" not in result.output


ONE = ("--at", "10,10,50,50", "--class", "aruco")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "give --at or --labels"),
        ((*ONE, "--labels", "x.txt"), "give --at or --labels"),
        (("--at", "10,10,50", "--class", "aruco"), "is no box"),
        (("--at", "10,10,nan,50", "--class", "aruco"), "is no box"),
        (("--at", "50,10,10,50", "--class", "aruco"), "is no box"),
        (("--at", "700,10,800,50", "--class", "aruco"), "outside of the picture"),
        (("--at", "10,10,50,50"), "1 --at and 0 --class"),
        (("--at", "10,10,50,50", "--class", "zebra"), "no class 'zebra'"),
        (("--at", "10,10,50,50", "--class", "aruco,barcode"), "not one class"),
        ((*ONE, "--classes", "barcode"), "--classes leaves out aruco"),
        ((*ONE, "--match-iou", 0), "match-iou"),
        ((*ONE, "--conf", 2), "conf is 2"),
        (("--labels", "none.txt"), "cannot be read"),
        ((*ONE, "-o", "photo.png"), "overwrit"),
        ((*ONE, "--json", "photo.png"), "would be overwritten"),
        ((*ONE, "-o", "out.doc"), ".doc"),
    ],
)  # fmt: skip
def test_wrong_words_are_refused_in_one_line(photo: Path, words: tuple[object, ...], problem: str) -> None:
    before = photo.read_bytes()
    result = missed(photo, *words)
    assert result.exit_code == 2, result.output
    assert problem in result.output
    assert photo.read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["photo.png"]


def test_files_that_are_there_stay_without_a_word(photo: Path) -> None:
    Path("photo-missed.png").write_text("mine")
    assert missed(photo, *ONE).exit_code == 2
    assert Path("photo-missed.png").read_text() == "mine"
    assert missed(photo, *ONE, "--overwrite").exit_code == 0


@pytest.mark.parametrize("command", ["missed", "cover"])
def test_the_built_in_classifier_is_refused_before_it_is_loaded(photo: Path, command: str) -> None:
    words = ONE if command == "missed" else ONE[:2]
    result = run(command, photo, *words, "-m", "everyday")
    assert result.exit_code == 2
    assert "not boxes" in result.output


def cover(*words: object) -> Any:
    return run("cover", *words, "-m", "markers", "--backend", "torch")


def test_covers_tell_before_and_after_and_how_well_it_was_foretold(photo: Path) -> None:
    places = [word for name in ("aruco", "barcode", "qr-code") for word in ("--at", at(name))]
    result = cover(photo, *places, "--fill", "grey", "--json", "out.json")
    assert result.exit_code == 0, result.output
    assert cv2.imread("photo-cover.png").shape[1] >= 960
    assert "rank correlation" in result.output
    found = json.loads(Path("out.json").read_text())
    assert len(found["covers"]) == 3
    first = found["covers"][0]
    own = {each["class_name"]: each for each in first["objects"]}
    assert [each["class_name"] for each in first["vanished"]] == ["aruco"]
    assert own["aruco"]["evidence_under_cover"] > 0.6
    assert own["aruco"]["logit_lost"] > 0.5
    assert abs(own["chessboard"]["logit_lost"]) < 0.2
    assert found["foretold"]["rank_correlation"] > 0.5
    assert len(found["together"]["vanished"]) >= 3
    assert found["cover_ms"] > 0


def test_one_cover_has_no_correlation_and_nothing_together(photo: Path) -> None:
    result = cover(photo, "--at", "5,5,60,60", "--fill", "noise", "--json", "-")
    found = json.loads(result.stdout)
    assert found["together"] is None
    assert found["covers"][0]["vanished"] == []


def test_a_cover_without_a_place_is_refused(photo: Path) -> None:
    result = cover(photo)
    assert result.exit_code == 2
    assert "give --at" in result.output
    assert cover(photo, "--at", "1,1,9,9", "--fill", "paint").exit_code == 2
