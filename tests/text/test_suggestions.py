"""What a mistyped word may have meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.text.suggestions import did_you_mean, similar, similar_files

COCO = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "traffic light", "dog", "hot dog")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("persn", "person"),
        ("PERSON", "person"),
        ("motorbike", "motorcycle"),
        ("trafic light", "traffic light"),
        ("bic", "bicycle"),
    ],
)
def test_the_likeliest_word_comes_first(word: str, meant: str) -> None:
    assert similar(word, COCO)[0] == meant


@given(st.text())
def test_what_resembles_nothing_suggests_nothing_and_never_more_than_three(word: str) -> None:
    assert len(similar(word, COCO)) <= 3
    assert similar("zzqqx", COCO) == []


def test_the_question_names_them() -> None:
    assert did_you_mean("persn", COCO) == "did you mean 'person'?"
    assert did_you_mean("zzqqx", COCO) == ""
    assert did_you_mean("buss", ["bus", "busses"]) == "did you mean 'bus' or 'busses'?"


def test_files_beside_a_missing_one_are_suggested_by_name_and_by_stem(tmp_path: Path) -> None:
    for name in ("photo.jpg", "clip.mov", "notes.txt", ".photo.jpg"):
        (tmp_path / name).touch()
    assert similar_files(tmp_path / "phto.jpg") == [str(tmp_path / "photo.jpg")]
    assert similar_files(tmp_path / "clip.mp4") == [str(tmp_path / "clip.mov")]
    assert similar_files(tmp_path / "nowhere" / "photo.jpg") == []
    assert similar_files(tmp_path / "a\0b") == similar_files(tmp_path / "zzqqx") == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are text")
def test_names_that_are_not_utf8_can_be_suggested(tmp_path: Path) -> None:
    (tmp_path / "caf\udce9.jpg").touch()
    assert similar_files(tmp_path / "cafe.jpg") == [str(tmp_path / "caf\udce9.jpg")]
