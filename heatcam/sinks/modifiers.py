"""Whether Shift is held, where key codes do not tell.

OpenCV's Qt windows (all Linux wheels) give the small letter for a capital. The X server knows, and is asked the moment a letter
arrives. Windows and macOS give capitals as they are; there nothing is asked.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Callable

_SHIFT = 1  # ShiftMask of X.h


def shift_probe() -> Callable[[], bool]:
    """A function that says whether Shift is held now; one that always says no where that cannot be known."""
    if not sys.platform.startswith("linux"):
        return _never
    try:
        return _XServer().shift_is_held
    except OSError:
        return _never


def _never() -> bool:
    return False


class _XServer:
    """One connection to the X server, for the modifiers' state. Used from one thread.

    Raises:
        OSError: no libX11, or no server answers.
    """

    def __init__(self) -> None:
        self._x11 = x11 = ctypes.CDLL("libX11.so.6")
        pointer = ctypes.c_void_p
        x11.XOpenDisplay.restype = pointer
        x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
        x11.XDefaultRootWindow.restype = ctypes.c_ulong
        x11.XDefaultRootWindow.argtypes = [pointer]
        x11.XQueryPointer.argtypes = [pointer, ctypes.c_ulong, *[pointer] * 7]
        self._connection = x11.XOpenDisplay(None)
        if not self._connection:
            raise OSError("no X server answers")
        self._root = x11.XDefaultRootWindow(self._connection)

    def shift_is_held(self) -> bool:
        """Whether either Shift key is down."""
        windows = [ctypes.c_ulong(), ctypes.c_ulong()]
        places = [ctypes.c_int() for _ in range(4)]
        mask = ctypes.c_uint()
        answers = [ctypes.byref(answer) for answer in (*windows, *places, mask)]
        self._x11.XQueryPointer(self._connection, self._root, *answers)
        return bool(mask.value & _SHIFT)
