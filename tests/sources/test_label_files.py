"""Labels from YOLO's text files and COCO's documents, and wrong ones refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from heatcam.errors import UnreadableInputError
from heatcam.sources import LabelledBox, read_labels

SIZE_WH = 200, 100
PICTURE = Path("photos/a.jpg")


def read(path: Path, text: str) -> tuple[LabelledBox, ...]:
    path.write_text(text)
    return read_labels(path, PICTURE, SIZE_WH)


@pytest.mark.parametrize(
    "line", ["3 0.5 0.5 0.2 0.4", "3 0.5 0.5 0.2 0.4 0.91", "3 0.4 0.3 0.6 0.3 0.6 0.7 0.4 0.7"]
)
def test_boxes_predictions_and_polygons_of_yolo_are_read(tmp_path: Path, line: str) -> None:
    (found,) = read(tmp_path / "a.txt", f"{line}\n\n")
    assert found.class_id == 3
    assert np.allclose(found.box_xyxy, (80, 30, 120, 70))


def test_a_folder_has_the_file_of_the_pictures_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0 0.5 0.5 1 1\n1 0.5 0.5 0.5 0.5\n")
    assert [each.class_id for each in read_labels(tmp_path, PICTURE, SIZE_WH)] == [0, 1]
    assert read(tmp_path / "b.txt", "") == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dog 0.5 0.5 0.2 0.4", "line 1 is no label"),
        ("0 0.5 0.5 0.2 0.4\n0 0.5 0.5", "line 2 is no label"),
        ("0 0.5 0.5 nan 0.4", "line 1 is no label"),
        ("-1 0.5 0.5 0.2 0.4", "line 1 is no label"),
        ("0 100 50 40 40", "in pixels"),
    ],
)
def test_wrong_text_is_refused_by_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UnreadableInputError, match=problem) as refused:
        read(tmp_path / "a.txt", text)
    assert "\n" not in str(refused.value)


def coco(**changes: object) -> str:
    document = {
        "images": [
            {"id": 7, "file_name": "train/a.jpg", "width": 200, "height": 100},
            {"id": 8, "file_name": "b.jpg"},
        ],
        "categories": [{"id": 18, "name": "dog", "supercategory": "animal"}],
        "annotations": [
            {"image_id": 7, "category_id": 18, "bbox": [80, 30, 40, 40], "area": 1600},
            {"image_id": 7, "category_id": 18, "bbox": [0, 0, 9, 9], "iscrowd": 1},
            {"image_id": 8, "category_id": 18, "bbox": [1, 2, 3, 4]},
        ],
    }
    return json.dumps(document | changes)


def test_a_coco_document_gives_the_boxes_of_the_picture_of_that_name_without_crowds(tmp_path: Path) -> None:
    assert read(tmp_path / "labels.json", coco()) == (LabelledBox((80, 30, 120, 70), "dog"),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "no COCO document"),
        ("[]", "no COCO document"),
        (coco(annotations=[{"image_id": 7, "category_id": 18, "bbox": [1, 2, 3]}]), "annotations.0.bbox"),
        (coco(annotations=[{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4]}]), "annotations.0: there is no category 1"),
        (coco(images=[]), "no pictures named a.jpg"),
        (coco(images=[{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "x/a.jpg"}]), "2 pictures named"),
        (coco(images=[{"id": 7, "file_name": "a.jpg", "width": 20, "height": 10}]), "labels for 20x10"),
    ],
)  # fmt: skip
def test_wrong_documents_are_refused_in_one_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UnreadableInputError, match=problem) as refused:
        read(tmp_path / "labels.json", text)
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_a_folder_without_the_pictures_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(UnreadableInputError, match=r"cannot be read: No such file"):
            read_labels(path, PICTURE, SIZE_WH)


def test_coco_is_read_as_pycocotools_reads_it(tmp_path: Path) -> None:
    pycocotools = pytest.importorskip("pycocotools.coco")
    path = tmp_path / "labels.json"
    path.write_text(coco(annotations=[
        {"id": n, "image_id": 7, "category_id": 18, "bbox": [n, 2 * n, 10 + n, 5], "area": 1, "iscrowd": 0}
        for n in range(1, 5)
    ]))  # fmt: skip
    theirs = pycocotools.COCO(str(path))
    expected = [own["bbox"] for own in theirs.loadAnns(theirs.getAnnIds(imgIds=[7], iscrowd=False))]
    ours = [each.box_xyxy for each in read_labels(path, PICTURE, SIZE_WH)]
    assert [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in ours] == expected
