"""Tables of findings, read back with other libraries."""

import csv
import json

import polars
import pytest

from heatcam.measures import ImageFindings, ObjectFindings
from heatcam.sinks import CocoResults, FindingsTable, earlier_outlines


def one(name="dog", class_id=16, **more):
    """An object of a picture of 100 x 50 pixels."""
    known = {
        "confidence": 0.9,
        "box_xyxy": (10, 5, 40, 45),
        "box_normalised": (0.1, 0.1, 0.4, 0.9),
        "energy_in_box": 0.75,
        "enrichment": 3.1,
        "evidence": 4.5,
        "evidence_logits": 4.5,
        "peak_xy": (20, 15),
        "centroid_xy": (22, 17),
        "spread": 8.0,
        "low_evidence": False,
    }
    return ObjectFindings(class_name=name, class_id=class_id, **known | more)


NOTHING = dict.fromkeys(
    ("energy_in_box", "enrichment", "evidence", "peak_xy", "centroid_xy", "spread", "low_evidence")
)


def picture(*objects, path="a.jpg", **more):
    return ImageFindings(
        path=path, size_wh=(100, 50), question=None, detections=list(objects), map_error=None, **more
    )


@pytest.fixture
def table():
    made = FindingsTable({"model": "yolo", "unit": "logits"})
    made.add(picture(one(), one('cat, "the" one\n', 15, **NOTHING)))
    made.add(picture(path="empty.jpg"))
    made.add(picture(one(track_id=4), path="clip.mp4", frame_index=7, pts_s=0.25))
    return made


def test_a_table_has_a_row_an_object_and_says_what_is_not_known_by_nothing(table, tmp_path):
    table.write(tmp_path / "t.csv")
    rows = list(csv.DictReader((tmp_path / "t.csv").open(encoding="utf-8")))
    assert [(row["path"], row["object"]) for row in rows] == [
        ("a.jpg", "0"),
        ("a.jpg", "1"),
        ("clip.mp4", "0"),
    ]
    assert (rows[0]["x1"], rows[0]["y2"], rows[0]["energy_in_box"]) == ("10.0", "45.0", "0.75")
    assert (rows[1]["energy_in_box"], rows[1]["peak_x"], rows[1]["low_evidence"]) == ("", "", "")
    assert (rows[2]["frame_index"], rows[2]["pts_s"], rows[2]["track_id"]) == ("7", "0.25", "4")
    assert {row["model"] for row in rows} == {"yolo"}
    assert "\n" not in rows[1]["class_name"], "names of others are made printable"


def test_parquet_holds_the_same_with_types(table, tmp_path):
    table.write(tmp_path / "t.parquet")
    read = polars.read_parquet(tmp_path / "t.parquet")
    assert read.height == len(table) == 3
    assert read["low_evidence"].to_list() == [False, None, False]
    assert read["frame_index"].to_list() == [None, None, 7]
    assert read.schema["class_id"] == polars.Int64


def test_a_table_of_nothing_still_has_its_columns(tmp_path):
    FindingsTable().write(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().startswith("path,frame_index,")


def test_coco_has_boxes_scores_segmentations_and_evidence(tmp_path):
    square = [(12.0, 8.0), (20.0, 8.0), (20.0, 16.0), (12.0, 16.0)]
    mask = [[(11.0, 6.0), (39.0, 6.0), (39.0, 44.0)]]
    coco = CocoResults({"description": "yolo, live map"})
    coco.add(picture(one(), one("cat", 15, mask_polygons=mask)), [[square], [square]])
    coco.add(picture(one(), path="clip.mp4", frame_index=7, pts_s=0.25))
    coco.write(tmp_path / "c.json")
    read = json.loads((tmp_path / "c.json").read_text())
    first, second, third = read["annotations"]
    assert first["bbox"] == [10, 5, 30, 40]
    assert first["segmentation"] == [[12, 8, 20, 8, 20, 16, 12, 16]]
    assert first["attributes"]["energy_in_box"] == 0.75
    assert second["segmentation"] == [[11, 6, 39, 6, 39, 44]], "a mask goes before regions"
    assert third["image_id"] == 2
    assert [image["file_name"] for image in read["images"]] == ["a.jpg", "clip.mp4#7"]
    assert read["categories"] == [{"id": 15, "name": "cat"}, {"id": 16, "name": "dog"}]
    assert len({annotation["id"] for annotation in read["annotations"]}) == 3


def test_outlines_of_an_earlier_file_are_read_back_and_a_strange_file_has_none(tmp_path):
    coco, outline = CocoResults(), [(10.0, 5.0), (40.0, 5.0), (40.0, 45.5)]
    coco.add(picture(one(), one()), [[outline], [outline, outline]])
    coco.add(picture(one(), path="b.jpg"))
    coco.write(tmp_path / "c.json")
    assert earlier_outlines(tmp_path / "c.json") == {"a.jpg": [[outline], [outline, outline]], "b.jpg": [[]]}
    for strange in (
        "{}",
        "[]",
        "no JSON",
        '{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 2}]}',
    ):
        (tmp_path / "d.json").write_text(strange)
        assert earlier_outlines(tmp_path / "d.json") == {}
    assert earlier_outlines(tmp_path / "none.json") == {}
