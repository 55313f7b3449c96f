"""Every route of the whole application, also one that is added later: none answers a stranger."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError

import pytest
from fastapi import APIRouter
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from heatcam.web.app import create_app
from heatcam.web.settings import ServeSettings
from tests.web.whole import whole_service

SECRET = "a-secret-of-some-length"
BASE = "http://127.0.0.1:8000"
HERE = {"Host": "127.0.0.1:8000"}
BEARER = {"Authorization": f"Bearer {SECRET}"}
#: What anyone may ask for who comes to the right host. A path that is added here is seen by strangers.
PUBLIC = {"/", "/favicon.ico", "/session", "/static/main.js", "/v2/health/live", "/v2/health/ready"}
SOCKET = "WebSocket"
ASKED = tuple[str, str]


def routes_of(routes: Iterable[object]) -> Iterator[object]:
    """Every route, also those of included routers, which newer frameworks keep apart."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from [route] if inner is None else routes_of(inner.routes)


def asked_of(routes: Iterable[object]) -> Iterator[ASKED]:
    """Each method and path; names in paths are made up."""
    for route in routes_of(routes):
        if isinstance(route, Mount):
            yield "GET", f"{route.path}/main.js"
            continue
        path = re.sub(r"\{[^}]*\}", "tiny", route.path)  # type: ignore[attr-defined]
        for method in sorted(getattr(route, "methods", None) or {SOCKET}):
            yield method, path


APP = whole_service(ServeSettings(token=SECRET)).app
ASKS = sorted(set(asked_of(APP.routes)))


def status(ask: ASKED, headers: dict[str, str], app: object = APP) -> int:
    """The status of an answer; of a socket 101 if it opens and 403 if it does not."""
    method, path = ask
    client = TestClient(app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False)  # type: ignore[arg-type]
    if method != SOCKET:
        return client.request(method, path, headers=HERE | headers).status_code
    opened = False
    with (
        contextlib.suppress(WebSocketDisconnect, CancelledError),
        client.websocket_connect(path, headers=HERE | headers),
    ):
        opened = True
    return 101 if opened else 403


def test_the_walk_finds_the_routes_of_each_part() -> None:
    """The gate itself."""
    assert len(ASKS) > 35
    assert {
        ("GET", "/"), ("POST", "/session"), ("POST", "/analyze"), ("POST", "/v1/models/tiny:explain"),
        ("PATCH", "/live/state"), ("GET", "/stream.mjpg"), (SOCKET, "/live/ws"), ("DELETE", "/live/recordings/tiny"),
        ("GET", "/metrics"), ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/static/main.js"),
    } <= set(ASKS)  # fmt: skip


@pytest.mark.parametrize("ask", ASKS, ids=" ".join)
def test_without_the_token_none_but_the_public_ones_answers(ask: ASKED) -> None:
    is_public = ask[1] in PUBLIC
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "heatcam=x"}, {"Origin": BASE}):
        found = status(ask, headers)
        assert found != 401 if is_public else found in (401, 403), (headers, found)
        assert found != 101


@pytest.mark.parametrize("ask", ASKS, ids=" ".join)
def test_no_other_host_is_answered_whatever_it_knows(ask: ASKED) -> None:
    for host in (
        "evil.example:8000",
        "",
        "localhost.evil.example",
        "localhost:1.evil.example",
        "127.0.0.1:x",
    ):
        assert status(ask, BEARER | {"Host": host}) in (403 if ask[0] == SOCKET else 421, 421), host


@pytest.mark.parametrize("ask", ASKS, ids=" ".join)
def test_no_other_site_is_answered_whatever_its_browser_knows(ask: ASKED) -> None:
    changes = ask[0] not in ("GET", "HEAD")
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        *(
            {"Origin": origin}
            for origin in ("http://evil.example", "null", "http://127.0.0.1:9000")
            if changes
        ),
    ):
        assert status(ask, BEARER | headers) == 403, headers


@pytest.mark.parametrize("ask", [ask for ask in ASKS if ask[1] != "/stream.mjpg"], ids=" ".join)
def test_with_the_token_each_is_there(ask: ASKED) -> None:
    """Else the tests above would pass with routes that nobody reaches. (The stream has no end.)"""
    assert status(ask, BEARER) not in (401, 403, 405, 421)


def test_a_route_that_forgets_all_of_it_is_guarded_too() -> None:
    router = APIRouter()

    @router.get("/new/{name}")
    async def new(name: str) -> str:
        return name

    app = create_app(ServeSettings(token=SECRET), [router])
    assert ("GET", "/new/tiny") in set(asked_of(app.routes))
    assert status(("GET", "/new/tiny"), {}, app) == 401
    assert status(("GET", "/new/tiny"), BEARER, app) == 200
