"""Opening of ``.pt`` files, today's zip archives or torch's older format: finds pickle and storages. Nothing is run.

All sizes that the file declares are checked against its own size before memory is allocated.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from heatcam.models.limits import (
    ALLOWANCE_BYTES,
    MOST_DIRECTORY_BYTES,
    MOST_PICKLE_BYTES,
    MOST_UNPACKING,
    in_words,
    refuse,
)
from heatcam.models.pickle_scan import Program, scan

#: First bytes of torch's older format: a pickled number, its magic number.
_LEGACY_HEAD = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_ZIP_HEAD = b"PK\x03\x04"
_LEGACY_VERSION = 1001
_DIRECTORY_SIZE = 5  # index of the directory's size in ``zipfile``'s end record
_PACKINGS = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED  # (others unpack without a bound)
_BIG_ENDIAN = "was saved on a machine with another byte order", "save it again on a PC"
_CHUNK = 1024**2


@dataclass(frozen=True)
class Archive:
    """An open checkpoint.

    Attributes:
        program: its pickle, scanned.
        size: size of the file in bytes.
        read: returns a storage's bytes, uint8 ``(size,)``, by its key and size; see ``Storages``.
        finish: to be called when everything was rebuilt: the older format has its weights after the pickle.
    """

    program: Program
    size: int
    read: Callable[[str, int], Tensor]
    finish: Callable[[], None]


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a checkpoint, exactly this file and for reading only.

    Raises:
        UnfitError: the file is empty, truncated, no checkpoint, or declares more than it holds.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(len(_LEGACY_HEAD))
        size = path.stat().st_size
        if not head:
            refuse("is empty")
        if head == _LEGACY_HEAD:
            yield _Legacy(file, size).archive()
        elif head.startswith(_ZIP_HEAD[: len(head)]):
            with _opened_zip(file) as archive:
                yield _Zip(archive, size).archive()
        else:
            refuse("is not a torch checkpoint", "give an ultralytics .pt file")


def _opened_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open the zip archive; refuse one whose directory is longer than any network's."""
    file.seek(0)
    try:
        end: Any = zipfile._EndRecData(file)  # type: ignore[attr-defined] # (as ``ZipFile`` will read it)
        if end is not None and end[_DIRECTORY_SIZE] > MOST_DIRECTORY_BYTES:
            refuse(f"is no network: its list of contents alone has {in_words(end[_DIRECTORY_SIZE])}")
        file.seek(0)
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, struct.error) as error:
        refuse(f"is truncated or damaged ({error})")


class _Zip:
    """A checkpoint as torch has written it since 1.6."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._size = size
        self._entries = {entry.filename: entry for entry in archive.infolist()}
        declared = sum(entry.file_size for entry in self._entries.values())
        if declared > MOST_UNPACKING * size + ALLOWANCE_BYTES:
            refuse(f"would unpack to {in_words(declared)}, the file has {in_words(size)}")
        if len(self._entries) != len(archive.infolist()):
            refuse("is damaged: it holds two parts of one name")
        if any(entry.compress_type not in _PACKINGS for entry in self._entries.values()):
            refuse("is packed in a way that torch never uses")
        self._folder = self._find_folder()
        if f"{self._folder}byteorder" in self._entries and self._content("byteorder", 16) != b"little":
            refuse(*_BIG_ENDIAN)

    def archive(self) -> Archive:
        """Scan the pickle and return the open checkpoint."""
        pickled = self._content("data.pkl", MOST_PICKLE_BYTES)
        return Archive(scan(pickled), self._size, self._read, lambda: None)

    def _find_folder(self) -> str:
        """Find the archive's folder, the one with the pickle."""
        folders = [name.removesuffix("data.pkl") for name in self._entries if name.endswith("/data.pkl")]
        if len(folders) != 1:
            refuse("is an archive, but not a torch checkpoint", "give an ultralytics .pt file")
        if f"{folders[0]}constants.pkl" in self._entries:
            refuse(
                "is a TorchScript archive: a compiled model, which shows no gradients of its layers",
                "give the .pt file that it was exported from",
            )
        return folders[0]

    def _content(self, name: str, most: int) -> bytes:
        entry = self._entries[f"{self._folder}{name}"]
        if entry.file_size > most:
            refuse(f"is no network: its {name} has {in_words(entry.file_size)}")
        return self._archive.read(entry)

    def _read(self, key: str, size: int) -> Tensor:
        """See ``Storages``; torch stores weights uncompressed, those of a file that was repacked are decompressed."""
        entry = self._entries.get(f"{self._folder}data/{key}")
        if entry is None or entry.file_size != size:
            held = (
                "is missing"
                if entry is None
                else f"has {in_words(entry.file_size)} instead of {in_words(size)}"
            )
            refuse(f"is truncated or damaged: storage {key[:20]} {held}")
        content = torch.empty(size, dtype=torch.uint8)
        with self._archive.open(entry) as stored:
            _fill(content, stored)
            if stored.read(1):
                refuse(f"is damaged: storage {key[:20]} does not end")
        return content


class _Legacy:
    """A checkpoint as torch wrote it before 1.6: pickles one after the other, then each storage with its length."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = self._left = size
        self._asked: dict[str, Tensor] = {}
        self._end = 0

    def archive(self) -> Archive:
        """Scan the main pickle and return the open checkpoint."""
        at = len(_LEGACY_HEAD)
        version = self._scan(at)
        if version.arguments[:1] != [_LEGACY_VERSION] and _LEGACY_VERSION not in version.arguments:
            refuse("is of an unknown torch format")
        system = self._scan(version.end)
        if any(argument is False for argument in system.arguments):  # (``little_endian``)
            refuse(*_BIG_ENDIAN)
        program = self._scan(system.end)
        self._end = program.end
        return Archive(program, self._size, self._read, self._finish)

    def _scan(self, at: int) -> Program:
        self._file.seek(at)
        found = scan(self._file.read(min(MOST_PICKLE_BYTES, self._size - at)))
        return Program(found.ops, found.arguments, found.names, found.end + at)

    def _read(self, key: str, size: int) -> Tensor:
        """Return zeroed memory for a storage; ``_finish`` fills it."""
        self._left -= size
        if self._left < 0:
            refuse(f"is truncated or damaged: storages of more than its own {in_words(self._size)}")
        self._asked[key] = torch.zeros(size, dtype=torch.uint8)
        return self._asked[key]

    def _finish(self) -> None:
        keys = self._scan(self._end)
        self._file.seek(keys.end)
        for key in [text for text in keys.arguments if isinstance(text, str)]:
            (count,) = struct.unpack("<q", self._file.read(8))
            if key not in self._asked or count < 0 or len(self._asked[key]) % max(count, 1):
                refuse("is damaged: its storages are not those that its pickle names")
            _fill(self._asked.pop(key), self._file)
        if self._asked:
            refuse("is truncated: some of its weights are missing")


def _fill(content: Tensor, stored: Any) -> None:
    """Fill ``content``, uint8 ``(size,)``, from a file."""
    bytes_of: Any = content.numpy()
    room = memoryview(bytes_of)
    at = 0
    while at < len(room):
        count = stored.readinto(room[at : at + _CHUNK])
        if not count:
            refuse("is truncated or damaged: a storage ends too early")
        at += count
