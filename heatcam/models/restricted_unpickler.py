"""Rebuilding a checkpoint's objects from its scanned instructions: allowed names, plain containers, tensors, empty layers.

The state of layers and records is kept aside; ``module_state`` restores it once all of it was checked.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heatcam.models.allowed import Allowed, LeftOut, Record, find_allowed, plain_key
from heatcam.models.limits import refuse
from heatcam.models.pickle_scan import Op, Program, dotted_name
from heatcam.models.storages import Storages


@dataclass
class Unpickled:
    """Result of unpickling.

    Attributes:
        value: the object itself, its layers still empty.
        made: every layer (and every transform of a classifier) that was made.
        states: by an object's ``id``, the object and its state.
    """

    value: Any = None
    made: list[Any] = field(default_factory=list)
    states: dict[int, tuple[Any, Any]] = field(default_factory=dict)


def unpickle(program: Program, storages: Storages, names: dict[str, Any] | None = None) -> Unpickled:
    """Run a pickle's instructions.

    Args:
        program: as scanned.
        storages: the storages of its tensors.
        names: the stand-ins for its names; None looks them up (``allowed_names``).

    Raises:
        UnfitError: it uses a name that is not allowed, or uses one in a way that no network needs.
    """
    return _Unpickler(program, storages, allowed_names(program, storages) if names is None else names).run()


def allowed_names(program: Program, storages: Storages) -> dict[str, Any]:
    """Return the stand-in for each of a pickle's names; those that are not allowed are missing."""
    found = {name: find_allowed(name, storages) for name in program.names}
    return {name: value for name, value in found.items() if value is not None}


