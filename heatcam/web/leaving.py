"""Clients that leave before their answer is there, whose work is cancelled, or that do not take it, which are left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Send

Body = TypeVar("Body")

#: Nobody reads it; logs and numbers tell it from an error. The code is nginx's.
CLIENT_LEFT = 499


async def for_client(
    request: Request,
    reading: Coroutine[Any, Any, Body],
    work: Callable[[Body], Coroutine[Any, Any, Response]],
) -> Response:
    """Read a request and answer it, unless its client leaves before: then its work is cancelled, and nobody is answered.

    Args:
        request: the request.
        reading: reads its body.
        work: makes the answer of what was read.

    Raises:
        BaseException: what was raised in between.
    """
    try:
        body = await reading
    except ClientDisconnect:
        return Response(status_code=CLIENT_LEFT)
    task, left = asyncio.ensure_future(work(body)), asyncio.ensure_future(_left(request))
    del body  # (only the work has it, so that it is gone with it)
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else Response(status_code=CLIENT_LEFT)
    finally:
        task.cancel()
        left.cancel()


class TakenInTime(StreamingResponse):
    """Answer in pieces; a client that does not take each of them in time is left, as it would keep all of it in memory."""

    #: Seconds for one piece.
    limit_s = 20.0

    async def stream_response(self, send: Send) -> None:
        """Send all pieces."""

        async def send_in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), self.limit_s)

        with contextlib.suppress(asyncio.TimeoutError):
            await super().stream_response(send_in_time)


async def _left(request: Request) -> None:
    """Wait until the client leaves."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
