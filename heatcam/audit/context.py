"""Figures of the context tries: what detections keep without their background, and without themselves."""

from __future__ import annotations

import polars

from heatcam.audit.figures import ContextFigures, Estimate
from heatcam.audit.tries import WITHOUT_BACKGROUND, TryQuestion
from heatcam.measures import share_interval

_OBJECT = TryQuestion.OBJECT_BLURRED.value


def context_of(table: polars.DataFrame, tries: polars.DataFrame) -> tuple[ContextFigures, ...]:
    """Return what was tried of all classes together, then of each that was tried.

    Args:
        table: of ``OBJECT_SCHEMA``.
        tries: of ``TRIES_SCHEMA``.
    """
    if tries.is_empty():
        return ()
    objects = table.select("number", "class_name", found="confidence")
    tried = tries.join(objects, "number", "inner")
    names = sorted(set(tried["class_name"].to_list()))
    return (_figures(None, tried), *(_figures(name, _of(tried, name)) for name in names))


def _of(tried: polars.DataFrame, class_name: str) -> polars.DataFrame:
    return tried.filter(polars.col("class_name") == class_name)


def _figures(class_name: str | None, tried: polars.DataFrame) -> ContextFigures:
    background = tried.filter(polars.col("question").is_in(WITHOUT_BACKGROUND))
    always = background.group_by("number", "found").agg(polars.col("kept").all())
    without = _share(always["kept"])
    blurred, swapped = (_share(_answers(tried, question)) for question in WITHOUT_BACKGROUND)
    needed = _share(~_answers(tried, _OBJECT))
    objects = tried["number"].n_unique()
    words = context_words(class_name, without)
    cause = _caused(always, tried)
    return ContextFigures(class_name, objects, without, blurred, swapped, needed, cause, words)


def _answers(tried: polars.DataFrame, question: str) -> polars.Series:
    return tried.filter(polars.col("question") == question)["kept"]


def _share(answers: polars.Series) -> Estimate:
    """Return the share that is true, with Wilson's interval: the objects are drawn from as many pictures as there are."""
    n, hits = len(answers), int(answers.sum())
    return Estimate(hits / n, *share_interval(hits / n, n), n) if n else Estimate(None, None, None, 0)


def _caused(always: polars.DataFrame, tried: polars.DataFrame) -> tuple[int, ...]:
    """Return the objects lost without their background: those found without themselves first, then the most confident."""
    alone = tried.filter(polars.col("question") == _OBJECT).select("number", alone="kept")
    lost = always.filter(~polars.col("kept")).join(alone, "number", "left")
    order = lost.sort("alone", "found", "number", descending=[True, True, False], nulls_last=True)
    return tuple(order["number"].to_list())


def context_words(class_name: str | None, share: Estimate) -> str:
    """Say how many detections are kept without their background: ``cow keeps ...: 83 % [76, 89] of 30``."""
    name = "all classes together keep their" if class_name is None else f"{class_name} keeps its"
    return f"{name} detections without background: {in_percent(share)} of {share.n}"


def in_percent(share: Estimate) -> str:
    """Write a share with its interval: ``83 % [76, 89]``; without one ``83 %``, and ``-`` where there is none."""
    if share.value is None:
        return "-"
    if share.low is None or share.high is None:
        return f"{100 * share.value:.0f} %"
    return f"{100 * share.value:.0f} % [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def in_number(estimate: Estimate) -> str:
    """Write a number with its interval: ``0.71 [0.65, 0.77]``; without one ``0.71``, and ``-`` where there is none."""
    if estimate.value is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
