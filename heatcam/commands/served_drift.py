"""Watch of drift beside the live view of ``heatcam serve``."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from heatcam.commands.serve_options import ServeChoice
from heatcam.commands.terminal import Terminal
from heatcam.drift import (
    Baseline,
    BlockMaker,
    DriftWatch,
    StateDocument,
    WatchKeeper,
    alarm_in_words,
    local_seconds,
    read_baseline,
    read_state,
)
from heatcam.errors import HeatcamError, UsageError
from heatcam.frames import ExplainerFacts, Explanation
from heatcam.web import DriftNumbers

#: What explains a frame, and the names of the classes that it can find; see ``ExplainsLive.described``.
Described = tuple[ExplainerFacts, tuple[str, ...]]


class ServedDrift:
    """Observer of the live view that watches for drift: see ``web.live_parts.Observer``.

    Frames that are not explained as the baseline's were are passed over: while somebody has chosen another method, threshold or
    class on the page, or no map of each object.

    Args:
        baseline: what is watched against.
        state: of an earlier run; None begins anew.
        service: says where the state is kept.
        note: told of drift and of what is not watched.
        clock: returns the time of a frame in seconds, from which blocks are made.
    """

    def __init__(
        self,
        baseline: Baseline,
        state: StateDocument | None,
        service: ServeChoice,
        note: Callable[[str], None],
        clock: Callable[[Explanation], float],
    ) -> None:
        self._baseline, self._note, self._clock = baseline, note, clock
        self._watch = DriftWatch(baseline, state=state)
        self._keeper = WatchKeeper(self._watch, "the live view", service.drift_state)
        self._blocks = BlockMaker(baseline.document.block_s)
        self._known: tuple[Described | None, bool] = (None, False)
        self._said: set[str] = set()
        self._numbers = DriftNumbers(False, self._watch.blocks, tuple(self._watch.standings()))

    def __call__(self, explanation: Explanation, described: Described | None) -> None:
        """Look at a frame; from the inference thread."""
        if not self._is_same(described):
            self._numbers = DriftNumbers(False, self._numbers.blocks, self._numbers.standings)
            self._blocks.close()
            return
        block = self._blocks.add(explanation, self._clock(explanation))
        if block is not None:
            at = datetime.now().astimezone().isoformat(timespec="seconds")
            judged = self._watch.judge(block, at)
            for alarm in judged.alarms:
                self._note(f"DRIFT  {alarm_in_words(alarm)}")
            try:
                self._keeper.keep(judged, at)
            except HeatcamError as error:
                self._say_once(str(error))
        if block is not None or not self._numbers.is_watching:
            seen = tuple(own for own in self._watch.standings() if own.recent or own.baseline)
            self._numbers = DriftNumbers(True, self._watch.blocks, seen)

    def numbers(self) -> DriftNumbers:
        """Return the watch so far; from any thread."""
        return self._numbers

    def _is_same(self, described: Described | None) -> bool:
        """Return True if the frame's numbers are those of the baseline; say once why not."""
        if described is None:
            return False
        if described != self._known[0]:
            try:
                self._baseline.require_same(*described)
            except UsageError as error:
                self._say_once(f"drift is not watched: {error.problem}")
                self._known = described, False
            else:
                self._known = described, True
        return self._known[1]

    def _say_once(self, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            self._note(words)


def served_drift(service: ServeChoice, *, is_live: bool, terminal: Terminal) -> ServedDrift | None:
    """Return the watch that ``heatcam serve --baseline`` asks for; None without.

    Args:
        service: options of the service.
        is_live: True if the source's blocks are timed by the clock on the wall.
        terminal: prints notes.

    Raises:
        HeatcamError: the baseline or the state cannot be used.
    """
    if service.baseline is None:
        return None
    baseline = read_baseline(service.baseline)
    if baseline.document.day_parts > 1 and not is_live:
        raise UsageError(
            "the baseline was learnt by parts of the day, and the source has no time of day",
            "learn one with --day-parts 1",
        )
    state = None if service.drift_state is None else read_state(service.drift_state)

    def clock(explanation: Explanation) -> float:
        return local_seconds(time.time()) if is_live else explanation.frame.pts_s

    return ServedDrift(baseline, state, service, terminal.note, clock)
