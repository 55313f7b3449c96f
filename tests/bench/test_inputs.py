"""The pictures that everybody sees."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from heatcam.bench.inputs import read_input
from heatcam.errors import UnreadableInputError, UsageError
from tests.bench.tiny import PICTURE
from tests.sources.numbered import encode_numbered, number_in


def test_without_an_input_it_is_the_photograph_that_ultralytics_brings() -> None:
    given = read_input(None)
    assert given.name == "ultralytics' bus.jpg, resized"
    assert (given.size_wh, len(given.frames)) == ((1280, 720), 1)
    assert given.frames[0].dtype == np.uint8
    assert given.frames[0].std() > 40


def test_a_photograph_is_taken_as_it_is(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), PICTURE)
    given = read_input(str(tmp_path / "photo.png"))
    assert given.name == "photo.png"
    assert np.array_equal(given.frames[0], PICTURE)


def test_of_a_video_the_first_frames_are_taken(tmp_path: Path) -> None:
    path = encode_numbered(tmp_path / "clip.mp4", [number / 25 for number in range(9)])
    assert len(read_input(str(path)).frames) == 9
    assert [number_in(frame) for frame in read_input(str(path), most=4).frames] == [0, 1, 2, 3]


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnreadableInputError, match=r"there is no file gone\.jpg"):
        read_input("gone.jpg")


def test_pictures_of_several_sizes_are_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), PICTURE)
    cv2.imwrite(str(tmp_path / "two.png"), PICTURE[:40])
    with pytest.raises(UsageError, match="2 pictures have several sizes"):
        read_input(str(tmp_path))
