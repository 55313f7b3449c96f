"""Findings of recordings on their way to files, with a real model and the demo scene."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import polars
import pytest
from pycocotools.coco import COCO

from heatcam.errors import SinkError
from heatcam.measures import FindingsDocument, ImageFindings
from heatcam.sources.demo import DemoScene
from tests.commands.programs import heatcam


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A recording of three frames with everything that is told of it."""
    folder = tmp_path_factory.mktemp("recorded")
    files = [("--json", "r.json"), ("--jsonl", "l.jsonl"), ("--csv", "t.csv"), ("--parquet", "t.parquet")]
    files.append(("--coco", "c.json"))
    given = [word for name, file in files for word in (name, folder / file)]
    heatcam(
        "record", "demo", "--max-frames", "3", "-o", folder / "out.mp4", "--save-txt", "--save-crop", *given
    )
    return folder


def test_every_frame_of_a_recording_is_in_the_document_beside_its_counters(recorded):
    read = json.loads((recorded / "r.json").read_text())
    assert read["frames_written"] == 3
    assert read["schema"] == "heatcam/findings/1"
    assert [frame["frame_index"] for frame in read["frames"]] == [0, 1, 2]
    assert all(one["energy_in_box"] is not None for one in read["frames"][0]["detections"])
    assert read["frames"][0]["regions"]
    document = FindingsDocument.model_validate(read)
    assert document.model.task == "detect"
    assert len(document.model.sha256) == 64


SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "findings.schema.json").read_text("utf-8"))


def test_the_schema_in_the_docs_is_that_of_the_code():
    code = (
        "import sys; sys.path.insert(0, 'docs'); from write_schema import schema; sys.stdout.write(schema())"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == SCHEMA


def test_documents_of_recordings_and_pictures_are_valid_by_the_schema(recorded, tmp_path):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    check = jsonschema.Draft202012Validator(SCHEMA)
    check.validate(json.loads((recorded / "r.json").read_text()))
    cv2.imwrite(str(tmp_path / "a.png"), DemoScene().render(0).image_bgr)
    cv2.imwrite(str(tmp_path / "nothing.png"), np.full((90, 120, 3), 200, np.uint8))
    told = tmp_path / "told.json"
    words = "--save-txt", "--save-crop", "--coco", tmp_path / "c.json", "--foreground", "auto"
    heatcam(
        "snapshot",
        tmp_path / "a.png",
        tmp_path / "nothing.png",
        "-o",
        f"{tmp_path}/o/",
        "--json",
        told,
        *words,
    )
    document = json.loads(told.read_text())
    check.validate(document)
    first, second = document["images"]
    assert [region["rank"] for region in first["regions"]] == list(range(1, 1 + len(first["regions"])))
    assert second["detections"] == []
    assert (tmp_path / "o" / "labels" / "a.txt").is_file()
    assert len(list((tmp_path / "o" / "crops").glob("*/a.jpg"))) == len(first["detections"])
    document["images"][0]["detections"][0]["confidence"] = 1.5
    assert not check.is_valid(document), "(the gate itself)"


def test_coco_is_read_by_pycocotools(recorded):
    coco = COCO(recorded / "c.json")
    (first, *_) = coco.loadAnns(coco.getAnnIds(imgIds=1))
    assert coco.annToMask(first).any()
    assert coco.loadCats(first["category_id"])[0]["name"] in {
        "qr-code",
        "barcode",
        "data-matrix",
        "aruco",
        "chessboard",
    }


def test_lines_of_json_are_the_same_frames(recorded):
    lines = [json.loads(line) for line in (recorded / "l.jsonl").read_text().splitlines()]
    assert lines == json.loads((recorded / "r.json").read_text())["frames"]
    assert [ImageFindings.model_validate(line).frame_index for line in lines] == [0, 1, 2]


def test_tables_labels_and_crops_hold_the_same_objects(recorded):
    frames = json.loads((recorded / "r.json").read_text())["frames"]
    objects = [one for frame in frames for one in frame["detections"]]
    table = polars.read_parquet(recorded / "t.parquet")
    assert table["class_name"].to_list() == [one["class_name"] for one in objects]
    assert polars.read_csv(recorded / "t.csv").height == len(objects)
    labels = [path.read_text().splitlines() for path in sorted((recorded / "labels").iterdir())]
    assert [len(lines) for lines in labels] == [len(frame["detections"]) for frame in frames]
    assert len(list((recorded / "crops").glob("*/*.jpg"))) == len(objects)
    coco = json.loads((recorded / "c.json").read_text())
    assert len(coco["annotations"]) == len(objects)
    assert any(annotation["segmentation"] for annotation in coco["annotations"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--region-share", "1.5"], "--region-share 1.5 is not between 0 and 1"),
        (["--save-conf"], "add --save-txt"),
        (["--parquet", "t.csv"], "name it t.parquet"),
        (["--json", "-", "--jsonl", "-"], "are the same output"),
        (["--foreground", "missing.png"], "missing.png"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_before_anything_is_done(given, said, tmp_path):
    result = heatcam("record", "demo", "--max-frames", "1", "-o", tmp_path / "out.mp4", *given, exit_code=2)
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out.mp4").exists()


def test_a_table_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "t.csv").write_text("mine")
    out = tmp_path / "out.mp4"
    result = heatcam(
        "record", "demo", "--max-frames", "1", "-o", out, "--csv", tmp_path / "t.csv", exit_code=2
    )
    assert "exists already" in result.stderr
    assert (tmp_path / "t.csv").read_text() == "mine"


def test_lines_on_standard_output_are_alone_there(tmp_path):
    result = heatcam("record", "demo", "--max-frames", "2", "-o", tmp_path / "out.mp4", "--jsonl", "-")
    assert [json.loads(line)["frame_index"] for line in result.stdout.splitlines()] == [0, 1]


def test_label_files_that_are_there_are_refused_before_anything_is_done(tmp_path):
    (tmp_path / "labels").mkdir()
    for name in ("out_1.txt", "x.txt"):
        (tmp_path / "labels" / name).write_text("mine")
    cv2.imwrite(str(tmp_path / "a.png"), DemoScene().render(0).image_bgr)
    record = "record", "demo", "--max-frames", "1", "-o", tmp_path / "out.mp4", "--save-txt"
    snapshot = "snapshot", tmp_path / "a.png", "-o", tmp_path / "x.png", "--save-txt"
    for words in (record, snapshot):
        assert "exists already" in heatcam(*words, exit_code=2).stderr
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "labels"}
    heatcam(*snapshot, "--overwrite")
    assert (tmp_path / "labels" / "x.txt").read_text() != "mine"


def test_labels_need_an_output_to_lie_beside(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), DemoScene().render(0).image_bgr)
    words = "snapshot", tmp_path / "a.png", "--json", "-", "--images", "overlay", "--save-crop"
    assert "add -o" in heatcam(*words, exit_code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_table_that_cannot_be_written_does_not_cost_the_document(tmp_path, monkeypatch):
    def is_full(*_):
        raise SinkError("the disk is full")

    monkeypatch.setattr("heatcam.commands.findings_log.FindingsTable.write", is_full)
    cv2.imwrite(str(tmp_path / "a.png"), DemoScene().render(0).image_bgr)
    told = tmp_path / "told.json"
    words = (
        "snapshot",
        tmp_path / "a.png",
        "-o",
        tmp_path / "x.png",
        "--json",
        told,
        "--csv",
        tmp_path / "t.csv",
    )
    assert "the disk is full" in heatcam(*words, exit_code=1).stderr
    assert json.loads(told.read_text())["images"]
