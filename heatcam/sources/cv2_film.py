"""Video file read by OpenCV: for formats that it is known to read correctly, and only from the beginning."""

from __future__ import annotations

import cv2

from heatcam.sources.capture import Capture
from heatcam.sources.decoder_process import Decoded

_FALLBACK_FPS = 25.0


class Cv2Film:
    """Video file, read in this process.

    If it has no timestamps, or they run backwards, the nominal interval is added to the time before.

    Args:
        capture: the open capture; released by ``close``.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        claimed = capture.get(cv2.CAP_PROP_FPS)
        self.fps = claimed if 0.01 < claimed < 1000 else _FALLBACK_FPS
        self._pts_s = -1.0 / self.fps

    @property
    def is_open(self) -> bool:
        """True if the capture is open."""
        return self._capture.isOpened()

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels, rotation applied."""
        return int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(
            self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        )

    @property
    def frame_count(self) -> int | None:
        """Number of frames that it claims to hold; None if unknown."""
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return count if count > 0 else None

    def next(self) -> Decoded | None:
        """Return the next frame; None after the last one."""
        decoded, image = self._capture.read()
        if not decoded:
            return None
        claimed_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        rises = claimed_s > self._pts_s and claimed_s >= 0
        self._pts_s = claimed_s if rises else self._pts_s + 1.0 / self.fps
        return Decoded(image, self._pts_s)

    def close(self) -> None:
        """Release the capture."""
        self._capture.release()