class _Unpickler:
    """One run over one program; see ``unpickle``."""

    def __init__(self, program: Program, storages: Storages, names: dict[str, Any]) -> None:
        self._program = program
        self._storages = storages
        self._names = names
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._result = Unpickled()
        self._made: set[int] = set()

    def run(self) -> Unpickled:
        """See ``unpickle``."""
        memo: dict[int, Any] = {}
        stack = self._stack
        for op, argument in zip(self._program.ops, self._program.arguments, strict=True):
            if op == _GET:
                stack.append(memo[argument])
            elif op == _PUT:
                memo[argument] = stack[-1]
            elif op == _PUSH:
                stack.append(argument)
            elif op == _REDUCE:
                arguments = stack.pop()
                stack[-1] = self._call(stack[-1], arguments)
            elif op == _EMPTY_TUPLE:
                stack.append(())
            elif op == _MARK:
                self._below.append(stack)
                stack = self._stack = []
            elif op == _EMPTY_DICT:
                stack.append({})
            else:
                _OTHER[op](self, argument)
                stack = self._stack
        self._result.value = stack.pop()
        return self._result

    def _call(self, function: Any, arguments: Any) -> Any:
        if not isinstance(function, Allowed) or function.call is None or type(arguments) is not tuple:
            name = function.name if isinstance(function, Allowed) else type(function).__name__
            refuse(f"was refused: loading it would call {name}; nothing was run")
        return function.call(*arguments)

    def _new_object(self, _: Any) -> None:
        arguments, kind = self._stack.pop(), self._stack.pop()
        if not isinstance(kind, Allowed) or kind.new is None:
            name = kind.name if isinstance(kind, Allowed) else type(kind).__name__
            refuse(f"was refused: loading it would make a {name}; nothing was run")
        made = kind.new()
        if not isinstance(made, LeftOut | Record):
            if arguments != ():
                refuse(f"was refused: loading it would run the constructor of {kind.name}; nothing was run")
            self._result.made.append(made)
            self._made.add(id(made))
        self._stack.append(made)

    def _build(self, _: Any) -> None:
        """Keep the state on top of the stack for the object below it."""
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, LeftOut | np.dtype) or type(target) is OrderedDict:
            return
        if not isinstance(target, Record) and id(target) not in self._made:
            refuse(f"is damaged: a {type(target).__name__} has no state")
        if id(target) in self._result.states:
            refuse(f"is damaged: a {type(target).__name__} has its state twice")
        self._result.states[id(target)] = target, state

    def _to_mark(self) -> list[Any]:
        """Take everything above the last mark from the stack, and the mark with it."""
        taken = self._stack
        self._stack = self._below.pop()
        return taken

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            refuse(f"is damaged: a {type(target).__name__} is no list")
        target.extend(items)

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) not in (dict, OrderedDict, Counter) or len(items) % 2:
            refuse(f"is damaged: a {type(target).__name__} is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[plain_key(key)] = value

    def _set_item(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set_items([key, value])

    def _add_items(self, _: Any) -> None:
        items, target = self._to_mark(), self._stack[-1]
        if type(target) is not set:
            refuse(f"is damaged: a {type(target).__name__} is no set")
        target.update(map(plain_key, items))

    def _pack(self, kind: Callable[[Iterable[Any]], Any]) -> None:
        items = self._to_mark()
        self._stack.append(kind(items))

    def _append_one(self, _: Any) -> None:
        item = self._stack.pop()
        self._append([item])

    def _tuple_of(self, count: int) -> None:
        if len(self._stack) < count:
            refuse("is damaged: its pickle takes more than there is")
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def _named(self, dotted: Any) -> None:
        """Push the object of a name that was put together from data; it must be the name that was scanned."""
        name, module = self._stack.pop(), self._stack.pop()
        if not isinstance(name, str) or not isinstance(module, str) or dotted_name(module, name) != dotted:
            refuse("was refused: it hides the name of what it would call; nothing was run")
        self._global(dotted)

    def _global(self, dotted: Any) -> None:
        if dotted not in self._names:
            refuse(f"was refused: loading it would run {dotted}; nothing was run")
        self._stack.append(self._names[dotted])

    def _stop(self, _: Any) -> None:
        if self._below or len(self._stack) != 1:
            refuse("is damaged: its pickle ends in the middle")


def _frozen(items: Iterable[Any]) -> frozenset[Any]:
    return frozenset(map(plain_key, items))


_GET, _PUT, _PUSH, _REDUCE = int(Op.GET), int(Op.PUT), int(Op.PUSH), int(Op.REDUCE)
_EMPTY_TUPLE, _MARK, _EMPTY_DICT = int(Op.EMPTY_TUPLE), int(Op.MARK), int(Op.EMPTY_DICT)
_OTHER: dict[int, Any] = {
    Op.EMPTY_LIST: lambda self, _: self._stack.append([]),
    Op.EMPTY_SET: lambda self, _: self._stack.append(set()),
    Op.TUPLE: lambda self, _: self._pack(tuple),
    Op.TUPLE1: lambda self, _: self._tuple_of(1),
    Op.TUPLE2: lambda self, _: self._tuple_of(2),
    Op.TUPLE3: lambda self, _: self._tuple_of(3),
    Op.FROZENSET: lambda self, _: self._pack(_frozen),
    Op.SETITEM: _Unpickler._set_item,
    Op.SETITEMS: lambda self, _: self._set_items(self._to_mark()),
    Op.APPEND: _Unpickler._append_one,
    Op.APPENDS: lambda self, _: self._append(self._to_mark()),
    Op.ADDITEMS: _Unpickler._add_items,
    Op.BUILD: _Unpickler._build,
    Op.NEWOBJ: _Unpickler._new_object,
    Op.PERSISTENT: lambda self, _: self._stack.append(self._storages.find(self._stack.pop())),
    Op.GLOBAL: _Unpickler._global,
    Op.NAMED: _Unpickler._named,
    Op.POP: lambda self, _: self._stack.pop(),
    Op.POP_MARK: lambda self, _: self._to_mark(),
    Op.DUP: lambda self, _: self._stack.append(self._stack[-1]),
    Op.STOP: _Unpickler._stop,
}
