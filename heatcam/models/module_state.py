"""Restoring the state of layers from a checkpoint, once all of it was checked to be plain state."""

from __future__ import annotations

import inspect
from types import MethodType
from typing import Any

from torch import Tensor, nn

from heatcam.models.allowed import LeftOut, Record
from heatcam.models.limits import refuse
from heatcam.models.restricted_unpickler import Unpickled

#: Dictionaries of a layer, and the type of their values; None is a value too.
_REGISTERED = {"_parameters": nn.Parameter, "_buffers": Tensor, "_modules": nn.Module}
_COMPILED = "_compiled_call_impl"


def give_states(unpickled: Unpickled) -> None:
    """Restore the state of every rebuilt object, after all states were checked.

    Raises:
        UnfitError: a state is missing, malformed, or would replace a method of a layer.
    """
    for made in unpickled.made:
        if isinstance(made, nn.Module) and id(made) not in unpickled.states:
            refuse(f"is damaged: a {type(made).__name__} has no state")
    for target, state in unpickled.states.values():
        _check(target, state)
    for target, state in unpickled.states.values():
        if isinstance(target, nn.Module):
            restore: Any = target.__setstate__
            restore(state)  # (torch's and ultralytics' own method: adds attributes that older files lack)
        else:
            target.__dict__.update(state)


def _check(target: Any, state: Any) -> None:
    kind = type(target).__name__
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        refuse(f"is damaged: the state of a {kind} is no dictionary")
    for name, value in state.items():
        if isinstance(target, nn.Module) and name in _REGISTERED:
            _check_registered(kind, name, value)
        elif isinstance(target, nn.Module) and "hook" in name and name.startswith("_"):
            _check_hooks(kind, value)
        elif not isinstance(target, Record) or name.startswith("__"):
            _check_attribute(target, name, value)
    if isinstance(target, nn.Module):
        for name in _REGISTERED:
            if name not in state:
                refuse(f"is damaged: a {kind} lacks {name}")


def _check_registered(kind: str, name: str, value: Any) -> None:
    if not isinstance(value, dict):
        refuse(f"is damaged: the {name} of a {kind} are no dictionary")
    for key in [key for key, part in value.items() if isinstance(part, LeftOut)]:
        del value[key]  # a loss or text encoder
    for key, part in value.items():
        if not isinstance(key, str) or not isinstance(part, _REGISTERED[name] | None):
            refuse(f"is damaged: {str(key)[:50]!r} of a {kind} is a {type(part).__name__}")


def _check_hooks(kind: str, value: Any) -> None:
    if value is not None and not isinstance(value, bool) and (not isinstance(value, dict | set) or value):
        refuse(f"was refused: its {kind} brings hooks that would run; nothing was run")


def _check_attribute(target: Any, name: str, value: Any) -> None:
    """Refuse an attribute that would replace a method of the class, unless it is the layer's own forward method.

    Raises:
        UnfitError: the attribute replaces a method, or its name begins with two underscores.
    """
    kind = type(target)
    if name == "type" and isinstance(value, str):
        return  # ultralytics keeps a layer's name there
    ways = [value.__self__] if isinstance(value, MethodType) else []
    own = name.startswith("forward") and (any(way is target for way in ways) or _is_static_of(kind, value))
    replaced = inspect.getattr_static(kind, name, None)
    replaces = callable(replaced) or isinstance(replaced, classmethod | staticmethod)
    if (
        name.startswith("__")
        or name == _COMPILED
        or (replaces and not own and not isinstance(replaced, nn.Module))
    ):
        refuse(f"was refused: its {kind.__name__} would replace the method {name[:50]!r}; nothing was run")


def _is_static_of(kind: type, value: Any) -> bool:
    """Return True if a function is a static method of the class."""
    found = inspect.getattr_static(kind, getattr(value, "__name__", ""), None)
    return isinstance(found, staticmethod) and found.__func__ is value
