"""The watch: each block of time is judged against the baseline, and what has drifted stays told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from heatcam.drift.baseline import Baseline, quantiles
from heatcam.drift.betting import SeriesTest, Wealth
from heatcam.drift.blocks import part_in_words
from heatcam.drift.documents import STATE_SCHEMA, DriftAlarm, SeriesState, StateDocument
from heatcam.drift.series import Block, SeriesName
from heatcam.drift.settings import FALSE_ALARMS

_RECENT = 10  # blocks, of which a mean is told
_LOG_10 = math.log(10)


@dataclass(frozen=True)
class SeriesStanding:
    """Standing of one series.

    Attributes:
        name: the series.
        value: in the newest block; None where no object had one.
        recent: mean of up to ten newest values; None before the first one.
        baseline: mean of the baseline's blocks.
        low, high: quantiles of those, 5 and 95 %.
        log10_e: decimal logarithm of the e-process: evidence of drift.
        log10_alarm: its value from which on there is an alarm.
        drifted_at: local time of the alarm; "" for none.
    """

    name: SeriesName
    value: float | None
    recent: float | None
    baseline: float
    low: float
    high: float
    log10_e: float
    log10_alarm: float
    drifted_at: str

    @property
    def has_drifted(self) -> bool:
        """True from the alarm on."""
        return bool(self.drifted_at)


@dataclass(frozen=True)
class JudgedBlock:
    """One block, judged.

    Attributes:
        block: its sums.
        part: the part of the day, ``08:00-12:00``; "" where the day has one.
        is_judged: False where the baseline has too little of this part of the day.
        alarms: series that have drifted by this block and had not before.
    """

    block: Block
    part: str
    is_judged: bool
    alarms: tuple[DriftAlarm, ...]


class _Watched:
    """One series with its test and its newest values."""

    def __init__(
        self, name: SeriesName, baseline: Baseline, false_alarms: float, state: SeriesState | None
    ) -> None:
        self.name = name
        self.values = baseline.values(name)
        wealth, counts = None, None
        if state is not None:
            wealth = Wealth(
                state.blocks, list(state.start), [list(own) for own in state.groups], list(state.later)
            )
            counts = state.counts
        self.test = SeriesTest(self.values, f"{baseline.fingerprint}/{name.key}", wealth, counts)
        self.recent: list[float] = [] if state is None else list(state.recent)
        self.value: float | None = None
        self.log_alarm = -math.log(false_alarms * baseline.share(name))
        self.spread = quantiles(self.values)

    def take(self, block: Block, part: int) -> bool:
        """Take a block; return True if it was judged."""
        self.value = block.value(self.name)
        if self.value is None or not self.test.take(self.value, part):
            return False
        self.recent = [*self.recent, self.value][-_RECENT:]
        return True

    def state(self) -> SeriesState:
        """Return what goes on after a restart."""
        wealth = self.test.wealth
        return SeriesState(
            blocks=wealth.blocks,
            start=wealth.start,
            groups=wealth.groups,
            later=wealth.later,
            counts={
                part: {int(gap): int(urn.counts[gap]) for gap in np.flatnonzero(urn.counts)}
                for part, urn in self.test.urns.items()
            },
            recent=self.recent,
        )


class DriftWatch:
    """A watch over all series of a baseline. Called from one thread.

    The probability that it ever tells of a drift although there is none is at most ``false_alarms``, over all series and however
    long it runs (see ``betting``): each series has a share of it, and by Bonferroni's inequality they add up, whatever depends on
    what. E-values of several series are not averaged, as each is one only in the light of its own past (Choe and Ramdas,
    "Combining evidence across filtrations", 2024).

    Args:
        baseline: what is watched against.
        false_alarms: in ``(0, 1)``.
        state: of an earlier run, to go on with; None begins anew.

    Raises:
        UsageError: the state is of another baseline.
    """

    def __init__(
        self, baseline: Baseline, false_alarms: float = FALSE_ALARMS, state: StateDocument | None = None
    ) -> None:
        if state is not None:
            baseline.require_own(state)
        self.baseline = baseline
        known = {} if state is None else state.series
        self._series = [
            _Watched(name, baseline, false_alarms, known.get(name.key))
            for name in baseline.names
            if baseline.values(name)
        ]
        #: Number of blocks judged, in earlier runs too.
        self.blocks = 0 if state is None else state.blocks
        #: Number of blocks of parts of the day that the baseline has too little of, in this run.
        self.unjudged = 0
        #: What has drifted, in order.
        self.alarms: list[DriftAlarm] = [] if state is None else list(state.alarms)
        #: Keys of series whose alarm nobody was told of yet.
        self.untold: list[str] = [] if state is None else list(state.untold)

    def judge(self, block: Block, at: str) -> JudgedBlock:
        """Judge the next block.

        Args:
            block: its sums.
            at: local time of its end, for people.
        """
        part = self.baseline.part_of(block.start_s)
        judged = [series.take(block, part) for series in self._series]
        is_judged = any(judged)
        self.blocks += is_judged
        self.unjudged += not is_judged
        known = {(alarm.class_name, alarm.measure) for alarm in self.alarms}
        new = [
            self._alarm(series, part, at)
            for series in self._series
            if series.test.log_e >= series.log_alarm
            and (series.name.class_name, series.name.measure) not in known
        ]
        self.alarms += new
        words = part_in_words(part, self.baseline.document.day_parts)
        return JudgedBlock(block, words, is_judged, tuple(new))

    def _alarm(self, series: _Watched, part: int, at: str) -> DriftAlarm:
        own = series.values.get(part) or [series.spread[0]]
        return DriftAlarm(
            class_name=series.name.class_name,
            measure=series.name.measure,
            at=at,
            block=self.blocks,
            value=_rounded(float(np.mean(series.recent))),
            baseline=_rounded(float(np.mean(own))),
            log10_e=round(series.test.log_e / _LOG_10, 2),
            log10_alarm=round(series.log_alarm / _LOG_10, 2),
        )

    def standings(self) -> list[SeriesStanding]:
        """Return the standing of each series, those of all objects first."""
        drifted = {(alarm.class_name, alarm.measure): alarm.at for alarm in self.alarms}
        return [
            SeriesStanding(
                series.name,
                series.value,
                float(np.mean(series.recent)) if series.recent else None,
                *series.spread,
                series.test.log_e / _LOG_10,
                series.log_alarm / _LOG_10,
                drifted.get((series.name.class_name, series.name.measure), ""),
            )
            for series in self._series
        ]

    def state(self) -> StateDocument:
        """Return what goes on after a restart."""
        return StateDocument(
            schema=STATE_SCHEMA,
            baseline=self.baseline.fingerprint,
            updated_at=datetime.now().astimezone().isoformat(timespec="seconds"),
            blocks=self.blocks,
            alarms=self.alarms,
            untold=self.untold,
            series={series.name.key: series.state() for series in self._series},
        )


def nearest(standings: Sequence[SeriesStanding]) -> list[SeriesStanding]:
    """Return standings in the order of how near they are to their alarm, those that have drifted first."""
    return sorted(standings, key=lambda own: (not own.has_drifted, own.log10_alarm - own.log10_e))


def key_of(alarm: DriftAlarm) -> str:
    """Return the key of an alarm's series."""
    return SeriesName(alarm.class_name, alarm.measure).key


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
