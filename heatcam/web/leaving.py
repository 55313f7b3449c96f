"""Requests whose client leaves before the answer is there: their work is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

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


async def _left(request: Request) -> None:
    """Wait until the client leaves."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
