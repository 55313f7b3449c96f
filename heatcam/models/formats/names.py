"""Class names that stand in a file beside a model's weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heatcam.errors import ModelError
from heatcam.models.class_names import class_names_of

_SUFFIXES = (".txt", ".json")
_LARGEST_BYTES = 8 * 1024**2


def names_for(
    path: Path, count: int, library: Sequence[str] | None, title: str, first: int = 0
) -> dict[int, str]:
    """Return a name for each of ``count`` classes.

    Names beside the weights come first, then the library's own where it has as many; else classes are numbered.

    Args:
        path: of the weights; ``FILE.txt`` (a name a line), ``FILE.json`` (a list, or ids and names), ``names.txt`` and
            ``names.json`` beside it are read.
        count: number of classes.
        library: names that the library gives the classes of the data set that its weights were trained on; None for none.
        title: the model's name, for the log.
        first: number of the first class that is one: those before it, a background, may be left out of the file.

    Raises:
        ModelError: a file of names cannot be read, or has another number of names than the model has classes.
        UnfitError: it holds no names.
    """
    own = read_names(path)
    if own is None:
        return class_names_of(
            library if library is not None and len(library) == count else None, count, title
        )
    file, names = own
    if len(names) == count - first and isinstance(names, list):
        names = [*("" for _ in range(first)), *names]
    if len(names) != count:
        raise ModelError(
            f"{file.name} has {len(names)} names, and the model {count} classes",
            f"give {count} names, or move the file away",
        )
    return class_names_of(names, count, title)


def read_names(path: Path) -> tuple[Path, Any] | None:
    """Return the file of names beside a file of weights with its names; None where there is none.

    Raises:
        ModelError: it cannot be read.
    """
    stems = (path.with_suffix(""), path.with_name("names"))
    files = [Path(f"{stem}{suffix}") for stem in stems for suffix in _SUFFIXES]
    for file in files:
        if file.is_file():
            names = _content_of(file)
            if names is not None:
                return file, names
    return None


def _content_of(file: Path) -> Any:
    """Return a file's names; None for a document that is about something else."""
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise ModelError(f"{file.name} is too large to be a list of class names", "move it away")
        text = file.read_text("utf-8-sig")
        content = json.loads(text) if file.suffix == ".json" else text.rstrip("\n").split("\n")
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{file.name} cannot be read as class names ({error})", "correct it, or move it away"
        ) from error
    if isinstance(content, dict) and "names" in content:
        content = content["names"]
    elif isinstance(content, dict) and not all(key.isdecimal() for key in content):
        return None  # (settings of something else)
    return content if isinstance(content, dict | list) else None
