"""Figures of an audit, from its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars
from pydantic import TypeAdapter

from heatcam.audit.columns import columns_of
from heatcam.audit.confusion import confusion_of
from heatcam.audit.context import context_of, in_number, in_percent
from heatcam.audit.distributions import class_figures_of, distributions_of
from heatcam.audit.figures import ClassFigures, Confusion, ContextFigures, Figures, RuleCost, Separation
from heatcam.audit.objects import ObjectKind
from heatcam.audit.resampling import PictureDraws
from heatcam.audit.separation import rule_costs_of, separation_of

_MOST_LINES = 5  # of confused pairs, and of classes that were tried
_LEAST_TRIED = 5  # objects of a class for a line about it: of fewer, a share says nothing
_LABELLED = [kind.value for kind in ObjectKind if kind is not ObjectKind.UNLABELLED]


def figures_of(
    table: polars.DataFrame,
    tries: polars.DataFrame | None = None,
    pictures: Sequence[str] | None = None,
    seed: int = 0,
) -> Figures:
    """Return all figures of an audit.

    Args:
        table: of ``OBJECT_SCHEMA``.
        tries: of ``TRIES_SCHEMA``; None for none.
        pictures: names of all pictures of the data set, those without objects among them; None takes those of the table.
        seed: of the intervals' resamples.
    """
    columns = columns_of(table, pictures)
    has_labels = bool(table["kind"].is_in(_LABELLED).any())
    classes, costs = class_figures_of(columns), rule_costs_of(columns)
    separation = separation_of(columns, PictureDraws(len(columns.pictures), seed))
    confusion = confusion_of(table) if has_labels else None
    context = () if tries is None else context_of(table, tries)
    lines = (
        *_counted(classes[0], len(columns.pictures), len(table), has_labels=has_labels),
        *_separated(separation, costs),
        *_confused(confusion),
        *_tried(context),
    )
    return Figures(
        len(columns.pictures),
        len(table),
        has_labels,
        classes,
        distributions_of(columns),
        separation,
        costs,
        confusion,
        context,
        lines,
    )


def figures_document(figures: Figures) -> dict[str, Any]:
    """Return figures as plain values, for JSON."""
    plain: dict[str, Any] = TypeAdapter(Figures).dump_python(figures, mode="json")
    return plain


def _counted(every: ClassFigures, pictures: int, objects: int, *, has_labels: bool) -> Iterator[str]:
    yield f"{counted(objects, 'object')} in {counted(pictures, 'picture')}" + _kinds(every)
    if has_labels:
        yield f"precision {in_percent(every.precision)}, labels found {in_percent(every.found)}"


def _kinds(every: ClassFigures) -> str:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in every.kinds.items())
    return f": {kinds}" if kinds else ""


def _separated(separation: Sequence[Separation], costs: Sequence[RuleCost]) -> Iterator[str]:
    numbers = [each for each in separation if each.class_name is None]
    if numbers:
        told = ", ".join(f"{each.number.replace('_', ' ')} {in_number(each.auc)}" for each in numbers)
        yield f"told true from false (AUC, 0.5 is chance): {told}"
    if costs and costs[0].class_name is None:
        caught, cost = in_percent(costs[0].caught), in_percent(costs[0].cost)
        yield f"dropping low evidence would catch {caught} of the false ones, and cost {cost} of the true ones"


def _confused(confusion: Confusion | None) -> Iterator[str]:
    cells = confusion.cells if confusion else ()
    pairs = [
        (len(cell.numbers), cell.label, cell.predicted)
        for cell in cells
        if cell.label is not None and cell.predicted is not None and cell.label != cell.predicted
    ]
    most = sorted(pairs, key=lambda pair: -pair[0])[:_MOST_LINES]
    if confusion and most:
        names = confusion.names
        told = ", ".join(f"{names[label]} for {names[predicted]} {count}" for count, label, predicted in most)
        yield f"mistaken most: {told}"


def _tried(context: Sequence[ContextFigures]) -> Iterator[str]:
    """Yield the line of all classes, then those of the classes that keep least, where enough was tried to say so."""
    yield from (each.words for each in context[:1])
    known = [each for each in context[1:] if each.without_background.n >= _LEAST_TRIED]
    least = sorted(known, key=lambda each: each.without_background.value or 0.0)
    yield from (each.words for each in least[:_MOST_LINES])


def counted(count: int, word: str) -> str:
    """Return ``1 object``, ``1,200 objects``."""
    return f"{count:,} {word}{'s' * (count != 1)}"
