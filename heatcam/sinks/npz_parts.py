"""Safe reading of NumPy archives: no pickle, and every declared size is checked before memory is taken for it."""

from __future__ import annotations

import contextlib
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
import numpy.typing as npt

from heatcam.errors import UnreadableInputError, first_line, reason_of

_MOST_DIRECTORY_BYTES = 1 << 20  # 10,000 parts; an archive of heatcam's has about twenty
_DIRECTORY_SIZE = 5  # index of the directory's size in ``zipfile``'s end record
_LONGEST_HEADER = 10_000  # letters, NumPy's own limit
_CHUNK = 1 << 20
_PACKINGS = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_DAMAGES = (
    *(
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        tokenize.TokenError,
        SyntaxError,
        EOFError,
        RecursionError,
    ),
    *(ValueError, TypeError, KeyError, OverflowError, NotImplementedError, RuntimeError, MemoryError),
)


class NpzParts:
    """The arrays of an open archive, read one by one when they are asked for.

    Args:
        archive: the open archive.
        path: its file, for messages.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive = archive
        self._path = path
        self._entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def array(self, name: str, kinds: str, dimensions: int, most_bytes: int) -> npt.NDArray[Any]:
        """Read one array.

        Args:
            name: its name in the archive.
            kinds: allowed kinds of its dtype, as ``numpy.dtype.kind`` has them.
            dimensions: number of its dimensions; -1 for any.
            most_bytes: limit of its size in bytes.

        Raises:
            UnreadableInputError: it is missing, damaged, larger, of another kind or of other dimensions.
        """
        with self._told(name):
            entry = self._entries[name]
            if entry.compress_type not in _PACKINGS:
                raise ValueError("it is packed in an unknown way")
            with self._archive.open(entry) as file:
                shape, in_fortran_order, dtype = _header(file)
                size = prod(shape) * dtype.itemsize
                if dtype.hasobject or dtype.kind not in kinds or dimensions not in (-1, len(shape)):
                    raise ValueError(f"it is {dtype} of {len(shape)} dimensions")
                if size > most_bytes:
                    raise ValueError(f"it is said to have {size:,} bytes")
                data = _exactly(file, size)
            order: Any = "F" if in_fortran_order else "C"
            return np.frombuffer(data, dtype).reshape(shape, order=order)

    def text(self, name: str, most_bytes: int) -> str:
        """Read an array that holds one text.

        Raises:
            UnreadableInputError: as for ``array``.
        """
        return str(self.array(name, "U", 0, most_bytes)[()])

    def refuse(self, problem: str) -> NoReturn:
        """Refuse the archive.

        Raises:
            UnreadableInputError: always.
        """
        raise UnreadableInputError(
            f"{self._path} is damaged: {problem}", "write it again with `heatcam snapshot --npz`"
        )

    @contextlib.contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """Turn whatever a damaged part raises into one line with its name."""
        try:
            yield
        except KeyError:
            self.refuse(f"it has no {name}")
        except OSError as error:
            raise UnreadableInputError(f"cannot read {self._path} ({reason_of(error)})") from error
        except _DAMAGES as error:
            self.refuse(f"{name} cannot be read ({first_line(error, 80)})")


@contextlib.contextmanager
def open_npz(path: Path) -> Iterator[NpzParts]:
    """Open a NumPy archive for reading.

    Raises:
        UnreadableInputError: the file does not exist, cannot be read, or is no NumPy archive.
    """
    try:
        with path.open("rb") as file, _opened(file) as archive:
            yield NpzParts(archive, path)
    except OSError as error:
        problem = (
            "does not exist"
            if isinstance(error, FileNotFoundError)
            else f"cannot be read ({reason_of(error)})"
        )
        raise UnreadableInputError(f"{path} {problem}") from error
    except _DAMAGES as error:
        raise UnreadableInputError(
            f"{path} is no NumPy archive, or is cut off", "give a file that `heatcam snapshot --npz` wrote"
        ) from error


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    """Open the zip archive; refuse one with a long directory, which is read at once.

    Raises:
        ValueError: the directory is too long.
    """
    end: Any = zipfile._EndRecData(file)  # type: ignore[attr-defined] # (as ``ZipFile`` will read it)
    if end is not None and end[_DIRECTORY_SIZE] > _MOST_DIRECTORY_BYTES:
        raise ValueError("its directory is too long")
    file.seek(0)
    return zipfile.ZipFile(file)


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, order and dtype of an array.

    Raises:
        ValueError: the header is not one of NumPy's.
    """
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in read:
        raise ValueError(f"its format is {version}")
    shape, in_fortran_order, dtype = read[version](file, max_header_size=_LONGEST_HEADER)
    if any(length < 0 for length in shape):
        raise ValueError("its shape is negative")
    return shape, in_fortran_order, dtype


def _exactly(file: Any, size: int) -> bytes:
    """Read exactly ``size`` bytes, in chunks, so that no more is unpacked than is asked for.

    Raises:
        ValueError: there are fewer or more.
    """
    data = bytearray()
    while len(data) < size:
        chunk = file.read(min(_CHUNK, size - len(data)))
        if not chunk:
            raise ValueError("it is cut off")
        data += chunk
    if file.read(1):  # reads the checksum too
        raise ValueError("it has more bytes than its shape")
    return bytes(data)
