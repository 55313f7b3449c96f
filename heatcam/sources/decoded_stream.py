"""Streams whose frames are two fields (television, analogue cameras): decoded and deinterlaced by PyAV in a process of its own.

OpenCV 5.0 returns memory that it has not written for them and says that all is well.
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
    """Whether an open stream may have frames of two fields; no where nobody can tell."""
    kind = kind_of(capture).lower()
    if kind not in _BY_PARAMETER_SET:
        return kind in _ALWAYS
    parameters = _parameters_of(capture)
    return bool(parameters) and not only_whole_frames(parameters)


def _parameters_of(capture: Any) -> bytes:
    """The stream's parameter sets, as OpenCV hands them out; empty where it does not."""
    index = int(capture.get(cv2.CAP_PROP_CODEC_EXTRADATA_INDEX))
    if index <= 0 or not hasattr(capture, "retrieve"):
        return b""
    found, data = capture.retrieve(None, index)
    return bytes(data.tobytes()) if found and data is not None else b""


class DecodedStream:
    """An open stream; see ``Connection``.

    Args:
        url: the address, perhaps with a login.
        name: for errors, without credentials.

    Raises:
        SourceError: no picture comes.
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
        """The next picture, whole."""
        try:
            decoded = self._decoder.next()
        except SourceError as error:
            raise SourceError(f"{self._name} stopped giving frames") from error
        if decoded is None:
            raise SourceError(f"{self._name} stopped giving frames")
        return Grab(decoded.image_bgr, decoded.pts_s)

    def close(self) -> None:
        """End the process."""
        self._decoder.close()
