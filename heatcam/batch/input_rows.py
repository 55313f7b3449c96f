"""Rows of input: each names a picture, a file or a member of a tar file. Only names travel, never pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heatcam.batch.tar_members import TarMembers
from heatcam.errors import UnreadableInputError, UsageError
from heatcam.geometry import Uint8Array
from heatcam.sources import decode_picture, read_picture


@dataclass(frozen=True)
class InputRow:
    """One picture.

    Attributes:
        path: the file; of a member of a tar file ``TAR/MEMBER``.
        index: number of the picture in the whole run, from 0; None where it has none.
        tar, member: the tar file and the member's name in it; "" for a file.
        place: offset and length of the member's bytes in the tar file; None where not known.
        problem: why there is no picture, found before it was read; "" for nothing.
    """

    path: str
    index: int | None = None
    tar: str = ""
    member: str = ""
    place: tuple[int, int] | None = None
    problem: str = ""

    def as_values(self) -> dict[str, Any]:
        """Return it as the values of a batch, by column."""
        offset, length = self.place or (None, None)
        return {
            "path": self.path,
            "input_index": self.index,
            "tar": self.tar or None,
            "member": self.member or None,
            "offset": offset,
            "length": length,
            "problem": self.problem or None,
        }


def input_rows(batch: Mapping[str, Any]) -> list[InputRow]:
    """Return the rows of a batch.

    Args:
        batch: columns of equal length, lists or arrays: ``path``, or ``tar`` and ``member``; optionally ``input_index``, and of
            members ``offset`` and ``length`` of their bytes. Others are not looked at.

    Raises:
        UsageError: there is neither ``path`` nor ``tar`` and ``member``, or a row has none of them.
    """
    known = {name: batch[name] for name in InputRow("").as_values() if name in batch}
    if "path" not in known and not {"tar", "member"} <= set(known):
        raise UsageError(
            f"the batch has the columns {', '.join(batch) or 'of nothing'}", "name one of them path"
        )
    count = len(next(iter(known.values())))
    return [_row({name: values[n] for name, values in known.items()}) for n in range(count)]


def _row(values: Mapping[str, Any]) -> InputRow:
    tar, member, path = (_text(values.get(name)) for name in ("tar", "member", "path"))
    index, offset, length = (_whole(values.get(name)) for name in ("input_index", "offset", "length"))
    if not (path or (tar and member)):
        raise UsageError("a row names no picture", "give each a path, or tar and member")
    place = None if offset is None or length is None else (offset, length)
    path = f"{tar}/{member}" if tar and member else path
    return InputRow(path, index, tar, member, place, _text(values.get("problem")))


def _is_missing(value: Any) -> bool:
    return value is None or value != value  # noqa: PLR0124 (NaN, as pandas has it)


def _text(value: Any) -> str:
    return "" if _is_missing(value) else str(value)


def _whole(value: Any) -> int | None:
    return None if _is_missing(value) else int(value)


def bytes_of(row: InputRow, members: TarMembers) -> bytes | UnreadableInputError | None:
    """Return the bytes of a member of a tar file, or the reason why there are none; None for a file, which is read later."""
    if row.problem:
        return UnreadableInputError(row.problem)
    if not row.tar:
        return None
    try:
        return members.read(row.tar, row.member, row.place)
    except UnreadableInputError as error:
        return error


def pixels_of(row: InputRow, data: bytes | UnreadableInputError | None) -> Uint8Array:
    """Decode a picture: uint8 ``(H, W, 3)`` BGR, upright.

    Args:
        row: the picture.
        data: see ``bytes_of``.

    Raises:
        UnreadableInputError: it is missing, damaged, or no picture.
    """
    if isinstance(data, UnreadableInputError):
        raise data
    return read_picture(row.path) if data is None else decode_picture(data, row.path)
