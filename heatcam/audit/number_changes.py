"""Differences of an audit's numbers to those of a previous audit, with paired intervals over pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import polars

from heatcam.audit.changes import NumberChange
from heatcam.audit.columns import FALSE, FOUND_KINDS, NUMBERS, ObjectColumns, columns_of
from heatcam.audit.objects import ObjectKind
from heatcam.audit.resampling import Floats, PictureDraws

Row = dict[str, Any]
#: Sums and counts in each picture.
Counted = tuple[Floats, Floats]
_TRUE, _MISSED = ObjectKind.TRUE.value, ObjectKind.MISSED.value
#: Numbers that are shares.
SHARES = frozenset({"precision", "found", "low_evidence"})


def number_changes(
    before: polars.DataFrame,
    now: polars.DataFrame,
    pictures: Sequence[str],
    both_right: Sequence[tuple[Row | None, Row | None]],
    draws: PictureDraws,
) -> tuple[NumberChange, ...]:
    """Return each number in both audits: over all classes first, then of each class.

    Args:
        before: the previous audit's table, of the pictures of both alone.
        now: the same of this audit.
        pictures: names of these.
        both_right: rows of the labels that are found in both, before and now.
        draws: resamples of the pictures.
    """
    tables = columns_of(before, pictures), columns_of(now, pictures)
    names = sorted({name for table in tables for name in table.class_names})
    found = (
        change
        for class_name in (None, *names)
        for change in (
            *_counts(tables, class_name, draws),
            *_means(both_right, pictures, class_name, draws),
        )
    )
    return tuple(each for each in found if each.before is not None or each.now is not None)


def _counts(
    tables: tuple[ObjectColumns, ObjectColumns], class_name: str | None, draws: PictureDraws
) -> Iterator[NumberChange]:
    for name, count in _COUNTS.items():
        yield _change(class_name, name, count(tables[0], class_name), count(tables[1], class_name), draws)


def _means(
    both_right: Sequence[tuple[Row | None, Row | None]],
    pictures: Sequence[str],
    class_name: str | None,
    draws: PictureDraws,
) -> Iterator[NumberChange]:
    at = {name: n for n, name in enumerate(pictures)}
    own = [
        (was, now)
        for was, now in both_right
        if was is not None and now is not None and class_name in (None, now["class_name"])
    ]
    for number in NUMBERS:
        known = [
            (at[now["image"]], was[number], now[number])
            for was, now in own
            if was[number] is not None and now[number] is not None
        ]
        picture, first, second = np.array(known, np.float64).reshape(-1, 3).T
        places = picture.astype(np.int64)
        counts = np.bincount(places, minlength=len(pictures)).astype(np.float64)
        sums = [np.bincount(places, values, len(pictures)) for values in (first, second)]
        before, later = (np.asarray(each, np.float64) for each in sums)
        yield _change(class_name, number, (before, counts), (later, counts), draws)


def _change(
    class_name: str | None, number: str, before: Counted, now: Counted, draws: PictureDraws
) -> NumberChange:
    return NumberChange(class_name, number, _mean(*before), _mean(*now), draws.difference(before, now))


def _mean(sums: Floats, counts: Floats) -> float | None:
    return float(sums.sum() / counts.sum()) if counts.sum() else None


def _precision(columns: ObjectColumns, class_name: str | None) -> Counted:
    own = columns.of_class(class_name)
    judged = columns.per_picture(own & columns.of_kinds(_TRUE, FALSE))
    return columns.per_picture(own & columns.of_kinds(_TRUE)), judged


def _found(columns: ObjectColumns, class_name: str | None) -> Counted:
    own = columns.of_class(class_name)
    labels = columns.per_picture(own & columns.of_kinds(*FOUND_KINDS, _MISSED))
    return columns.per_picture(own & columns.of_kinds(*FOUND_KINDS)), labels


def _false_per_image(columns: ObjectColumns, class_name: str | None) -> Counted:
    false = columns.per_picture(columns.of_class(class_name) & columns.of_kinds(FALSE))
    return false, np.ones(len(columns.pictures))


def _low_evidence(columns: ObjectColumns, class_name: str | None) -> Counted:
    known = columns.of_class(class_name) & columns.of_kinds(_TRUE) & columns.known("low_evidence")
    return columns.per_picture(known, columns.number("low_evidence")), columns.per_picture(known)


_COUNTS: dict[str, Callable[[ObjectColumns, str | None], Counted]] = {
    "precision": _precision,
    "found": _found,
    "false_per_image": _false_per_image,
    "low_evidence": _low_evidence,
}


def change_words(numbers: Sequence[NumberChange]) -> tuple[str, ...]:
    """Say each number of all classes in a line: ``found: 83 % to 85 %, +2.1 % [-0.5, +4.8]``."""
    return tuple(
        _words(each) for each in numbers if each.class_name is None and each.difference.value is not None
    )


def _words(change: NumberChange) -> str:
    share, difference = change.number in SHARES, change.difference
    scale, digits, unit = (100, 1, " %") if share else (1, 2, "")

    def signed(value: float) -> str:
        return f"{scale * value:+.{digits}f}"

    def plain(value: float | None) -> str:
        return "-" if value is None else f"{scale * value:.{digits}f}{unit}"

    name = change.number.replace("_", " ")
    ends = (
        ""
        if difference.low is None or difference.high is None
        else f" [{signed(difference.low)}, {signed(difference.high)}]"
    )
    told = signed(difference.value or 0.0)
    return f"{name}: {plain(change.before)} to {plain(change.now)}, {told}{unit}{ends}"
