"""Looks are read back as they were, whatever happens to their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from heatcam.errors import MapError
from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.watching.records import EpochNumbers, PictureRecord, numbers_of
from tests.watching.runs import picture

PLAIN = Letterbox((8, 4), (8, 4), (8, 4), 0, 0)


def explanation(frame: Frame, evidence: float = 3.0) -> Explanation:
    """A box over the left half, whose evidence lies there but for one cell of the right half."""
    values = np.zeros((4, 8), np.float32)
    values[1, 1], values[1, 6] = evidence, 1.0
    letterbox = Letterbox(frame.size_wh, (8, 4), (8, 4), 0, 0)
    saliency = SaliencyMap(values, letterbox, "fine", "2:C2f")
    wide, tall = frame.size_wh
    box = np.array([[0, 0, wide / 2, tall]], np.float32)
    found = Detections(box, np.float32([0.75]), np.int64([0]), np.int64([7]), ("cat",))
    return Explanation(frame, found, saliency, (saliency,), model="tiny")


def record(folder: Path, epochs: int = 3) -> PictureRecord:
    frame = picture()
    kept = PictureRecord(folder / "a", frame)
    kept.begin(0)
    for epoch in range(epochs):
        kept.add(explanation(frame, 3.0 + epoch), epoch)
    return kept


def test_numbers_are_means_over_the_objects() -> None:
    assert numbers_of(explanation(picture()), 5) == EpochNumbers(5, 1, 0.75, 0.75, (3.0,))


def test_a_picture_without_objects_has_no_energy() -> None:
    nothing = Detections(
        np.zeros((0, 4), np.float32), np.zeros(0, np.float32), *[np.zeros(0, np.int64)] * 2, ()
    )
    assert numbers_of(Explanation(picture(), nothing), 2) == EpochNumbers(2, 0, None, None, ())


def test_a_look_is_read_back(tmp_path: Path) -> None:
    frame = picture()
    found = record(tmp_path).read(2)
    made = explanation(frame, 5.0)
    assert found.saliency is not None and made.saliency is not None
    np.testing.assert_array_equal(found.saliency.values, made.saliency.values)
    np.testing.assert_array_equal(found.detections.boxes_xyxy, made.detections.boxes_xyxy)
    assert found.detections.class_names == ("cat",)
    assert found.saliency.letterbox == made.saliency.letterbox
    assert found.model == "tiny"


def test_a_run_that_is_resumed_knows_its_numbers_up_to_there(tmp_path: Path) -> None:
    before = record(tmp_path).numbers
    again = PictureRecord(tmp_path / "a", picture())
    again.begin(1)
    assert again.numbers == before[:2]
    assert len(list((tmp_path / "a").iterdir())) == 2


def test_damaged_files_and_those_of_another_picture_are_left_out(tmp_path: Path) -> None:
    kept = record(tmp_path)
    (tmp_path / "a" / "epoch-00001.npz").write_bytes(b"PK half a file")
    assert [one.epoch for one, _ in kept.looks([0, 1, 2])] == [0, 2]
    again = PictureRecord(tmp_path / "a", picture())
    again.begin(2)
    assert [one.epoch for one in again.numbers] == [0, 2]
    other = PictureRecord(tmp_path / "a", picture(size_wh=(50, 50)))
    other.begin(2)
    assert other.numbers == []


def test_a_map_that_failed_is_said(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="no gradient"):
        record(tmp_path).add(
            Explanation(picture(), explanation(picture()).detections, map_error="no gradient"), 3
        )
