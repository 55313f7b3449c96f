"""Interleaved measurement: every contestant runs once a round, in an order that rotates from round to round.

Measured one after the other, whoever runs while the processor is hot or something else works loses; interleaved, all of them
see the same weather, and nobody is always first. Nothing here knows what is measured.
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
class Stage:
    """What is timed.

    Attributes:
        run: the timed part; what it returns is thrown away. It returns when its work is done, on every device.
        before: from a picture (uint8 ``(H, W, 3)``, BGR) to what ``run`` takes; not timed.
    """

    run: Callable[[Any], object]
    before: Callable[[Uint8Array], Any] = _the_picture_itself


@dataclass(frozen=True)
class Contestant:
    """Somebody to measure.

    Attributes:
        name: the row's name.
        prepare: loads what it needs, before the first round; may fail.
    """

    name: str
    prepare: Callable[[], Stage]


@dataclass(frozen=True)
class Times:
    """What one contestant took.

    Attributes:
        name: the row's name.
        taken_ms: one wall-clock time a round, in milliseconds; empty after a failure.
        error: why it could not be measured, in one line; else "".
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
    """What all contestants took.

    Attributes:
        times: one a contestant, in their order.
        rounds: full rounds that counted.
        interrupted: whether Ctrl-C ended it before the last round.
    """

    times: tuple[Times, ...]
    rounds: int
    interrupted: bool = False


@dataclass
class _Lane:
    """One contestant while it is measured."""

    name: str
    stage: Stage | None = None
    taken_ms: list[float] = field(default_factory=list)
    error: str = ""

    def fail(self, error: Exception) -> None:
        """Out of the race: the first line of the error is kept, the times are not."""
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
    """Prepare everybody, warm up, and measure; who fails is left out from then on and keeps their error.

    Args:
        contestants: who is measured.
        frames: pictures (uint8 ``(H, W, 3)``, BGR), taken cyclically, one a round: the same one for everybody in it.
        plan: how many rounds.
        clock: gives seconds.
        on_run: called after each run, warm-up included.

    Raises:
        KeyboardInterrupt: before one round that counts was full; later it ends the measurement.
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
    """The order of round ``number``: another one begins each time."""
    start = number % len(lanes) if lanes else 0
    return [*lanes[start:], *lanes[:start]]


def _prepared(contestant: Contestant) -> _Lane:
    lane = _Lane(contestant.name)
    try:
        lane.stage = contestant.prepare()
    except Exception as error:  # noqa: BLE001 (others' code may fail in any way; the row says how)
        lane.fail(error)
    return lane


def _run(lane: _Lane, frame: Uint8Array, clock: Clock, *, counts: bool) -> None:
    """One run of one contestant that has not failed yet."""
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


def _times(lane: _Lane, rounds: int) -> Times:
    """Only full rounds: in a broken one some have run and others have not."""
    return Times(lane.name, tuple(lane.taken_ms[:rounds]), lane.error)


def _one_line(error: Exception) -> str:
    """The first line of an error's text, with its kind where the text was not written for users."""
    text = (str(error).strip().splitlines() or [""])[0]
    if isinstance(error, HeatcamError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
