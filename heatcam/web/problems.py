"""Problem details for HTTP: every error of the service is ``application/problem+json`` (RFC 9457), one line and a next step."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heatcam.errors import HeatcamError, UsageError
from heatcam.text import printable

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("heatcam.web")


class Problem(Exception):  # noqa: N818 (the field's own term)
    """A refusal that becomes a problem document.

    Args:
        status: HTTP status code.
        detail: what is wrong and what to do next, in one line.
        retry_after_s: seconds after which to try again, for 429 and 503; None leaves the header out.
        **more: further members of the document.
    """

    def __init__(self, status: int, detail: str, retry_after_s: int | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.retry_after_s, self.more = status, detail, retry_after_s, more


def problem_response(problem: Problem) -> JSONResponse:
    """Return the problem as a response."""
    headers = {} if problem.retry_after_s is None else {"Retry-After": str(problem.retry_after_s)}
    document = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": printable(problem.detail),
        **problem.more,
    }
    return JSONResponse(document, problem.status, headers, MEDIA_TYPE)


async def answer_problem(_: Request, error: Exception) -> JSONResponse:
    """Answer a ``Problem``."""
    assert isinstance(error, Problem)
    return problem_response(error)


async def answer_heatcam_error(_: Request, error: Exception) -> JSONResponse:
    """Answer what the rest of the program refuses: wrong options with 422, all else with 500."""
    assert isinstance(error, HeatcamError)
    return problem_response(Problem(422 if isinstance(error, UsageError) else 500, str(error)))


async def answer_http_exception(_: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: an unknown path, a method that a path does not have."""
    assert isinstance(error, HTTPException)
    response = problem_response(Problem(error.status_code, str(error.detail)))
    response.headers.update(error.headers or {})
    return response


class AnswersBugs:
    """ASGI middleware that answers what nobody expected with 500, without telling a stranger what it was; the log has it.

    The framework's own answer would not pass the other middleware, which adds the headers.

    Args:
        app: what may fail.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say that it failed where nothing was sent yet."""
        if scope["type"] == "lifespan":  # the server tells of these
            await self._app(scope, receive, send)
            return
        has_begun = scope["type"] != "http"

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 (the last door)
            _log.error("a request failed", exc_info=error)
            if not has_begun:
                problem = Problem(500, "something went wrong here; the service's log says what")
                await problem_response(problem)(scope, receive, send)
