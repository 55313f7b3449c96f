"""The socket, the address that is printed, and the end of the service."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter
from starlette.responses import StreamingResponse

from heatcam.errors import UsageError
from heatcam.web import server as server_module
from heatcam.web.app import create_app, lifespan_of
from heatcam.web.leaving import TakenInTime
from heatcam.web.server import WebServer, address_of, is_this_machine_only, listen
from heatcam.web.settings import ServeSettings


@pytest.fixture
def opened() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as one:
        yield one


def test_a_port_that_is_taken_is_told_and_one_that_was_not_asked_for_is_passed_over(
    opened: socket.socket,
) -> None:
    port = opened.getsockname()[1]
    with pytest.raises(UsageError, match=rf"port {port} is taken; choose another with --port"):
        listen("127.0.0.1", port)
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        assert first.getsockname()[1] < second.getsockname()[1]


def test_an_address_of_another_machine_is_refused() -> None:
    for host in ("203.0.113.7", "no.such.host.invalid"):
        with pytest.raises(UsageError, match="is no address of this machine"):
            listen(host, 0)


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("127.8.8.8", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.7", False), ("myhost", False)],
)  # fmt: skip
def test_only_loopback_is_this_machine_s_own(host: str, alone: bool) -> None:
    assert is_this_machine_only(host) is alone


def test_the_address_can_be_clicked_and_carries_the_token_where_no_browser_sends_it(
    opened: socket.socket,
) -> None:
    port = opened.getsockname()[1]
    assert address_of(opened, "127.0.0.1", "") == f"http://127.0.0.1:{port}/"
    assert address_of(opened, "0.0.0.0", "abc") == f"http://127.0.0.1:{port}/#token=abc"
    assert address_of(opened, "::1", "") == f"http://[::1]:{port}/"
    assert address_of(opened, "::", "") == f"http://[::1]:{port}/"


def test_the_server_answers_and_ends_although_a_stream_is_open(opened: socket.socket) -> None:
    ended, told = threading.Event(), []
    router = APIRouter()

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts():  # type: ignore[no-untyped-def]
            import asyncio

            while not ended.is_set():
                yield b"x"
                await asyncio.sleep(0.01)

        return StreamingResponse(parts())

    app = create_app(
        ServeSettings(), [router], lifespan_of(lambda: told.append("started"), lambda: told.append("ended"))
    )
    server = WebServer(app, opened, ended.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    address = address_of(opened, "127.0.0.1", "")
    with httpx.stream("GET", f"{address}stream", timeout=10) as answer:
        assert next(answer.iter_raw())
        assert answer.headers.get("server") is None
        server.stop()
        started = time.monotonic()
        thread.join(10)
        assert not thread.is_alive()
        assert time.monotonic() - started < 8
    assert told == ["started", "ended"]


@pytest.fixture
def served(opened: socket.socket) -> Iterator[socket.socket]:
    """A service that answers at ``/session`` and at ``/large``."""
    router = APIRouter()

    @router.get("/large")
    async def large() -> TakenInTime:
        async def parts():  # type: ignore[no-untyped-def]
            for _ in range(1000):
                yield b"x" * 100_000

        return TakenInTime(parts())

    server = WebServer(create_app(ServeSettings(), [router]), opened)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield opened
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


def talk(served: socket.socket, said: bytes) -> socket.socket:
    client = socket.create_connection(served.getsockname())
    client.settimeout(10)
    client.sendall(said)
    return client


WHOLE = b"GET /session HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def answer_of(client: socket.socket) -> bytes:
    heard = b""
    while not heard.endswith(b"}"):
        piece = client.recv(65536)
        assert piece, heard
        heard += piece
    return heard


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b""),
        (b"", b"GET /sess"),
        (b"", b"GET /session HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "),
        (WHOLE, b"GET /"),
    ],
    ids=["nothing", "a word", "a head without an end", "a second one without an end"],
)
def test_a_client_that_does_not_say_what_it_asks_for_is_left(
    served: socket.socket, first: bytes, then: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "HEAD_S", 0.3)
    with talk(served, first) as client:
        if first:
            assert answer_of(client).startswith(b"HTTP/1.1 200")
        client.sendall(then)
        assert client.recv(65536) == b""


def test_a_client_that_asks_one_thing_after_another_in_pieces_is_answered(
    served: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "HEAD_S", 0.6)
    with talk(served, b"") as client:
        for _ in range(4):
            client.sendall(WHOLE[:20])
            time.sleep(0.2)
            client.sendall(WHOLE[20:])
            assert answer_of(client).startswith(b"HTTP/1.1 200")


def test_a_client_that_does_not_take_its_answer_is_left_and_told_of_nowhere(
    served: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(TakenInTime, "limit_s", 0.3)
    with talk(served, b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") as client:
        time.sleep(1.0)
        size = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(1 << 20):
                size += len(piece)
    assert 0 < size < 50_000_000
    with talk(served, b"nonsense\r\n\r\n") as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 400")
    assert caplog.records == []


@pytest.mark.parametrize(
    "said",
    [
        b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\n12345",
        b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n",
        b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length : 5\r\n\r\n12345",
        b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +5\r\n\r\n12345",
    ],
    ids=["two lengths", "a strange coding", "two hosts", "a blank before the colon", "a length with a sign"],
)
def test_what_two_servers_would_read_differently_is_refused(served: socket.socket, said: bytes) -> None:
    with talk(served, said) as client:
        assert client.recv(65536)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 501")


def test_an_application_that_cannot_start_is_told(opened: socket.socket) -> None:
    def broken() -> None:
        raise RuntimeError("no")

    assert (
        WebServer(create_app(ServeSettings(), [], lifespan_of(broken, lambda: None)), opened).run() is False
    )
