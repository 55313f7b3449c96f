"""Bodies of requests that send no picture: small, and there soon, whatever route asks for them and whoever sends them.

The framework reads a body whole before a route is called: without a limit, a stranger could fill the memory at ``POST /session``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatcam.web.problems import Problem, problem_response

MOST_BYTES = 1 << 20
MOST_PUBLIC_BYTES = 4096  # of who has not signed in: a token
_COMES_IN_S = 10.0


class SmallBodies:
    """ASGI middleware that reads bodies under limits; larger ones are answered with 413, slower ones with 408.

    Args:
        app: is called once the body is there.
        is_public: tells if a path is answered without a token.
        has_limits: tells if a path's route reads its body under limits of its own.
        within_s: seconds until a body must be there.
    """

    def __init__(
        self,
        app: ASGIApp,
        is_public: Callable[[str], bool],
        has_limits: Callable[[str], bool],
        within_s: float = _COMES_IN_S,
    ) -> None:
        self._app, self._is_public, self._has_limits, self._within_s = app, is_public, has_limits, within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read a request's body and hand it on."""
        if scope["type"] != "http" or self._has_limits(scope["path"]) or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        most = MOST_PUBLIC_BYTES if self._is_public(scope["path"]) else MOST_BYTES
        try:
            messages = await asyncio.wait_for(_read(receive, most), self._within_s)
        except asyncio.TimeoutError:
            problem = Problem(408, f"the request was not complete within {self._within_s:g} s; send it again")
            await problem_response(problem)(scope, receive, send)
        except Problem as problem:
            await problem_response(problem)(scope, receive, send)
        else:
            await self._app(scope, _again(messages, receive), send)


def _has_body(scope: Scope) -> bool:
    """Return True if a request says that it has one; HTTP knows no other."""
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def _read(receive: Receive, most: int) -> list[Message]:
    """Return all messages of a body.

    Raises:
        Problem: 413, it is larger.
    """
    messages: list[Message] = []
    size, is_whole = 0, False
    while not is_whole:
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise Problem(
                413, f"the request is larger than {most} bytes; only pictures may be, sent to /analyze"
            )
        messages.append(message)
        is_whole = message["type"] != "http.request" or not message.get("more_body", False)
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return a function that gives these messages, and then whatever comes."""

    async def give() -> Any:
        return messages.pop(0) if messages else await receive()

    return give
