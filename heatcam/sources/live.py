"""Live sources of any device: the newest frame, and a state machine that survives outages.

    opening -> playing <-> stalled (no frame for 2 s) -> reconnecting (none for 4 s, or the connection broke) -> playing

If the first opening fails, that is an error, because a wrong address does not become right. After the first frame no failure is
an error: attempts are made until frames come again or the source is closed. Two threads: one reads (``reader``), one reconnects
(``reconnect``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType

from heatcam.errors import SourceError
from heatcam.frames import Frame
from heatcam.sources.backoff import Backoff
from heatcam.sources.device import Device
from heatcam.sources.latest_frame import LatestFrame
from heatcam.sources.reader import Reader
from heatcam.sources.reconnect import ConnectionSupervisor, Timeouts
from heatcam.sources.seeking import ForwardOnly
from heatcam.sources.state import Outage, Phase, SourceState

_TICK_S = 0.25


class LiveSource(ForwardOnly):
    """Source of a live device: endless, newest frame only, reconnecting by itself. Entered once.

    ``frame_index`` counts the frames of the device, so gaps are dropped frames; it and ``pts_s`` keep rising across
    reconnections, and a changed frame size is passed on. ``size_wh`` and ``fps`` are the actual values, not the requested ones.
    Iterating blocks while there is no frame; leaving the ``with`` block, from any thread, ends it.

    Args:
        device: the device to read from.
        timeouts: the time limits.
        backoff: waits between attempts to reconnect.

    Raises:
        SourceError: on entering, if the device cannot be opened or gives no first frame.
    """

    is_live = True
    frame_count = None

    def __init__(
        self, device: Device, timeouts: Timeouts | None = None, backoff: Backoff | None = None
    ) -> None:
        self.device = device
        self._timeouts = timeouts or Timeouts()
        self._newest = LatestFrame(device.name)
        self._supervisor = ConnectionSupervisor(device, self._newest, self._timeouts, backoff or Backoff())

    @property
    def name(self) -> str:  # type: ignore[override]
        """Display name; never with credentials."""
        return self.device.name

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the newest frame; ``(0, 0)`` before the first."""
        return self._newest.size_wh

    @property
    def fps(self) -> float:
        """Nominal frames per second of the connection."""
        return self._newest.fps

    @property
    def dropped(self) -> int:
        """Number of frames overwritten before they were taken."""
        return self._newest.dropped

    @property
    def hanging(self) -> int:
        """Number of abandoned reads that have not returned."""
        return self._supervisor.hanging

    @property
    def state(self) -> SourceState:  # type: ignore[override]
        """Current state; a stall is detected when this is read."""
        state, last_frame_s = self._supervisor.state, self._newest.last_frame_s
        longest_s = self._newest.longest_gap_s(self._timeouts.stalled_s)
        if state.phase is Phase.PLAYING and time.monotonic() - last_frame_s > longest_s:
            return SourceState(Phase.STALLED, last_frame_s, reason="no frame comes")
        return state

    @property
    def outages(self) -> tuple[Outage, ...]:
        """Periods without frames that needed a new connection; the last one may still be going on."""
        outage = self._supervisor.outage
        return (*self._supervisor.outages, outage) if outage is not None else tuple(self._supervisor.outages)

    def on_outage(self, tell: Callable[[str], None]) -> None:
        """Call ``tell`` with a message when an outage begins and ends; in a thread of the source's own."""
        self._supervisor.tell = tell

    @property
    def accepts_rate(self) -> bool:
        """True if a rate can be requested from the device."""
        return self.device.accepts_rate

    @property
    def negotiated_format(self) -> str:
        """Requested and actual format of the device in one line: ``camera 0: asked 1280x720 at 30, gives ...``."""
        asked = self.device.asked()
        kind = f" as {self._newest.kind}" if self._newest.kind else ""
        rate = f" at {self.fps:.4g}" if self._newest.tells_fps else ""
        gives = f"gives {self.size_wh[0]}x{self.size_wh[1]}{rate}{kind}"
        return f"{self.name}: asked {asked}, {gives}" if asked else f"{self.name} {gives}"

    def shortfall(self) -> str:
        """Return a line about an outage that did not end; "" otherwise."""
        lost = [outage for outage in self.outages if outage.lasted_s is None]
        return f"{self.name} did not come back: {lost[-1]}" if lost else ""

    def close(self) -> None:
        """End the iterator, also while it waits for a frame; see ``Source``."""
        self._supervisor.stop()

    def __enter__(self) -> LiveSource:
        """Open the device and wait for its first frame."""
        try:
            self._await_first_frame(self._supervisor.connect())
        except BaseException:
            self._supervisor.stop()
            raise
        self._supervisor.keep_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._supervisor.stop()

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self._next_frame()) is not None:
            yield frame

    def _next_frame(self) -> Frame | None:
        """Wait for the next frame; None if no more will come."""
        newest = self._newest
        with newest.changed:
            while not newest.is_waiting and not self._supervisor.is_over:
                newest.changed.wait(_TICK_S)  # (on Windows Ctrl-C does not interrupt a wait without timeout)
            return None if self._supervisor.is_stopped else newest.take()

    def _await_first_frame(self, reader: Reader) -> None:
        newest, open_s = self._newest, self._timeouts.open_s
        with newest.changed:
            newest.changed.wait_for(lambda: newest.is_waiting or reader.done, open_s)
            if newest.is_waiting:
                return
        advice = self.device.next_step()
        if reader.failure is None:
            raise SourceError(f"{self.name} gave no frame for {open_s:g} s", advice)
        failure = reader.failure
        raise SourceError(failure.problem, failure.next_step or advice) from failure.__cause__
