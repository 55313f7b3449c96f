"""Reading a pickle without running it: its instructions, decoded and limited, and the names that it asks for.

Only the opcodes that Python's pickler writes in protocols 2 to 5 are known, and of those only the ones that data needs.
``restricted_unpickler`` runs the instructions afterwards.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pickle import decode_long
from typing import Any

from heatcam.models.limits import (
    MOST_INSTRUCTIONS,
    MOST_PICKLE_BYTES,
    MOST_TEXT_BYTES,
    in_words,
    refuse,
)


class Op(enum.IntEnum):
    """Operations of the unpickler; constants of all kinds are one operation."""

    PUSH = 0
    GET = 1
    PUT = 2
    REDUCE = 3
    EMPTY_TUPLE = 4
    MARK = 5
    EMPTY_DICT = 6
    EMPTY_LIST = 7
    TUPLE = 8
    TUPLE1 = 9
    TUPLE2 = 10
    TUPLE3 = 11
    SETITEM = 12
    SETITEMS = 13
    APPEND = 14
    APPENDS = 15
    BUILD = 16
    NEWOBJ = 17
    PERSISTENT = 18
    GLOBAL = 19
    NAMED = 20
    EMPTY_SET = 21
    ADDITEMS = 22
    FROZENSET = 23
    POP = 24
    POP_MARK = 25
    DUP = 26
    STOP = 27


@dataclass(frozen=True)
class Program:
    """A pickle's instructions.

    Attributes:
        ops: one ``Op`` each, as plain integers.
        arguments: the argument of each: a constant, a memo's number, a dotted name; None for most.
        names: every dotted name that is asked for, in the order of first appearance.
        end: the offset after the pickle's last byte.
    """

    ops: list[int]
    arguments: list[Any]
    names: tuple[str, ...]
    end: int


#: Opcodes without an argument.
_BARE = {
    b"R": Op.REDUCE, b")": Op.EMPTY_TUPLE, b"(": Op.MARK, b"}": Op.EMPTY_DICT, b"]": Op.EMPTY_LIST, b"t": Op.TUPLE,
    b"\x85": Op.TUPLE1, b"\x86": Op.TUPLE2, b"\x87": Op.TUPLE3, b"s": Op.SETITEM, b"u": Op.SETITEMS, b"a": Op.APPEND,
    b"e": Op.APPENDS, b"b": Op.BUILD, b"\x81": Op.NEWOBJ, b"Q": Op.PERSISTENT, b"\x8f": Op.EMPTY_SET, b"\x90": Op.ADDITEMS,
    b"\x91": Op.FROZENSET, b"0": Op.POP, b"1": Op.POP_MARK, b"2": Op.DUP, b".": Op.STOP,
}  # fmt: skip
_CONSTANTS = {b"N": None, b"\x88": True, b"\x89": False}
#: Opcodes with a number of fixed size: the operation and the number's format.
_FIXED = {
    b"q": (Op.PUT, struct.Struct("<B")), b"r": (Op.PUT, struct.Struct("<I")),
    b"h": (Op.GET, struct.Struct("<B")), b"j": (Op.GET, struct.Struct("<I")),
    b"K": (Op.PUSH, struct.Struct("<B")), b"M": (Op.PUSH, struct.Struct("<H")),
    b"J": (Op.PUSH, struct.Struct("<i")), b"G": (Op.PUSH, struct.Struct(">d")),
}  # fmt: skip
#: Opcodes with a length in front: the length's format, and the decoder of the bytes.
_SIZED: dict[bytes, tuple[struct.Struct, Callable[[bytes], Any]]] = {
    b"X": (struct.Struct("<I"), lambda text: str(text, "utf-8", "surrogatepass")),
    b"\x8c": (struct.Struct("<B"), lambda text: str(text, "utf-8", "surrogatepass")),
    b"\x8d": (struct.Struct("<Q"), lambda text: str(text, "utf-8", "surrogatepass")),
    b"U": (struct.Struct("<B"), lambda text: str(text, "latin1")),
    b"T": (struct.Struct("<I"), lambda text: str(text, "latin1")),
    b"C": (struct.Struct("<B"), bytes),
    b"B": (struct.Struct("<I"), bytes),
    b"\x8e": (struct.Struct("<Q"), bytes),
    b"\x8a": (struct.Struct("<B"), decode_long),
}
#: Opcodes without content (protocol, length of a frame), and the number of bytes that follow them.
_SKIPPED = {b"\x80": 1, b"\x95": 8}
_MEMOIZE, _GLOBAL, _STACK_GLOBAL = b"\x94", b"c", b"\x93"
_LONGEST_NAME = 1000  # bytes
_RUN = 100_000  # bytes between two checks of the limits
_PUT, _PUSH, _STOP = int(Op.PUT), int(Op.PUSH), int(Op.STOP)
#: For each byte that is an opcode without text: the operation, its constant, and the size of its number in bytes.
_SIMPLE: list[tuple[int, Any, int] | None] = [None] * 256
for _code, _op in _BARE.items():
    _SIMPLE[_code[0]] = int(_op), None, 0
for _code, _value in _CONSTANTS.items():
    _SIMPLE[_code[0]] = _PUSH, _value, 0
for _code in (b"q", b"h", b"K", b"r", b"j", b"M"):
    _SIMPLE[_code[0]] = int(_FIXED[_code][0]), None, _FIXED[_code][1].size
_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}


def scan(data: Any, start: int = 0) -> Program:
    """Decode the pickle that begins at ``start``.

    Args:
        data: bytes, or anything that is indexed and sliced like them.
        start: offset of its first byte.

    Raises:
        UnfitError: it ends too early, is larger than any network's, or has an opcode that torch never writes.
    """
    return _Scanner(data, start).run()


def dotted_name(module: str, name: str) -> str:
    """Return a pickle's module and name as a dotted name, Python 2's modules by today's names."""
    return f"{_PYTHON_2.get(module, module)}.{name}"


