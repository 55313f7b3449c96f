"""Reading of a finished audit's folder, which is not changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import polars

from heatcam.audit.changing import AuditTables
from heatcam.audit.objects import OBJECT_SCHEMA
from heatcam.audit.store import TRIES_SCHEMA
from heatcam.errors import UnreadableInputError, first_line
from heatcam.text import printable

OBJECTS, STORE, DOCUMENT = "objects.parquet", "audit.sqlite", "audit.json"
#: What changes numbers although neither weights nor data do: the part of ``audit.json`` and the field.
_SETTINGS = (
    *(("model", name) for name in ("imgsz", "backend", "precision", "method")),
    *(("thresholds", name) for name in ("conf", "iou", "match_iou")),
)
_PICTURES = "SELECT name FROM images WHERE error IS NULL ORDER BY position"
_TRIES = (
    "SELECT o.number, t.question, t.kept, t.confidence FROM tries t JOIN objects o ON o.id = t.object "
    "ORDER BY o.number, t.question"
)


def read_audit(folder: Path) -> AuditTables:
    """Read the tables of a finished audit.

    Pictures without objects, and what was tried, are in its store; where that is gone, they are not known.

    Raises:
        UnreadableInputError: the folder is no finished audit, or its files are broken.
    """
    file = folder / OBJECTS
    if not file.is_file():
        is_begun = (folder / STORE).is_file()
        raise UnreadableInputError(
            f"{folder} is no finished audit (it has no {OBJECTS})",
            "finish it with heatcam audit --resume"
            if is_begun
            else "give the folder that heatcam audit wrote",
        )
    try:
        objects = polars.read_parquet(file).select(OBJECT_SCHEMA.names()).cast(OBJECT_SCHEMA)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise UnreadableInputError(f"cannot read {file} ({first_line(error)})", "audit anew") from None
    store = folder / STORE
    pictures = [str(name) for (name,) in _rows(store, _PICTURES)]
    tries = [(*own, bool(kept), score) for *own, kept, score in _rows(store, _TRIES)]
    return AuditTables(
        objects,
        tuple(pictures or objects["image"].unique(maintain_order=True).to_list()),
        polars.DataFrame(tries, TRIES_SCHEMA, orient="row"),
    )


def settings_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what a model was asked with, from a document of an audit: ``imgsz``, ``backend``, ``conf`` and more."""
    values = {name: document.get(part, {}).get(name) for part, name in _SETTINGS}
    return {name: str(value) for name, value in values.items() if value is not None}


def read_settings(folder: Path) -> dict[str, str]:
    """Return the same of an audit's folder; nothing where its document cannot be read."""
    try:
        document = json.loads((folder / DOCUMENT).read_bytes())
        return settings_of(document)
    except (OSError, ValueError, AttributeError):
        return {}


def settings_words(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line about settings that differ, for they change numbers too; none where they are alike."""
    others = [
        f"{name} {before[name]}, now {now[name]}"
        for name in now
        if name in before and before[name] != now[name]
    ]
    return (f"not asked alike: {printable('; '.join(others))}",) if others else ()


def _rows(store: Path, query: str) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a query; none where there is no store.

    Raises:
        UnreadableInputError: it is broken.
    """
    if not store.is_file():
        return ()
    # SQLite would leave files beside a store in WAL mode that it reads, unless it is told that nobody writes to it.
    log = store.with_name(f"{store.name}-wal")
    how = "mode=ro" if log.is_file() and log.stat().st_size else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{store.resolve().as_uri()}?{how}", uri=True)) as base:
            return base.execute(query).fetchall()
    except sqlite3.Error as error:
        raise UnreadableInputError(f"cannot read {store} ({first_line(error)})", "audit anew") from None
