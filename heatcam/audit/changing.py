"""Matching of the objects of two audits of the same data, and the changes between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars
from pydantic import TypeAdapter

from heatcam.audit.changes import ChangeKind, Changes, ObjectChange
from heatcam.audit.columns import FALSE_KINDS, FOUND_KINDS
from heatcam.audit.figuring import counted
from heatcam.audit.number_changes import Row, change_words, number_changes
from heatcam.audit.objects import ObjectKind
from heatcam.audit.resampling import PictureDraws
from heatcam.frames import Detections
from heatcam.measures import same_objects

Pair = tuple[Row | None, Row | None]
#: Changes that are listed one by one, in their order.
LISTED = (
    *(ChangeKind.MENDED, ChangeKind.BROKEN, ChangeKind.STILL_WRONG),
    *(ChangeKind.APPEARED, ChangeKind.VANISHED),
)
_LABEL_BOX = ("label_x1", "label_y1", "label_x2", "label_y2")
_OWN_BOX = ("x1", "y1", "x2", "y2")
_MOST_NUMBERS = 6  # in the summary


@dataclass(frozen=True, eq=False)
class AuditTables:
    """Tables of a finished audit.

    Attributes:
        objects: of ``OBJECT_SCHEMA``.
        pictures: names of all pictures, those without objects among them.
        tries: of ``TRIES_SCHEMA``; empty where nothing was tried.
    """

    objects: polars.DataFrame
    pictures: tuple[str, ...]
    tries: polars.DataFrame


def changes_of(previous: str, before: AuditTables, now: AuditTables, seed: int = 0) -> Changes:
    """Return what changed from one audit to another. Only pictures of both count.

    Labels are matched by class and overlap, and false detections likewise: of both audits the largest overlaps first, from an
    IoU of 0.3 on. A detection that stands for a missed label is told as that label. Labels that one audit alone has are left
    out: what became of them cannot be known.

    Args:
        previous: name of the previous audit, for the summary.
        before: its tables.
        now: tables of this one.
        seed: of the intervals' resamples.
    """
    known = set(before.pictures)
    pictures = tuple(name for name in now.pictures if name in known)
    tables = [each.objects.filter(polars.col("image").is_in(pictures)) for each in (before, now)]
    by_picture = [_by_picture(table) for table in tables]
    matched = [
        (side, pair)
        for name in pictures
        for side in _SIDES
        for pair in _pairs(side, *(rows.get(name, []) for rows in by_picture))
    ]
    told = [(side.change(pair), pair) for side, pair in matched]
    unknown = sum(kind is None for kind, _ in told)
    found = [(kind, pair) for kind, pair in told if kind is not None]
    both_right = [pair for kind, pair in found if kind is ChangeKind.STILL_RIGHT]
    counts = Counter(kind for kind, _ in found)
    in_order = {kind.value: counts[kind] for kind in ChangeKind if counts[kind]}
    numbers = number_changes(tables[0], tables[1], pictures, both_right, PictureDraws(len(pictures), seed))
    alone = len(known) - len(pictures), len(set(now.pictures)) - len(pictures)
    words = change_words(numbers)[:_MOST_NUMBERS]
    return Changes(
        previous,
        len(pictures),
        *alone,
        in_order,
        tuple(_object(kind, pair) for wanted in LISTED for kind, pair in found if kind is wanted),
        numbers,
        (*_summary(previous, len(pictures), in_order, sum(alone), unknown), *words),
    )


def changes_document(changes: Changes) -> dict[str, Any]:
    """Return changes as plain values, for JSON."""
    plain: dict[str, Any] = TypeAdapter(Changes).dump_python(changes, mode="json")
    return plain


@dataclass(frozen=True)
class _Side:
    """A sort of object that is followed from one audit to the other.

    Attributes:
        kinds: of the objects.
        change: tells from both rows what became of it; None where it cannot be known.
        counts: True for pairs that are told here.
    """

    kinds: tuple[str, ...]
    change: Callable[[Pair], ChangeKind | None]
    counts: Callable[[Pair], bool] = lambda _: True


def _of_label(pair: Pair) -> ChangeKind | None:
    before, now = pair
    if before is None or now is None:
        return None
    return _OF_LABEL[before["kind"] in FOUND_KINDS, now["kind"] in FOUND_KINDS]


_OF_LABEL = {
    (False, True): ChangeKind.MENDED,
    (True, False): ChangeKind.BROKEN,
    (False, False): ChangeKind.STILL_WRONG,
    (True, True): ChangeKind.STILL_RIGHT,
}


def _of_false(pair: Pair) -> ChangeKind:
    before, now = pair
    if before is None:
        return ChangeKind.BROKEN
    return ChangeKind.MENDED if now is None else ChangeKind.STILL_WRONG


def _of_unlabelled(pair: Pair) -> ChangeKind:
    before, now = pair
    if before is None:
        return ChangeKind.APPEARED
    return ChangeKind.VANISHED if now is None else ChangeKind.KEPT


def _is_no_label(pair: Pair) -> bool:
    """Return True unless a missed label stands for the detection."""
    before, now = pair
    last = now or before
    return last is not None and last["covers"] is None


_SIDES = (
    _Side((*FOUND_KINDS, ObjectKind.MISSED.value), _of_label),
    _Side(FALSE_KINDS, _of_false, _is_no_label),
    _Side((ObjectKind.UNLABELLED.value,), _of_unlabelled),
)


def _by_picture(table: polars.DataFrame) -> Mapping[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in table.to_dicts():
        rows.setdefault(row["image"], []).append(row)
    return rows


def _pairs(side: _Side, before: Sequence[Row], now: Sequence[Row]) -> Iterator[Pair]:
    """Yield the objects of one picture: those of the previous audit with what they are now, then those that are new."""
    old = [row for row in before if row["kind"] in side.kinds]
    new = [row for row in now if row["kind"] in side.kinds]
    ids: dict[str, int] = {}
    partners = same_objects(_boxes(old, ids), _boxes(new, ids))  # for each of the new
    now_at = {of: n for n, of in enumerate(partners) if of >= 0}
    pairs: list[Pair] = [(row, new[now_at[n]] if n in now_at else None) for n, row in enumerate(old)]
    pairs += [(None, row) for row, of in zip(new, partners, strict=True) if of < 0]
    yield from (pair for pair in pairs if side.counts(pair))


def _boxes(rows: Sequence[Row], ids: dict[str, int]) -> Detections:
    """Return boxes of rows, labels' where they have one that is found, with class numbers that depend on the name alone."""
    names = tuple(row["class_name"].strip().casefold() for row in rows)
    numbers = np.array([ids.setdefault(name, len(ids)) for name in names], np.int64)
    boxes = np.array([_box(row) for row in rows], np.float32).reshape(-1, 4)
    return Detections(boxes, np.ones(len(rows), np.float32), numbers, np.zeros_like(numbers), names)


def _box(row: Row) -> tuple[float, float, float, float]:
    has_label = row["kind"] in FOUND_KINDS and row["label_x1"] is not None
    x1, y1, x2, y2 = (row[side] for side in (_LABEL_BOX if has_label else _OWN_BOX))
    return x1, y1, x2, y2


def _object(kind: ChangeKind, pair: Pair) -> ObjectChange:
    before, now = pair
    row: Row = now or before or {}
    was, own = (each or {} for each in pair)
    return ObjectChange(
        kind.value,
        row["image"],
        row["class_name"],
        own.get("number"),
        was.get("number"),
        own.get("kind"),
        was.get("kind"),
        *_box(row),
        own.get("confidence"),
        was.get("confidence"),
        own.get("energy_in_box"),
        was.get("energy_in_box"),
    )


def _summary(
    previous: str, pictures: int, counts: Mapping[str, int], alone: int, unknown: int
) -> Iterator[str]:
    told = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.items()) or "no objects"
    yield f"against {previous}, {counted(pictures, 'picture')} of both: {told}"
    if alone:
        yield f"{counted(alone, 'picture')} of one audit alone left out"
    if unknown:
        yield f"{counted(unknown, 'label')} of one audit alone left out"
