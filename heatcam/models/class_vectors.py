"""Class vectors: one for each class that an open-vocabulary network looks for, with its name, and files of them.

A file is what ultralytics' ``YOLOE.save_prompt_embeddings`` writes, ``.npz`` with ``embeddings``, ``names`` and ``model``, or the
same as ``.safetensors``, with names and model in its metadata. Neither holds a pickle. Does not import torch.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as safetensors_of

from heatcam.errors import UsageError, first_line
from heatcam.geometry import Float32Array
from heatcam.models.limits import MOST_CLASSES, MOST_NAME_LENGTH

MOST_BYTES = 1 << 28  # 130,000 vectors of 512 numbers
_MOST_NUMBERS = 8192  # of one vector; CLIP's and MobileCLIP's have 512
_EMBEDDINGS, _NAMES, _MODEL = "embeddings", "names", "model"
_NEXT_STEP = (
    "give a file with float32 embeddings (classes, numbers) and as many names, as Model.save_prompt writes"
)


@dataclass(frozen=True)
class ClassVectors:
    """Classes by their vectors, as ``set_classes`` of ultralytics takes them.

    Attributes:
        names: of the classes.
        vectors: float32 ``(classes, embedding)``, finite; not to be changed.
        model: name of the model they were made with, without its suffix and ``-seg``; "" where that is not known.
    """

    names: tuple[str, ...]
    vectors: Float32Array
    model: str = ""

    def __add__(self, other: ClassVectors) -> ClassVectors:
        """Return the classes of both.

        Raises:
            UsageError: their vectors are of different lengths.
        """
        ours, theirs = self.vectors.shape[1], other.vectors.shape[1]
        if ours != theirs:
            raise UsageError(
                f"vectors of {ours} and of {theirs} numbers are for different models", _NEXT_STEP
            )
        both = np.concatenate((self.vectors, other.vectors))
        return ClassVectors(self.names + other.names, both, self.model or other.model)


def vectors_of_mapping(vectors: Mapping[str, Any]) -> ClassVectors:
    """Return class vectors from a mapping of names to vectors of one length.

    Raises:
        UsageError: they are none.
    """
    try:
        values = np.stack([np.asarray(vector, np.float32).reshape(-1) for vector in vectors.values()])
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"prompt holds no vectors: {first_line(error, 100)}", "give names and vectors"
        ) from error
    return checked(tuple(vectors), values, "", "prompt")


def is_vector_file(text: str) -> bool:
    """Return True if a text names a file of class vectors, by its suffix."""
    return Path(text.strip()).suffix.casefold() in _FORMATS


def read_class_vectors(path: Path) -> ClassVectors:
    """Read a file of class vectors.

    Raises:
        UsageError: it is missing, too large, or holds anything else; the message names it.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MOST_BYTES:
            raise UsageError(f"{path} is no file of class vectors", _NEXT_STEP)
        found = _FORMATS[path.suffix.casefold()].read(path)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", "check the path of --prompt") from None
    except KeyError as error:
        raise UsageError(f"{path} has no {error.args[0]!r}", _NEXT_STEP) from error
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror or error}", "check its permissions"
        ) from error
    except (ValueError, EOFError, zipfile.BadZipFile, SafetensorError, NotImplementedError) as error:
        raise UsageError(f"{path} holds no class vectors: {first_line(error, 100)}", _NEXT_STEP) from error
    return checked(*found, str(path))


def bytes_of_class_vectors(vectors: ClassVectors, suffix: str) -> bytes:
    """Return the content of a file of class vectors.

    Args:
        vectors: the classes.
        suffix: ``.npz`` or ``.safetensors``.

    Raises:
        UsageError: another suffix.
    """
    form = _FORMATS.get(suffix.casefold())
    if form is None:
        raise UsageError(
            f"{suffix or 'no suffix'} is no format of class vectors", "end the name in .npz or .safetensors"
        )
    return form.content(vectors)


def checked(names: Any, values: Any, model: Any, source: str) -> ClassVectors:
    """Return class vectors after a check of what a file or a user gave.

    Args:
        names: of the classes.
        values: their vectors, ``(classes, embedding)`` or ``(1, classes, embedding)``.
        model: name of the model that they are for.
        source: where they come from, for the message.

    Raises:
        UsageError: they are no float32 vectors, not finite, or not as many as the names.
    """
    shape = tuple(np.shape(values))
    flat = values[0] if len(shape) == 3 and shape[0] == 1 else values
    if getattr(values, "dtype", None) != np.float32 or np.ndim(flat) != 2:
        raise UsageError(
            f"{source} has embeddings {shape} of {getattr(values, 'dtype', 'no numbers')}", _NEXT_STEP
        )
    count, length = flat.shape
    if not 1 <= count <= MOST_CLASSES or not 1 <= length <= _MOST_NUMBERS:
        raise UsageError(f"{source} has {count} vectors of {length} numbers", _NEXT_STEP)
    if len(names) != count or not all(
        isinstance(name, str) and 0 < len(name) <= MOST_NAME_LENGTH for name in names
    ):
        raise UsageError(
            f"{source} has {len(names)} names for {count} vectors, or some that are no names", _NEXT_STEP
        )
    if not np.isfinite(flat).all():
        raise UsageError(f"{source} has vectors that are no numbers (NaN or infinite)", "make them anew")
    return ClassVectors(tuple(map(str, names)), np.ascontiguousarray(flat), str(model)[:MOST_NAME_LENGTH])


_Parts = tuple[Any, Any, Any]  # names, embeddings, model: not checked yet


def _read_npz(path: Path) -> _Parts:
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
            raise ValueError("it is too large")
    with np.load(path, allow_pickle=False) as parts:
        names, model = parts[_NAMES], parts[_MODEL] if _MODEL in parts.files else ""
        listed = names.tolist() if names.dtype.kind == "U" and names.ndim == 1 else [None]
        return listed, parts[_EMBEDDINGS], model


def _npz_of(vectors: ClassVectors) -> bytes:
    memory = io.BytesIO()
    parts: dict[str, Any] = {
        _EMBEDDINGS: vectors.vectors[None],
        _NAMES: np.asarray(vectors.names, np.str_),
        _MODEL: np.asarray(vectors.model, np.str_),
    }
    np.savez_compressed(memory, **parts)
    return memory.getvalue()


def _read_safetensors(path: Path) -> _Parts:
    with safe_open(path, framework="np") as file:
        about = file.metadata() or {}
        names = json.loads(about[_NAMES])
        if _EMBEDDINGS not in file.keys():  # noqa: SIM118 (no dictionary)
            raise KeyError(_EMBEDDINGS)
        return (
            names if isinstance(names, list) else [None],
            file.get_tensor(_EMBEDDINGS),
            about.get(_MODEL, ""),
        )


def _safetensors_of(vectors: ClassVectors) -> bytes:
    about = {_NAMES: json.dumps(vectors.names), _MODEL: vectors.model}
    return bytes(safetensors_of({_EMBEDDINGS: vectors.vectors}, about))


@dataclass(frozen=True)
class _Format:
    """A format of class vectors: its reader and its writer."""

    read: Callable[[Path], _Parts]
    content: Callable[[ClassVectors], bytes]


_FORMATS = {
    ".npz": _Format(_read_npz, _npz_of),
    ".safetensors": _Format(_read_safetensors, _safetensors_of),
}
