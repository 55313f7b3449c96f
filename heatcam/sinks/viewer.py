"""The window: the only place that shows pictures and reads keys, on the main thread.

Call ``display.require_display()`` before: where no window can open, OpenCV ends the whole process.
"""

from __future__ import annotations

from types import TracebackType

import cv2

from heatcam.geometry import Uint8Array
from heatcam.sinks.keys import DEFAULT_KEYS, Action, KeyTable

_KEYS_A_POLL = 16  # a key held down must not keep the next frame waiting
_NOT_PRESSED = -1


class Viewer:
    """One resizable window that keeps the picture's shape; use it with ``with``, on the main thread.

    The window opens with the first picture, at its size or, if that is larger, fitted into ``largest_wh``.

    Args:
        title: in the window's frame, and its name for OpenCV.
        keys: what the keys do.
        largest_wh: width and height in pixels beyond which the window does not open by itself.
    """

    def __init__(
        self, title: str = "heatcam", keys: KeyTable = DEFAULT_KEYS, largest_wh: tuple[int, int] = (1600, 900)
    ) -> None:
        self.title = title
        self._keys = keys
        self._largest_wh = largest_wh
        self._is_open = False
        self._was_closed = False

    def __enter__(self) -> Viewer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open and not self._is_gone():
            cv2.destroyWindow(self.title)
            cv2.waitKeyEx(1)  # the window goes when its events are handled
        self._is_open = False

    def show(self, image_bgr: Uint8Array) -> None:
        """Put ``image_bgr``, uint8 ``(H, W, 3)`` BGR, into the window; drawn by the next ``poll``.

        After the user closed the window nothing happens, lest it opens again.
        """
        if not self._is_open:
            self._open(image_bgr.shape[1], image_bgr.shape[0])
        elif self._is_gone():
            self._was_closed = True
            return
        cv2.imshow(self.title, image_bgr)

    def poll(self, wait_ms: int = 1) -> list[Action]:
        """Draw, and return what was asked for since the last poll, oldest first; a closed window asks to quit.

        Args:
            wait_ms: how long to wait for a key, in milliseconds, at least 1.
        """
        if self._was_closed or not self._is_open:
            return [Action.QUIT] if self._was_closed else []
        actions = []
        code = cv2.waitKeyEx(max(1, wait_ms))
        for _ in range(_KEYS_A_POLL):
            if code == _NOT_PRESSED:
                break
            action = self._keys.action_for(code)
            if action is not None:
                actions.append(action)
            code = cv2.waitKeyEx(1)
        if self._is_gone():
            self._was_closed = True
            actions.append(Action.QUIT)
        return actions

    def _open(self, width: int, height: int) -> None:
        cv2.namedWindow(self.title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        scale = min(1.0, self._largest_wh[0] / width, self._largest_wh[1] / height)
        cv2.resizeWindow(self.title, max(1, round(width * scale)), max(1, round(height * scale)))
        self._is_open = True

    def _is_gone(self) -> bool:
        try:
            return cv2.getWindowProperty(self.title, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error:  # Qt, once its last window is closed
            return True