class _Scanner:
    """One pass over one pickle; see ``scan``."""

    def __init__(self, data: Any, start: int) -> None:
        self._data = bytes(data[start : start + MOST_PICKLE_BYTES])
        self._start = start
        self._at = 0
        self._ops: list[int] = []
        self._arguments: list[Any] = []
        self._names: dict[str, None] = {}
        self._memo: dict[int, Any] = {}  # texts alone: names can be put together from them
        self._memoized = 0

    def run(self) -> Program:
        """See ``scan``."""
        ops = self._ops
        while not ops or ops[-1] != _STOP:
            if self._at >= len(self._data):
                refuse("is truncated or damaged: its pickle has no end")
            if len(ops) > MOST_INSTRUCTIONS:
                refuse(f"is no network: its pickle has more than {MOST_INSTRUCTIONS} instructions")
            self._simple_ones()
            if not ops or ops[-1] != _STOP:
                self._other(self._take(1))
        return Program(ops, self._arguments, tuple(self._names), self._start + self._at)

    def _simple_ones(self) -> None:
        """Decode opcodes up to the next one with text: nine of ten have none, hence one loop without calls."""
        data, ops, arguments, memo = self._data, self._ops, self._arguments, self._memo
        at, memoized, last = self._at, self._memoized, min(len(self._data) - 5, self._at + _RUN)
        while at < last:
            kind = _SIMPLE[data[at]]
            if kind is None:
                break
            op, value, size = kind
            if size == 1:
                value = data[at + 1]
            elif size:
                value = int.from_bytes(data[at + 1 : at + 1 + size], "little")
            at += 1 + size
            if op == _PUT:
                memoized += 1
                if ops and ops[-1] == _PUSH:
                    memo[value] = arguments[-1]
                else:
                    memo.pop(value, None)
            ops.append(op)
            arguments.append(value)
            if op == _STOP:
                break
        self._at, self._memoized = at, memoized

    def _other(self, code: bytes) -> None:
        if code in _FIXED:
            op, layout = _FIXED[code]
            (value,) = layout.unpack(self._take(layout.size))
            if op == _PUT:
                self._put(value)
            else:
                self._add(op, value)
        elif code in _SIZED:
            self._sized(*_SIZED[code])
        elif code in _BARE:
            self._add(_BARE[code])
        elif code in _CONSTANTS:
            self._add(Op.PUSH, _CONSTANTS[code])
        elif code in _SKIPPED:
            self._take(_SKIPPED[code])
        elif code == _MEMOIZE:
            self._put(self._memoized)
        elif code == _GLOBAL:
            self._name(Op.GLOBAL, self._line(), self._line())
        elif code == _STACK_GLOBAL:
            self._stack_global()
        else:
            refuse(f"is damaged, or no checkpoint: its pickle holds {code!r}, which torch never writes")

    def _add(self, op: Op, argument: Any = None) -> None:
        self._ops.append(op)
        self._arguments.append(argument)

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            refuse("is truncated or damaged: its pickle ends within a value")
        self._at += count
        return bytes(taken)

    def _sized(self, layout: struct.Struct, decoded: Callable[[bytes], Any]) -> None:
        (length,) = layout.unpack(self._take(layout.size))
        if length > MOST_TEXT_BYTES:
            refuse(f"holds a text of {in_words(length)}, which no network has")
        self._add(Op.PUSH, decoded(self._take(length)))

    def _put(self, number: int) -> None:
        self._memoized += 1
        if self._ops and self._ops[-1] == Op.PUSH:
            self._memo[number] = self._arguments[-1]
        else:
            self._memo.pop(number, None)
        self._add(Op.PUT, number)

    def _line(self) -> str:
        end = bytes(self._data[self._at : self._at + _LONGEST_NAME]).find(b"\n")
        if end < 0:
            refuse("is damaged: its pickle holds a name without an end")
        return str(self._take(end + 1)[:-1], "utf-8", "replace")

    def _stack_global(self) -> None:
        """Decode a name made of the two texts that were pushed, or recalled from the memo, last."""
        found: list[Any] = []
        for op, argument in zip(reversed(self._ops), reversed(self._arguments), strict=True):
            if op == Op.PUT:
                continue
            found.append(argument if op == Op.PUSH else self._memo.get(argument) if op == Op.GET else None)
            if len(found) == 2 or not isinstance(found[-1], str):
                break
        if len(found) < 2 or not all(isinstance(part, str) for part in found):
            refuse("was refused: it hides the name of what it would call; nothing was run")
        self._name(Op.NAMED, found[1], found[0])

    def _name(self, op: Op, module: str, name: str) -> None:
        dotted = dotted_name(module, name)
        self._names.setdefault(dotted)
        self._add(op, dotted)
