"""Network streams from a real server that fails on purpose, and what a look at it says."""

import os
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from heatcam.errors import SourceError
from heatcam.sources.backoff import Backoff
from heatcam.sources.live import LiveSource
from heatcam.sources.opening import open_source
from heatcam.sources.state import Phase
from heatcam.sources.stream import StreamDevice
from heatcam.sources.stream_probe import probe
from tests.sources.fake_captures import FakeCapture
from tests.sources.mjpeg_server import DRIP, DROP, ERROR, PLAY, RESET, STALL, mjpeg_server
from tests.sources.numbered import number_in

BACK_WITHIN_S = 5.0  # what is promised; it takes 0.1 to 1.5 s on an idle machine


REASONS = {
    "unplugged": "nothing listens at that address",
    RESET: "the server hangs up",
    DROP: "the server sends nothing",
    ERROR: "the server answers with error 500",
}  # (a refused login takes minutes, see below)


def take(source, count):
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def until(condition, within_s):
    began_s = time.monotonic()
    while not condition():
        assert time.monotonic() - began_s < within_s, "it never happened"
        time.sleep(0.01)
    return time.monotonic() - began_s


def fail(server, fault):
    if fault == "unplugged":
        server.close()
    else:
        server.mode = fault


def heal(server, fault):
    server.mode = PLAY
    if fault == "unplugged":
        server.open()


@pytest.fixture
def camera():
    with mjpeg_server("admin:geheim") as server:
        yield server


def test_a_real_network_stream_is_read_with_its_password(camera):
    with open_source(camera.url) as source:
        frames = take(source, 5)
        assert source.size_wh == (160, 96)
        assert source.name == f"http://{camera.address}"
        assert source.negotiated_format == f"http://{camera.address} gives 160x96 as MJPG"
    numbers = [number_in(frame.image_bgr) for frame in frames]
    assert numbers == sorted(set(numbers))


def test_times_are_those_of_arrival_not_of_a_rate_that_ffmpeg_makes_up():
    with mjpeg_server(interval_s=0.1) as server, open_source(server.url) as source:
        frames = take(source, 12)
    arrived = np.array([frame.captured_at_s for frame in frames])
    np.testing.assert_allclose([f.pts_s for f in frames], arrived - arrived[0] + frames[0].pts_s, atol=0.02)


@pytest.mark.parametrize(
    ("fault", "reason"), [(STALL, "accepts connections but does not answer"), (DRIP, "no frame comes")]
)
def test_a_stall_is_shown_within_3_s_and_frames_are_back_within_5_s(camera, fault, reason):
    with open_source(camera.url) as source:
        before = take(source, 3)[-1]
        camera.mode = fault
        until(lambda: source.state.phase is Phase.STALLED, within_s=3)
        until(lambda: reason in source.state.reason, within_s=8)
        after = heal_and_take(camera, source, fault)
        assert source.state.phase is Phase.PLAYING
        assert after.frame_index > before.frame_index
        assert after.pts_s - before.pts_s == pytest.approx(
            after.captured_at_s - before.captured_at_s, abs=0.3
        )


def test_after_reconnecting_another_size_is_passed_on(camera):
    with open_source(camera.url) as source:
        take(source, 2)
        camera.close()
        camera.size_wh = (320, 192)
        camera.open()
        frame = next(frame for frame in source if frame.size_wh == (320, 192))
        assert source.size_wh == (320, 192)
        assert frame.image_bgr.shape == (192, 320, 3)


def test_leaving_in_the_middle_of_a_read_that_hangs_takes_less_than_two_seconds(camera):
    with open_source(camera.url) as source:
        take(source, 2)
        camera.mode = STALL
        time.sleep(0.3)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 2


@pytest.mark.parametrize("cycles", [5, pytest.param(100, marks=pytest.mark.soak)])
def test_losing_it_again_and_again_leaks_neither_threads_nor_descriptors(camera, cycles):
    """Each fault is said within 3 s, with its reason, and frames are back within 5 s of the server."""
    faults = list(REASONS) + ([STALL, DRIP] if cycles > 5 else [])
    with open_source(camera.url) as source:
        lose_once(camera, source, RESET)
        until(lambda: source.hanging == 0, within_s=20)
        before = opened()
        for cycle in range(cycles):
            lose_once(camera, source, faults[cycle % len(faults)])
        until(lambda: source.hanging == 0, within_s=20)  # reads of stalled connections end by FFmpeg's limit
        until(lambda: opened() <= before, within_s=20)
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("heatcam ")], within_s=20)


