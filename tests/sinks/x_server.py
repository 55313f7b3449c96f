"""A display of its own for tests of the window, and a person who presses its keys."""

import ctypes
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def x_server() -> Iterator[str]:
    """Starts Xvfb on a free display and gives its name."""
    read_end, write_end = os.pipe()
    # (-noreset: without it the server starts anew whenever its last client leaves, and refuses whoever comes meanwhile)
    screen = ["-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"]
    command = ["Xvfb", "-displayfd", str(write_end), *screen]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        with os.fdopen(read_end) as pipe:
            yield f":{int(pipe.readline())}"
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def window_manager(display: str) -> Iterator[None]:
    """Runs openbox on a display, with its own decorations and its own ideas of sizes."""
    manager = subprocess.Popen(
        ["openbox", "--sm-disable"], env=environment(display), stderr=subprocess.DEVNULL
    )
    try:
        deadline_s = time.monotonic() + 10
        # (answered only once a window manager runs)
        while not xdotool(display, "get_desktop").isdecimal() and time.monotonic() < deadline_s:
            time.sleep(0.1)
        yield
    finally:
        manager.terminate()
        manager.wait(10)


def environment(display: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
    return {**kept, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}


def xdotool(display: str, *words: str) -> str:
    run = subprocess.run(
        ["xdotool", *words], env=environment(display), capture_output=True, text=True, timeout=20, check=False
    )
    return run.stdout.strip()


def window_called(display: str, title: str, within_s: float = 20) -> str:
    """The window's number, "" if none is there in time."""
    deadline_s = time.monotonic() + within_s
    while True:
        found = xdotool(display, "search", "--onlyvisible", "--name", title)
        if found or time.monotonic() > deadline_s:
            return found.split("\n")[0]
        time.sleep(0.05)


class _ClientMessage(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("room_of_the_union", ctypes.c_long * 24),
    )


def press_close_button(display: str, window: str) -> None:
    """What a window manager sends when its close button is pressed; xdotool of Debian 12 can only destroy."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x11.XSendEvent.argtypes = [
        *(ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p),
    ]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    connection = x11.XOpenDisplay(display.encode())
    protocols, delete = (
        x11.XInternAtom(connection, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
    )
    client_message = 33
    event = _ClientMessage(client_message, 0, 1, connection, int(window), protocols, 32)
    event.data[0] = delete
    x11.XSendEvent(connection, int(window), 0, 0, ctypes.byref(event))
    x11.XCloseDisplay(connection)
