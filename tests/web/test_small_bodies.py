"""Requests that send no picture: none fills the memory and none stays for ever, signed in or not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from heatcam.web.settings import ServeSettings
from heatcam.web.small_bodies import MOST_BYTES, MOST_PUBLIC_BYTES, SmallBodies
from tests.web.whole import whole_service

SECRET = "a-secret-of-some-length"
BEARER = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = whole_service(ServeSettings(token=SECRET)).app
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


def pieces(size: int) -> Iterator[bytes]:
    """A body whose length is not stated."""
    while size > 0:
        yield b" " * min(size, 4000)
        size -= 4000


@pytest.mark.parametrize(
    "body", [b"x" * (MOST_PUBLIC_BYTES + 1), pieces(100_000)], ids=["stated", "in pieces"]
)
def test_who_has_not_signed_in_sends_no_more_than_a_token(client: TestClient, body: Any) -> None:
    answer = client.post("/session", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert client.post("/session", json={"token": SECRET}).status_code == 204


def test_who_has_signed_in_sends_no_more_than_a_state(client: TestClient) -> None:
    for body in (b" " * (MOST_BYTES + 1), pieces(MOST_BYTES + 9000)):
        assert client.patch("/live/state", content=body, headers=BEARER).status_code == 413
    longest = {"classes": ["x" * 200] * 1000}
    assert client.patch("/live/state", json=longest, headers=BEARER).status_code != 413


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe", b"1e999999999", b"NaN"])
def test_json_that_is_deep_or_none_is_refused(client: TestClient, body: bytes) -> None:
    for path in ("/live/state", "/live/action", "/live/click"):
        answer = client.request(
            "PATCH" if path.endswith("state") else "POST", path, content=body, headers=BEARER
        )
        assert answer.status_code in (400, 422), (path, answer.text[:200])
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_may_be() -> None:
    sent: list[Any] = []

    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    app = SmallBodies(never, lambda _: False, lambda _: False, within_s=0.05)
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"content-length", b"9")]}
    asyncio.run(asyncio.wait_for(app(scope, never, send), 5))
    assert sent[0]["status"] == 408


def test_pictures_have_limits_of_their_own(client: TestClient) -> None:
    answer = client.post("/analyze", content=b"x" * (2 * MOST_BYTES), headers=BEARER)
    assert answer.status_code == 415