def lose_once(camera, source, fault):
    before = take(source, 2)[-1]
    fail(camera, fault)
    until(lambda: source.state.phase is not Phase.PLAYING, within_s=3)
    until(lambda: REASONS.get(fault, "no frame") in source.state.reason, within_s=8)
    after = heal_and_take(camera, source, fault)
    assert after.frame_index > before.frame_index
    assert after.pts_s > before.pts_s


def heal_and_take(camera, source, fault):
    """The first frame after the fault is over, within the time that is promised."""
    time.sleep(0.2)
    heal(camera, fault)
    healed_s = time.monotonic()
    frame = next(frame for frame in source if frame.captured_at_s > healed_s)
    assert frame.captured_at_s - healed_s < BACK_WITHIN_S
    return frame


def opened():
    """How many threads and descriptors this program has for its source; the server's own are not counted."""
    ours = sum(thread.name.startswith("heatcam ") for thread in threading.enumerate())
    return ours + len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else ours


def test_a_wrong_password_is_one_line_and_no_endless_trying(camera, capfd):
    with (
        pytest.raises(
            SourceError, match=r"cannot open .*password is refused \(401\).*user and password"
        ) as caught,
        open_source(f"http://a:b@{camera.address}"),
    ):
        pytest.fail("entered")
    assert "a:b" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_server_that_is_not_there_is_said(unused_port):
    with (
        pytest.raises(SourceError, match=r"cannot open .* \(nothing listens at that address\)"),
        open_source(f"http://127.0.0.1:{unused_port}/live"),
    ):
        pytest.fail("entered")


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answering(reply):
    """A server that reads a request, says ``reply`` and waits; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.recv(4096)
            connection.sendall(reply)
            held.append(connection)

    held: list[socket.socket] = []
    threading.Thread(target=serve, daemon=True).start()
    return listener


@pytest.mark.parametrize(
    ("scheme", "reply", "ready", "reason"),
    [
        ("rtsp", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", True, ""),
        ("rtsp", b"RTSP/1.0 401 Unauthorized\r\n\r\n", True, "may be wrong (401)"),
        ("rtsp", b"RTSP/1.0 404 Not Found\r\n\r\n", False, "no such stream (404)"),
        ("rtsp", b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "no RTSP server"),
        ("rtsp", b"", False, "does not answer"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\nx", True, ""),
        ("http", b"HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n", True, ""),
        ("http", b"HTTP/1.1 503 Busy\r\n\r\n", False, "error 503"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n", False, "does not answer"),
        ("http", b"gibberish\r\n\r\n", False, "makes no sense"),
        ("tcp", b"", True, ""),
    ],
)
def test_a_look_tells_how_a_server_is(scheme, reply, ready, reason):
    listener = answering(reply)
    answer = probe(f"{scheme}://admin:geheim@127.0.0.1:{listener.getsockname()[1]}/live")
    listener.close()
    assert (answer.ready, reason in answer.reason) == (ready, True), answer
    assert "geheim" not in answer.reason


def test_a_login_by_digest_is_answered_once():
    listener = answering(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="y"\r\n\r\n')
    answer = probe(f"http://admin:geheim@127.0.0.1:{listener.getsockname()[1]}/")
    assert (answer.ready, answer.reason) == (False, "the user or the password is refused (401)")
    assert answer.refused
    answer = probe(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    assert (answer.ready, answer.reason) == (False, "the server asks for a user and a password (401)")
    listener.close()


@pytest.mark.parametrize("url", ["http://", "http://host:99999/", "rtsp://:554/live"])
def test_a_look_at_nonsense_is_no_error(url):
    assert not probe(url).ready


def test_a_stream_that_ends_is_lost_not_over():
    looks = []

    def look(_):
        looks.append(1)
        from heatcam.sources.device import ProbeResult

        return ProbeResult(True)

    captures = iter([FakeCapture(frames=3), FakeCapture()])
    device = StreamDevice("rtsp://host/live", open_capture=lambda _: next(captures), look=look)
    with LiveSource(device, backoff=Backoff()) as source:
        numbers = [frame.frame_index for frame in take(source, 8)]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] >= 7
    assert looks


def test_descriptors_can_be_counted_here():
    """The gate itself: a leaked descriptor is seen."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("only Linux lists descriptors")
    before = opened()
    leak = os.open("/dev/null", os.O_RDONLY)
    assert opened() == before + 1
    os.close(leak)
