"""Requests whose client leaves before the answer is there: their work is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

Result = TypeVar("Result")

#: Nobody reads it; logs and numbers tell it from an error. The code is nginx's.
CLIENT_LEFT = 499


async def unless_client_leaves(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what the work of a request returns; its body has to be read before.

    Raises:
        ClientDisconnect: the client left, and the work was cancelled.
        BaseException: what the work raised.
    """
    task, left = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        left.cancel()


async def _left(request: Request) -> None:
    """Wait until the client leaves."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def answer_client_left(_: Request, error: Exception) -> Response:  # noqa: ARG001 (a handler's form)
    """Answer nobody; a handler of ``ClientDisconnect``."""
    return Response(status_code=CLIENT_LEFT)
