"""The statistics drawn in a terminal: lines of text, with block characters where the terminal's encoding has them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from rich.cells import cell_len, set_cell_size

from heatcam.report.statistics import Float64Array, Measure, RunStatistics, SeriesStatistics
from heatcam.report.words import MEASURE_WORDS, Words, number
from heatcam.text import printable

_BARS, _SHADES, _FULL = " ▁▂▃▄▅▆▇█", " ░▒▓█", "█"
_ASCII_BARS, _ASCII_SHADES, _ASCII_FULL = " .:-=+*#@", " .+*#", "#"
_MOST_LINES = 8
_NAME, _GRID = 18, 48  # columns
_CELL_RATIO = 2  # a character is about twice as tall as wide


def plain_lines(run: RunStatistics, width: int = 80, *, blocks: bool = True) -> list[str]:
    """Return the statistics as lines.

    Args:
        run: the statistics.
        width: of the terminal, in columns.
        blocks: draw with block characters; False takes ASCII alone.
    """
    words = Words(run)
    width = max(40, min(width, 120))
    texts = [words.title, words.subtitle, ", ".join(" ".join(filter(None, tile)) for tile in _tiles(words))]
    lines = [line for text in texts for line in textwrap.wrap(text, width)]
    lines += [f"! {line}" for text in words.warnings for line in textwrap.wrap(text, width - 2)]
    said = words.nothing or words.no_heat
    if said:
        lines += ["", *textwrap.wrap(said, width)]
    if not words.nothing:
        lines += _courses(run, words, width, blocks)
        lines += _energies(run, width, blocks)
        lines += _place(run, words, width, blocks)
        lines += _moments(run, words)
        lines += ["", "Drift, last third minus first third", *([words.no_drift] if words.no_drift else [])]
    return lines


def drift_rows(run: RunStatistics) -> list[list[str]]:
    """Return the drift of all objects as cells, without whose it is: see ``Words.drift_cells``."""
    words = Words(run)
    return [words.drift_cells(one)[1:] for one in run.drifts if one.title == run.whole.title]


def _tiles(words: Words) -> list[tuple[str, str, str]]:
    return [(value, name, f"({note})" if note else "") for name, value, note in words.tiles]


def _courses(run: RunStatistics, words: Words, width: int, blocks: bool) -> Iterator[str]:
    """Draw each class and track over time, as one line each."""
    if words.no_time:
        yield from ["", words.no_time]
        return
    measure = Measure.EVIDENCE if run.has_maps else Measure.CONFIDENCE
    what = MEASURE_WORDS[measure].format(unit=words.unit)
    for title, series in (("class", run.classes), ("track", run.tracks)):
        if series:
            yield from ["", f"Over time, {what}, per {title}: {words.extent}"]
            yield from _sparklines(series[:_MOST_LINES], measure, width, blocks)
        if len(series) > _MOST_LINES:
            yield f"and {len(series) - _MOST_LINES} more"


def _sparklines(
    series: Sequence[SeriesStatistics], measure: Measure, width: int, blocks: bool
) -> Iterator[str]:
    values = [one.over_time.of(measure) for one in series]
    highest = max((float(np.nanmax(v)) for v in values if np.isfinite(v).any()), default=0.0)
    room = width - _NAME - 20
    for one, own in zip(series, values, strict=True):
        known = own[np.isfinite(own)]
        ends = (
            f"{number(float(known.min()))} to {number(float(known.max()))}" if known.size else "no evidence"
        )
        yield f"{set_cell_size(printable(one.title), _NAME)} {sparkline(own, highest, room, blocks)} {ends}"


def sparkline(values: Float64Array, highest: float, room: int, blocks: bool) -> str:
    """Return a series as at most ``room`` characters, whose height is the value; a space where nothing is known.

    Args:
        values: float64 ``(n,)``, not negative, NaN where not known.
        highest: the value of full height.
        room: number of characters at most.
        blocks: draw with block characters.
    """
    signs = _BARS if blocks else _ASCII_BARS
    parts = np.array_split(values, min(room, len(values)))
    means = [float(np.nanmean(part)) if np.isfinite(part).any() else None for part in parts]
    steps = len(signs) - 1
    return "".join(
        " "
        if mean is None
        else signs[max(1, min(steps, round(mean / highest * steps) if highest > 0 else 1))]
        for mean in means
    )


def _energies(run: RunStatistics, width: int, blocks: bool) -> Iterator[str]:
    """Draw the distribution of energy in box, in ten bars."""
    if not run.has_maps:
        return
    counts = run.whole.energies.reshape(10, -1).sum(1)
    full, room = (_FULL if blocks else _ASCII_FULL), width - 24
    yield from ["", "Energy in box, detections by the share of their evidence inside their box"]
    for n, count in enumerate(counts):
        bar = full * round(room * count / max(1, counts.max()))
        yield f"{10 * n:3d} to {10 * (n + 1):3d} %  {bar}{' ' if bar else ''}{count:,}"


def _place(run: RunStatistics, words: Words, width: int, blocks: bool) -> Iterator[str]:
    """Draw where in the frame heat lies, in shades."""
    if run.place is None:
        return
    shares = run.place.shares
    columns = min(_GRID, width - 4)
    rows = max(1, round(columns * shares.shape[0] / shares.shape[1] / _CELL_RATIO))
    small = np.asarray(cv2.resize(shares, (columns, rows), interpolation=cv2.INTER_AREA), np.float64)
    signs = _SHADES if blocks else _ASCII_SHADES
    levels = np.ceil(small / small.max() * (len(signs) - 1) - 0.1).clip(0, len(signs) - 1).astype(int)
    edge = "+" + "-" * columns + "+"
    yield from ["", "Where in the frame heat lies", edge]
    yield from ("|" + "".join(signs[level] for level in row) + "|" for row in levels)
    yield edge
    yield from textwrap.wrap(words.place, width)


def _moments(run: RunStatistics, words: Words) -> Iterator[str]:
    """List the strongest and the weakest moments."""
    for title, found in (("Strongest moments", run.strongest), ("Weakest moments", run.weakest)):
        if found:
            yield from ["", title]
        widest = max((cell_len(words.moment(one)) for one in found), default=0)
        for one in found:
            at = set_cell_size(words.moment(one), widest)
            yield f"{at}  {number(one.evidence)} {words.unit} per object  {printable(one.objects)}"
