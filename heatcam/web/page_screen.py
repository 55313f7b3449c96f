"""Screen of the page: pictures go to whoever watches, and events come from requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType

from heatcam.geometry import Uint8Array
from heatcam.live import ScreenEvent
from heatcam.sinks import Click

_UNWATCHED_S = 0.25  # at 5 ms, as for a window, a service that nobody uses took 3 % of a processor


class PageScreen:
    """``live.Screen`` without a window. ``ask`` and ``wake`` may be called from any thread, the rest is for the session's.

    Args:
        on_show: called with each picture, uint8 ``(H, W, 3)`` BGR, in the session's thread; it must not wait.
        most_wide: largest width and height to draw for, in pixels.
        is_watched: tells if somebody sees the pictures; while nobody does, ``poll`` waits long.
    """

    def __init__(
        self,
        on_show: Callable[[Uint8Array], None],
        most_wide: int = 1280,
        is_watched: Callable[[], bool] = lambda: True,
    ) -> None:
        self._on_show, self._most_wide, self._is_watched = on_show, most_wide, is_watched
        self._changed = threading.Condition()
        self._waiting: list[tuple[ScreenEvent, Future[None]]] = []
        self._handed_out: list[Future[None]] = []
        self._is_over = False
        #: Width and height of the picture shown, in pixels; None before the first.
        self.shown_wh: tuple[int, int] | None = None

    def __enter__(self) -> PageScreen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """True once a picture was shown."""
        return self.shown_wh is not None

    def show(self, image_bgr: Uint8Array) -> None:
        """Hand a picture on."""
        self.shown_wh = image_bgr.shape[1], image_bgr.shape[0]
        self._on_show(image_bgr)

    def poll(self, wait_ms: int = 1) -> Sequence[ScreenEvent]:
        """Return the events that were asked for since the last call, which are answered by now."""
        with self._changed:
            for answered in self._handed_out:
                answered.set_result(None)
            if not self._waiting:
                self._changed.wait(wait_ms / 1e3 if self._is_watched() else _UNWATCHED_S)
            events = [event for event, _ in self._waiting]
            self._handed_out = [future for _, future in self._waiting]
            self._waiting = []
        return events

    def room_wh(self, picture_wh: tuple[int, int]) -> tuple[int, int]:
        """Return the picture's own size, shrunk to what is sent at most."""
        width, height = picture_wh
        scale = min(1.0, self._most_wide / width, self._most_wide / height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def size_wh(self) -> tuple[int, int] | None:
        """Return None: there is no window."""
        return None

    def take_text(self, wanted: bool) -> None:
        """Do nothing: pages have text fields of their own."""

    def set_full_screen(self, wanted: bool) -> None:
        """Do nothing: pages do that by themselves."""

    def wake(self) -> None:
        """End the wait of ``poll``: somebody watches. From any thread."""
        with self._changed:
            self._changed.notify_all()

    def ask(self, event: ScreenEvent) -> Future[None]:
        """Hand an event to the session.

        Returns:
            Done once the event was answered; with ``SessionOverError`` where the session ends before.
        """
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # (nobody can cancel it from now on)
        with self._changed:
            if self._is_over:
                future.set_exception(SessionOverError())
            else:
                self._waiting.append((event, future))
                self._changed.notify_all()
        return future

    def click_at(self, x: float, y: float) -> Click:
        """Return the click at a place given in shares of the picture shown, each in ``[0, 1]``."""
        width, height = self.shown_wh or (1, 1)
        return Click(min(x * width, width - 1), min(y * height, height - 1))

    def close(self) -> None:
        """Take no more events; those not answered never are."""
        with self._changed:
            self._is_over = True
            left = [*self._handed_out, *(future for _, future in self._waiting)]
            self._handed_out, self._waiting = [], []
        for future in left:
            future.set_exception(SessionOverError())


class SessionOverError(Exception):
    """Raised for an event that the session did not answer before its end."""
