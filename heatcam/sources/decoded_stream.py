"""Interlaced streams (television, analogue cameras), decoded and deinterlaced by PyAV in a process of its own.

OpenCV 5.0 returns uninitialised memory for them and reports success.
"""

from __future__ import annotations

from typing import Any

import cv2

from heatcam.errors import SourceError, UnreadableInputError
from heatcam.sources.capture import Capture
from heatcam.sources.decoder_process import DecoderProcess
from heatcam.sources.device import FALLBACK_FPS, Grab, kind_of
from heatcam.sources.h264 import only_whole_frames

_ALWAYS = ("mpg2", "mpeg2video")
_BY_PARAMETER_SET = ("h264", "avc1")


def may_be_interlaced(capture: Capture) -> bool:
    """Return True if an open stream may be interlaced; False if that is unknown."""
    kind = kind_of(capture).lower()
    if kind not in _BY_PARAMETER_SET:
        return kind in _ALWAYS
    parameters = _parameters_of(capture)
    return bool(parameters) and not only_whole_frames(parameters)


def _parameters_of(capture: Any) -> bytes:
    """Return the stream's parameter sets from OpenCV; empty if it has none."""
    index = int(capture.get(cv2.CAP_PROP_CODEC_EXTRADATA_INDEX))
    if index <= 0 or not hasattr(capture, "retrieve"):
        return b""
    found, data = capture.retrieve(None, index)
    return bytes(data.tobytes()) if found and data is not None else b""


class DecodedStream:
    """Open interlaced stream; see ``Connection``.

    Args:
        url: the address, perhaps with a login.
        name: name for error messages, without credentials.

    Raises:
        SourceError: the stream cannot be opened or decoded.
    """

    def __init__(self, url: str, name: str) -> None:
        self._name = name
        try:
            self._decoder = DecoderProcess(url, is_url=True)
        except (UnreadableInputError, SourceError) as error:
            raise SourceError(f"cannot open {name}") from error
        facts = self._decoder.facts
        self.kind = facts.codec
        self.tells_fps = 1 <= facts.fps <= 240
        self.fps = facts.fps if self.tells_fps else FALLBACK_FPS
        self._decoder.go(0.0)

    def grab(self) -> Grab:
        """Return the next picture, deinterlaced."""
        try:
            decoded = self._decoder.next()
        except SourceError as error:
            raise SourceError(f"{self._name} stopped giving frames") from error
        if decoded is None:
            raise SourceError(f"{self._name} stopped giving frames")
        return Grab(decoded.image_bgr, decoded.pts_s)

    def close(self) -> None:
        """End the decoder's process."""
        self._decoder.close()
