"""Splitting of a byte stream into JPEGs by JPEG's own markers.

Searching for the two bytes of "end of image" is not enough: a thumbnail inside a picture ends with them too.
"""

from __future__ import annotations

from heatcam.errors import SourceError

START = b"\xff\xd8\xff"
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_MOST_BYTES = 64 << 20  # a hundred times a picture of a good camera


class JpegSplitter:
    """Splits bytes that come in pieces into complete JPEGs. Bytes between them (multipart headers) are skipped.

    Args:
        name: name of the stream, for error messages.
        advice: advice for the user if a JPEG has no end.
    """

    def __init__(self, name: str, advice: str = "") -> None:
        self._name = name
        self._advice = advice
        self._bytes = bytearray()
        self._parsed = 0  # offset up to which the current picture's markers are parsed

    @property
    def begun(self) -> bool:
        """True if it holds the start of an incomplete picture."""
        return self._bytes.startswith(START)

    def add(self, piece: bytes) -> list[bytes]:
        """Add bytes and return the pictures that they complete.

        Raises:
            SourceError: a JPEG has no end within 64 MB.
        """
        self._bytes += piece
        pictures = []
        while (end := self._end()) is not None:
            pictures.append(bytes(self._bytes[:end]))
            del self._bytes[:end]
            self._parsed = 0
        if len(self._bytes) > _MOST_BYTES:
            held, self._bytes, self._parsed = len(self._bytes) >> 20, bytearray(), 0
            raise SourceError(f"{self._name} sends a JPEG without an end (cut at {held} MB)", self._advice)
        return pictures

    def _end(self) -> int | None:
        """Return the end of the picture at the head of the bytes; None if it is incomplete."""
        if not self.begun:
            start = self._bytes.find(START)
            del self._bytes[: start if start >= 0 else max(0, len(self._bytes) - 2)]
            if start < 0:
                return None
        position = self._parsed or 2
        while (marker := self._bytes.find(0xFF, position)) >= 0 and marker + 1 < len(self._bytes):
            code = self._bytes[marker + 1]
            if code == _END_OF_IMAGE:
                return marker + 2
            if code == 0xFF:
                position = marker + 1  # fill byte
            elif code == 0 or code in _WITHOUT_LENGTH:
                position = marker + 2
            elif marker + 3 < len(self._bytes):
                position = marker + 2 + max(2, int.from_bytes(self._bytes[marker + 2 : marker + 4], "big"))
            else:
                break
            self._parsed = position
        if marker < 0:
            self._parsed = max(position, len(self._bytes))
        return None
