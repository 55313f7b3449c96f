"""The webhook: a real server that answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from heatcam.drift import Webhook
from heatcam.drift.settings import host_of
from heatcam.drift.webhook import Post
from heatcam.errors import UsageError


class Hook:
    """A server that notes what is posted and gives these answers, the last one for ever."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.let_go = threading.Event()
        self.let_go.set()


@contextmanager
def served(hook: Hook) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.paths.append(self.path)
            hook.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            hook.let_go.wait(10)
            code = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
            self.send_response(code)
            if 300 <= code < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/SECRET?token=SECRET"
    finally:
        hook.let_go.set()
        server.shutdown()
        server.server_close()


def until(what: list, count: int) -> None:
    end_s = time.monotonic() + 10
    while len(what) < count:
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_a_document_is_posted_as_json_and_its_key_is_told() -> None:
    hook, notes, taken = Hook(200), list[str](), list[str]()
    with served(hook) as url:
        webhook = Webhook(url, notes.append, taken.append)
        webhook.send(Post("cow/evidence", {"text": "Kuh äß"}))
        webhook.close()
    assert [json.loads(body) for body in hook.bodies] == [{"text": "Kuh äß"}]
    assert hook.paths == ["/services/SECRET?token=SECRET"]
    assert (taken, notes) == (["cow/evidence"], [])


def test_a_server_that_is_down_is_asked_again_later_and_later_and_the_address_is_not_told() -> None:
    hook, notes, taken, waits = Hook(500, 503, 429, 200), list[str](), list[str](), list[float]()

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    with served(hook) as url:
        webhook = Webhook(url, notes.append, taken.append, wait)
        webhook.send(Post("key", {}))
        until(taken, 1)
        webhook.close()
    assert waits == [1.0, 2.0, 4.0]
    assert len(hook.bodies) == 4
    assert len(notes) == 2
    assert "it answers 500" in notes[0]
    assert "has taken the alarm now" in notes[1]
    assert not [note for note in notes if "SECRET" in note or "services" in note]


def test_nobody_there_is_told_without_the_address() -> None:
    notes = list[str]()
    with served(Hook(200)) as url:
        pass  # (its port is free again)
    webhook = Webhook(url, notes.append, wait=lambda _: True)
    webhook.send(Post("key", {}))
    until(notes, 1)
    webhook.close()
    assert "Connection refused" in notes[0]
    assert "SECRET" not in notes[0]


@pytest.mark.parametrize("answer", [404, 302, 307, 308])
def test_a_refusal_is_final_and_no_redirect_is_followed(answer: int) -> None:
    hook, notes, taken = Hook(answer), list[str](), list[str]()
    with served(hook) as url:
        webhook = Webhook(url, notes.append, taken.append)
        webhook.send(Post("key", {}))
        webhook.close()
    assert len(hook.bodies) == 1
    assert taken == ["key"]
    assert f"it answers {answer}); gave up" in notes[0]


def test_sending_does_not_wait_for_the_server() -> None:
    hook = Hook(200)
    hook.let_go.clear()
    with served(hook) as url:
        webhook = Webhook(url, lambda _: None)
        for number in range(50):
            webhook.send(Post(str(number), {}))
        until(hook.bodies, 1)
        assert len(hook.bodies) == 1  # the first has no answer yet, and all fifty are handed over
        hook.let_go.set()
        webhook.close()
    assert len(hook.bodies) == 50


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a/b",
        "a",
        "",
        "http://",
        "http://a b/",
        "http://a/\r\nX: y",
        "http://[",
        "http://a:b/",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        host_of(url)
    assert str(refused.value) == "the webhook is no address; give one that begins with https:// or http://"


def test_an_address_is_shown_by_its_host() -> None:
    assert (
        host_of("https://user:SECRET@hooks.example.org/T1/SECRET?x=SECRET#SECRET")
        == "https://hooks.example.org"
    )
    assert host_of("HTTP://[::1]:8080/a") == "http://[::1]:8080"
