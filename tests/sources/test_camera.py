import base64
import contextlib
import http.server
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from heatcam.errors import SourceError
from heatcam.sources import camera as camera_module
from heatcam.sources.camera import CameraOptions, CameraSource, camera_advice
from tests.sources.fake_captures import BlockedCapture, DyingCapture, FakeCapture
from tests.sources.numbered import number_in, numbered_picture

QUICK = CameraOptions(open_timeout_s=0.3, read_timeout_s=0.3, stop_timeout_s=0.3)


def camera(capture, options=QUICK, target=0):
    return CameraSource(target, options, open_capture=lambda: capture)


def take(source, count):
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def test_a_slow_consumer_gets_the_newest_frame_and_the_others_are_counted():
    capture = FakeCapture(interval_s=0.002)
    with camera(capture) as source:
        frames = iter(source)
        first = next(frames)
        time.sleep(0.1)
        second = next(frames)
        assert time.monotonic() - second.captured_at_s < 0.05
        skipped = second.frame_index - first.frame_index - 1
        assert skipped >= 10
        assert source.dropped >= skipped


def test_what_a_frame_shows_is_what_its_index_says():
    with camera(FakeCapture()) as source:
        for frame in take(source, 5):
            assert frame.image_bgr[0, 0, 0] == (frame.frame_index + 1) % 256
            assert frame.name == "camera 0"


def test_times_rise_and_start_at_zero():
    with camera(FakeCapture(interval_s=0.01)) as source:
        frames = take(source, 5)
    assert frames[0].pts_s == pytest.approx(frames[0].captured_at_s - source._first_at_s)
    assert [f.pts_s for f in frames] == sorted({f.pts_s for f in frames})
    assert frames[0].pts_s < 0.1


def test_a_frame_is_given_once_only():
    with camera(FakeCapture(interval_s=0.02)) as source:
        indices = [frame.frame_index for frame in take(source, 6)]
    assert len(set(indices)) == 6


def test_leaving_releases_the_camera_in_the_thread_that_read_it():
    capture = FakeCapture()
    with camera(capture) as source:
        take(source, 1)
    assert capture.released.wait(1)
    assert capture.threads == {"heatcam camera 0"}
    assert not [t for t in threading.enumerate() if t.name == "heatcam camera 0"]


def test_a_camera_that_blocks_is_left_behind_in_time_and_released_when_it_wakes():
    capture = BlockedCapture(frames=1)
    options = CameraOptions(read_timeout_s=30, stop_timeout_s=0.3)
    with camera(capture, options) as source:
        take(source, 1)
        before_s = time.monotonic()
    assert time.monotonic() - before_s < 1
    assert not capture.released.is_set()
    capture.unblock.set()
    assert capture.released.wait(1)


def test_the_default_stop_takes_less_than_two_seconds():
    assert CameraOptions().stop_timeout_s < 2


def test_a_camera_that_blocks_is_an_error_after_the_read_timeout():
    capture = BlockedCapture(frames=1)
    with (
        pytest.raises(SourceError, match=r"camera 0 gave no frame for 0.3 s; .*--source demo"),
        camera(capture) as source,
    ):
        take(source, 2)
    capture.unblock.set()


def test_a_camera_without_a_first_frame_is_an_error_when_entering():
    capture = BlockedCapture(frames=0)
    with pytest.raises(SourceError, match="gave no frame"), camera(capture):
        pytest.fail("entered")
    capture.unblock.set()


def test_an_opening_that_never_ends_is_left_behind():
    never = threading.Event()
    source = CameraSource(0, QUICK, open_capture=lambda: never.wait() and None)
    before_s = time.monotonic()
    with pytest.raises(SourceError, match="gave no frame"), source:
        pytest.fail("entered")
    assert time.monotonic() - before_s < 1.5
    never.set()


def test_a_driver_that_dies_is_raised_in_the_consumer_with_its_cause():
    capture = DyingCapture(frames=3)
    with pytest.raises(SourceError, match="reading camera 0 failed") as caught, camera(capture) as source:
        take(source, 1000)
    assert isinstance(caught.value.__cause__, cv2.error)
    assert capture.released.wait(1)


def test_a_camera_that_is_unplugged_ends_in_an_error_not_in_silence():
    capture = FakeCapture(frames=4)
    options = CameraOptions(read_timeout_s=5)
    with (
        pytest.raises(SourceError, match="stopped giving frames after 4"),
        camera(capture, options) as source,
    ):
        take(source, 1000)


