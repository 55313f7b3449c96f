"""Reconnection of live sources: detects that a device was lost, and makes attempts until frames come again.

Attempts are spaced out (1, 2, 4 ... 30 s) because each may block for long and strain a weak camera. In between, the device
is probed every second, which costs next to nothing, and when it comes back the wait ends at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from heatcam.sources.backoff import Backoff
from heatcam.sources.device import Device
from heatcam.sources.latest_frame import LatestFrame
from heatcam.sources.reader import Reader
from heatcam.sources.state import Outage, Phase, SourceState

_TICK_S = 0.25


@dataclass(frozen=True)
class Timeouts:
    """Time limits of a live source, in seconds.

    Attributes:
        open_s: wait for the first frame of a connection.
        stalled_s: time without a frame until the source counts as stalled; longer for sources below about a frame per second.
        give_up_s: time without a frame until the connection is replaced by a new one; longer likewise.
        look_s: interval between two probes of a lost device.
        ready_s: wait for the next attempt if every probe says that the device is there.
        stop_s: wait for the threads when closing; a thread that still hangs is abandoned.
        most_hanging: number of hanging reads at which no further attempt is made.
    """

    open_s: float = 15.0
    stalled_s: float = 2.0
    give_up_s: float = 4.0
    look_s: float = 1.0
    ready_s: float = 3.5
    stop_s: float = 1.3
    most_hanging: int = 4


class ConnectionSupervisor:
    """Supervisor of the connection to a device, which it keeps up once ``keep_up`` was called.

    Attributes:
        reader: the newest reader; None before ``connect``.
        state: reconnecting, else opening or playing. Stalls are not detected here, but by ``LiveSource.state``.
        outages: the outages that are over.
        tell: called with a message when an outage begins, ends, or turns out to be a refused login; in the reconnecting thread.
    """

    def __init__(self, device: Device, newest: LatestFrame, timeouts: Timeouts, backoff: Backoff) -> None:
        self.reader: Reader | None = None
        self._device = device
        self._newest = newest
        self._timeouts = timeouts
        self._backoff = backoff
        self._stopping = threading.Event()
        self._left_behind: list[Reader] = []
        self._thread: threading.Thread | None = None
        self._reconnecting: SourceState | None = None
        self._attempts = 0
        self.outages: list[Outage] = []
        self.tell: Callable[[str], None] = lambda _: None
        self._lost_at_s = 0.0
        self._opening = SourceState(Phase.OPENING, time.monotonic())

    @property
    def state(self) -> SourceState:
        """Current state; see the class."""
        since_s, reconnecting = self._newest.playing_since_s, self._reconnecting
        if reconnecting is not None and not since_s:
            return reconnecting
        return SourceState(Phase.PLAYING, since_s) if since_s else self._opening

    @property
    def outage(self) -> Outage | None:
        """Outage that is still going on, also after the source was closed; None while it plays."""
        state = self.state
        return Outage(self._lost_at_s, None, state.reason) if state.phase is Phase.RECONNECTING else None

    @property
    def is_over(self) -> bool:
        """True if no more frames will come."""
        return self.is_stopped or (self.reader is not None and self.reader.ended)

    @property
    def is_stopped(self) -> bool:
        """True if the source was closed."""
        return self._stopping.is_set()

    @property
    def hanging(self) -> int:
        """Number of abandoned reads that have not returned."""
        self._left_behind = [reader for reader in self._left_behind if reader.is_alive]
        return len(self._left_behind)

    def connect(self) -> Reader:
        """Start a new reader in place of the one before."""
        self._give_up()
        self.reader = reader = Reader(self._device, self._newest)
        if self._stopping.is_set():  # (closed while the device was being probed)
            reader.leave()
        return reader

    def keep_up(self) -> None:
        """Start to watch the connection, and to reconnect when it is lost."""
        self._thread = threading.Thread(
            target=self._watch, name=f"heatcam mends {self._device.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and reconnecting; waits for the threads up to ``stop_s``. From any thread."""
        self._stopping.set()
        with self._newest.changed:
            self._newest.changed.notify_all()
        deadline_s = time.monotonic() + self._timeouts.stop_s
        if self._thread is not None:
            self._thread.join(self._timeouts.stop_s / 2)
        if self.reader is not None:
            self.reader.leave()
            self.reader.join(max(0.0, deadline_s - time.monotonic()))

    def _give_up(self) -> None:
        """Abandon the current reader: its later frames are ignored."""
        if self.reader is not None:
            self._newest.expect()
            self.reader.leave()
            if self.reader not in self._left_behind:
                self._left_behind.append(self.reader)

    def _watch(self) -> None:
        while (reason := self._loss()) is not None:
            self._backoff.lost(self._newest.last_frame_s - self._newest.playing_since_s)
            self._reconnect(reason)

    def _loss(self) -> str | None:
        """Wait until the connection is lost, and return the reason; None if the source has ended or was closed."""
        newest = self._newest
        with newest.changed:
            while not self.is_over:
                if self.reader is not None and self.reader.done:
                    return self.reader.why
                silent_s = time.monotonic() - newest.last_frame_s
                if silent_s > newest.longest_gap_s(self._timeouts.give_up_s):
                    return f"no frame for {silent_s:.0f} s"
                newest.changed.wait(_TICK_S)
        return None

    def _reconnect(self, reason: str) -> None:
        """Make attempt after attempt until a frame comes or the source is closed."""
        began_s = time.monotonic()
        glance = _Glance(self._device, self._timeouts.look_s)
        self._attempts = 1
        self._lost_at_s, lost_s = self._newest.last_pts_s, self._newest.last_frame_s
        self._say(began_s, reason, None)
        self._give_up()
        self.tell(f"{self._device.name}: no picture comes any more ({reason}), reconnecting")
        while not self._stopping.is_set():
            self._wait(reason, began_s, self._backoff.next_wait_s(), glance)
            if glance.refused:
                self.tell(
                    f"{self._device.name}: {glance.reason}; the next attempt is made in a minute or more"
                )
                self._wait(glance.reason, began_s, self._backoff.next_refused_wait_s(), None)
                glance.refused = False
            if self.hanging >= self._timeouts.most_hanging:
                reason = f"{self.hanging} reads hang in the driver"
                continue
            self._say(began_s, glance.reason or reason, None)
            outcome = self._attempt(glance)
            if outcome is None:
                self._came_back(lost_s)
                return
            reason, self._attempts = outcome, self._attempts + 1

    def _came_back(self, lost_s: float) -> None:
        """Record the end of the outage since the frame at ``lost_s`` on our clock, unless the source was closed."""
        if not self._newest.playing_since_s:
            return
        reason = self._reconnecting.reason if self._reconnecting else ""
        outage = Outage(self._lost_at_s, self._newest.playing_since_s - lost_s, reason)
        self.outages.append(outage)
        self.tell(f"{self._device.name} is back after {outage.lasted_s:.1f} s")

    def _say(self, began_s: float, reason: str, retry_at_s: float | None) -> None:
        self._reconnecting = SourceState(Phase.RECONNECTING, began_s, self._attempts, retry_at_s, reason)

    def _wait(self, reason: str, began_s: float, wait_s: float, glance: _Glance | None) -> None:
        """Wait for the next attempt, less if ``glance`` sees the device come back; the full time without ``glance``."""
        started_s = time.monotonic()
        retry_at_s = started_s + wait_s
        while not self._stopping.is_set() and (now_s := time.monotonic()) < retry_at_s:
            self._say(began_s, (glance.reason if glance else "") or reason, retry_at_s)
            if glance is not None and self._is_time(glance, now_s - started_s):
                return
            self._stopping.wait(min(_TICK_S, max(0.0, retry_at_s - time.monotonic())))

    def _is_time(self, glance: _Glance, waited_s: float) -> bool:
        """Return True if the result of a probe ends the wait."""
        comes_back = glance.sees_it_come_back()
        return comes_back or glance.refused or (bool(glance.ready) and waited_s > self._timeouts.ready_s)

    def _attempt(self, glance: _Glance) -> str | None:
        """Connect once; return None if a frame came or the source was closed, else the reason why none came."""
        if self._stopping.is_set():
            return None
        asked_in_vain, started_s = glance.ready is False, time.monotonic()
        reader = self.connect()
        while not self._stopping.is_set():
            with self._newest.changed:
                if not self._newest.playing_since_s and not reader.done:
                    self._newest.changed.wait(_TICK_S)
                if self._newest.playing_since_s:
                    return None
            if reader.done:
                return reader.why
            if time.monotonic() - started_s > self._timeouts.open_s:
                return f"no frame within {self._timeouts.open_s:g} s of connecting"
            # a connection begun while the device was away may never be answered: connect again
            if asked_in_vain and glance.sees_it_come_back():
                reader, asked_in_vain = self.connect(), False
        return None


class _Glance:
    """Probes a device at intervals, and notices when it comes back.

    Attributes:
        ready: True if the last probe found it ready; None before the first.
        reason: the reason why it is not ready; else "".
        refused: True if it refuses the login, which ends the probes until after the next, longer wait.
    """

    def __init__(self, device: Device, every_s: float) -> None:
        self.ready: bool | None = None
        self.reason = ""
        self.refused = False
        self._device = device
        self._every_s = every_s
        self._next_s = 0.0

    def sees_it_come_back(self) -> bool:
        """Return True if the device was away and is there now; probes only when its interval has passed."""
        if time.monotonic() < self._next_s:
            return False
        before = self.ready
        answer = self._device.look()
        self.ready, self.reason = answer.ready, "" if answer.ready else answer.reason
        self.refused = answer.refused
        self._next_s = time.monotonic() + self._every_s
        return before is False and answer.ready
