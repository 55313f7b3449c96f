"""Broadcast of the live picture: the newest frame only, encoded once for all, at the pace of each client.

A frame is encoded when somebody waits for one, in a thread of its own that is there only while somebody watches. A client that is
slow, or gone, keeps nobody waiting: it takes whatever is newest when it is ready again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import cv2

from heatcam.geometry import Uint8Array

logger = logging.getLogger(__name__)


class BroadcastOverError(Exception):
    """Raised in clients that wait while the server stops."""


class TooManyViewersError(Exception):
    """Raised where as many clients watch as may."""


@dataclass(frozen=True)
class OfferedFrame:
    """A picture that was drawn, not encoded yet.

    Attributes:
        seq: 1, 2, 3, ... in the order of drawing.
        picture: uint8 ``(H, W, 3)``, BGR; nobody draws on it any more.
        header: makes the text that goes with it; called in the encoder's thread, at most once.
    """

    seq: int
    picture: Uint8Array
    header: Callable[[int], bytes]


@dataclass(frozen=True)
class EncodedFrame:
    """A picture as it is sent.

    Attributes:
        seq: that of ``OfferedFrame``.
        jpeg: the picture as a JPEG file.
        message: length of the header in 4 bytes, the most significant first, the header, and the JPEG file.
    """

    seq: int
    jpeg: bytes
    message: bytes


class Broadcast:
    """Hands the newest picture to all who watch.

    Args:
        quality: of the JPEG files, 1 to 100.
        most_viewers: clients at most.
    """

    def __init__(self, quality: int = 80, most_viewers: int = 32) -> None:
        self._quality, self._most_viewers = quality, most_viewers
        self._changed = threading.Condition()
        self._subscriptions: set[Subscription] = set()
        self._offered: OfferedFrame | None = None
        self._encoded: EncodedFrame | None = None
        self._seq = self._cleared = 0
        self._encodes = False
        self._is_over = False

    @property
    def viewers(self) -> int:
        """Number of clients that watch."""
        return len(self._subscriptions)

    @property
    def is_full(self) -> bool:
        """True if as many watch as may, or the server stops."""
        return self._is_over or self.viewers >= self._most_viewers

    def offer(self, picture: Uint8Array, header: Callable[[int], bytes]) -> None:
        """Replace the newest picture; never waits. From any thread.

        Args:
            picture: uint8 ``(H, W, 3)``, BGR, not copied: do not draw on it afterwards.
            header: makes the text that goes with it, from the frame's number; called in another thread, if at all.
        """
        with self._changed:
            self._seq += 1
            self._offered = OfferedFrame(self._seq, picture, header)
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget the newest picture: who comes now sees none."""
        with self._changed:
            self._offered = self._encoded = None
            self._cleared = self._seq
        self.tell()

    def tell(self) -> None:
        """Wake all clients although there is no new picture: something about it has changed."""
        with self._changed:
            self._wake()

    def close(self) -> None:
        """Send everybody away, for good. From any thread."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
            self._wake()

    def subscribe(self) -> Subscription:
        """Return a new client's subscription, to be used with ``with`` in the event loop.

        Raises:
            TooManyViewersError: as many watch as may.
            BroadcastOverError: the server stops.
        """
        subscription = Subscription(self, asyncio.get_running_loop())
        with self._changed:
            if self._is_over:
                raise BroadcastOverError
            if len(self._subscriptions) >= self._most_viewers:
                raise TooManyViewersError
            self._subscriptions.add(subscription)
            if not self._encodes:
                self._encodes = True
                threading.Thread(target=self._run, name="heatcam jpeg", daemon=True).start()
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Count a client no longer; see ``Subscription``."""
        with self._changed:
            self._subscriptions.discard(subscription)
            self._changed.notify_all()

    def newest_or_wait(self, subscription: Subscription) -> EncodedFrame | None:
        """Return the newest picture if the client has not had it; else None, and the client is woken when there is one.

        Raises:
            BroadcastOverError: the server stops.
        """
        with self._changed:
            frame = None if self._is_outdated() else self.encoded_for(subscription)
            subscription.is_waiting = frame is None
            self._changed.notify_all()
            return frame

    def encoded_for(self, subscription: Subscription) -> EncodedFrame | None:
        """Return the picture that was encoded last if the client has not had it; else None.

        Raises:
            BroadcastOverError: the server stops.
        """
        if self._is_over:
            raise BroadcastOverError
        encoded = self._encoded
        return encoded if encoded is not None and encoded.seq > subscription.seq else None

    def _is_outdated(self) -> bool:
        """Return True if a newer picture than the encoded one was drawn."""
        return self._offered is not None and (self._encoded is None or self._encoded.seq < self._offered.seq)

    def _wake(self) -> None:
        """Wake the clients, once for each event loop; called with the condition held."""
        for loop in {subscription.loop for subscription in self._subscriptions}:
            own = [one for one in self._subscriptions if one.loop is loop]
            with contextlib.suppress(RuntimeError):  # (the loop was closed: nobody is there any more)
                loop.call_soon_threadsafe(_set_all, own)

    def _run(self) -> None:
        """Encode while somebody watches (the thread's function)."""
        while (frame := self._next()) is not None:
            try:
                encoded = self._encode(frame)
            except Exception:
                logger.exception("a picture could not be encoded")
                with self._changed:
                    self._offered = None if self._offered is frame else self._offered
                continue
            with self._changed:
                if encoded.seq > self._cleared:
                    self._encoded = encoded
                self._wake()

    def _next(self) -> OfferedFrame | None:
        """Return the next picture to encode, once somebody waits for one; None if nobody watches any more."""
        with self._changed:
            self._changed.wait_for(self._has_work)
            if self._is_over or not self._subscriptions:
                self._encodes = False
                return None
            return self._offered

    def _has_work(self) -> bool:
        waits = any(subscription.is_waiting for subscription in self._subscriptions)
        return self._is_over or not self._subscriptions or (waits and self._is_outdated())

    def _encode(self, frame: OfferedFrame) -> EncodedFrame:
        done, data = cv2.imencode(".jpg", frame.picture, [cv2.IMWRITE_JPEG_QUALITY, self._quality])
        if not done:
            raise ValueError(f"no JPEG of {frame.picture.shape}")
        jpeg, header = data.tobytes(), frame.header(frame.seq)
        return EncodedFrame(frame.seq, jpeg, len(header).to_bytes(4, "big") + header + jpeg)


class Subscription:
    """One client's place in a broadcast. Used in one event loop, with ``with``; ``Broadcast.subscribe`` makes it."""

    def __init__(self, broadcast: Broadcast, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        #: True while it waits for a picture.
        self.is_waiting = False
        self.woken = asyncio.Event()
        #: Number of the last picture that it has had.
        self.seq = 0
        self._broadcast = broadcast

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._broadcast.leave(self)

    async def next(self, timeout_s: float) -> EncodedFrame | None:
        """Return the newest picture, once there is one that this client has not had; None after ``timeout_s`` or a ``tell``.

        Raises:
            BroadcastOverError: the server stops.
        """
        self.woken.clear()
        frame = self._broadcast.newest_or_wait(self)
        if frame is None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.woken.wait(), timeout_s)
            self.is_waiting = False
            frame = self._broadcast.encoded_for(self)
        if frame is not None:
            self.seq = frame.seq
        return frame


def _set_all(subscriptions: list[Subscription]) -> None:
    for subscription in subscriptions:
        subscription.woken.set()
