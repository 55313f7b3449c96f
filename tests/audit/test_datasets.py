"""Data sets: the pictures and labels that ultralytics and COCO have, and one line for what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from heatcam.audit.datasets import open_data_set
from heatcam.audit.yolo_data import label_path
from heatcam.errors import HeatcamError, UnreadableInputError, UsageError


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((100, 200, 3), np.uint8))
    return path


def label(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def data_yaml(folder: Path, **more) -> Path:
    path = folder / "data.yaml"
    path.write_text(yaml.safe_dump({"names": {0: "cat", 1: "dog"}} | more))
    return path


def test_pictures_and_labels_of_a_split_are_those_that_ultralytics_finds(tmp_path: Path) -> None:
    from ultralytics.cfg import get_cfg
    from ultralytics.data.build import build_yolo_dataset

    for name, text in (
        ("b", "1 0.5 0.5 0.2 0.4\n1 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.1 0.1\n"),
        ("sub/a", "0 .1 .1 .3 .1 .3 .3\n"),
        ("c", ""),
    ):
        picture(tmp_path / f"images/val/{name}.png")
        label(tmp_path / f"labels/val/{name}.txt", text)
    picture(tmp_path / "images/val/alone.jpg")
    listed = tmp_path / "list.txt"
    listed.write_text(f"./images/val/c.png\n{tmp_path}/images/val/b.png\n")
    for val in ("images/val", ["images/val/sub", "list.txt"], "list.txt"):
        data = open_data_set(str(data_yaml(tmp_path, val=val)))
        places = [str(tmp_path / each) for each in ([val] if isinstance(val, str) else val)]
        cfg = get_cfg(overrides={"task": "detect", "imgsz": 64})
        theirs = build_yolo_dataset(
            cfg, places, 1, {"names": {0: "cat", 1: "dog"}, "nc": 2, "channels": 3}, mode="val"
        )
        assert [str(p.path) for p in data.pictures] == theirs.im_files
        for own, exact in zip(data.pictures, theirs.labels, strict=True):
            boxes = sorted(
                (each.class_name, *np.round(each.box_xyxy, 3).tolist()) for each in data.read(own, (200, 100))
            )
            x, y, wide, tall = (exact["bboxes"] * [200, 100, 200, 100]).T
            corners = np.stack((x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2), 1)
            named = [("cat", "dog")[int(c)] for c in exact["cls"][:, 0]]
            assert boxes == sorted(
                (name, *box) for name, box in zip(named, np.round(corners, 3).tolist(), strict=True)
            )
    assert [p.name for p in data.pictures] == ["images/val/b.png", "images/val/c.png"]


def test_path_is_below_the_files_folder_and_names_may_be_a_list(tmp_path: Path) -> None:
    picture(tmp_path / "set/images/test/a.png")
    label(tmp_path / "set/labels/test/a.txt", "1 0.5 0.5 1 1")
    data = open_data_set(str(data_yaml(tmp_path, path="set", test="images/test", names=["x", "y"])), "test")
    assert (data.form, data.split, data.class_names) == ("ultralytics", "test", ("x", "y"))
    assert [p.name for p in data.pictures] == ["images/test/a.png"]
    assert data.read(data.pictures[0], (200, 100))[0].class_name == "y"


def test_the_last_folder_images_of_a_path_becomes_labels() -> None:
    assert label_path(Path("/images/x/images/a.b.jpg")) == Path("/images/x/labels/a.b.txt")
    assert label_path(Path("photos/a.jpg")) == Path("photos/a.txt")


def test_a_data_set_without_a_single_label_file_has_nothing_right_or_wrong(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png")
    data = open_data_set(str(data_yaml(tmp_path, val="images")))
    assert not data.is_labelled
    assert "label file" in data.notes[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("val: images", "no data set: names"),
        ("- a", "no data set"),
        ("{", "no YAML"),
        ("names: [a]\nval: nowhere", "nowhere does not exist"),
        ("names: [a]\nval: images\npath: nowhere", "folder nowhere is neither"),
        ("names: [a]\nval: images", "has no pictures"),
        ("names: [a]\ntrain: images", "has no split 'val'; it has train"),
    ],
)
def test_a_broken_data_set_is_refused_in_one_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(HeatcamError, match=problem) as caught:
        open_data_set(str(tmp_path / "data.yaml"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", ["7 0.5 0.5 0.1 0.1", "nonsense", "0 1 2 3"])
def test_a_broken_label_file_is_that_pictures_error(tmp_path: Path, line: str) -> None:
    picture(tmp_path / "images/a.png")
    label(tmp_path / "labels/a.txt", line)
    data = open_data_set(str(data_yaml(tmp_path, val="images")))
    with pytest.raises(UnreadableInputError, match=r"a\.txt"):
        data.read(data.pictures[0], (200, 100))


def coco(path: Path, **more) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "images": [
            {"id": 7, "file_name": "a.png", "width": 200, "height": 100},
            {"id": 8, "file_name": "b.png"},
        ],
        "categories": [{"id": 3, "name": "dog"}],
        "annotations": [
            {"image_id": 7, "category_id": 3, "bbox": [1, 2, 30, 40]},
            {"image_id": 7, "category_id": 3, "bbox": [0, 0, 9, 9], "iscrowd": 1},
            {"image_id": 7, "category_id": 3, "bbox": [5, 5, 9, 9], "ignore": 1},
        ],
    }
    path.write_text(json.dumps(document | more))
    return path


@pytest.mark.parametrize("folder", ["annotations/images", "annotations", "val2017", "images/val2017"])
def test_cocos_pictures_are_found_where_they_usually_are(tmp_path: Path, folder: str) -> None:
    picture(tmp_path / folder / "a.png")
    data = open_data_set(str(coco(tmp_path / "annotations/instances_val2017.json")))
    assert [p.path for p in data.pictures] == [tmp_path / folder / name for name in ("a.png", "b.png")]
    labels = data.read(data.pictures[0], (200, 100))
    assert [(each.box_xyxy, each.is_crowd, each.is_ignored) for each in labels] == [
        ((1, 2, 31, 42), False, False),
        ((0, 0, 9, 9), True, False),
        ((5, 5, 14, 14), False, True),
    ]
    assert data.read(data.pictures[1], (5, 5)) == ()
    with pytest.raises(UnreadableInputError, match="200x100"):
        data.read(data.pictures[0], (100, 200))


def test_cocos_pictures_elsewhere_need_their_folder(tmp_path: Path) -> None:
    path = coco(tmp_path / "a.json")
    with pytest.raises(UsageError, match="--images"):
        open_data_set(str(path))
    picture(tmp_path / "far/away/a.png")
    assert open_data_set(str(path), images=tmp_path / "far/away").pictures[0].path.is_file()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"images": 3}, "no COCO document: images"),
        ({"categories": []}, r"annotations\.0: there is no category 3"),
        ({"images": [{"id": 7, "file_name": "a.png"}] * 2}, "several pictures"),
        ({"images": [], "annotations": []}, "has no pictures"),
    ],
)
def test_a_broken_coco_document_is_refused(tmp_path: Path, more, problem: str) -> None:
    picture(tmp_path / "a.png")
    with pytest.raises(UnreadableInputError, match=problem):
        open_data_set(str(coco(tmp_path / "a.json", **more)))


def test_a_folder_of_pictures_has_no_labels(tmp_path: Path) -> None:
    picture(tmp_path / "p/sub/a.png")
    picture(tmp_path / "p/out/b.png")
    data = open_data_set(str(tmp_path / "p"), exclude=tmp_path / "p/out")
    assert ([p.name for p in data.pictures], data.is_labelled, data.form) == (
        ["sub/a.png"],
        False,
        "pictures",
    )
    with pytest.raises(UsageError, match="--split"):
        open_data_set(str(tmp_path / "p"), "val")
    with pytest.raises(UsageError, match="--images"):
        open_data_set(str(tmp_path / "p"), images=tmp_path)
    data_yaml(tmp_path / "p")
    assert "data.yaml" in open_data_set(str(tmp_path / "p")).notes[0]


def test_a_coco_document_is_looked_for_by_any_of_its_pictures_and_refused_without_one(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    images = [{"id": n, "file_name": f"{n}.png"} for n in range(3)]
    file.write_text(
        json.dumps({"images": images, "categories": [{"id": 1, "name": "dog"}], "annotations": []})
    )
    with pytest.raises(UsageError, match=r"none of the 3 pictures of .* is beside it; .*--images FOLDER"):
        open_data_set(str(file))
    with pytest.raises(UsageError, match=r"none of the 3 pictures .* is in "):
        open_data_set(str(file), images=tmp_path / "elsewhere")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "2.png").touch()
    assert len(open_data_set(str(file)).pictures) == 3
