"""A network stream as a device: ``rtsp://``, ``http://`` MJPEG and HLS, through OpenCV's FFmpeg."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import cv2

from heatcam.errors import SourceError
from heatcam.sources.addresses import public_url
from heatcam.sources.capture import Capture, open_stream
from heatcam.sources.device import Answer, CaptureConnection, Connection, Grab, StreamEnded, kind_of
from heatcam.sources.looking import look_at

_MPJPEG = "MJPG"


class StreamDevice:
    """The stream at an address.

    Args:
        url: the address, perhaps with user and password, which are shown nowhere.
        open_capture: opens it; tests put fakes here.
        look: asks its server how it is; tests put fakes here.
    """

    def __init__(
        self,
        url: str,
        *,
        open_capture: Callable[[str], Capture] = open_stream,
        look: Callable[[str], Answer] = look_at,
    ) -> None:
        self._url = url
        self._open_capture = open_capture
        self._look = look

    @property
    def name(self) -> str:
        """The address without credentials."""
        return public_url(self._url)

    def connect(self) -> Connection:
        """Open the stream; see ``Device``."""
        capture = self._open_capture(self._url)
        if not capture.isOpened():
            capture.release()
            reason = self.look().reason
            raise SourceError(f"cannot open {self.name}" + (f" ({reason})" if reason else ""))
        if urlsplit(self._url).path.lower().endswith(".m3u8"):
            return HlsConnection(capture, self.name)
        # (MJPEG over HTTP carries no times: FFmpeg makes some up, 25 a second)
        has_clock = not self._url.lower().startswith("http") or kind_of(capture) != _MPJPEG
        return CaptureConnection(capture, self.name, has_clock=has_clock)

    def look(self) -> Answer:
        """Ask the server; see ``Device``."""
        return self._look(self._url)

    def next_step(self) -> str:
        """What the user can do."""
        return "check the address, the user and password, and that the camera is on"

    def asked(self) -> str:
        """A stream is taken as it comes."""
        return ""


class HlsConnection(CaptureConnection):
    """HLS comes in files of some seconds, each read at once: its pictures are handed on when their time has come.

    A playlist that says how long it is has an end, and is read to it.
    """

    def __init__(self, capture: Capture, name: str) -> None:
        super().__init__(capture, name)
        self._finite = capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        self._starts_at_s: float | None = None

    def grab(self) -> Grab:
        """The next picture, no earlier than the stream's clock says."""
        try:
            grab = super().grab()
        except SourceError:
            if self._finite:
                raise StreamEnded from None
            raise
        self._keep_time(grab.stream_s or 0.0)
        return grab

    def _keep_time(self, stream_s: float) -> None:
        now_s = time.monotonic()
        due_s = now_s if self._starts_at_s is None else self._starts_at_s + stream_s
        if (
            self._starts_at_s is None or not now_s - 1.0 < due_s < now_s + 1.0
        ):  # late, or its clock has jumped
            self._starts_at_s = now_s - stream_s
        elif due_s > now_s:
            time.sleep(due_s - now_s)
