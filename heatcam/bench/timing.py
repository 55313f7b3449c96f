"""Interleaved measurement: every contestant runs once a round, in an order that rotates from round to round.

Measured one after the other, a contestant that runs while the processor is hot or busy loses; interleaved, all of them run under
the same conditions, and none is always first. This module does not depend on what is measured.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heatcam.bench.plan import Plan
from heatcam.errors import HeatcamError
from heatcam.geometry import Uint8Array

logger = logging.getLogger(__name__)

Clock = Callable[[], float]


def _the_picture_itself(image: Uint8Array) -> Uint8Array:
    return image


@dataclass(frozen=True)
class TimedPart:
    """The part of a contestant that is timed.

    Attributes:
        run: the timed part; its result is thrown away. It returns when its work is done, on every device.
        before: makes the argument of ``run`` from a picture (uint8 ``(H, W, 3)``, BGR); not timed.
    """

    run: Callable[[Any], object]
    before: Callable[[Uint8Array], Any] = _the_picture_itself


@dataclass(frozen=True)
class Contestant:
    """A row to measure.

    Attributes:
        name: the row's name.
        prepare: loads its models before the first round; may fail.
    """

    name: str
    prepare: Callable[[], TimedPart]


@dataclass(frozen=True)
class Times:
    """Times of one contestant.

    Attributes:
        name: the row's name.
        taken_ms: one wall-clock time a round, in milliseconds; empty after a failure.
        error: the reason why it could not be measured, in one line; else "".
    """

    name: str
    taken_ms: tuple[float, ...]
    error: str = ""

    @property
    def median_ms(self) -> float | None:
        """The median in milliseconds; None when nothing was measured."""
        return float(np.median(self.taken_ms)) if self.taken_ms else None

    @property
    def iqr_ms(self) -> float | None:
        """The interquartile range in milliseconds; None when nothing was measured."""
        if not self.taken_ms:
            return None
        low, high = np.percentile(self.taken_ms, [25, 75])
        return float(high - low)

    @property
    def min_ms(self) -> float | None:
        """The shortest time in milliseconds; None when nothing was measured."""
        return min(self.taken_ms, default=None)


@dataclass(frozen=True)
class Measurement:
    """Times of all contestants.

    Attributes:
        times: one a contestant, in their order.
        rounds: full rounds that counted.
        interrupted: True if Ctrl-C ended it before the last round.
    """

    times: tuple[Times, ...]
    rounds: int
    interrupted: bool = False


@dataclass
class _ContestantRun:
    """One contestant while it is measured."""

    name: str
    stage: TimedPart | None = None
    taken_ms: list[float] = field(default_factory=list)
    error: str = ""

    def fail(self, error: Exception) -> None:
        """Leave the contestant out from now on: keep the first line of the error and drop the times."""
        logger.debug("%s failed", self.name, exc_info=error)
        self.error, self.stage = _one_line(error), None
        self.taken_ms.clear()


def measure(
    contestants: Sequence[Contestant],
    frames: Sequence[Uint8Array],
    plan: Plan,
    clock: Clock = time.perf_counter,
    on_run: Callable[[], None] = lambda: None,
) -> Measurement:
    """Prepare all contestants, warm up, and measure; one that fails is left out from then on and keeps its error.

    Args:
        contestants: the rows to measure.
        frames: pictures (uint8 ``(H, W, 3)``, BGR), taken in turn, one a round, the same for all contestants.
        plan: the number of rounds.
        clock: returns seconds.
        on_run: called after each run, warm-up included.

    Raises:
        KeyboardInterrupt: Ctrl-C came before the first round that counts was complete; later it ends the measurement.
    """
    lanes = [_prepared(contestant) for contestant in contestants]
    done = 0
    try:
        for number in range(plan.rounds):
            for lane in rotated(lanes, number):
                _run(lane, frames[number % len(frames)], clock, counts=number >= plan.warmup)
                on_run()
            done = max(0, number + 1 - plan.warmup)
    except KeyboardInterrupt:
        if not done:
            raise
    return Measurement(tuple(_times(lane, done) for lane in lanes), done, interrupted=done < plan.runs)


def rotated(lanes: Sequence[Any], number: int) -> list[Any]:
    """Return the order of round ``number``: each round begins with another contestant."""
    start = number % len(lanes) if lanes else 0
    return [*lanes[start:], *lanes[:start]]


def _prepared(contestant: Contestant) -> _ContestantRun:
    lane = _ContestantRun(contestant.name)
    try:
        lane.stage = contestant.prepare()
    except Exception as error:  # noqa: BLE001 (others' code may fail in any way; the row says how)
        lane.fail(error)
    return lane


def _run(lane: _ContestantRun, frame: Uint8Array, clock: Clock, *, counts: bool) -> None:
    """Run a contestant once, unless it has failed already."""
    if lane.stage is None:
        return
    try:
        given = lane.stage.before(frame)
        started = clock()
        lane.stage.run(given)
        taken_ms = 1e3 * (clock() - started)
    except Exception as error:  # noqa: BLE001 (others' code may fail in any way; the row says how)
        lane.fail(error)
        return
    if counts:
        lane.taken_ms.append(taken_ms)


def _times(lane: _ContestantRun, rounds: int) -> Times:
    """Return a contestant's times of complete rounds: in an incomplete one some have run and others have not."""
    return Times(lane.name, tuple(lane.taken_ms[:rounds]), lane.error)


def _one_line(error: Exception) -> str:
    """Return the first line of an error's text, with the error's type where the text was not written for users."""
    text = (str(error).strip().splitlines() or [""])[0]
    if isinstance(error, HeatcamError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
