"""Workarounds for OpenCV's Qt windows (all Linux wheels), through the X server.

They return the lower-case letter for a capital, so the server is asked whether Shift is held the moment a letter arrives.
Without a window manager, as in a kiosk, Qt now and then (one window in four, Qt 5.15) loses the message that its window is
mapped, and never paints it: it stays black. It is sent that message once more.

Windows and macOS have neither problem; nothing is done there.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SHIFT = 1  # ShiftMask of X.h
_STRUCTURE_NOTIFY = 1 << 17  # StructureNotifyMask
_MAP_NOTIFY = 19
_LONGEST_NAME = 1024  # in units of four bytes
_IGNORE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: 0)  # an XErrorHandler


class NoServer:
    """Stand-in for the X server on systems without one."""

    def shift_is_held(self) -> bool:
        """Return False: the state of Shift is unknown."""
        return False

    def say_mapped(self, title: str) -> None:
        """Do nothing."""


class _MapEvent(ctypes.Structure):
    """XMapEvent of Xlib.h, as long as its XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("event", ctypes.c_ulong),
        ("window", ctypes.c_ulong),
        ("override_redirect", ctypes.c_int),
        ("room_of_the_union", ctypes.c_long * 18),
    )


class XServer:
    """Connection to the X server. Used from one thread.

    Raises:
        OSError: no libX11, or no server answers.
    """

    def __init__(self) -> None:
        self._x11 = x11 = ctypes.CDLL("libX11.so.6")
        pointer, number = ctypes.c_void_p, ctypes.c_ulong
        x11.XOpenDisplay.restype = pointer
        x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
        x11.XDefaultRootWindow.restype = number
        x11.XDefaultRootWindow.argtypes = [pointer]
        x11.XQueryPointer.argtypes = [pointer, number, *[pointer] * 7]
        x11.XQueryTree.argtypes = [pointer, number, *[pointer] * 4]
        x11.XInternAtom.restype = number
        x11.XInternAtom.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int]
        x11.XGetWindowProperty.argtypes = [
            *(pointer, number, number, ctypes.c_long, ctypes.c_long, ctypes.c_int, number),
            *[pointer] * 5,
        ]
        x11.XSendEvent.argtypes = [pointer, number, ctypes.c_int, ctypes.c_long, pointer]
        x11.XSetErrorHandler.restype = pointer
        x11.XSetErrorHandler.argtypes = [pointer]
        x11.XSync.argtypes = [pointer, ctypes.c_int]
        x11.XFree.argtypes = [pointer]
        self._connection = x11.XOpenDisplay(None)
        if not self._connection:
            raise OSError("no X server answers")
        self._root = x11.XDefaultRootWindow(self._connection)
        self._name = x11.XInternAtom(self._connection, b"_NET_WM_NAME", 0)

    def shift_is_held(self) -> bool:
        """Return True if either Shift key is down."""
        windows = [ctypes.c_ulong(), ctypes.c_ulong()]
        places = [ctypes.c_int() for _ in range(4)]
        mask = ctypes.c_uint()
        answers = [ctypes.byref(answer) for answer in (*windows, *places, mask)]
        self._x11.XQueryPointer(self._connection, self._root, *answers)
        return bool(mask.value & _SHIFT)

    def say_mapped(self, title: str) -> None:
        """Send a ``MapNotify`` event to windows of this title that no window manager frames.

        A window that has already had the event just paints itself once more.
        """
        with self._ignoring_errors():
            for window in self._top_windows():
                if self._title(window) == title:
                    event = _MapEvent(_MAP_NOTIFY, 0, 1, self._connection, window, window, 0)
                    self._x11.XSendEvent(self._connection, window, 0, _STRUCTURE_NOTIFY, ctypes.byref(event))

    @contextmanager
    def _ignoring_errors(self) -> Iterator[None]:
        """Ignore X errors: another program's window may close while its name is read, and Xlib would end this program for it."""
        before = self._x11.XSetErrorHandler(_IGNORE)
        try:
            yield
        finally:
            self._x11.XSync(self._connection, 0)
            self._x11.XSetErrorHandler(before)

    def _top_windows(self) -> list[int]:
        """Return the root window's children; with a window manager these are its frames."""
        root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
        children = ctypes.POINTER(ctypes.c_ulong)()
        answers = [ctypes.byref(answer) for answer in (root, parent, children, count)]
        if not self._x11.XQueryTree(self._connection, self._root, *answers) or not children:
            return []
        windows = [children[place] for place in range(count.value)]
        self._x11.XFree(children)
        return windows

    def _title(self, window: int) -> str:
        kind, count, rest = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_ulong()
        bits, text = ctypes.c_int(), ctypes.POINTER(ctypes.c_char)()
        answers = [ctypes.byref(answer) for answer in (kind, bits, count, rest, text)]
        asked = (window, self._name, 0, _LONGEST_NAME, 0, 0)
        if self._x11.XGetWindowProperty(self._connection, *asked, *answers) or not text:
            return ""
        title = ctypes.string_at(text, count.value).decode("utf-8", "replace")
        self._x11.XFree(text)
        return title


def window_server() -> XServer | NoServer:
    """Return the X server, or a stand-in if there is none."""
    if not sys.platform.startswith("linux"):
        return NoServer()
    try:
        return XServer()
    except OSError:
        return NoServer()
