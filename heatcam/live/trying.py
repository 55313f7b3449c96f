"""Trials of a frame that stands still, in a thread of their own: its maps grow true while nothing waits for them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from heatcam.enums import FINE_MAP, LIVE_MAP, ComparedView
from heatcam.errors import first_line
from heatcam.frames import Explanation
from heatcam.live.explain_request import ExplainRequest

logger = logging.getLogger(__name__)

SHOWN_EVERY_S = 0.5  # seconds between two explanations that are shown
STOP_S = 0.8
_MOST_KEPT = 2  # frames whose trials can be gone on with: with their crops they take tens of megabytes


class TriesObjects(Protocol):
    """Trials of the objects of one explanation, such as ``heatcam.saliency.trials.PictureTrials``."""

    @property
    def trials(self) -> int:
        """Number of trials of all objects so far."""
        ...

    def run_object(self, number: int, trials: int) -> Iterable[object]:
        """Make trials of one object, gone on with if there were some, until it has had enough; yield after each batch."""
        ...

    def explanation(self, *, fine_for_others: bool = False) -> Explanation:
        """Return the explanation with the maps so far; itself before enough trials."""
        ...


#: Prepares the trials of an explanation that a request gave; called from the thread of the trials alone.
StartTrials = Callable[[Explanation, ExplainRequest], TriesObjects]


@dataclass(frozen=True, eq=False)
class TriedFrame:
    """Maps of a frame after some trials.

    Attributes:
        explanation: with these maps.
        base: the explanation with the fine maps, which the trials are of.
        trials: their number, of all objects.
        is_settled: True if more of them are not needed.
    """

    explanation: Explanation
    base: Explanation
    trials: int
    is_settled: bool = False


@dataclass(frozen=True, eq=False)
class _Wanted:
    """The frame to try out; ``first`` is the place of the object to begin with."""

    base: Explanation
    request: ExplainRequest
    first: int


def can_try(request: ExplainRequest) -> bool:
    """Return True if maps by trial belong on a request's maps: the usual ones of one model, at their own layers."""
    usual = request.method in (LIVE_MAP, FINE_MAP) and not request.layers
    return request.still and request.with_map and usual and request.compared is ComparedView.A


class Trying:
    """Makes trials of one frame after the other. Called from the display thread; the trials have a thread of their own.

    ``stop`` and another ``want`` end the trials after the batch that is being scored. No fault ends more than these trials.

    Args:
        start: prepares the trials of a frame; it may take seconds the first time.
        trials: of each object at most.
        clock: monotonic, in seconds.
    """

    def __init__(self, start: StartTrials, trials: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._start, self._trials, self._clock = start, trials, clock
        self._wanted: _Wanted | None = None
        self._made: TriedFrame | None = None
        self._fault = ""
        self._failed: Explanation | None = None
        self._kept: list[tuple[Explanation, TriesObjects]] = []  # of the thread alone, the newest last
        self._made_at_s = -SHOWN_EVERY_S
        self._closed, self._forgets = False, False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="heatcam trials", daemon=True)

    def want(self, base: Explanation, request: ExplainRequest, first: int = 0) -> None:
        """Try out a frame's objects, one after the other, in place of what was wanted before.

        Args:
            base: its explanation with fine maps; trials that it has had are gone on with. One that has failed is left alone.
            request: what gave it.
            first: place of the object to begin with; the others follow from the strongest on.
        """
        with self._changed:
            now = self._wanted
            is_wanted = now is not None and now.base is base and now.first == first
            if is_wanted or base is self._failed or self._closed:
                return
            self._wanted, self._made = _Wanted(base, request, first), None
            self._changed.notify_all()
            if self._thread.ident is None:
                self._thread.start()

    def stop(self, *, forget: bool = False) -> None:
        """Stop the trials; what they have made and was not taken is dropped.

        Args:
            forget: do not keep them to be gone on with: the frame does not come again.
        """
        with self._changed:
            self._wanted = self._made = None
            self._forgets = self._forgets or forget
            self._changed.notify_all()

    def take(self) -> TriedFrame | None:
        """Return the newest maps of the wanted frame, once; None if there are no newer ones."""
        with self._changed:
            made, self._made = self._made, None
            return made

    def take_fault(self) -> str:
        """Return why the trials have failed, once and in one line; "" if they have not."""
        with self._changed:
            fault, self._fault = self._fault, ""
            return fault

    def ask_to_close(self) -> None:
        """Tell the thread to end after its batch."""
        with self._changed:
            self._closed = True
        self.stop(forget=True)

    def close(self) -> bool:
        """End the thread, and return True if it ended in time."""
        self.ask_to_close()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        """Try out what is wanted (the thread's function)."""
        while (wanted := self._next()) is not None:
            try:
                self._try_out(wanted)
            except Exception as error:
                logger.debug("trials failed", exc_info=True)
                self._fail(wanted, first_line(error))

    def _next(self) -> _Wanted | None:
        """Wait for the next frame; None at the end."""
        with self._changed:
            while self._wanted is None and not self._closed:
                self._forget()
                self._changed.wait()
            self._forget()
            return None if self._closed else self._wanted

    def _forget(self) -> None:
        if self._forgets:
            self._kept, self._forgets = [], False

    def _try_out(self, wanted: _Wanted) -> None:
        """Make all trials of a frame, until something else is wanted."""
        tried = self._trials_of(wanted)
        others = (n for n in range(len(wanted.base.object_maps)) if n != wanted.first)
        for number in (wanted.first, *others):
            if self._wanted is not wanted:
                return
            for _ in tried.run_object(number, self._trials):
                if self._wanted is not wanted:
                    return
                if self._clock() - self._made_at_s >= SHOWN_EVERY_S:
                    self._hand_out(wanted, tried)
        self._finish(wanted, tried)

    def _trials_of(self, wanted: _Wanted) -> TriesObjects:
        """Return the trials of a frame, those before included."""
        found = [own for own in self._kept if own[0] is wanted.base]
        tried = found[0] if found else (wanted.base, self._start(wanted.base, wanted.request))
        self._kept = [*(own for own in self._kept if own[0] is not wanted.base), tried][-_MOST_KEPT:]
        return tried[1]

    def _finish(self, wanted: _Wanted, tried: TriesObjects) -> None:
        """Hand out the last maps of a frame when it is time, and wait for another one."""
        with self._changed:
            while self._wanted is wanted and (left_s := self._made_at_s + SHOWN_EVERY_S - self._clock()) > 0:
                self._changed.wait(left_s)
        self._hand_out(wanted, tried, is_settled=True)
        with self._changed:
            self._kept = [own for own in self._kept if own[0] is not wanted.base]
            if self._wanted is wanted:
                self._wanted = None

    def _hand_out(self, wanted: _Wanted, tried: TriesObjects, *, is_settled: bool = False) -> None:
        """Let the maps so far be taken, unless something else is wanted by now."""
        explanation = tried.explanation(fine_for_others=True)
        if explanation is wanted.base and not is_settled:
            return
        made = TriedFrame(explanation, wanted.base, tried.trials, is_settled)
        with self._changed:
            if self._wanted is wanted:
                self._made, self._made_at_s = made, self._clock()

    def _fail(self, wanted: _Wanted, reason: str) -> None:
        """Keep the reason of a failure, and try this frame no more."""
        with self._changed:
            self._kept = [own for own in self._kept if own[0] is not wanted.base]
            self._failed = wanted.base
            if self._wanted is wanted:
                self._wanted, self._fault = None, reason
