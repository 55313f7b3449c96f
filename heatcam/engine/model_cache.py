"""Converted models in the user's cache folder: found again by what they were made from, the longest unused thrown away."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import tempfile
from pathlib import Path
from typing import Any

import openvino

logger = logging.getLogger(__name__)

MOST_BYTES = 2 * 1024**3  # of a small detector, a hundred shapes and maps


class ModelCache:
    """Converted models by key. Nothing that goes wrong with a file is an error: the model is made anew.

    Args:
        core: what reads them.
        folder: where they are; made when the first is stored. None keeps none.
        most_bytes: above this the models that were not used for longest are deleted.
    """

    def __init__(self, core: openvino.Core, folder: Path | None, most_bytes: int = MOST_BYTES) -> None:
        self._core, self._folder, self._most_bytes = core, folder, most_bytes

    def read(self, name: str, key: str) -> Any:
        """The model that was stored under ``name`` and ``key``; None when it is not there or spoiled."""
        path = self._path(name, key)
        if path is None or not path.is_file():
            return None
        try:
            model = self._core.read_model(path)
        except RuntimeError:
            logger.debug("%s cannot be read and is made anew", path, exc_info=True)
            return None
        with contextlib.suppress(OSError):  # a folder that only may be read keeps its order
            path.touch()
        return model

    def store(self, name: str, key: str, model: Any) -> None:
        """Save a model whole or not at all: weights first, the ``.xml`` that makes it found last."""
        path = self._path(name, key)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent) as folder:
                draft = Path(folder) / path.name
                openvino.save_model(model, draft, compress_to_fp16=False)
                draft.with_suffix(".bin").replace(path.with_suffix(".bin"))
                draft.replace(path)
            self._make_room(path)
        except OSError as error:
            logger.debug("the compiled model was not cached: %s", error)

    def _path(self, name: str, key: str) -> Path | None:
        digest = hashlib.sha256(key.encode()).hexdigest()[:24]
        return None if self._folder is None else self._folder / f"{name}-{digest}.xml"

    def _make_room(self, newest: Path) -> None:
        """Delete the models that were not used for longest until the rest fits; never the newest."""
        by_use = sorted(newest.parent.glob("*.xml"), key=lambda p: p.stat().st_mtime)
        sizes = {p: _bytes_of(p) for p in by_use}
        total = sum(sizes.values())
        for path in by_use:
            if total <= self._most_bytes:
                return
            if path != newest:
                path.unlink(missing_ok=True)  # first: without it the weights are not looked for
                path.with_suffix(".bin").unlink(missing_ok=True)
                total -= sizes[path]


def _bytes_of(path: Path) -> int:
    weights = path.with_suffix(".bin")
    return path.stat().st_size + (weights.stat().st_size if weights.is_file() else 0)
