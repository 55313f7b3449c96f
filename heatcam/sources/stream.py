"""Network stream device: ``rtsp://``, ``http://`` MJPEG and HLS, through OpenCV's FFmpeg."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import cv2

from heatcam.errors import SourceError
from heatcam.sources.capture import Capture, open_stream
from heatcam.sources.decoded_stream import DecodedStream, may_be_interlaced
from heatcam.sources.device import (
    CaptureConnection,
    Connection,
    Grab,
    ProbeResult,
    StreamEnded,
    kind_of,
)
from heatcam.sources.mjpeg import MjpegConnection
from heatcam.sources.stream_probe import probe
from heatcam.sources.urls import public_url

_MPJPEG = "MJPG"


class StreamDevice:
    """Stream at an address.

    Args:
        url: the address, perhaps with user and password, which are shown nowhere.
        open_capture: opens it; tests pass fakes.
        look: probes its server; tests pass fakes.
    """

    accepts_rate = False

    def __init__(
        self,
        url: str,
        *,
        open_capture: Callable[[str], Capture] = open_stream,
        look: Callable[[str], ProbeResult] = probe,
    ) -> None:
        self._url = url
        self._open_capture = open_capture
        self._look = look
        self._is_http = url.lower().startswith("http")
        self._refusal: ProbeResult | None = None

    @property
    def name(self) -> str:
        """Display name: the address without credentials."""
        return public_url(self._url)

    def connect(self) -> Connection:
        """Open the stream; see ``Device``.

        After a refused login the server is probed before FFmpeg tries it, so that the login is sent only once.

        Raises:
            SourceError: the server refuses the login, or the stream cannot be opened.
        """
        if self._refusal is not None:
            self._require_login(self._look(self._url))
        capture = self._open_capture(self._url)
        if not capture.isOpened():
            capture.release()
            return self._without_ffmpeg()
        if urlsplit(self._url).path.lower().endswith(".m3u8"):
            return HlsConnection(capture, self.name)
        if may_be_interlaced(capture):
            capture.release()
            return DecodedStream(self._url, self.name)
        if not self._is_http or kind_of(capture) != _MPJPEG:
            return CaptureConnection(capture, self.name)
        return self._as_jpegs(capture)

    def look(self) -> ProbeResult:
        """Probe the server; see ``Device``. After a refused login it is not probed again before the next attempt."""
        if self._refusal is None:
            answer = self._look(self._url)
            self._refusal = answer if answer.refused else None
            return answer
        return self._refusal

    def next_step(self) -> str:
        """Return advice for the user."""
        return "check the address, the user and password, and that the camera is on"

    def asked(self) -> str:
        """Return "": no format can be requested from a stream."""
        return ""

    def _require_login(self, answer: ProbeResult) -> None:
        self._refusal = answer if answer.refused else None
        if answer.refused:
            raise SourceError(f"cannot open {self.name} ({answer.reason})", answer.advice)

    def _without_ffmpeg(self) -> Connection:
        """Open a stream that FFmpeg cannot open as MJPEG over HTTP.

        Raises:
            SourceError: it is not MJPEG either; with the server's answer.
        """
        answer = self._look(self._url)
        self._require_login(answer)
        if self._is_http and answer.ready:
            try:
                return MjpegConnection(self._url, self.name)
            except SourceError as error:
                answer = replace(answer, reason=answer.reason or _said_beside(error, self.name))
        reason = f" ({answer.reason})" if answer.reason else ""
        raise SourceError(f"cannot open {self.name}{reason}", answer.advice)

    def _as_jpegs(self, capture: Capture) -> Connection:
        """Open MJPEG over HTTP with our own reader, which limits a picture without an end; if that fails, with FFmpeg.

        MJPEG carries no timestamps: FFmpeg makes some up, at 25 per second.

        Raises:
            SourceError: the server accepts no second connection.
        """
        capture.release()
        try:
            return MjpegConnection(self._url, self.name)
        except SourceError:
            capture = self._open_capture(self._url)
        if not capture.isOpened():
            capture.release()
            raise SourceError(f"cannot open {self.name} (it takes no second connection)")
        return CaptureConnection(capture, self.name, has_clock=False)


def _said_beside(error: SourceError, name: str) -> str:
    """Return the reason in an error beyond that ``name`` cannot be opened."""
    said = error.problem.replace(name, "it")
    return said if "without an end" in said else "what it sends is no stream that can be decoded"


class HlsConnection(CaptureConnection):
    """HLS connection: files of some seconds are read at once, and their pictures passed on at their own times.

    A playlist with a known length has an end, and is read to it.
    """

    def __init__(self, capture: Capture, name: str) -> None:
        super().__init__(capture, name)
        self._finite = capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        self._starts_at_s: float | None = None

    def grab(self) -> Grab:
        """Return the next picture, no earlier than the stream's clock says.

        Raises:
            SourceError: the stream failed.
            StreamEnded: a playlist with an end was read to it.
        """
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
