"""One suite over all kinds of sources that end or can be stopped: what a caller may count on."""

import contextlib
import io
import shutil
import subprocess
import threading
import time

import cv2
import numpy as np
import pytest

from heatcam.sources.camera import CameraDevice
from heatcam.sources.images import ImageSource
from heatcam.sources.live import LiveSource
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions
from heatcam.sources.standard_input import StandardInputSource
from heatcam.sources.state import Phase
from heatcam.sources.video import VideoSource
from tests.sinks.x_server import x_server
from tests.sources.fake_captures import FakeCapture
from tests.sources.file_server import file_server
from tests.sources.mjpeg_server import mjpeg_server
from tests.sources.numbered import encode_numbered, numbered_picture
from tests.sources.rtsp_server import rtsp_server
from tests.system_tools import requires

KINDS = [
    *("pictures", "video", "sequence", "demo", "mjpeg on stdin", "raw on stdin"),
    *("camera", "http mjpeg", "rtsp", pytest.param("hls", marks=requires("ffmpeg"))),
    pytest.param("screen", marks=requires("Xvfb")),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    (folder / "pictures").mkdir()
    for number in range(6):
        cv2.imwrite(str(folder / "pictures" / f"{number}.png"), numbered_picture(number))
    encode_numbered(folder / "clip.mp4", [i / 25 for i in range(6)])
    write_hls(folder / "live.m3u8")
    return folder


def write_hls(path):
    if shutil.which("ffmpeg"):
        source = ["-f", "lavfi", "-i", "testsrc=s=160x96:r=25:d=3", "-c:v", "libx264", "-g", "25"]
        hls = ["-f", "hls", "-hls_time", "1", "-hls_flags", "omit_endlist", "-hls_list_size", "0"]
        subprocess.run(["ffmpeg", "-v", "error", *source, *hls, path], check=True)


@pytest.fixture(params=KINDS)
def source(request, files, monkeypatch):
    kind = request.param
    with contextlib.ExitStack() as stack:
        if kind == "screen":
            monkeypatch.setenv("DISPLAY", stack.enter_context(x_server()))
            monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield open_kind(kind, files, stack)


def open_kind(kind, files, stack):
    pictures = [numbered_picture(number) for number in range(6)]
    made = {
        "pictures": lambda: ImageSource([files / "pictures"]),
        "video": lambda: VideoSource(files / "clip.mp4"),
        "sequence": lambda: open_source(str(files / "pictures" / "%d.png")),
        "demo": lambda: open_source("demo"),
        "camera": lambda: LiveSource(CameraDevice(0, open_capture=lambda _: FakeCapture(size_wh=(160, 96)))),
        "http mjpeg": lambda: open_source(stack.enter_context(mjpeg_server()).url),
        "rtsp": lambda: open_source(stack.enter_context(rtsp_server()).url),
        "hls": lambda: open_source(f"{stack.enter_context(file_server(files))}/live.m3u8"),
        "screen": lambda: open_source("screen:1:0,0,160,96"),
        "mjpeg on stdin": lambda: StandardInputSource(read=bytes_of(jpeg(p) for p in pictures)),
        "raw on stdin": lambda: StandardInputSource(
            CaptureOptions((160, 96)), read=bytes_of(p.tobytes() for p in pictures)
        ),
    }
    return made[kind]()


def jpeg(picture):
    return cv2.imencode(".jpg", picture)[1].tobytes()


def bytes_of(pieces):
    return io.BytesIO(b"".join(pieces)).read


def first(source, count=6):
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def test_frames_are_bgr_pictures_of_the_size_that_the_source_names(source):
    with source:
        for frame in first(source):
            assert frame.image_bgr.dtype == np.uint8
            assert frame.image_bgr.ndim == 3
            assert frame.image_bgr.shape[2] == 3
            assert frame.image_bgr.flags.c_contiguous
            assert source.size_wh == frame.size_wh


def test_indices_and_times_rise(source):
    with source:
        frames = first(source)
    indices = [frame.frame_index for frame in frames]
    assert indices == sorted(set(indices))
    assert source.is_live or indices == list(range(len(frames)))
    pts_s = [frame.pts_s for frame in frames]
    assert pts_s == sorted(set(pts_s))
    captured = [frame.captured_at_s for frame in frames]
    assert captured == sorted(captured)
    assert abs(time.monotonic() - captured[-1]) < 5


def test_what_is_promised_about_a_source_holds(source):
    with source as entered:
        assert entered is source
        assert source.name
        assert source.fps > 0
        frames = first(source)
        assert all(frame.name for frame in frames)
        assert source.is_live or source.dropped == 0
        assert source.state.phase is Phase.PLAYING
        if source.frame_count is not None:
            assert source.frame_count == len(frames) + sum(1 for _ in source if source.name == "clip.mp4")


def test_leaving_takes_less_than_two_seconds_and_leaves_no_thread(source):
    before = set(threading.enumerate())
    with source:
        first(source, 2)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 2
    deadline_s = time.monotonic() + 3
    while left := [t for t in set(threading.enumerate()) - before if t.name.startswith("heatcam ")]:
        assert time.monotonic() < deadline_s, left
        time.sleep(0.01)


def test_pictures_of_two_frames_are_not_the_same_memory(source):
    with source:
        one, two = first(source, 2)
    assert not np.shares_memory(one.image_bgr, two.image_bgr)


@pytest.mark.parametrize("spec", ["pictures", "clip.mp4"])
def test_what_is_finite_ends_by_the_end_of_its_iterator(files, spec):
    with open_source(str(files / spec)) as source:
        assert len(list(source)) == 6


def test_a_file_is_closed_when_the_block_is_left(files):
    with VideoSource(files / "clip.mp4") as source:
        first(source, 1)
    assert source._film is None
