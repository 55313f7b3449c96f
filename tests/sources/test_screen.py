import ctypes
import time
from contextlib import contextmanager

import numpy as np
import pytest

from heatcam.errors import SourceError
from heatcam.sources.live import LiveSource
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions
from heatcam.sources.screen import ScreenDevice, ScreenPart, parse_screen
from heatcam.sources.state import Phase
from tests.sinks.x_server import x_server
from tests.system_tools import requires


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("screen", ScreenPart()),
        ("screen:2", ScreenPart(2)),
        ("screen:0", ScreenPart(0)),
        ("screen:1:10,20,640,480", ScreenPart(1, (10, 20, 640, 480))),
    ],
)
def test_parts_of_the_screen_are_named(spec, part):
    assert parse_screen(spec) == part


def test_without_a_display_it_is_one_line(monkeypatch, capfd):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with (
        pytest.raises(SourceError, match=r"no screen can be read here; .*DISPLAY.*--source demo") as caught,
        open_source("screen"),
    ):
        pytest.fail("entered")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def server():
    with x_server() as name:
        yield name


@pytest.fixture
def display(server, monkeypatch):
    monkeypatch.setenv("DISPLAY", server)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return server


@contextmanager
def coloured_window(display, area, rgb):
    """A window without a frame at ``area`` (left, top, width, height), by Xlib itself."""
    x11 = ctypes.CDLL("libX11.so.6")
    for name in ("XOpenDisplay", "XDefaultRootWindow", "XCreateSimpleWindow"):
        getattr(x11, name).restype = ctypes.c_void_p
    connection = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    root = ctypes.c_void_p(x11.XDefaultRootWindow(connection))
    red, green, blue = rgb
    colour = ctypes.c_ulong(red << 16 | green << 8 | blue)
    window = ctypes.c_void_p(x11.XCreateSimpleWindow(connection, root, *area, 0, ctypes.c_ulong(0), colour))
    x11.XMapWindow(connection, window)
    x11.XSync(connection, 0)
    time.sleep(0.2)
    yield
    x11.XDestroyWindow(connection, window)
    x11.XSync(connection, 0)
    x11.XCloseDisplay(connection)


def take(source, count):
    return [frame for frame, _ in zip(source, range(count), strict=False)]


@requires("Xvfb")
def test_colours_and_places_are_those_of_the_screen(display):
    with coloured_window(display, (100, 50, 200, 100), (250, 120, 10)), open_source("screen") as source:
        assert source.size_wh == (1920, 1080)
        image = take(source, 1)[0].image_bgr
    assert image[51, 101].tolist() == image[148, 298].tolist() == [10, 120, 250]
    assert image[40, 150].tolist() == [0, 0, 0]


@requires("Xvfb")
def test_a_part_is_cut_out_of_its_monitor(display):
    with (
        coloured_window(display, (100, 50, 200, 100), (250, 120, 10)),
        open_source("screen:1:100,50,200,100") as source,
    ):
        image = take(source, 1)[0].image_bgr
    assert image.shape == (100, 200, 3)
    assert (image == np.array([10, 120, 250], np.uint8)).all()


@requires("Xvfb")
def test_it_keeps_the_pace_that_was_asked_for(display):
    with open_source("screen:1:0,0,64,64", CaptureOptions(fps=10)) as source:
        frames = take(source, 8)
        assert source.fps == 10
        assert source.state.phase is Phase.PLAYING
    steps = np.diff([frame.pts_s for frame in frames]) / np.diff([frame.frame_index for frame in frames])
    assert np.median(steps) == pytest.approx(0.1, abs=0.03)


@requires("Xvfb")
@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("screen:7", "there is no screen 7; there are 1"),
        ("screen:1:1900,0,100,100", "over the edge .*1920x1080"),
    ],
)
def test_what_is_not_on_the_screen_is_refused(display, spec, says):
    with pytest.raises(SourceError, match=says), open_source(spec):
        pytest.fail("entered")


@requires("Xvfb")
def test_a_display_that_dies_is_a_loss_and_not_the_end_of_the_program(monkeypatch):
    with x_server() as name:
        monkeypatch.setenv("DISPLAY", name)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        source = LiveSource(ScreenDevice(ScreenPart(1, (0, 0, 64, 64))))
        source.__enter__()
        take(source, 2)
    deadline_s = time.monotonic() + 8
    while source.state.phase is not Phase.RECONNECTING and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert source.state.phase is Phase.RECONNECTING
    source.__exit__(None, None, None)
