"""The live picture on its way: newest frame only, at each client's own pace, and the end."""

import itertools
import socket
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed

from heatcam.web.live_parts import LiveSettings
from tests.web.live_fakes import Watcher, camera, file, live_run, until


def encoding() -> bool:
    return any(thread.name == "heatcam jpeg" for thread in threading.enumerate())


def test_two_clients_see_the_same_frames_encoded_once(page_of):
    page = page_of(live_run(camera()))
    page.start()
    with page.watch() as one, page.watch() as other:
        until(lambda: page.status["viewers"] == 2)
        first = {header["seq"]: picture for header, picture in (one.next() for _ in range(20))}
        second = {header["seq"]: picture for header, picture in (other.next() for _ in range(20))}
    seqs = list(first)
    assert seqs == sorted(set(seqs))
    common = first.keys() & second.keys()
    assert all((first[seq] == second[seq]).all() for seq in common)
    until(lambda: page.status["viewers"] == 0)


def test_nothing_is_encoded_while_nobody_watches(page_of):
    page = page_of(live_run(camera()))
    page.start()
    page.until_phase("running")
    until(lambda: not encoding())
    with page.watch() as client:
        client.next()
        assert encoding()
    until(lambda: not encoding())


def test_a_client_that_does_not_answer_gets_one_frame_and_holds_nobody_up(page_of):
    page = page_of(live_run(camera(), settings=LiveSettings(answer_s=1.0)))
    page.start()
    with page.watch() as mute, page.watch() as client:
        mute.next(answers=False)
        with pytest.raises(TimeoutError):
            mute.next(timeout_s=0.3)
        before = client.next()[0]["seq"]
        for _ in range(10):
            after = client.next()[0]["seq"]
        assert after > before
        with pytest.raises(ConnectionClosed) as gone:
            mute.next(timeout_s=5)
        assert gone.value.rcvd.code == 1008
        client.next()


def test_a_slow_client_gets_the_newest_frame_when_it_is_ready_again(page_of):
    page = page_of(live_run(camera()))
    page.start()
    with page.watch() as client, page.watch() as quick:
        before, _ = client.next(answers=False)
        newest = quick.next()[0]["seq"]
        while newest < before["seq"] + 10:
            newest = quick.next()[0]["seq"]
        client.socket.send("ok")
        after, _ = client.next()
        assert after["seq"] >= newest


def test_clients_that_never_read_hold_nobody_up(page_of):
    """Their sockets are full after a moment: nothing is sent to them, and nothing is kept for them."""
    page = page_of(live_run(camera()))
    page.start()
    dead = [socket.create_connection(page.address.split(":")) for _ in range(3)]
    for one in dead:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.sendall(f"GET /stream.mjpg HTTP/1.1\r\nHost: {page.address}\r\n\r\n".encode())
    try:
        with page.watch() as client:
            until(lambda: page.status["viewers"] == 4)
            times = []
            for _ in range(30):
                client.next()
                times.append(time.monotonic())
            assert max(b - a for a, b in itertools.pairwise(times)) < 0.5
    finally:
        for one in dead:
            one.close()


def test_while_nothing_new_is_shown_there_is_a_heartbeat_with_the_status(page_of):
    page = page_of(live_run(file()))
    with page.watch() as client:
        with pytest.raises(TimeoutError):
            client.next(timeout_s=1.5)
        assert client.texts >= 1
        assert client.status["phase"] == "stopped"
        page.start()
        client.next_where(lambda status: status["phase"] == "running")
        page.change(paused=True)
        with pytest.raises(TimeoutError):
            for _ in range(20):
                client.next(timeout_s=1.3)
        assert client.status["state"]["paused"]


def test_who_comes_while_it_is_paused_sees_the_picture_at_once(page_of):
    page = page_of(live_run(camera()))
    page.start()
    page.until_phase("running")
    page.change(paused=True)
    time.sleep(0.5)
    with page.watch() as client:
        began = time.monotonic()
        client.next()
        assert time.monotonic() - began < 1


def test_after_a_stop_no_picture_is_left_for_who_comes(page_of):
    page = page_of(live_run(camera()))
    page.start()
    with page.watch() as client:
        client.next()
    page.post("stop")
    with page.watch() as client, pytest.raises(TimeoutError):
        client.next(timeout_s=0.5)


def test_a_client_may_answer_and_say_nothing_else(page_of):
    page = page_of(live_run(camera()))
    for said in ("give me more", b"ok"):
        with page.watch() as client, pytest.raises(ConnectionClosed) as gone:
            client.socket.send(said)
            client.next()
            client.next()
            client.next(timeout_s=2)
        assert gone.value.rcvd.code == 1003


def test_more_viewers_than_may_are_sent_away(page_of):
    page = page_of(live_run(camera(), settings=LiveSettings(most_viewers=1)))
    page.start()
    with page.watch() as client:
        client.next()
        with Watcher(page.address) as another, pytest.raises(ConnectionClosed) as gone:
            another.next()
        assert gone.value.rcvd.code == 1013
        answer = page.http.get("/stream.mjpg")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        client.next()


def parts_of(page, count):
    """The first pictures of the MJPEG stream."""
    with page.http.stream("GET", "/stream.mjpg") as answer:
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=heatcam-frame"
        data, parts = b"", []
        for chunk in answer.iter_raw():
            data += chunk
            *whole, data = data.split(b"--heatcam-frame\r\n")
            parts += [part for part in whole if part]
            if len(parts) >= count:
                return parts[:count]
    return parts


def test_mjpeg_is_one_picture_after_the_other(page_of):
    page = page_of(live_run(camera()))
    page.start()
    page.until_phase("running")
    parts = parts_of(page, 5)
    heads, pictures = zip(*(part.split(b"\r\n\r\n", 1) for part in parts), strict=True)
    for head, picture in zip(heads, pictures, strict=True):
        assert head.startswith(b"Content-Type: image/jpeg\r\nContent-Length: ")
        jpeg = picture[: int(head.rsplit(b" ", 1)[1])]
        assert (jpeg[:2], jpeg[-2:], picture[len(jpeg) :]) == (b"\xff\xd8", b"\xff\xd9", b"\r\n")
    assert len(set(pictures)) == 5
    until(lambda: page.status["viewers"] == 0)


def test_mjpeg_of_nothing_says_why(page_of):
    page = page_of(live_run(camera()))
    (part,) = parts_of(page, 1)
    assert b"\xff\xd8" in part


def test_the_end_of_the_server_ends_sockets_streams_and_the_session(page_of):
    source = camera()
    page = page_of(live_run(source))
    page.start()
    ended = threading.Event()

    def play():
        parts_of(page, 10**6)
        ended.set()

    player = threading.Thread(target=play, daemon=True)
    with page.watch() as client:
        client.next()
        player.start()
        until(lambda: page.status["viewers"] == 2)
        page.run.close()
        with pytest.raises(ConnectionClosed) as gone:
            while True:
                client.next()
        assert gone.value.rcvd.code == 1001
    assert ended.wait(3)
    assert source.newest.left.is_set()
    with Watcher(page.address) as late, pytest.raises(ConnectionClosed):
        late.next()
