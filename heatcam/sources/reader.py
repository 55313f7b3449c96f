"""Reader thread: connects to a device and passes on every picture, until it fails, ends, or is abandoned."""

from __future__ import annotations

import threading

from heatcam.errors import HeatcamError, SourceError
from heatcam.sources.device import Device, StreamEnded
from heatcam.sources.latest_frame import LatestFrame


class Reader:
    """The only thread that uses one connection, from opening to closing.

    A read that never returns cannot be ended from outside. Then the thread, a daemon, is abandoned: its later pictures are
    ignored, and it closes its device if its read ever returns.

    Args:
        device: the device to connect to.
        newest: receives the pictures; notified when no more will come.

    Attributes:
        failure: the error that ended it; None while there is none.
        ended: True if the stream has ended regularly.
        done: True if it gives no more pictures.
    """

    def __init__(self, device: Device, newest: LatestFrame) -> None:
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
        """True while its thread runs; an abandoned one may run for as long as its read hangs."""
        return self._thread.is_alive()

    @property
    def why(self) -> str:
        """Reason why it is done, for display, with "it" for the device's name."""
        return self.failure.problem.replace(self._device.name, "it") if self.failure else "it ended"

    def leave(self) -> None:
        """Tell the thread to end after its current read."""
        self._unwanted.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end, at most ``timeout_s`` seconds."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._read_on()
        except StreamEnded:
            self.ended = True
        except HeatcamError as error:
            self.failure = error
        except BaseException as error:  # noqa: BLE001 (stored; raised in the consumer's thread)
            # (its message may contain the address with its password; its type does not)
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