def test_a_few_failed_reads_are_forgiven():
    class Settling(FakeCapture):
        hesitations = 4

        def read(self):
            if self.hesitations:
                self.hesitations -= 1
                return False, None
            return super().read()

    with camera(Settling(), CameraOptions()) as source:
        assert len(take(source, 3)) == 3


def test_size_is_what_the_frames_have_not_what_was_asked_or_claimed():
    class Liar(FakeCapture):
        def get(self, propId):  # noqa: N803
            return 1920.0 if propId == cv2.CAP_PROP_FRAME_WIDTH else super().get(propId)

    with camera(Liar(size_wh=(64, 48)), CameraOptions(size_wh=(1280, 720))) as source:
        assert source.size_wh == (64, 48)


def test_it_asks_for_mjpg_before_the_size():
    capture = FakeCapture()
    with camera(capture, CameraOptions(size_wh=(1280, 720), fps=30)):
        pass
    asked = [prop for prop, _ in capture.asked]
    assert capture.asked[0] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    assert asked[1:] == [cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]


@pytest.mark.parametrize("claimed", [0.0, -1.0, float("nan"), 1e6])
def test_an_unbelievable_rate_becomes_30(claimed):
    with camera(FakeCapture(fps=claimed)) as source:
        assert source.fps == 30


def test_grey_cameras_give_three_channels():
    class Infrared(FakeCapture):
        def read(self):
            time.sleep(0.002)
            return True, np.full((48, 64), 7, np.uint8)

    with camera(Infrared()) as source:
        assert take(source, 1)[0].image_bgr.shape == (48, 64, 3)


def test_no_camera_there_names_the_index_and_the_next_step():
    with (
        pytest.raises(SourceError, match=r"cannot open camera 7; .*--source demo") as caught,
        camera(FakeCapture(opened=False), target=7),
    ):
        pytest.fail("entered")
    assert "\n" not in str(caught.value)


def test_a_missing_real_camera_prints_nothing(capfd):
    with pytest.raises(SourceError, match="camera 97"), CameraSource(97):
        pytest.fail("entered")
    assert capfd.readouterr() == ("", "")


def test_advice_names_the_video_group_where_the_device_may_not_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(camera_module.sys, "platform", "linux")
    (tmp_path / "video0").touch()
    monkeypatch.setattr(camera_module.os, "access", lambda *_: False)
    assert "usermod -aG video" in camera_advice(0, tmp_path)


def test_advice_names_the_cameras_that_are_there(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(camera_module.sys, "platform", "linux")
    (tmp_path / "video2").touch()
    (tmp_path / "video10").touch()
    assert "try 2, 10" in camera_advice(0, tmp_path)
    assert "close other programs" in camera_advice(2, tmp_path)


def test_credentials_are_in_no_name_and_no_error():
    url = "rtsp://admin:geheim@10.0.0.9:554/live?token=geheim"
    source = camera(FakeCapture(opened=False), target=url)
    assert source.name == "rtsp://10.0.0.9:554/live"
    with pytest.raises(SourceError) as caught, source:
        pytest.fail("entered")
    assert "geheim" not in str(caught.value)


class MjpegHandler(http.server.BaseHTTPRequestHandler):
    """Serves what a network camera serves: one JPEG after the other, to those who know the password."""

    def do_GET(self):
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"admin:geheim").decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        with contextlib.suppress(OSError):  # until the reader leaves
            for number in range(1000):
                jpeg = cv2.imencode(".jpg", numbered_picture(number % 256))[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(0.02)

    def log_message(self, *_):
        pass


@pytest.fixture
def mjpeg_address():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), MjpegHandler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}/live"
        server.shutdown()


def test_a_real_network_stream_is_read_with_its_password(mjpeg_address):
    with CameraSource(f"http://admin:geheim@{mjpeg_address}") as source:
        frames = take(source, 5)
        assert source.size_wh == (160, 96)
        assert source.name == f"http://{mjpeg_address}"
    numbers = [number_in(frame.image_bgr) for frame in frames]
    assert numbers == sorted(set(numbers))


def test_a_wrong_password_is_one_line(mjpeg_address, capfd):
    with (
        pytest.raises(SourceError, match="user and password") as caught,
        CameraSource(f"http://a:b@{mjpeg_address}"),
    ):
        pytest.fail("entered")
    assert "a:b" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
