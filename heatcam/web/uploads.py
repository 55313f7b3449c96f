"""Pictures of requests: multipart or as the whole body, read in pieces under a limit, kept in memory and never written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from heatcam.text import printable
from heatcam.web.problems import Problem
from heatcam.web.settings import MEGABYTE, UploadLimits

FIELD = "file"
_AROUND = 4096  # bytes that boundaries and headers of a form may add to a picture
_LONGEST_NAME = 200
_MOST_PARTS = 16
_MOST_BODIES = 4  # times as many bodies as may wait for the model may come in at the same time
_MOST_TOGETHER = 6  # times the bytes that one may have: what all that are coming in hold together


@dataclass(frozen=True)
class Upload:
    """A picture of a request.

    Attributes:
        data: the bytes of its file.
        name: what the client calls it, without folders; "" for no name. It is shown, and nothing else is done with it.
    """

    data: bytes
    name: str = ""


class Bodies:
    """Reads bodies of requests under the limits.

    Args:
        limits: of bytes, seconds, and, with the number of requests that may wait, of bodies at the same time.
    """

    def __init__(self, limits: UploadLimits) -> None:
        self._limits = limits
        self._coming = self._bytes = 0

    async def read(self, request: Request, most_bytes: int | None = None) -> bytes:
        """Read a body.

        Args:
            request: whose body was not read yet.
            most_bytes: its size at most; None takes that of the limits.

        Raises:
            Problem: 413 as soon as it is too large, whatever ``Content-Length`` said, 408 if it takes too long, 429 if too many
                come at the same time, or too many bytes of all.
        """
        most = most_bytes or self._limits.most_bytes
        if self._coming >= _MOST_BODIES * (self._limits.queue_length + 1):
            raise Problem(429, "too many uploads at the same time; try again later", 1)
        self._coming += 1
        try:
            return await asyncio.wait_for(self._body(request, most), self._limits.waiting_s)
        except asyncio.TimeoutError:
            seconds = f"{self._limits.waiting_s:g} s"
            raise Problem(
                408, f"the upload was not complete within {seconds}; scale the picture down first"
            ) from None
        finally:
            self._coming -= 1

    async def _body(self, request: Request, most: int) -> bytes:
        """Read a body of at most ``most`` bytes; a larger one is refused at once, and any when all together are too large."""
        stated = request.headers.get("content-length", "")
        _require_size(int(stated) if stated.isdecimal() and len(stated) < 20 else 0, most)
        body = bytearray()
        try:
            async for piece in request.stream():
                _require_size(len(body) + len(piece), most)
                if self._bytes + len(piece) > _MOST_TOGETHER * most:
                    raise Problem(429, "too many large uploads at the same time; try again later", 2)
                self._bytes += len(piece)
                body += piece
            return bytes(body)
        finally:
            self._bytes -= len(body)

    async def read_upload(self, request: Request) -> Upload:
        """Read the picture of a request: the field ``file`` of a form, or the whole body. What is in it is not looked at.

        Raises:
            Problem: see ``read``; 422 for a form that is damaged or lacks the field.
        """
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != b"multipart/form-data":
            return Upload(await self.read(request))
        body = await self.read(request, self._limits.most_bytes + _AROUND)
        upload = await asyncio.to_thread(_file_of, body, options.get(b"boundary", b""))
        _require_size(len(upload.data), self._limits.most_bytes)
        return upload


def _require_size(size: int, most: int) -> None:
    if size > most:
        raise Problem(
            413, f"the upload is larger than {most / MEGABYTE:.3g} MB; scale the picture down first"
        )


@dataclass
class _Part:
    """One part of a form while it is read."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)
    is_wanted: bool = False
    header_name: bytes = b""
    header_value: bytes = b""

    def end_header(self) -> None:
        """Keep the header that was read."""
        self.headers[self.header_name.lower()] = self.header_value
        self.header_name = self.header_value = b""

    def about(self) -> dict[bytes, bytes]:
        """Return what its ``Content-Disposition`` says."""
        return parse_options_header(self.headers.get(b"content-disposition", b""))[1]


class _Form:
    """The parts of a form, as the parser calls for them."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.is_whole = False

    def begin(self) -> None:
        """Begin a part.

        Raises:
            ValueError: there are too many.
        """
        if len(self.parts) >= _MOST_PARTS:
            raise ValueError(f"more than {_MOST_PARTS} parts")
        self.parts.append(_Part())

    def header(self, what: str, data: bytes, start: int, end: int) -> None:
        """Read on in the name or the value of a header."""
        part = self.parts[-1]
        setattr(part, what, getattr(part, what) + data[start:end])

    def end_header(self) -> None:
        """Keep the header that was read."""
        self.parts[-1].end_header()

    def end_headers(self) -> None:
        """Note whether the data that follow are the picture's."""
        self.parts[-1].is_wanted = self.parts[-1].about().get(b"name") == FIELD.encode()

    def add(self, data: bytes, start: int, end: int) -> None:
        """Read on in the data of a part; only those of the picture are kept."""
        if self.parts[-1].is_wanted:
            self.parts[-1].data += data[start:end]

    def end(self) -> None:
        """Note that the form is whole."""
        self.is_whole = True

    def callbacks(self) -> Any:
        """Return what the parser calls."""
        return {
            "on_part_begin": self.begin,
            "on_header_field": partial(self.header, "header_name"),
            "on_header_value": partial(self.header, "header_value"),
            "on_header_end": self.end_header,
            "on_headers_finished": self.end_headers,
            "on_part_data": self.add,
            "on_end": self.end,
        }


def _file_of(body: bytes, boundary: bytes) -> Upload:
    """Return the picture of a form.

    Raises:
        Problem: 422, the form is damaged or has no such field.
    """
    form = _Form()
    try:
        MultipartParser(boundary, form.callbacks()).write(body)
    except (MultipartParseError, ValueError) as error:
        raise Problem(422, f"the form is damaged ({error}); send the picture as field '{FIELD}'") from None
    found = [part for part in form.parts if part.is_wanted]
    if not (found and form.is_whole):
        why = "has no field" if form.is_whole else "is cut off, or has no field"
        raise Problem(422, f"the form {why} '{FIELD}'; send the picture in it, or as the whole body")
    return Upload(bytes(found[0].data), _shown(found[0].about().get(b"filename", b"")))


def _shown(name: bytes) -> str:
    """Return a client's file name as it may be shown: no folders, nothing that a terminal would obey, not too long."""
    text = name.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    return printable(text)[:_LONGEST_NAME]
