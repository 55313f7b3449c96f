"""The working store of an audit: every finished picture with its objects, in one SQLite file, read piece by piece."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars

from heatcam.audit.objects import MAP_CELLS, OBJECT_SCHEMA, AuditedObject, Int8Array, Parts
from heatcam.audit.precision import ScoredBoxes
from heatcam.audit.schema import CREATE, OWN_COLUMNS, RENUMBER, SELECT_OBJECTS, VERSION
from heatcam.errors import SinkError, UsageError
from heatcam.geometry import Float32Array, Uint8Array

_ROWS = 4096  # read at once
_BLOBS = 256  # objects whose pictures and maps are asked for in one query
TRIES_SCHEMA = polars.Schema(
    {
        "number": polars.Int64(),
        "question": polars.String(),
        "kept": polars.Boolean(),
        "confidence": polars.Float64(),
    }
)


@dataclass(frozen=True, eq=False)
class ObjectParts:
    """Picture, maps and embedding of one object: a row of ``Parts``.

    Attributes:
        thumb_jpeg, crop_jpeg: JPEG files.
        own: uint8 ``(24, 24)``.
        signed: int8 ``(24, 24)``.
        embedding: float32 ``(C,)``; empty for none.
    """

    thumb_jpeg: bytes
    crop_jpeg: bytes
    own: Uint8Array
    signed: Int8Array
    embedding: Float32Array


@dataclass(frozen=True, eq=False)
class AuditedPicture:
    """One finished picture.

    Attributes:
        name: its name in the data set.
        position: from 1, in the order of the data set.
        stamp: changes with the file and with its labels.
        size_wh: width and height in pixels.
        objects: its objects, numbered from 1 within the picture: ``number`` and ``covers``.
        parts: of each of them.
        scored: its weak boxes, and the classes of its labels.
    """

    name: str
    position: int
    stamp: str
    size_wh: tuple[int, int]
    objects: tuple[AuditedObject, ...]
    parts: tuple[ObjectParts, ...]
    scored: ScoredBoxes


class AuditStore:
    """Store of an audit, for any thread: one at a time is let in. Every picture is one transaction.

    Args:
        path: the file; made where there is none.

    Raises:
        SinkError: it cannot be opened or made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._base.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            )
            self._base.executescript(CREATE)
        except sqlite3.Error as error:
            raise SinkError(f"cannot use {path} ({error})", "choose another folder") from error
        self._is_numbered = False

    def close(self) -> None:
        """Close the file; what was put is kept."""
        with self._lock:
            self._base.close()

    def begin(self, settings: str) -> None:
        """Note the settings of a new audit, or make sure that an earlier one was made with the same.

        Args:
            settings: digest of all that changes its numbers.

        Raises:
            UsageError: it was made with others.
        """
        wanted = f"{VERSION} {settings}"
        with self._changing() as base:
            base.execute("INSERT OR IGNORE INTO facts VALUES ('settings', ?)", (wanted,))
            (found,) = base.execute("SELECT value FROM facts WHERE name = 'settings'").fetchone()
        if found != wanted:
            raise UsageError(
                f"{self.path.parent} was made with another model or other settings",
                "give the same again, or start anew with --overwrite",
            )

    def done(self) -> dict[str, str]:
        """Return the stamps of the pictures that are finished, by name."""
        return dict(self._rows("SELECT name, stamp FROM images WHERE error IS NULL"))

    def arrange(self, names: Sequence[str]) -> None:
        """Give pictures their positions in the data set, from 1, and drop those that are no longer in it."""
        positions = {name: n for n, name in enumerate(names, 1)}
        self._is_numbered = False
        with self._changing() as base:
            for (name,) in base.execute("SELECT name FROM images").fetchall():
                if name in positions:
                    base.execute("UPDATE images SET position = ? WHERE name = ?", (positions[name], name))
                else:
                    base.execute("DELETE FROM images WHERE name = ?", (name,))

    def put_picture(self, picture: AuditedPicture) -> None:
        """Keep a finished picture, all of it or nothing; what was known of it before is replaced.

        Raises:
            SinkError: no space.
        """
        wide, tall = picture.size_wh
        self._is_numbered = False
        with self._changing() as base:
            base.execute("DELETE FROM images WHERE name = ?", (picture.name,))
            key = base.execute(
                "INSERT INTO images (name, position, stamp, wide, tall, labels) VALUES (?, ?, ?, ?, ?, ?)",
                (picture.name, picture.position, picture.stamp, wide, tall, len(picture.scored.label_ids)),
            ).lastrowid
            base.execute("INSERT INTO predictions VALUES (?, ?, ?, ?, ?)", (key, *_packed(picture.scored)))
            for one, parts in zip(picture.objects, picture.parts, strict=True):
                self._put_object(base, key, one, parts)

    def put_broken(self, name: str, position: int, reason: str) -> None:
        """Note that a picture could not be audited, and why."""
        self._is_numbered = False
        with self._changing() as base:
            base.execute("DELETE FROM images WHERE name = ?", (name,))
            base.execute(
                "INSERT INTO images (name, position, stamp, error) VALUES (?, ?, '', ?)",
                (name, position, reason),
            )

    def _put_object(
        self, base: sqlite3.Connection, key: int | None, one: AuditedObject, parts: ObjectParts
    ) -> None:
        values = [getattr(one, name) for name in OWN_COLUMNS]
        marks = ", ".join("?" * (3 + len(values)))
        made = base.execute(
            f"INSERT INTO objects (image_key, place, covers_place, {', '.join(OWN_COLUMNS)}) VALUES ({marks})",
            (key, one.number, one.covers, *values),
        )
        blobs = (
            *(parts.thumb_jpeg, parts.crop_jpeg, parts.own.tobytes(), parts.signed.tobytes()),
            parts.embedding.astype(np.float16).tobytes(),
        )
        base.execute("INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?)", (made.lastrowid, *blobs))

    def table(self) -> polars.DataFrame:
        """Return all objects, by number: see ``OBJECT_SCHEMA``. Blobs are not among them: about 250 bytes an object."""
        self._number()
        frames = [polars.DataFrame(schema=OBJECT_SCHEMA)]
        for rows in self._chunks(SELECT_OBJECTS):
            frames.append(polars.DataFrame(rows, schema=OBJECT_SCHEMA, orient="row", strict=False))
        return polars.concat(frames)

    def parts(self, numbers: Sequence[int]) -> Parts:
        """Return pictures, maps and embeddings of some objects, in the order of their numbers here.

        Raises:
            KeyError: there is no object of that number.
        """
        self._number()
        found: dict[int, ObjectParts] = {}
        for start in range(0, len(numbers), _BLOBS):
            some = [int(number) for number in numbers[start : start + _BLOBS]]
            marks = ", ".join("?" * len(some))
            query = (
                "SELECT o.number, p.thumb_jpeg, p.crop_jpeg, p.own, p.signed, p.embedding FROM objects o "
                f"JOIN parts p ON p.object = o.id WHERE o.number IN ({marks})"
            )
            found.update((number, _unpacked_parts(*blobs)) for number, *blobs in self._rows(query, some))
        return joined_parts([(int(number), found[int(number)]) for number in numbers])

    def images(self) -> polars.DataFrame:
        """Return all pictures: ``image_id``, ``image``, ``wide``, ``tall``, ``labels`` (a count), ``error`` (None for none)."""
        text, whole = polars.String(), polars.Int64()
        schema = polars.Schema(
            {"image_id": whole, "image": text, "wide": whole, "tall": whole, "labels": whole, "error": text}
        )
        rows = self._rows("SELECT position, name, wide, tall, labels, error FROM images ORDER BY position")
        return polars.DataFrame(list(rows), schema=schema, orient="row")

    def scored(self) -> Iterator[ScoredBoxes]:
        """Yield the weak boxes of each finished picture, in their order."""
        query = (
            "SELECT confidences, class_ids, right_at, label_ids FROM predictions p JOIN images i ON i.id = p.image_key "
            "ORDER BY i.position"
        )
        for rows in self._chunks(query):
            for confidences, class_ids, right, label_ids in rows:
                yield ScoredBoxes(
                    np.frombuffer(confidences, np.float32),
                    np.frombuffer(class_ids, np.int32).astype(np.int64),
                    np.frombuffer(right, np.uint16),
                    np.frombuffer(label_ids, np.int32).astype(np.int64),
                )

    def put_tries(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Keep what was tried with objects, rows as of ``TRIES_SCHEMA``; later answers replace earlier ones."""
        self._number()
        with self._changing() as base:
            base.executemany(
                "INSERT OR REPLACE INTO tries SELECT id, :question, :kept, :confidence FROM objects WHERE number = :number",
                [dict(row) for row in rows],
            )

    def tries(self) -> polars.DataFrame:
        """Return what was tried, by number: see ``TRIES_SCHEMA``."""
        self._number()
        query = (
            "SELECT o.number, t.question, t.kept, t.confidence FROM tries t JOIN objects o ON o.id = t.object "
            "ORDER BY o.number, t.question"
        )
        rows = [(number, question, bool(kept), conf) for number, question, kept, conf in self._rows(query)]
        return polars.DataFrame(rows, schema=TRIES_SCHEMA, orient="row")

    def put_clusters(self, clusters: Mapping[int, int | None]) -> None:
        """Note the cluster of objects, by number; -1 for none."""
        self._put_column("cluster", [(cluster, number) for number, cluster in clusters.items()])

    def put_cells(self, cells: Mapping[int, tuple[int, int]]) -> None:
        """Note where objects' thumbnails are, by number: the sheet, and the place in it."""
        self._put_column("sheet", [(sheet, number) for number, (sheet, _) in cells.items()])
        self._put_column("cell", [(cell, number) for number, (_, cell) in cells.items()])

    def _put_column(self, name: str, rows: list[tuple[int | None, int]]) -> None:
        self._number()
        with self._changing() as base:
            base.executemany(f"UPDATE objects SET {name} = ? WHERE number = ?", rows)

    def _number(self) -> None:
        """Number all objects from 1, in the order of pictures, then of objects."""
        if not self._is_numbered:
            with self._changing() as base:
                base.execute(RENUMBER)
            self._is_numbered = True

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction, which is kept if nothing fails in it."""
        with self._lock:
            try:
                with self._base:
                    self._base.execute("BEGIN")
                    yield self._base
            except sqlite3.Error as error:
                raise SinkError(
                    f"cannot write {self.path} ({error})", "make space or choose another disk"
                ) from error

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def _chunks(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a query, some at a time."""
        with self._lock:
            cursor = self._base.execute(query)
            while rows := cursor.fetchmany(_ROWS):
                yield rows


def joined_parts(rows: Sequence[tuple[int, ObjectParts]]) -> Parts:
    """Return the parts of objects together; an embedding that is missing among others is zeros."""
    width = max((len(parts.embedding) for _, parts in rows), default=0)
    embedding = np.zeros((len(rows), width), np.float32)
    for n, (_, parts) in enumerate(rows):
        embedding[n, : len(parts.embedding)] = parts.embedding
    cells = (len(rows), MAP_CELLS, MAP_CELLS)
    return Parts(
        tuple(number for number, _ in rows),
        tuple(parts.thumb_jpeg for _, parts in rows),
        tuple(parts.crop_jpeg for _, parts in rows),
        np.array([parts.own for _, parts in rows], np.uint8).reshape(cells),
        np.array([parts.signed for _, parts in rows], np.int8).reshape(cells),
        embedding,
    )


def _unpacked_parts(thumb: bytes, crop: bytes, own: bytes, signed: bytes, embedding: bytes) -> ObjectParts:
    side = MAP_CELLS, MAP_CELLS
    return ObjectParts(
        thumb,
        crop,
        np.frombuffer(own, np.uint8).reshape(side),
        np.frombuffer(signed, np.int8).reshape(side),
        np.frombuffer(embedding, np.float16).astype(np.float32),
    )


def _packed(scored: ScoredBoxes) -> tuple[bytes, bytes, bytes, bytes]:
    return (
        scored.confidences.astype(np.float32).tobytes(),
        scored.class_ids.astype(np.int32).tobytes(),
        scored.right.astype(np.uint16).tobytes(),
        scored.label_ids.astype(np.int32).tobytes(),
    )
