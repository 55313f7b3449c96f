"""Outages of live sources: what is said of them, and how seldom a refused login is sent again."""

from __future__ import annotations

import base64
import socket
import threading
import time

import pytest

from heatcam.sources.backoff import Backoff
from heatcam.sources.live import LiveSource
from heatcam.sources.logins import Login
from heatcam.sources.opening import open_source
from heatcam.sources.reconnect import Timeouts
from heatcam.sources.state import Outage, Phase
from tests.sources.fake_captures import FakeCapture
from tests.sources.mjpeg_server import PLAY, REFUSE_LOGIN, mjpeg_server
from tests.sources.rtsp_server import rtsp_server
from tests.sources.test_live import FakeDevice, Hurried, until
from tests.sources.test_stream import take

QUICK = Timeouts(open_s=0.3, stalled_s=0.1, give_up_s=0.2, look_s=0.05, ready_s=0.1, stop_s=0.3)


@pytest.fixture(autouse=True)
def _failed_reads_take_less_time(monkeypatch):
    monkeypatch.setattr("heatcam.sources.camera._FAILED_READS_FORGIVEN_S", 0.05)


def logins(server):
    """How many times the password came along, from now on; counted where requests arrive."""
    count, serve = [], server._serve

    def counted(request, *rest):
        if request.headers.get("Authorization"):
            count.append(time.monotonic())
        return serve(request, *rest)

    server._serve = counted
    return count


def test_a_refused_login_is_not_sent_again_for_a_minute():
    """Cameras lock accounts after a few wrong logins."""
    with mjpeg_server("admin:geheim") as server, open_source(server.url) as source:
        take(source, 5)
        sent = logins(server)
        server.mode = REFUSE_LOGIN
        until(lambda: "is refused (401)" in source.state.reason, within_s=10)
        time.sleep(2)  # (after any other loss it would have been tried again)
        assert source.state.phase is Phase.RECONNECTING
        assert source.state.retry_at_s - time.monotonic() > 45
        assert 1 <= len(sent) <= 2


def test_refused_logins_wait_for_minutes_and_others_for_seconds():
    backoff = Backoff()
    waits = [backoff.next_refused_wait_s() for _ in range(5)]
    for wait_s, planned_s in zip(waits, (60, 120, 240, 300, 300), strict=True):
        assert planned_s <= wait_s <= planned_s * 1.2
    backoff.lost(played_s=61)
    assert backoff.next_refused_wait_s() <= 72


def test_what_is_refused_and_comes_back_plays_again():
    class Soon(Backoff):
        def next_refused_wait_s(self):
            return 0.5

    with mjpeg_server("admin:geheim") as server:
        from heatcam.sources.stream import StreamDevice

        with LiveSource(StreamDevice(server.url), backoff=Soon()) as source:
            take(source, 3)
            server.mode = REFUSE_LOGIN
            until(lambda: "is refused (401)" in source.state.reason, within_s=10)
            server.mode, back_s = PLAY, time.monotonic()
            assert next(frame for frame in source if frame.captured_at_s > back_s)


def test_an_outage_that_is_over_is_told_with_its_length_and_reason():
    told = []
    with LiveSource(FakeDevice(FakeCapture(frames=5), FakeCapture()), QUICK, Hurried()) as source:
        source.on_outage(told.append)
        until(lambda: source.outages and source.outages[0].lasted_s is not None)
        (outage,) = source.outages
        assert outage.lasted_s == pytest.approx(0.3, abs=2)
        assert outage.lasted_s > 0
        assert "stopped giving frames" in outage.reason
        assert source.shortfall() == ""
    assert "camera 0: no picture comes any more (it stopped giving frames), reconnecting" in told[0]
    assert told[1].startswith("camera 0 is back after ")


def test_what_did_not_come_back_is_said_also_after_the_source_was_left():
    device = FakeDevice(FakeCapture(frames=5))
    with LiveSource(device, QUICK, Hurried()) as source:
        device.is_there = False
        until(lambda: source.state.reason == "camera 0 is not plugged in")
    assert source.shortfall().startswith("camera 0 did not come back: no picture came after 0:0")
    assert source.shortfall().endswith("(camera 0 is not plugged in)")


def test_outages_read_like_a_clock():
    assert str(Outage(72.25, 7.04, "why")) == "no picture for 7.0 s from 1:12.2 on (why)"
    assert str(Outage(2.0, None, "why")) == "no picture came after 0:02.0 (why)"


def test_digest_answers_are_those_of_the_standard(monkeypatch):
    """The examples of RFC 2617 (3.5) and RFC 7616 (3.9.1)."""
    monkeypatch.setattr("heatcam.sources.logins.os.urandom", lambda _: bytes.fromhex("0a4f113b00000000"))
    login = Login("Mufasa", "Circle Of Life")
    nonce, opaque = "dcd98b7102dd2f0e8b11d0f600bfb0c093", "5ccc069c403ebaf9f0171e9517f40e41"
    asked = f'Digest realm="testrealm@host.com", nonce="{nonce}", opaque="{opaque}"'
    answer = login.answer([asked], "GET", "/dir/index.html")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in answer  # (without qop, as RFC 2069)
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in answer
    assert (
        login.answer(["Basic realm=x"], "GET", "/")
        == "Basic " + base64.b64encode(b"Mufasa:Circle Of Life").decode()
    )
    assert login.answer(["Negotiate"], "GET", "/") is None
    assert "Circle" not in repr(login)


def test_rtsp_with_a_wrong_password_is_asked_once_and_said():
    from heatcam.sources.stream_probe import probe

    with rtsp_server("admin:geheim") as server:
        assert probe(server.url).ready
        refused = probe(server.url.replace("geheim", "falsch"))
    assert (refused.ready, refused.refused) == (False, True)
    assert refused.reason == "the user or the password is refused (401)"


def answering(reply):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()
    return listener


@pytest.mark.parametrize(
    ("content", "body", "says"),
    [
        ("text/html", b"<html>hello</html>", "answers with text/html, not with pictures"),
        ("application/octet-stream", b"x" * 3000, "no stream that can be decoded"),
    ],
)
def test_a_server_that_answers_with_something_else_gets_no_advice_about_passwords(content, body, says):
    from heatcam.errors import SourceError

    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with answering(head.encode() + body) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/live"
        with pytest.raises(SourceError, match=says) as caught, open_source(url):
            pytest.fail("entered")
    assert "password" not in str(caught.value)
    assert "check the path of the address" in str(caught.value)
