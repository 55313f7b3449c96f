"""Class vectors in files: what is written is read again, by ultralytics too, and what is no such file is refused in one line."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from ultralytics import YOLOE

from heatcam.errors import UsageError
from heatcam.models.class_vectors import (
    ClassVectors,
    bytes_of_class_vectors,
    is_vector_file,
    read_class_vectors,
    vectors_of_mapping,
)

VECTORS = np.random.default_rng(3).normal(size=(2, 512)).astype(np.float32)
PETS = ClassVectors(("cat", "sausage dog"), VECTORS, "yoloe-v8n")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".NPZ"])
def test_what_is_written_is_read_again(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"pets{suffix}"
    path.write_bytes(bytes_of_class_vectors(PETS, suffix))
    found = read_class_vectors(path)
    assert (found.names, found.model) == (PETS.names, PETS.model)
    assert np.array_equal(found.vectors, VECTORS)
    assert is_vector_file(str(path))


def test_ultralytics_reads_ours_and_we_read_its_own(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.npz", tmp_path / "theirs.npz"
    ours.write_bytes(bytes_of_class_vectors(PETS, ".npz"))
    model = YOLOE("yoloe-v8n.yaml")
    model.load_prompt_embeddings(ours)
    assert torch.equal(model.model.pe, torch.from_numpy(VECTORS[None]))
    model.save_prompt_embeddings(theirs)
    found = read_class_vectors(theirs)
    assert (found.names, found.model) == (PETS.names, PETS.model)
    assert np.array_equal(found.vectors, VECTORS)


def npz(path: Path, **parts: Any) -> None:
    np.savez(path, **{"embeddings": VECTORS, "names": np.array(["a", "b"])} | parts)


def tensors(path: Path, names: Any, **parts: Any) -> None:
    save_file(parts or {"embeddings": VECTORS}, path, {"names": json.dumps(names)})


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("missing.npz", lambda path: None, "does not exist"),
        ("a.npz", lambda path: path.write_bytes(b"PK not a zip"), "holds no class vectors"),
        ("a.npz", lambda path: np.savez(path, names=np.array(["a"])), "has no '?embeddings"),
        ("a.npz", lambda path: npz(path, names=np.array(["a"])), "1 names for 2 vectors"),
        ("a.npz", lambda path: npz(path, names=np.array(["a", ""])), "no names"),
        ("a.npz", lambda path: npz(path, embeddings=VECTORS.astype(np.float64)), "of float64"),
        ("a.npz", lambda path: npz(path, embeddings=VECTORS[0]), r"embeddings \(512,\)"),
        ("a.npz", lambda path: npz(path, embeddings=VECTORS * np.float32(np.nan)), "NaN"),
        ("a.npz", lambda path: npz(path, embeddings=VECTORS[:0], names=np.array([], np.str_)), "0 vectors"),
        ("a.npz", lambda path: npz(path, names=np.array(["a", print], object)), "holds no class vectors"),
        ("a.npz", lambda path: path.write_bytes(pickle.dumps(VECTORS)), "holds no class vectors"),
        ("a.safetensors", lambda path: path.write_bytes(b"\xff" * 64), "holds no class vectors"),
        ("a.safetensors", lambda path: tensors(path, ["a"]), "1 names for 2 vectors"),
        ("a.safetensors", lambda path: tensors(path, {"a": 1}), "no names"),
        ("a.safetensors", lambda path: tensors(path, ["a", "b"], other=VECTORS), "has no 'embeddings'"),
        ("a.safetensors", lambda path: save_file({"embeddings": VECTORS}, path), "has no 'names'"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_name(name: str, make: Any, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(UsageError, match=words) as caught:
        read_class_vectors(path)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_unpacks_to_gigabytes_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, embeddings=np.zeros((600, 1000), np.float32), names=np.array(["a"] * 600))
    monkeypatch.setattr("heatcam.models.class_vectors.MOST_BYTES", 100_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(UsageError, match="too large"):
        read_class_vectors(path)


def test_vectors_from_python_are_checked_too() -> None:
    made = vectors_of_mapping({"cat": VECTORS[0].tolist(), "dog": torch.from_numpy(VECTORS[1:])})
    assert made.names == ("cat", "dog")
    assert np.array_equal(made.vectors, VECTORS)
    with pytest.raises(UsageError, match="prompt holds no vectors"):
        vectors_of_mapping({"cat": [1, 2], "dog": [1]})
    with pytest.raises(UsageError, match="no format"):
        bytes_of_class_vectors(made, ".pt")


def test_vectors_of_two_prompts_are_joined_if_they_are_of_one_length() -> None:
    assert (PETS + PETS).vectors.shape == (4, 512)
    with pytest.raises(UsageError, match="512 and of 3 numbers"):
        PETS + ClassVectors(("a",), VECTORS[:1, :3])
