"""Files for other programs: the tables, YOLO labels of mistakes, and a data set of FiftyOne."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars
import pytest

from heatcam.audit.exports import write_mistakes, write_tables
from heatcam.audit.fiftyone_data import require_fiftyone, write_fiftyone
from heatcam.audit.objects import OBJECT_SCHEMA
from heatcam.audit.precision import MeanPrecision
from heatcam.audit.store import joined_parts
from heatcam.audit.summary import class_summaries, kind_counts
from heatcam.errors import UsageError
from tests.audit.stored import an_object, parts

SIZE = {"image_wide": 100, "image_tall": 50}


def table(*objects) -> polars.DataFrame:
    return polars.DataFrame([asdict(one) for one in objects], schema=OBJECT_SCHEMA)


def test_both_tables_hold_every_column_in_order(tmp_path: Path) -> None:
    own = table(an_object(1, low_evidence=True), an_object(2, "missed", why='a "quoted", reason'))
    write_tables(tmp_path, own)
    assert polars.read_parquet(tmp_path / "objects.parquet").equals(own)
    assert polars.read_csv(tmp_path / "objects.csv", schema=OBJECT_SCHEMA).equals(own)


def test_mistakes_become_yolo_labels_and_what_is_right_does_not(tmp_path: Path) -> None:
    own = table(
        an_object(1, "true", image="sub/a.jpg", **SIZE),
        an_object(2, "background", image="sub/a.jpg", x1=10.0, y1=10.0, x2=30.0, y2=20.0, **SIZE),
        an_object(
            3,
            "missed",
            image="sub/a.jpg",
            class_id=1,
            confidence=0.001,
            x1=0.0,
            y1=0.0,
            x2=50.0,
            y2=50.0,
            **SIZE,
        ),
        *(
            an_object(4 + n, kind, image="b.jpg", **SIZE)
            for n, kind in enumerate(("ignored", "loose", "unlabelled"))
        ),
        an_object(9, "class", image="../../c.jpg", **SIZE),
    )
    assert write_mistakes(tmp_path / "out", own, {1: "dog", 0: "cat"}) == 2
    assert (tmp_path / "out/sub/a.txt").read_text().splitlines() == [
        "0 0.200000 0.300000 0.200000 0.200000 0.5000",
        "1 0.250000 0.500000 0.500000 1.000000 0.0010",
    ]
    assert (tmp_path / "out/classes.txt").read_text() == "cat\ndog\n"
    assert (tmp_path / "out/c.txt").is_file(), "never outside of the folder"
    assert not (tmp_path / "out/b.txt").exists()


def test_the_labels_of_mistakes_can_be_read_again(tmp_path: Path) -> None:
    from heatcam.sources import read_labels

    own = table(an_object(1, "background", image="a.jpg", x1=10.0, y1=10.0, x2=30.0, y2=20.0, **SIZE))
    write_mistakes(tmp_path, own, {0: "cat"})
    (box,) = read_labels(tmp_path / "a.txt", Path("a.jpg"), (100, 50))
    assert box.box_xyxy == pytest.approx((10, 10, 30, 20), abs=0.01)


def test_counts_are_of_every_class_and_kind() -> None:
    own = table(
        an_object(1),
        an_object(2, "background"),
        an_object(3, "missed"),
        an_object(4, "loose"),
        an_object(5, "class", class_id=2),
    )
    assert kind_counts(own) == {"true": 1, "class": 1, "background": 1, "missed": 1, "loose": 1}
    cat, dog, cow = class_summaries(
        own, {0: 3, 1: 2}, MeanPrecision(0.5, 0.4, {0: (0.7, 0.6)}), {0: "cat", 1: "dog", 2: "cow"}
    )
    assert (cat.labels, cat.precision, cat.recall, cat.ap50) == (3, 0.5, 1 / 3, 0.7)
    assert (dog.labels, dog.precision, dog.recall, dog.kinds) == (2, None, 0.0, {})
    assert (cow.precision, cow.recall) == (0.0, None)


class FakeFiftyOne(SimpleNamespace):
    """What ``fiftyone`` does with the calls that are made of it."""

    def __init__(self) -> None:
        super().__init__(
            data={},
            dataset_exists=lambda name: name in self.data,
            delete_dataset=lambda name: self.data.pop(name),  # noqa: PLW0108 (data is set here)
        )

    def Dataset(self, name: str, persistent: bool):  # noqa: N802
        samples: list[dict] = []
        self.data[name] = samples
        return SimpleNamespace(add_samples=samples.extend)

    def Sample(self, **values):  # noqa: N802
        return dict(values)

    Detection = Detections = Heatmap = Sample


@pytest.fixture
def fiftyone(monkeypatch) -> FakeFiftyOne:
    fake = FakeFiftyOne()
    monkeypatch.setitem(sys.modules, "fiftyone", fake)  # type: ignore[arg-type]
    monkeypatch.setattr("heatcam.audit.fiftyone_data.find_spec", lambda _: True)
    return fake


def test_a_data_set_of_fiftyone_has_detections_missed_objects_and_heat(fiftyone, tmp_path: Path) -> None:
    place = {
        "image": "a.jpg",
        "image_wide": 640,
        "image_tall": 480,
        "x1": 160.0,
        "y1": 120.0,
        "x2": 320.0,
        "y2": 240.0,
    }
    own = table(
        an_object(1, "background", energy_in_box=0.25, **place), an_object(2, "missed", why="so", **place)
    )
    kept = {1: parts(1), 2: parts(2)}
    files = {"a.jpg": tmp_path / "a.jpg", "empty.jpg": tmp_path / "empty.jpg"}
    read = lambda numbers: joined_parts([(n, kept[n]) for n in numbers])  # noqa: E731
    assert write_fiftyone("mine", files, own, read) == 2
    first, empty = fiftyone.data["mine"]
    (found,), (missed,) = first["detections"]["detections"], first["missed"]["detections"]
    assert found["bounding_box"] == [0.25, 0.25, 0.25, 0.25]
    assert (found["label"], found["kind"], found["energy_in_box"]) == ("cat", "background", 0.25)
    assert (missed["kind"], missed["why"], "energy_in_box" in missed) == ("missed", "so", False)
    heat = first["heat"]["map"]
    assert (heat.shape, heat.dtype, first["heat"]["range"]) == ((120, 160), np.uint8, [0, 255])
    assert heat[24:66, 32:86].any() and not heat[80:].any() and not heat[:, 100:].any()
    assert "heat" not in empty
    assert empty["detections"] == {"detections": []}


def test_fiftyone_is_refused_before_anything_is_done(fiftyone, monkeypatch) -> None:
    require_fiftyone("new", overwrite=False)
    fiftyone.data["old"] = []
    with pytest.raises(UsageError, match="already"):
        require_fiftyone("old", overwrite=False)
    require_fiftyone("old", overwrite=True)
    monkeypatch.setattr("heatcam.audit.fiftyone_data.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install"):
        require_fiftyone("new", overwrite=False)
