"""MJPEG over HTTP, read without FFmpeg: as cameras send it, with or without boundaries, lengths and types.

FFmpeg needs the first boundary, which ESP32 cameras leave out, and reads a part without an end into memory as long as bytes come.
"""

from __future__ import annotations

import http.client
import time
from urllib.parse import SplitResult, urljoin, urlsplit

import cv2
import numpy as np

from heatcam.errors import SourceError
from heatcam.geometry import Uint8Array
from heatcam.sources.device import FALLBACK_FPS, Grab
from heatcam.sources.jpeg_splitter import START, JpegSplitter
from heatcam.sources.logins import Login
from heatcam.sources.stream_probe import http_connection, request_target

_STEP_S = 4.0  # timeout of each step of connecting, and of each wait for bytes
_PICTURE_S = 8.0  # for one picture, however slowly its bytes drip
_PIECE = 1 << 16
_MOST_HOPS = 5
_KINDS = ("multipart/", "image/jpeg", "application/octet-stream", "video/x-motion-jpeg", "video/mjpeg")
_REDIRECTS = (301, 302, 303, 307, 308)


class MjpegConnection:
    """Open connection to an MJPEG server; see ``Connection``. MJPEG carries no timestamps: times are those of arrival.

    Args:
        url: the address, perhaps with a login, which is sent once if the server asks for it.
        name: name for error messages, without credentials.

    Raises:
        SourceError: the server cannot be reached, or sends no picture.
    """

    fps = FALLBACK_FPS
    tells_fps = False
    kind = "MJPG"

    def __init__(self, url: str, name: str) -> None:
        self._name = name
        self._splitter = JpegSplitter(name)
        self._waiting: list[Uint8Array] = []
        try:
            self._connection, self._response = _get(url)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise SourceError(f"cannot open {name}") from error
        try:
            self._waiting.append(self.grab().image_bgr)
        except BaseException:
            self.close()
            raise

    def grab(self) -> Grab:
        """Return the next picture; those that cannot be decoded are left out."""
        deadline_s = time.monotonic() + _PICTURE_S
        while not self._waiting:
            try:
                piece = self._response.read1(_PIECE)
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise SourceError(f"{self._name} stopped giving frames") from error
            if not piece or time.monotonic() > deadline_s:
                raise SourceError(f"{self._name} stopped giving frames")
            decoded = (_decoded(data) for data in self._splitter.add(piece))
            self._waiting += [image for image in decoded if image is not None]
        return Grab(self._waiting.pop(0))

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._connection.close()


def _get(url: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Request the pictures, following redirects; a login is sent only to the server that it was given for."""
    first = urlsplit(url)
    parts, login = first, Login.of(first)
    for _ in range(_MOST_HOPS):
        here = login if (parts.hostname, parts.port) == (first.hostname, first.port) else None
        connection, response = _asked(parts, None)
        if response.status == 401 and here is not None:
            challenges = response.headers.get_all("WWW-Authenticate") or ()
            connection.close()
            connection, response = _asked(parts, here.answer(challenges, "GET", request_target(parts)))
        if response.status not in _REDIRECTS:
            break
        connection.close()
        parts = urlsplit(urljoin(parts.geturl(), response.headers.get("Location", "")))
    content = response.headers.get("Content-Type", "").lower()
    if response.status != 200 or (content and not content.startswith(_KINDS)):
        connection.close()
        raise OSError(f"status {response.status}, {content}")
    return connection, response


def _asked(
    parts: SplitResult, authorization: str | None
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError("redirected to something else than HTTP")
    connection = http_connection(parts, _STEP_S)
    headers = {"Authorization": authorization} if authorization else {}
    connection.request("GET", request_target(parts), headers=headers)
    return connection, connection.getresponse()


def _decoded(data: bytes) -> Uint8Array | None:
    """Decode a picture to uint8 ``(H, W, 3)`` BGR; None if it cannot be decoded."""
    if not data.startswith(START):
        return None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else np.asarray(image, np.uint8)
