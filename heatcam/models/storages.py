"""Tensors from a checkpoint's storages, each checked against the size of the file before memory is allocated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from heatcam.models.limits import ALLOWANCE_BYTES, MOST_DIMENSIONS, in_words, refuse

#: torch's storage classes and their dtypes.
STORAGE_TYPES = {
    "DoubleStorage": torch.float64, "FloatStorage": torch.float32, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32, "ShortStorage": torch.int16,
    "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
}  # fmt: skip


@dataclass(frozen=True)
class StorageType:
    """The dtype of a storage, as a checkpoint names it."""

    dtype: torch.dtype


@dataclass(frozen=True)
class Stored:
    """A storage, or a part of one.

    Attributes:
        dtype: of its numbers.
        values: float or integer ``(count,)``; all of its memory.
    """

    dtype: torch.dtype
    values: Tensor


class Storages:
    """The storages of one checkpoint, read when they are first asked for.

    Args:
        read: returns the bytes of one, uint8 ``(size,)``, by its key and its size in bytes; it refuses any other size.
        most_bytes: size of the file; all tensors together may take twice as much, and an allowance.
    """

    def __init__(self, read: Callable[[str, int], Tensor], most_bytes: int) -> None:
        self._read = read
        self._left = 2 * most_bytes + ALLOWANCE_BYTES
        self._known: dict[str, Stored] = {}

    def find(self, identifier: Any) -> Any:
        """Return the storage that a persistent id stands for; in old files also a class, which is saved with its source code."""
        if not isinstance(identifier, tuple) or not identifier:
            refuse("is damaged: it names a storage in no known way")
        if identifier[0] == "module" and len(identifier) == 4:
            return identifier[1]
        if identifier[0] != "storage" or len(identifier) not in (5, 6):
            refuse("is damaged: it names a storage in no known way")
        kind, key, _, count, view = (*identifier[1:], None)[
            :5
        ]  # (its device does not matter: all is read on the CPU)
        if not isinstance(kind, StorageType) or not _is_count(count) or not isinstance(key, str | int):
            refuse("is damaged: it names a storage in no known way")
        stored = self._stored(str(key), kind.dtype, count)
        return stored if view is None else _part(stored, view)

    def _stored(self, key: str, dtype: torch.dtype, count: int) -> Stored:
        if key not in self._known:
            values = self._read(key, count * dtype.itemsize)
            self._known[key] = Stored(dtype, values.view(dtype))
        found = self._known[key]
        if found.dtype != dtype or len(found.values) != count:
            refuse(f"is damaged: storage {key[:20]} is described in two ways")
        return found

    def tensor(self, stored: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Tensor:
        """Do as ``torch._utils._rebuild_tensor_v2``: return a tensor within its storage and no larger, without gradient.

        Raises:
            UnfitError: the tensor reaches beyond its storage, or all of them are too large together.
        """
        size, stride = tuple(size), tuple(stride)
        if not isinstance(stored, Stored) or len(size) != len(stride) or len(size) > MOST_DIMENSIONS:
            refuse("is damaged: a tensor is described in no known way")
        if not all(map(_is_count, (offset, *size, *stride))):
            refuse("is damaged: a tensor has a size that is no number")
        elements = 1
        for side in size:
            elements *= side
        reach = (
            offset + 1 + sum((side - 1) * step for side, step in zip(size, stride, strict=True))
            if elements
            else 0
        )
        held = len(stored.values)
        taken = elements * max(4, stored.dtype.itemsize)  # as float32, which it becomes
        if reach > held or elements > max(held, 4096):
            refuse(
                f"has a tensor of {in_words(taken)} over a storage of {in_words(held * stored.dtype.itemsize)}"
            )
        self._left -= elements * stored.dtype.itemsize
        if self._left < 0:
            refuse("has tensors that together are several times as large as the file")
        memory, first = stored.values.untyped_storage(), stored.values.storage_offset()
        return torch.empty(0, dtype=stored.dtype).set_(memory, first + offset, size, stride)


def parameter(tensor: Any, requires_grad: Any = False, *_: Any) -> nn.Parameter:
    """Do as ``torch._utils._rebuild_parameter``: return the tensor as a parameter."""
    if type(tensor) is not Tensor:
        refuse("is damaged: a weight is no tensor")
    return nn.Parameter(tensor, requires_grad=bool(requires_grad) and tensor.is_floating_point())


def _part(stored: Stored, view: Any) -> Stored:
    """Return a part of a storage, which old files give as ``(key, first, count)``."""
    if not isinstance(view, tuple) or len(view) != 3 or not all(map(_is_count, view[1:])):
        refuse("is damaged: it names a part of a storage in no known way")
    if view[1] + view[2] > len(stored.values):
        refuse("is damaged: it names a part that lies outside of its storage")
    return Stored(stored.dtype, stored.values[view[1] : view[1] + view[2]])


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**48
