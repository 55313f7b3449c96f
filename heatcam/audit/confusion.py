"""The confusion matrix of an audit: labels by predictions, with the objects in each cell."""

from __future__ import annotations

import polars

from heatcam.audit.columns import FALSE_KINDS, FOUND_KINDS
from heatcam.audit.figures import Confusion, ConfusionCell
from heatcam.audit.objects import ObjectKind

_CLASS, _MISSED = ObjectKind.CLASS.value, ObjectKind.MISSED.value
Place = tuple[int | None, int | None]


def confusion_of(table: polars.DataFrame) -> Confusion:
    """Return the confusion matrix.

    Each detection that is right or wrong is in one cell: on the diagonal where it is on a label of its class (loose ones too),
    at the label's class and its own where it is on a label of another class, else on the row of background: badly placed and
    doubled ones are on no label that is left. A missed label is in the column of background, unless a detection of another class
    stands for it. Ignored detections are in none.
    """
    columns = ("number", "kind", "class_name", "label_class_name", "covers")
    rows = list(zip(*(table[name].to_list() for name in columns), strict=True))
    stood_for = {covers for _, kind, _, _, covers in rows if kind == _CLASS and covers is not None}
    labels = [label for _, kind, _, label, _ in rows if kind == _CLASS and label is not None]
    names = tuple(sorted({*table["class_name"].to_list(), *labels}))
    at = {name: n for n, name in enumerate(names)}
    cells: dict[Place, list[int]] = {}
    for number, kind, class_name, label, _ in rows:
        place = _place(kind, class_name, label, at)
        if place is not None and number not in stood_for:
            cells.setdefault(place, []).append(number)
    background = len(names)
    order = sorted(cells, key=lambda place: tuple(background if n is None else n for n in place))
    return Confusion(names, tuple(ConfusionCell(*place, tuple(cells[place])) for place in order))


def _place(kind: str, class_name: str, label: str | None, at: dict[str, int]) -> Place | None:
    """Return the cell of an object, the label first; None for one that is in no cell."""
    own = at[class_name]
    if kind in FOUND_KINDS:
        return own, own
    if kind == _CLASS and label is not None:
        return at[label], own
    if kind == _MISSED:
        return own, None
    return (None, own) if kind in FALSE_KINDS else None
