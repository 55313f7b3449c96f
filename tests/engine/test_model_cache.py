"""The folder of converted models: whole files or none, and never more than it may hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

openvino = pytest.importorskip("openvino")

from heatcam.engine.model_cache import ModelCache  # noqa: E402


def model_of(numbers: int) -> object:
    """A model that holds so many float32 numbers."""
    from openvino import opset13 as ops

    given = ops.parameter([1, numbers], openvino.Type.f32)
    values = [float(n % 251) for n in range(numbers)]  # (equal numbers would be stored once)
    return openvino.Model([ops.add(given, ops.constant([values], openvino.Type.f32))], [given])


def test_a_stored_model_is_found_by_its_name_and_key(tmp_path: Path) -> None:
    kept = ModelCache(tmp_path)
    path = kept.store("forward", "a", model_of(8))
    assert path == kept.find("forward", "a")
    assert list(openvino.Core().read_model(path).inputs[0].shape) == [1, 8]
    assert kept.find("forward", "b") is None
    assert kept.find("backward", "a") is None


@pytest.mark.parametrize("suffix", [".xml", ".bin"])
def test_a_stored_model_of_which_one_byte_has_changed_is_made_anew(
    tmp_path: Path, caplog, suffix: str
) -> None:
    kept = ModelCache(tmp_path)
    path = kept.store("forward", "a", model_of(1000))
    assert path is not None
    damaged = bytearray(path.with_suffix(suffix).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.with_suffix(suffix).write_bytes(damaged)
    assert kept.find("forward", "a") is None
    assert "was damaged: making it anew" in caplog.text
    assert list(tmp_path.iterdir()) == []
    assert kept.store("forward", "a", model_of(1000)) == kept.find("forward", "a")


@pytest.mark.parametrize("missing", [".bin", "half"])
def test_a_stored_model_that_is_not_whole_is_made_anew(tmp_path: Path, missing: str) -> None:
    kept = ModelCache(tmp_path)
    path = kept.store("forward", "a", model_of(1000))
    assert path is not None
    if missing == "half":
        path.write_bytes(path.read_bytes()[:200])
    else:
        path.with_suffix(".bin").unlink()
    assert kept.find("forward", "a") is None


def test_without_a_folder_nothing_is_kept() -> None:
    kept = ModelCache(None)
    assert kept.store("forward", "a", model_of(8)) is None
    assert kept.find("forward", "a") is None


def test_the_model_unused_for_longest_makes_room_for_the_newest(tmp_path: Path) -> None:
    kept = ModelCache(tmp_path, most_bytes=100_000)  # two of 40 kB, not three
    for age, key in ((300, "old"), (200, "older still but read")):
        kept.store("forward", key, model_of(10_000))
        for path in tmp_path.glob("*.xml"):
            if path.stat().st_mtime > 10**9:  # (the one just stored)
                os.utime(path, (10**9 - age, 10**9 - age))
    os.utime(kept._path("forward", "older still but read"), (1, 1))
    assert kept.find("forward", "older still but read") is not None  # using it makes it young again
    kept.store("forward", "new", model_of(10_000))
    assert kept.find("forward", "old") is None
    assert kept.find("forward", "older still but read") is not None
    assert kept.find("forward", "new") is not None
    assert len(list(tmp_path.iterdir())) == 4


def test_a_model_too_large_for_the_folder_is_kept_alone(tmp_path: Path) -> None:
    kept = ModelCache(tmp_path, most_bytes=1000)
    kept.store("forward", "a", model_of(10_000))
    kept.store("forward", "b", model_of(10_000))
    assert kept.find("forward", "a") is None
    assert kept.find("forward", "b") is not None


def test_what_openvino_compiled_is_thrown_away_like_the_rest(tmp_path: Path) -> None:
    (tmp_path / "1.blob").write_bytes(bytes(100_000))
    os.utime(tmp_path / "1.blob", (1, 1))
    ModelCache(tmp_path, most_bytes=100_000).store("forward", "a", model_of(1000))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".bin", ".xml"]
