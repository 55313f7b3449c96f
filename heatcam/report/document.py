"""The statistics as one document, for programs and for the page's script."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from heatcam.report.statistics import Drift, Measure, RunStatistics, SeriesStatistics, ThumbnailedMoment

SCHEMA = "heatcam/stats/1"
_DIGITS = 5


def document_of(run: RunStatistics) -> dict[str, Any]:
    """Return the document, of plain Python types; numbers that are not known are None.

    Lists below ``over_time`` have one number per entry of ``time.at``; ``energy_histogram`` has one between each two of
    ``energy_edges``; ``place.shares`` has rows from the top, each from the left.
    """
    facts = run.facts
    return {
        "schema": SCHEMA,
        "heatcam": facts.version,
        "made_at": facts.made_at,
        "source": facts.source,
        "model": facts.model,
        "method": facts.method,
        "layer": facts.layer,
        "backend": facts.backend,
        "unit": facts.unit,
        "question": facts.about or None,
        "imgsz": facts.imgsz,
        "conf": facts.conf,
        "tracker": facts.tracker or None,
        "every": facts.every,
        "interrupted": facts.interrupted,
        "frames": run.frames,
        "frames_with_objects": run.frames_with_objects,
        "frames_without_map": run.frames_without_map,
        "size_wh": list(run.size_wh) if run.size_wh else None,
        "time": {
            "unit": "picture" if facts.is_slideshow else "s",
            "at": _numbers(run.times),
            "frames_each": run.frames_a_bin,
        },
        "energy_edges": _numbers(run.energy_edges),
        "all": _series(run.whole),
        "classes": [_series(one) for one in run.classes],
        "tracks": [_series(one) for one in run.tracks],
        "more_tracks": run.more_tracks,
        "place": _place(run),
        "strongest": [_moment(one) for one in run.strongest],
        "weakest": [_moment(one) for one in run.weakest],
        "drift": _drift_part(run),
        "errors": [*run.map_errors, *facts.notes],
    }


def _series(one: SeriesStatistics) -> dict[str, Any]:
    return {
        "name": one.name or None,
        "track": one.track_id or None,
        "objects": one.objects,
        "frames": one.frames,
        "first": _number(one.first_s) if one.objects else None,
        "last": _number(one.last_s) if one.objects else None,
        "evidence": _number(one.evidence),
        "energy_in_box": _number(one.energy_in_box),
        "confidence": _number(one.confidence),
        "low_evidence": one.low_evidence,
        "energy_histogram": [int(count) for count in one.energies],
        "over_time": {measure.value: _numbers(one.over_time.of(measure)) for measure in Measure},
    }


def _place(run: RunStatistics) -> dict[str, Any] | None:
    place = run.place
    if place is None:
        return None
    return {
        "cells_wh": [place.shares.shape[1], place.shares.shape[0]],
        "shares": [_numbers(row) for row in place.shares],
        "half_in": _number(place.half_in),
        "centre_xy": _numbers(place.centre_xy),
        "words": place.words,
    }


def _moment(one: ThumbnailedMoment) -> dict[str, Any]:
    return {
        "frame": one.frame_index,
        "time": _number(one.time_s),
        "name": one.name,
        "evidence": _number(one.evidence),
        "objects": one.objects,
    }


def _drift_part(run: RunStatistics) -> dict[str, Any]:
    first, last = run.thirds_s or (None, None)
    return {
        "first": None if first is None else _numbers(first),
        "last": None if last is None else _numbers(last),
        "rows": [_drift(one) for one in run.drifts],
    }


def _drift(one: Drift) -> dict[str, Any]:
    return {
        "of": one.title,
        "measure": one.measure.value,
        "first": _number(one.first),
        "last": _number(one.last),
        "difference": _number(one.difference),
        "ci95": None if one.interval is None else _numbers(one.interval),
        "blocks": list(one.blocks),
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), _DIGITS)


def _numbers(values: Iterable[float]) -> list[float | None]:
    return [_number(value) for value in values]
