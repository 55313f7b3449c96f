"""Regions of TIFF files: tiled and stripped ones, BigTIFF, OME and slides, without decoding what is not asked for."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from heatcam.errors import UnreadableInputError, first_line
from heatcam.geometry import Uint8Array
from heatcam.tiling.samples import SampleRange, bgr_of

_MOST_SEGMENT_BYTES = 256 << 20  # decoded; a strip or tile is decoded as a whole
_GREY, _GREY_INVERTED, _RGB, _YCBCR = 1, 0, 2, 6
_JPEGS = (6, 7)
_ORIENTATION, _BRIGHTEST = 274, (341, 281)  # Orientation; SMaxSampleValue, MaxSampleValue
#: GeoTIFF's tags, and GDAL's metadata and nodata.
_ON_EARTH = (33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113)


class TiffRows:
    """Rows of the largest picture of a TIFF file; see ``RowReader``.

    Only the strips or tiles that hold the rows are read and decoded. 16-bit samples are scaled to 8 by the range that the file
    states, else by their full range: a model of more channels or bits needs another reader in this place.

    Args:
        path: a file that ``why_not_by_rows`` has no objection to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _opened(path)
        self._page = _largest(self._file)
        _, _, tall, wide, self._samples = self._page.shaped
        self.size_wh = int(wide), int(tall)
        self._range = SampleRange(_brightest(self._page))
        self._is_inverted = self._page.photometric == _GREY_INVERTED
        self.notes = _notes(self._file, self._page, path.name)
        self.tags: Mapping[int, tuple[int, int, Any]] = _tags_on_earth(self._page)

    def rows(self, top: int, bottom: int) -> Uint8Array:
        """See ``RowReader``."""
        page = self._page
        separate = page.shaped[0]
        samples: npt.NDArray[Any] = np.empty(
            (bottom - top, self.size_wh[0], max(separate, self._samples)), page.dtype
        )
        try:
            for segment, (plane, _, row, column, _), shape in self._segments(top, bottom):
                first, last = max(row, top), min(row + shape[1], bottom, self.size_wh[1])
                width = min(shape[2], self.size_wh[0] - column)
                planes = slice(plane, plane + 1) if separate > 1 else slice(None)
                part = 0 if segment is None else segment[0, first - row : last - row, :width]
                samples[first - top : last - top, column : column + width, planes] = part
        except (OSError, ValueError, RuntimeError, NotImplementedError) as error:
            raise UnreadableInputError(
                f"{self._path} is damaged ({first_line(error, 80)})", "export it again"
            ) from error
        return bgr_of(self._range.to_8_bit(samples), white_is_zero=self._is_inverted)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _segments(self, top: int, bottom: int) -> Iterator[tuple[Any, tuple[int, ...], tuple[int, ...]]]:
        """Yield each strip or tile that touches the rows, decoded, with its place and its shape."""
        page, file = self._page, self._page.parent.filehandle
        tables = {"jpegtables": page.jpegtables} if page.compression in _JPEGS else {}
        for index in segments_of_rows(page, top, bottom):
            offset, count = page.dataoffsets[index], page.databytecounts[index]
            data = None
            if count:
                file.seek(offset)
                data = file.read(count)
                if len(data) < count:
                    raise ValueError("cut off")
            yield page.decode(data, index, **tables)


def segments_of_rows(page: Any, top: int, bottom: int) -> Iterator[int]:
    """Yield the indices of the strips or tiles of a page that touch the rows from ``top`` to before ``bottom``."""
    tall = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
    down = -(-page.imagelength // tall)
    for plane in range(page.shaped[0]):
        for row in range(top // tall, -(-bottom // tall)):
            first = (plane * down + row) * across
            yield from range(first, first + across)


def why_not_by_rows(path: Path) -> str:
    """Return the reason why rows of a TIFF cannot be read here, to follow its name; "" if they can.

    Raises:
        UnreadableInputError: the file is damaged.
    """
    with _opened(path) as file:
        page = _largest(file)
        return next((reason for reason, is_so in _OBJECTIONS.items() if is_so(page)), "")


def _has_odd_colours(page: Any) -> bool:
    if page.photometric == _YCBCR:
        return page.compression not in _JPEGS
    return page.photometric not in (_GREY, _GREY_INVERTED, _RGB)


def _channels(page: Any) -> int:
    return int(max(page.shaped[0], page.shaped[4]))


def _segment_bytes(page: Any) -> int:
    wide, tall = (page.tilewidth, page.tilelength) if page.is_tiled else (page.imagewidth, page.rowsperstrip)
    return int(
        wide
        * min(tall, 1 << 30 if page.is_tiled else page.imagelength)
        * page.shaped[4]
        * page.dtype.itemsize
    )


#: Reasons against reading by rows, in the order in which they are asked.
_OBJECTIONS: dict[str, Any] = {
    "has samples that are not unsigned integers of 8 or 16 bits": lambda page: (
        page.dtype not in (np.uint8, np.uint16) or page.bitspersample not in (8, 16)
    ),
    "is a volume": lambda page: page.shaped[1] > 1,
    "has colours that are neither grey nor RGB": _has_odd_colours,
    "has another number of channels than 1, 3 or 4": lambda page: _channels(page) not in (1, 3, 4),
    "is turned by its orientation tag": lambda page: page.tags.valueof(_ORIENTATION, 1) != 1,
    "is compressed in one piece": lambda page: _segment_bytes(page) > _MOST_SEGMENT_BYTES,
}


def _opened(path: Path) -> tifffile.TiffFile:
    """Open a TIFF file, without the library's notes about tags.

    Raises:
        UnreadableInputError: it is damaged.
    """
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        return tifffile.TiffFile(path)
    except Exception as error:
        raise UnreadableInputError(
            f"{path} is a damaged TIFF ({first_line(error, 80)})", "export it again"
        ) from error


def _largest(file: tifffile.TiffFile) -> Any:
    """Return the page with the most pixels, the first of those: a slide's label and levels are others.

    Raises:
        UnreadableInputError: the file has no picture.
    """
    best: Any = None
    with contextlib.suppress(Exception):  # (a damaged directory ends the chain: what came before counts)
        page: Any
        for page in file.pages:
            size = page.imagewidth * page.imagelength
            if best is None or size > best.imagewidth * best.imagelength:
                best = page
    if best is None or not best.shaped or best.dtype is None:
        raise UnreadableInputError(f"{file.filename} holds no picture", "export it again")
    return best


def _brightest(page: Any) -> int:
    """Return the sample that is white: the file's own word for it, else the largest of its type."""
    full = int(np.iinfo(page.dtype).max)
    for tag in _BRIGHTEST:
        stated = page.tags.valueof(tag)
        most = max(stated) if isinstance(stated, tuple) else stated
        if full > 255 and isinstance(most, int) and 0 < most < full:
            return most
    return full


def _notes(file: tifffile.TiffFile, page: Any, name: str) -> tuple[str, ...]:
    said = []
    if page.dtype == np.uint16:
        said.append(f"{name}: 16-bit samples are scaled to 8 bits, {_brightest(page)} is white")
    with contextlib.suppress(Exception):
        same = sum(other.shape == page.shape for other in file.pages)
        if same > 1:
            said.append(f"{name}: the first of {same} pictures in it")
    return tuple(said)


def _tags_on_earth(page: Any) -> dict[int, tuple[int, int, Any]]:
    """Return the tags that place a picture on the earth."""
    there = {code: page.tags[code] for code in _ON_EARTH if code in page.tags}
    return {code: (int(tag.dtype), int(tag.count), tag.value) for code, tag in there.items()}
