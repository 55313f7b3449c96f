"""The application: routes, the page's files, and what stands before them all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from heatcam import __version__
from heatcam.errors import HeatcamError
from heatcam.web.access import Access, Token, is_public
from heatcam.web.analyze_documents import ProblemDocument
from heatcam.web.metrics import CountsRequests, Metrics
from heatcam.web.problems import (
    MEDIA_TYPE,
    AnswersBugs,
    Problem,
    answer_heatcam_error,
    answer_http_exception,
    answer_problem,
    problem_response,
)
from heatcam.web.session_routes import session_router
from heatcam.web.settings import ServeSettings
from heatcam.web.small_bodies import SmallBodies

PAGE = Path(__file__).with_name("page")
_REFUSED: dict[str, Any] = {
    "model": ProblemDocument,
    "description": "Refused: what is wrong, and what to do next.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
#: Runs beside the application: what is before its ``yield`` at the start, what is behind it at the end.
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    settings: ServeSettings,
    routers: Iterable[APIRouter],
    lifespan: Lifespan | None = None,
    metrics: Metrics | None = None,
) -> FastAPI:
    """Put the application together.

    Args:
        settings: who may use it.
        routers: the routes of its parts.
        lifespan: starts and ends the parts; None for none.
        metrics: counts requests; None for nobody.
    """
    token = Token(settings.token)
    app = FastAPI(
        title="heatcam",
        version=__version__,
        summary="See what your detector sees: the live view, and heat maps of pictures.",
        docs_url=None,  # (these load from elsewhere)
        redoc_url=None,
        responses={"default": _REFUSED},
        lifespan=lifespan,
        middleware=[
            *([] if metrics is None else [Middleware(CountsRequests, metrics=metrics)]),
            Middleware(Access, token=token, allowed_hosts=settings.allowed_hosts),
            Middleware(AnswersBugs),
            Middleware(SmallBodies, is_public=is_public, has_limits=_takes_pictures),
        ],
        exception_handlers={
            Problem: answer_problem,
            HeatcamError: answer_heatcam_error,
            HTTPException: answer_http_exception,
            RequestValidationError: _answer_invalid,
        },
    )
    app.include_router(session_router(token))
    for router in routers:
        app.include_router(router)
    app.include_router(_page_router())
    app.mount("/static", StaticFiles(directory=PAGE), name="static")
    return app


def _takes_pictures(path: str) -> bool:
    """Return True for the routes that read pictures; see ``uploads.Bodies``."""
    return path == "/analyze" or (path.startswith("/v1/models/") and path.endswith((":predict", ":explain")))


def _page_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", media_type="text/html; charset=utf-8")

    @router.get("/favicon.ico")
    async def icon() -> FileResponse:
        return FileResponse(PAGE / "favicon.svg", media_type="image/svg+xml")

    return router


async def _answer_invalid(_: Request, error: Exception) -> JSONResponse:
    """Answer a request that does not fit the schema: each place with what is wrong there."""
    assert isinstance(error, RequestValidationError)
    wrong = [{"at": ".".join(map(str, one["loc"])), "problem": str(one["msg"])} for one in error.errors()]
    said = "; ".join(f"{one['at']}: {one['problem']}" for one in wrong[:3])
    return problem_response(Problem(422, said or "the request does not fit", errors=wrong))


def lifespan_of(started: Callable[[], Any], ended: Callable[[], Any]) -> Lifespan:
    """Return a lifespan that calls ``started`` and ``ended`` in a worker thread, as both may take a while."""
    from contextlib import asynccontextmanager  # noqa: PLC0415

    from anyio.to_thread import run_sync  # noqa: PLC0415

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_sync(started)
        try:
            yield
        finally:
            await run_sync(ended)

    return lifespan
