"""Nobody gets in: no other host's, no other site's and no stranger's request reaches a route."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, WebSocket
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from heatcam.web.access import Token, is_allowed_host
from heatcam.web.app import create_app
from heatcam.web.settings import ServeSettings

SECRET = "a-secret-of-some-length"
BASE = "http://127.0.0.1:8000"


def things() -> APIRouter:
    router = APIRouter()

    @router.get("/thing")
    async def read() -> dict[str, int]:
        return {"read": 1}

    @router.post("/thing")
    async def change() -> dict[str, int]:
        return {"changed": 1}

    @router.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("the secret reason")

    @router.get("/numbers")
    async def numbers(n: int) -> int:
        return n

    @router.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    return router


@pytest.fixture(params=["", SECRET], ids=["without a token", "with a token"])
def client(request: pytest.FixtureRequest) -> Iterator[TestClient]:
    yield client_of(request.param)


def client_of(token: str) -> TestClient:
    return TestClient(
        create_app(ServeSettings(token=token), [things()]), base_url=BASE, raise_server_exceptions=False
    )


BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "", "127.0.0.1.evil.example", "localhost.evil",
        "localhost:<script>", "localhost:" + "9" * 5000, "127.0.0.1:80:80", "localhost:80@evil.example",
    ],
)  # fmt: skip
def test_a_name_that_is_not_this_service_s_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/thing", headers=BEARER | {"Host": host})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert "--allow-host" in answer.json()["detail"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "192.168.1.7:80", "[fe80::1]"]
)
def test_this_machine_s_names_and_any_address_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/thing", headers=BEARER | {"Host": host}).status_code == 200


@given(st.text(max_size=30))
def test_no_name_of_letters_passes_for_an_address(name: str) -> None:
    if is_allowed_host(name, {"localhost"}):
        bare = name.strip().lower().rstrip(".")
        assert bare.startswith("localhost") or any(c in "0123456789:[" for c in bare)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a program
        ({"Origin": BASE}, 200),
        ({"Origin": BASE, "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9000"}, 403),  # another service on this machine
        ({"Origin": "file://"}, 403),
        ({"Origin": "http://127.0.0.1:8000.evil.example"}, 403),
        ({"Origin": "http://[broken"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_only_the_page_itself_and_programs_may_change_something(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    assert client.post("/thing", headers=BEARER | headers).status_code == status


def test_other_sites_may_not_show_the_stream_but_may_link_to_the_page(client: TestClient) -> None:
    picture = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/thing", headers=BEARER | picture).status_code == 403
    assert client.get("/thing", headers=BEARER | link).status_code == 403
    assert client.get("/", headers=link).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:8000"])
def test_a_web_socket_of_another_site_is_closed_before_it_opens(origin: str) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client_of("").websocket_connect("/socket", headers={"Origin": origin}),
    ):
        pass


def test_a_web_socket_of_the_page_or_of_a_program_opens() -> None:
    for headers in ({"Origin": BASE}, {}):
        # (the test client's own host)
        with client_of("").websocket_connect(
            "/socket", headers=headers | {"Host": "127.0.0.1:8000"}
        ) as socket:
            assert socket.receive_text() == "hello"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": SECRET},
        {"Authorization": "Basic !!"},
        {"Authorization": "Basic " + base64.b64encode(b"user:wrong").decode()},
        {"Cookie": f"{Token(SECRET).cookie_name}={SECRET}"},  # the secret itself is no cookie
        {"Cookie": f"{Token(SECRET).cookie_name}=" + Token("another").cookie},
        {"Cookie": "\x01;;=="},
        {"Authorization": "Bearer \xfc\xe9".encode("latin-1").decode("latin-1")},
    ],
)
def test_without_the_token_only_the_page_and_the_health_are_told(headers: dict[str, str]) -> None:
    client = client_of(SECRET)
    answer = client.get("/thing", headers={name: value.encode("latin-1") for name, value in headers.items()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert client.get("/").status_code == 200
    assert client.get("/static/index.html").status_code == 200
    assert client.get("/openapi.json").status_code == 401
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/socket"):
        pass


@pytest.mark.parametrize(
    "headers",
    [
        BEARER,
        {"Authorization": f"bearer  {SECRET}"},
        {"Authorization": "Basic " + base64.b64encode(f"vlc:{SECRET}".encode()).decode()},
        {"Cookie": f"{Token(SECRET).cookie_name}={Token(SECRET).cookie}"},
        {"Cookie": f"other=1; {Token(SECRET).cookie_name}={Token(SECRET).cookie}"},
        # (of another service on this host, whose cookies browsers send too)
        {"Cookie": f'theirs={{"a": [1, "b"]}}; {Token(SECRET).cookie_name}={Token(SECRET).cookie}'},
    ],
)
def test_who_knows_the_token_gets_in(headers: dict[str, str]) -> None:
    assert client_of(SECRET).get("/thing", headers=headers).status_code == 200


def test_the_page_changes_the_token_into_a_cookie_that_scripts_cannot_read_and_that_does_not_tell_it() -> (
    None
):
    client = client_of(SECRET)
    assert client.get("/session").json() == {"needs_token": True, "signed_in": False}
    assert client.post("/session", json={"token": "wrong"}).status_code == 401
    assert client.get("/thing").status_code == 401
    answer = client.post("/session", json={"token": SECRET})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 204
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    assert SECRET not in cookie
    assert client.get("/session").json() == {"needs_token": True, "signed_in": True}
    assert client.get("/thing").status_code == 200


def test_where_no_token_is_needed_the_session_says_so() -> None:
    assert client_of("").get("/session").json() == {"needs_token": False, "signed_in": True}


def test_every_answer_forbids_strange_scripts_frames_and_guesses_and_none_opens_the_door_to_other_origins(
    client: TestClient,
) -> None:
    for path in ("/", "/static/index.html", "/session", "/thing", "/missing", "/broken"):
        headers = client.get(path, headers=BEARER | {"Origin": "http://evil.example"}).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert not [name for name in headers if name.startswith("access-control")]
        assert "server" not in headers


@pytest.mark.parametrize(
    ("path", "status"),
    [("/missing", 404), ("/thing?x", 200), ("/numbers?n=x", 422), ("/numbers", 422), ("/broken", 500)],
)
def test_every_error_is_a_problem_document_of_one_line(path: str, status: int) -> None:
    answer = client_of("").get(path)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        document = answer.json()
        assert document["status"] == status and document["title"]
        assert document["detail"] and "\n" not in document["detail"]
        assert "secret" not in answer.text


def test_a_method_that_a_path_does_not_have_is_told_with_those_it_has() -> None:
    answer = client_of("").delete("/numbers")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"]
)
def test_the_page_s_folder_is_all_that_is_served(path: str) -> None:
    assert client_of("").get(path).status_code == 404
