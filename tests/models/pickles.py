"""Checkpoints put together byte by byte, as somebody would who means harm: nothing here is ever loaded by pickle."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MARK, EMPTY_TUPLE, STOP = b"(", b")", b"."


def text(value: str) -> bytes:
    """Push a text."""
    content = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(content)) + content


def number(value: int) -> bytes:
    """Push a whole number of any size."""
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    content = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(content)]) + content


def named(module: str, name: str) -> bytes:
    """Push what a module calls so."""
    return f"c{module}\n{name}\n".encode()


def packed(*items: bytes) -> bytes:
    """Push a tuple."""
    return MARK + b"".join(items) + b"t"


def called(module: str, name: str, *arguments: bytes) -> bytes:
    """Push what a call gives."""
    return named(module, name) + packed(*arguments) + b"R"


def listed(*items: bytes) -> bytes:
    """Push a list."""
    return b"](" + b"".join(items) + b"e"


def mapped(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Push a dictionary."""
    return b"}(" + b"".join(key + value for key, value in items) + b"u"


def stored(key: str, count: int, kind: str = "FloatStorage") -> bytes:
    """Push a storage."""
    return packed(text("storage"), named("torch", kind), text(key), text("cpu"), number(count)) + b"Q"


def tensor(storage: bytes, size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> bytes:
    """Push a tensor over a storage."""
    sides = packed(*map(number, size)), packed(*map(number, stride))
    hooks = called("collections", "OrderedDict")
    return called("torch._utils", "_rebuild_tensor_v2", storage, number(offset), *sides, b"\x89", hooks)


def layer(module: str, name: str, state: bytes) -> bytes:
    """Push a layer that gets a state."""
    return named(module, name) + EMPTY_TUPLE + b"\x81" + state + b"b"


def whole(content: bytes) -> bytes:
    """A pickle of what is pushed."""
    return b"\x80\x02" + content + STOP


def checkpoint(model: bytes) -> bytes:
    """A pickle as ultralytics saves it, with this for its model."""
    return whole(mapped([(text("model"), model)]))


def archive(
    pickle: bytes,
    storages: dict[str, bytes] | None = None,
    *,
    packing: int = zipfile.ZIP_STORED,
    order: bytes = b"little",
) -> bytes:
    """A file as torch writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as file:
        file.writestr("a/data.pkl", pickle)
        file.writestr("a/byteorder", order)
        for key, content in (storages or {}).items():
            file.writestr(f"a/data/{key}", content)
        file.writestr("a/version", b"3\n")
    return buffer.getvalue()


def legacy(pickle: bytes, keys: bytes = b"\x80\x02].", rest: bytes = b"") -> bytes:
    """A file as torch wrote it before 1.6."""
    head = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."
    return head + pickle + keys + rest


def write(path: Path, content: bytes) -> Any:
    """The path itself, with this in it."""
    path.write_bytes(content)
    return path
