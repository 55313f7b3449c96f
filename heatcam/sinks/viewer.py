"""Viewer window: the only place that shows pictures and reads keys and mouse, on the main thread.

Call ``display.require_display()`` before: if no window can open, OpenCV ends the whole process.
"""

from __future__ import annotations

import time
from dataclasses import replace
from types import TracebackType

import cv2
import numpy as np

from heatcam.geometry import Uint8Array, fitted_wh
from heatcam.sinks.keys import (
    BACKSPACE,
    DEFAULT_KEYS,
    DELETE,
    END,
    ESCAPE,
    HOME,
    LEFT,
    RIGHT,
    Action,
    KeyTable,
)
from heatcam.sinks.window_events import Click, Drag, Event, Hover, MouseButton, TextKey, Typed
from heatcam.sinks.x11 import NoServer, XServer, window_server

_KEYS_A_POLL = 16  # a key held down must not keep the next frame waiting
_NOT_PRESSED = -1
_MOST_PIXELS = (
    1920 * 1200
)  # limit of the drawn picture: Qt enlarges it for a larger window, because drawing more would take too long
_FIRST_NAMED = 0xE000  # codes from here on are keys without a character
_SHIFT_CODES = (65505, 65506)  # left and right, as Qt returns them
_SHIFT_COUNTS_S = (
    0.15  # a letter this soon after Shift went down counts as shifted, although Shift may be up again
)


_PRESSED = {cv2.EVENT_LBUTTONDOWN: MouseButton.LEFT, cv2.EVENT_RBUTTONDOWN: MouseButton.RIGHT}
_RELEASED = {cv2.EVENT_LBUTTONUP: MouseButton.LEFT, cv2.EVENT_RBUTTONUP: MouseButton.RIGHT}
_TEXT_KEYS = {
    **dict.fromkeys((10, 13, 0xFF0D, 0xFF8D), TextKey.ENTER),
    **dict.fromkeys(BACKSPACE, TextKey.BACKSPACE),
    ESCAPE: TextKey.ESCAPE,
    **dict.fromkeys(DELETE, TextKey.DELETE),
    **dict.fromkeys(LEFT, TextKey.LEFT),
    **dict.fromkeys(RIGHT, TextKey.RIGHT),
    **dict.fromkeys(HOME, TextKey.HOME),
    **dict.fromkeys(END, TextKey.END),
}


def borders(size_wh: tuple[int, int], shape: float) -> tuple[int, int]:
    """Return the border to add left and right, and above and below, to give a picture the aspect ratio ``shape``, in pixels.

    It is 0 for a difference of up to 1 %, which nobody sees.
    """
    width, height = size_wh
    if abs(width / height - shape) <= 0.01 * shape:
        return 0, 0
    if width < shape * height:
        return round((shape * height - width) / 2), 0
    return 0, round((width / shape - height) / 2)


