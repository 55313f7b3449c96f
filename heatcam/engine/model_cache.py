"""Converted models in the user's cache folder: found again by key; the least recently used are deleted."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import tempfile
from pathlib import Path
from typing import Any

import openvino

from heatcam.runtime import stopping

logger = logging.getLogger(__name__)

MOST_BYTES = 2 * 1024**3  # fifty shapes and maps of a small detector
_SUM = b"<!-- heatcam "
COMPILED = ".blob"  # suffix of the compiled models that OpenVINO writes beside


class ModelCache:
    """Cache of converted models by key, and of what OpenVINO compiled of them. A missing file is no error: it is made again.

    Args:
        folder: the cache folder; made when the first model is stored. None stores nothing.
        most_bytes: above this the least recently used files are deleted.
    """

    def __init__(self, folder: Path | None, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._most_bytes = folder, most_bytes

    def find(self, name: str, key: str) -> Path | None:
        """Return the file of the model that was stored under ``name`` and ``key``; None when it is missing or damaged."""
        path = self._path(name, key)
        if path is None or not path.is_file():
            return None
        if not _is_whole(path):
            logger.warning("%s was damaged: making it anew", path)
            _remove(path)
            return None
        with contextlib.suppress(OSError):  # (a read-only folder keeps its order)
            path.touch()
        return path

    def store(self, name: str, key: str, model: Any) -> Path | None:
        """Save a model whole or not at all: weights first, last the ``.xml`` that ``find`` looks for. None if that fails."""
        path = self._path(name, key)
        if path is None:
            return None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with stopping.held(), tempfile.TemporaryDirectory(dir=path.parent) as folder:
                draft = Path(folder) / path.name
                openvino.save_model(model, draft, compress_to_fp16=False)
                with draft.open("ab") as end:
                    end.write(_sum_of(draft.read_bytes(), draft.with_suffix(".bin")))
                draft.with_suffix(".bin").replace(path.with_suffix(".bin"))
                draft.replace(path)
            self._make_room(path)
        except OSError as error:
            logger.debug("the compiled model was not cached: %s", error)
            return None
        return path

    def _path(self, name: str, key: str) -> Path | None:
        digest = hashlib.sha256(key.encode()).hexdigest()[:24]
        return None if self._folder is None else self._folder / f"{name}-{digest}.xml"

    def _make_room(self, newest: Path) -> None:
        """Delete the least recently used files until the rest fits; never the newest."""
        files = [*newest.parent.glob("*.xml"), *newest.parent.glob(f"*{COMPILED}")]
        by_use = sorted(files, key=lambda p: p.stat().st_mtime)
        sizes = {p: _bytes_of(p) for p in by_use}
        total = sum(sizes.values())
        for path in by_use:
            if total <= self._most_bytes:
                return
            if path != newest:
                _remove(path)
                total -= sizes[path]


def _remove(path: Path) -> None:
    """Remove a model, or what OpenVINO has compiled; in a read-only folder it stays."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)  # (first: without it the weights are never read)
        path.with_suffix(".bin").unlink(missing_ok=True)


def _sum_of(xml: bytes, weights: Path) -> bytes:
    """Return the last line of a stored model's XML, a comment with a checksum: damaged weights would be used unnoticed."""
    total = hashlib.blake2b(xml, digest_size=16)
    total.update(weights.read_bytes())
    return _SUM + total.hexdigest().encode() + b" -->\n"


def _is_whole(path: Path) -> bool:
    """Return True if a stored model matches its checksum."""
    try:
        xml, mark, said = path.read_bytes().rpartition(_SUM)
        return mark + said == _sum_of(xml, path.with_suffix(".bin"))
    except OSError:
        return False


def _bytes_of(path: Path) -> int:
    weights = path.with_suffix(".bin")
    return path.stat().st_size + (weights.stat().st_size if weights.is_file() else 0)
