"""The small labelled data set: its labels fit its pictures, and are COCO's as pycocotools reads them."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import cv2
import pytest

pytest.importorskip("pycocotools")

from pycocotools.coco import COCO

from training.everyday import LABELS, write_everyday


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("everyday")
    assert write_everyday(folder) >= 9, "those of the packages that the tests install"
    return folder


def test_every_label_lies_in_its_picture_and_has_a_class_of_coco() -> None:
    from ultralytics.utils import YAML
    from ultralytics.utils.checks import check_yaml

    document = json.loads(LABELS.read_text("utf-8"))
    images = {image["id"]: image for image in document["images"]}
    names = set(YAML.load(check_yaml("coco.yaml"))["names"].values())
    assert {own["name"] for own in document["categories"]} <= names
    for own in document["annotations"]:
        x, y, wide, tall = own["bbox"]
        image = images[own["image_id"]]
        assert 0 <= x < x + wide <= image["width"], own
        assert 0 <= y < y + tall <= image["height"], own
        assert own["area"] == wide * tall
    assert len(images) == 43
    assert sum(not own["iscrowd"] for own in document["annotations"]) == 142


def test_what_is_written_is_read_by_pycocotools_and_has_its_pictures(folder: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "labels.json"))
    assert {own["image_id"] for own in coco.anns.values()} <= set(coco.imgs)
    for image in coco.imgs.values():
        picture = cv2.imread(str(folder / image["file_name"]))
        assert picture is not None
        assert picture.shape[1::-1] == (image["width"], image["height"])