class Viewer:
    """One resizable window that keeps the aspect ratio of pictures; use it with ``with``, on the main thread.

    The window opens with the first picture, at its size or, if that is larger, fitted into ``largest_wh``. Pictures of another
    aspect ratio than the window's get black borders, where Qt's own would be grey.

    Args:
        title: the window's title.
        keys: the key table.
        largest_wh: maximum width and height in pixels at which the window opens by itself.
        size_wh: width and height to open with, in pixels; None takes the picture's.
    """

    def __init__(
        self,
        title: str = "heatcam",
        keys: KeyTable = DEFAULT_KEYS,
        largest_wh: tuple[int, int] = (1600, 900),
        size_wh: tuple[int, int] | None = None,
    ) -> None:
        self.title = title
        # OpenCV's Qt does not find a window by a name outside of ASCII, and ultralytics' own imshow, which replaces OpenCV's in
        # the middle of a run, not by one with a backslash: so it has a plain name, and a title of its own.
        self._name = "heatcam"
        self._keys = keys
        self._largest_wh = largest_wh
        self._size_wh = size_wh
        self._is_open = False
        self._was_closed = False
        self._full_screen = False
        self._server: XServer | NoServer = NoServer()
        self._knows_it_is_mapped = False
        self._shift_at_s = -1.0
        self._mouse: list[Event] = []
        self._dragged: Drag | None = None
        self._takes_text = False
        self._shape = 1.0
        self._borders = (0, 0)
        self._picture_wh = (0, 0)

    def __enter__(self) -> Viewer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open and not self._is_gone():
            cv2.destroyWindow(self._name)
            cv2.waitKeyEx(1)  # the window closes when its events are handled
        self._is_open = False

    @property
    def is_open(self) -> bool:
        """True while the window is open."""
        return self._is_open and not self._was_closed

    def show(self, image_bgr: Uint8Array) -> None:
        """Show ``image_bgr``, uint8 ``(H, W, 3)`` BGR, in the window; drawn by the next ``poll``.

        After the user has closed the window nothing happens, so that it does not open again.
        """
        height, width = image_bgr.shape[:2]
        if not self._is_open:
            self._open(width, height)
        elif self._is_gone():
            self._was_closed = True
            return
        self._picture_wh = width, height
        self._shape = self._shape_now()
        across, down = self._borders = borders(self._picture_wh, self._shape)
        if across or down:
            bordered = cv2.copyMakeBorder(image_bgr, down, down, across, across, cv2.BORDER_CONSTANT)
            image_bgr = np.asarray(bordered, np.uint8)
        cv2.imshow(self._name, image_bgr)

    def poll(self, wait_ms: int = 1) -> list[Event]:
        """Draw, and return the events since the last poll, oldest first; closing the window counts as the quit key.

        Args:
            wait_ms: time to wait for a key, in milliseconds, at least 1.
        """
        if self._was_closed or not self._is_open:
            return [Action.QUIT] if self._was_closed else []
        events: list[Event] = []
        code = cv2.waitKeyEx(max(1, wait_ms))
        if not self._knows_it_is_mapped:
            self._server.say_mapped(self.title)
            self._knows_it_is_mapped = True
        for _ in range(_KEYS_A_POLL):
            if code == _NOT_PRESSED:
                break
            event = self._typed(code) if self._takes_text else self._action_for(code)
            if event is not None:
                events.append(event)
            code = cv2.waitKeyEx(1)
        events += self._mouse
        self._mouse.clear()
        if self._is_gone():
            self._was_closed = True
            events.append(Action.QUIT)
        return events

    def room_wh(self, picture_wh: tuple[int, int]) -> tuple[int, int]:
        """Return the size to draw for: the window's, or the one it will open with for a picture of ``picture_wh`` pixels."""
        wide, tall = self.size_wh() or self._opens_at(*picture_wh)
        shrunk = min(1.0, (_MOST_PIXELS / (wide * tall)) ** 0.5)
        return max(1, round(wide * shrunk)), max(1, round(tall * shrunk))

    def take_text(self, wanted: bool) -> None:
        """Return keys as ``Typed`` from now on, or as actions again."""
        self._takes_text = wanted

    def set_full_screen(self, wanted: bool) -> None:
        """Fill the screen, or go back to a window; before the window is open, choose how it opens."""
        self._full_screen = wanted
        if self.is_open:
            mode = cv2.WINDOW_FULLSCREEN if wanted else cv2.WINDOW_NORMAL
            cv2.setWindowProperty(self._name, cv2.WND_PROP_FULLSCREEN, mode)

    def size_wh(self) -> tuple[int, int] | None:
        """Return width and height of the picture area in the window, in screen pixels; None if there is no window."""
        if not self.is_open:
            return None
        try:
            _, _, width, height = cv2.getWindowImageRect(self._name)
        except cv2.error:
            return None
        return (width, height) if width > 0 and height > 0 else None

    def _action_for(self, code: int) -> Action | None:
        if code in _SHIFT_CODES:
            self._shift_at_s = time.monotonic()
            return None
        return self._keys.action_for(code, shifted=self._is_shifted())

    def _typed(self, code: int) -> Typed | None:
        """Return what a key types; None for one that types nothing."""
        if code in _SHIFT_CODES:
            self._shift_at_s = time.monotonic()
            return None
        plain = code & 0xFFFF  # (GTK's flags are above)
        key = _TEXT_KEYS.get(code, _TEXT_KEYS.get(plain))
        if key is not None:
            return Typed(key=key)
        character = chr(plain)
        if plain >= _FIRST_NAMED or not character.isprintable():
            return None
        return Typed(character.upper() if self._is_shifted() else character)

    def _is_shifted(self) -> bool:
        just_pressed = time.monotonic() - self._shift_at_s < _SHIFT_COUNTS_S
        self._shift_at_s = -1.0  # (for one key: "Hq" typed quickly is not "HQ")
        return just_pressed or self._server.shift_is_held()

    def _on_mouse(self, event: int, x: int, y: int, *_: object) -> None:
        """Handle OpenCV's mouse callback, on the main thread within ``poll``. Of many moves only the last is kept."""
        x, y = x - self._borders[0], y - self._borders[1]
        if event in _PRESSED:
            if 0 <= x < self._picture_wh[0] and 0 <= y < self._picture_wh[1]:  # not on a border
                if _PRESSED[event] is MouseButton.LEFT:
                    self._mouse.append(Click(x, y))
                self._dragged = Drag((x, y), (x, y), _PRESSED[event])
        elif event == cv2.EVENT_MOUSEMOVE:
            self._moved(Hover(x, y))
            if self._dragged is not None:
                self._dragged = replace(self._dragged, to_xy=(x, y))
                self._moved(self._dragged)
        elif self._dragged is not None and _RELEASED.get(event) is self._dragged.button:
            self._moved(replace(self._dragged, to_xy=(x, y), is_over=True))
            self._dragged = None

    def _moved(self, event: Hover | Drag) -> None:
        """Add a move of the mouse in place of an earlier one of its kind that nothing else has followed."""
        for earlier in reversed(self._mouse[-2:]):
            if not isinstance(earlier, Hover | Drag) or (isinstance(earlier, Drag) and earlier.is_over):
                break
            if type(earlier) is type(event):
                self._mouse.remove(earlier)
                break
        self._mouse.append(event)

    def _open(self, width: int, height: int) -> None:
        # (free ratio, because pictures are given the window's: with the other flag Qt adds grey borders and reports their size)
        cv2.namedWindow(self._name, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
        wide, tall = self._opens_at(width, height)
        cv2.resizeWindow(self._name, wide, tall)
        cv2.setWindowTitle(self._name, self.title)
        cv2.setMouseCallback(self._name, self._on_mouse)
        self._server = window_server()
        self._is_open = True
        if self._full_screen:
            self.set_full_screen(True)

    def _opens_at(self, width: int, height: int) -> tuple[int, int]:
        """Return the window's first size: the requested one, else the picture's, fitted into ``largest_wh``."""
        if self._size_wh is not None:
            return self._size_wh
        is_small = width <= self._largest_wh[0] and height <= self._largest_wh[1]
        return (width, height) if is_small else fitted_wh((width, height), self._largest_wh)

    def _shape_now(self) -> float:
        """Return the window's aspect ratio, width over height."""
        wide, tall = self.size_wh() or self._opens_at(*self._picture_wh)
        return wide / tall

    def _is_gone(self) -> bool:
        try:
            return cv2.getWindowProperty(self._name, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error:  # Qt, once its last window is closed
            return True
