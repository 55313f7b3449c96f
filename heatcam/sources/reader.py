"""One thread that connects to a device and hands on every picture, until it fails, ends, or is left behind."""

from __future__ import annotations

import threading

from heatcam.errors import HeatcamError, SourceError
from heatcam.sources.device import Device, StreamEnded
from heatcam.sources.latest_frame import NewestFrame


class Reader:
    """The only thread that touches one connection, from opening to closing.

    A read that never returns cannot be ended from outside. Then the thread, a daemon, is left behind: what it still
    brings is not taken, and it closes its device if its read ever comes back.

    Args:
        device: what to connect to.
        newest: where the pictures go; told when nothing more will come.

    Attributes:
        failure: what went wrong; None while nothing has.
        ended: the stream is over, and nothing is missing.
        done: nothing more comes from it.
    """

    def __init__(self, device: Device, newest: NewestFrame) -> None:
        self.failure: HeatcamError | None = None
        self.ended = False
        self.done = False
        self._device = device
        self._newest = newest
        self._number = newest.expect()
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heatcam {device.name}", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether its thread still runs; left behind, it may for as long as its read hangs."""
        return self._thread.is_alive()

    @property
    def why(self) -> str:
        """Why it is done, for people who know which device is meant."""
        return self.failure.problem.replace(self._device.name, "it") if self.failure else "it ended"

    def leave(self) -> None:
        """Nothing more is wanted from it."""
        self._unwanted.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end, but not longer."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._read_on()
        except StreamEnded:
            self.ended = True
        except HeatcamError as error:
            self.failure = error
        except BaseException as error:  # noqa: BLE001 (stored; raised in the consumer's thread)
            # (its words may hold the address with its password; its kind does not)
            self.failure = SourceError(f"reading {self._device.name} failed ({type(error).__name__})")
            self.failure.__cause__ = error
        finally:
            self.done = True
            with self._newest.changed:
                self._newest.changed.notify_all()

    def _read_on(self) -> None:
        connection = self._device.connect()
        try:
            while not self._unwanted.is_set():
                self._newest.put(self._number, connection, connection.grab())
        finally:
            connection.close()
