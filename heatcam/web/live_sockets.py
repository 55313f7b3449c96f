"""Transport of the live picture: the page's socket, and MJPEG for players."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import lru_cache

import cv2
import numpy as np
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from heatcam.overlay import draw_banner
from heatcam.web.broadcast import BroadcastOverError, Subscription, TooManyViewersError
from heatcam.web.leaving import TakenInTime
from heatcam.web.live_run import LiveRun

HEARTBEAT_S = 1.0
BOUNDARY = "heatcam-frame"
_ANSWER = "ok"
_GOING_AWAY, _NOT_TAKEN, _WRONG, _TRY_LATER = 1001, 1003, 1008, 1013


async def serve_socket(socket: WebSocket, run: LiveRun) -> None:
    """Send frames to one client as fast as it answers them, until one of the two leaves."""
    await socket.accept()
    try:
        with run.broadcast.subscribe() as subscription:
            await _Client(socket, run, subscription).serve()
    except BroadcastOverError:
        await _close(socket, _GOING_AWAY, "the server stops")
    except TooManyViewersError:
        await _close(socket, _TRY_LATER, "too many viewers")


class _Client:
    """One client of the socket.

    Args:
        socket: accepted.
        run: the live view.
        subscription: its place in the broadcast.
    """

    def __init__(self, socket: WebSocket, run: LiveRun, subscription: Subscription) -> None:
        self._socket, self._run, self._subscription = socket, run, subscription
        self._answered = asyncio.Event()

    async def serve(self) -> None:
        """Send and receive at the same time; the end of one is the end of the other.

        Raises:
            BroadcastOverError: the server stops.
        """
        tasks = [asyncio.ensure_future(self._send_all()), asyncio.ensure_future(self._receive_all())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BroadcastOverError):
                raise outcome

    async def _send_all(self) -> None:
        """Send the newest frame each time the client has answered; a text with the status if there is none for a while."""
        await self._send_status()
        limit_s = self._run.settings.answer_s
        while True:
            frame = await self._subscription.next(HEARTBEAT_S)
            try:
                if frame is None:
                    await asyncio.wait_for(self._send_status(), limit_s)
                    continue
                self._answered.clear()
                await asyncio.wait_for(self._socket.send_bytes(frame.message), limit_s)
                await asyncio.wait_for(self._answered.wait(), limit_s)
            except asyncio.TimeoutError:
                await _close(self._socket, _WRONG, "no answer")
                return

    async def _send_status(self) -> None:
        await self._socket.send_text(self._run.status().model_dump_json())

    async def _receive_all(self) -> None:
        """Take the client's answers; anything else ends the connection."""
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if message.get("text") != _ANSWER:
                    await _close(self._socket, _NOT_TAKEN, "only ok is taken")
                    return
                self._answered.set()


class MjpegResponse(TakenInTime):
    """Endless ``multipart/x-mixed-replace`` stream.

    Args:
        run: the live view.
    """

    def __init__(self, run: LiveRun) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        super().__init__(_parts(run), media_type=kind, headers=headers)
        self.limit_s = run.settings.answer_s


async def _parts(run: LiveRun) -> AsyncIterator[bytes]:
    """Give the newest frame each time the last one was taken.

    The boundary follows each picture at once, as players show a picture when they have seen its end.
    """
    yield f"--{BOUNDARY}\r\n".encode()
    shown = b""
    with contextlib.suppress(BroadcastOverError, TooManyViewersError), run.broadcast.subscribe() as place:
        while True:
            frame = await place.next(HEARTBEAT_S)
            if frame is not None:
                shown = frame.jpeg
            phase, reason = run.phase()
            is_empty = not shown or phase in ("stopped", "failed")
            jpeg = _banner(phase, reason) if is_empty else shown
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            yield head.encode() + jpeg + f"\r\n--{BOUNDARY}\r\n".encode()


@lru_cache(maxsize=8)
def _banner(phase: str, reason: str) -> bytes:
    """Return a picture that says why there is none, as JPEG."""
    picture = np.full((360, 640, 3), 24, np.uint8)
    draw_banner(picture, f"heatcam: {phase}", reason)
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Close a socket that may be closed already."""
    if socket.application_state is WebSocketState.CONNECTED:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, asyncio.TimeoutError):
            await asyncio.wait_for(socket.close(code, reason), 1.0)
