"""Allowlist of names in a checkpoint, with safe stand-ins: layers by their state alone, tensors, plain data. No constructor runs.

Any other name is refused before anything is built.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any

import numpy as np
import torch
import ultralytics.nn.tasks  # noqa: F401 (loads all classes of layers; nothing is imported because a file says so)
from torch import nn

from heatcam.models.limits import refuse
from heatcam.models.storages import STORAGE_TYPES, Storages, StorageType, parameter
from heatcam.models.trusted_code import trusted_layer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Allowed:
    """One name that a checkpoint may use. It is inert where it stays in the data as a value.

    Attributes:
        name: the dotted name.
        new: makes an empty object whose state follows; None where no such object can be made.
        call: makes an object of arguments; None where it cannot be called.
        kind: the class, of layers and enums; None of others.
    """

    name: str
    new: Callable[[], Any] | None = None
    call: Callable[..., Any] | None = None
    kind: type | None = None


class LeftOut:
    """A stand-in for objects that are not needed here (losses, text encoders): nothing is kept of them."""


class Record(SimpleNamespace):
    """Settings that a checkpoint keeps by name."""


#: Modules of layer classes; only layers that are defined there can be named.
_LAYER_MODULES = ("torch.nn.modules.", "ultralytics.nn.modules.", "ultralytics.nn.tasks.")
#: Layers that do more than calculate: they load another model, or make their weights when they are first run.
_NO_LAYERS = ("TorchVision", "Ensemble")
_LEFT_OUT = (
    "ultralytics.utils.loss.", "ultralytics.utils.tal.", "ultralytics.yolo.utils.loss.", "ultralytics.yolo.utils.tal.",
    "ultralytics.nn.text_model.", "clip.model.",
)  # fmt: skip
_RENAMED = {
    "ultralytics.nn.modules.block.Silence": "torch.nn.modules.linear.Identity",  # YOLOv9-E
    "ultralytics.nn.tasks.YOLOv10DetectionModel": "ultralytics.nn.tasks.DetectionModel",
}
_TRANSFORMS = {
    f"torchvision.transforms.transforms.{name}"
    for name in ("Compose", "Normalize", "Resize", "CenterCrop", "ToTensor")
}
_INTERPOLATION = "torchvision.transforms.functional.InterpolationMode"


def find_allowed(name: str, storages: Storages) -> Any:
    """Return the stand-in for a dotted name while a checkpoint is rebuilt; None for a name that is not allowed.

    Args:
        name: as in the pickle, Python 2's names replaced by today's.
        storages: the storages of its tensors.
    """
    if name in ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"):
        return Allowed(name, call=storages.tensor)
    if name in _CALLS:
        return Allowed(name, call=_CALLS[name])
    if name in _RECORDS:
        return Allowed(name, new=Record, call=Record)
    if name.startswith(_LEFT_OUT):
        return Allowed(name, new=LeftOut)
    return _number_kind(name) or _choice(name) or _trusted(name) or _layer(_RENAMED.get(name, name))


def _number_kind(name: str) -> Any:
    """Return the stand-in for a storage class or a dtype of torch; None for other names."""
    package, _, last = name.rpartition(".")
    if last in STORAGE_TYPES and package in ("torch", "torch.cuda"):
        return StorageType(STORAGE_TYPES[last])
    kind = getattr(torch, last, None) if package == "torch" else None
    return kind if isinstance(kind, torch.dtype) else None


def _choice(name: str) -> Allowed | None:
    if name != _INTERPOLATION:
        return None
    from torchvision.transforms.functional import InterpolationMode  # noqa: PLC0415 (classifiers alone name it)

    return Allowed(name, call=InterpolationMode, kind=InterpolationMode)


def _trusted(name: str) -> Allowed | None:
    """Return the stand-in for a layer of the user's own code, which goes before ultralytics' of the same name; else None."""
    found = trusted_layer(name)
    if found is None:
        return None
    kind, code = found
    logger.warning("%s is %s of %s, which you trust", name, kind.__qualname__, code)
    return Allowed(name, new=lambda: object.__new__(kind), kind=kind)


def _layer(name: str) -> Allowed | None:
    """Return the stand-in for a class of layers, whose objects are made by ``object.__new__`` alone; None for other names."""
    module, _, last = name.rpartition(".")
    if name in _TRANSFORMS:
        import torchvision.transforms.transforms  # noqa: F401, PLC0415 (classifiers alone name it)
    elif not f"{module}.".startswith(_LAYER_MODULES) or last in _NO_LAYERS or last.startswith("Lazy"):
        return None
    kind = getattr(sys.modules.get(module), last, None)
    if not isinstance(kind, type) or not (issubclass(kind, nn.Module) or name in _TRANSFORMS):
        return None
    places = (*_LAYER_MODULES, "torchvision.transforms.")
    made_plainly: Any = kind.__new__
    if made_plainly is not object.__new__ or not f"{kind.__module__}.".startswith(places):
        return None
    return Allowed(name, new=lambda: object.__new__(kind), kind=kind)


def _attribute(owner: Any, name: Any) -> Any:
    """Do as ``getattr``, as far as checkpoints need it: for a class's or layer's forward method, or the member of an enum."""
    if not isinstance(name, str) or name.startswith("_"):
        refuse("was refused: it reads an attribute that no network needs; nothing was run")
    kind = owner.kind if isinstance(owner, Allowed) else type(owner) if isinstance(owner, nn.Module) else None
    if isinstance(owner, Allowed) and name in getattr(kind, "__members__", ()):
        return kind[name]  # type: ignore[index]
    found: Any = inspect.getattr_static(kind, name, None) if kind is not None else None
    way = found.__func__ if isinstance(found, staticmethod) else found
    if not name.startswith("forward") or not isinstance(way, FunctionType):
        refuse(f"was refused: it reads the attribute {name[:50]!r}, which no network needs; nothing was run")
    return MethodType(way, owner) if way is found and isinstance(owner, nn.Module) else way


def _set_of(values: Iterable[Any] = ()) -> set[Any]:
    return set(map(plain_key, values))


def _ordered(pairs: Iterable[Any] = ()) -> OrderedDict[Any, Any]:
    return OrderedDict((plain_key(key), value) for key, value in pairs)


def plain_key(key: Any) -> Any:
    """Return ``key`` itself if it may be a key of a set or dictionary.

    Raises:
        UnfitError: it is no text or number, or a number so large that only an attack on hashing would use it.
    """
    if type(key) is tuple and len(key) <= MOST_PARTS:
        return tuple(map(_simple_key, key))
    return _simple_key(key)


MOST_PARTS = 8


def _simple_key(key: Any) -> Any:
    if key is None or type(key) in (str, bool, float, bytes) or (type(key) is int and abs(key) < 2**31):
        return key
    return refuse("is damaged: it looks something up by what is no name")


def _bytes_of(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1" or type(text) is not str:
        refuse("is damaged: it holds bytes in no known way")
    return text.encode(encoding)


def _size(values: Any = ()) -> torch.Size:
    return torch.Size([int(value) for value in values])


def _number_type(code: Any, *_: Any) -> Any:
    """Return the ``numpy.dtype`` of one number; its further state is not needed."""
    if code not in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"):
        refuse("is damaged: it holds a NumPy value of no known kind")
    return np.dtype(code)


def _number(kind: Any, content: Any) -> Any:
    """Do as ``numpy.core.multiarray.scalar``, with a Python number as result."""
    if not isinstance(kind, np.dtype) or type(content) is not bytes or len(content) != kind.itemsize:
        refuse("is damaged: it holds a NumPy value of no known kind")
    return np.frombuffer(content, kind)[0].item()


def _path(*parts: Any) -> str:
    return str(PurePosixPath(*(part for part in parts if isinstance(part, str))))


_RECORDS = (
    "ultralytics.utils.IterableSimpleNamespace", "ultralytics.yolo.utils.IterableSimpleNamespace",
    "types.SimpleNamespace", "argparse.Namespace",
)  # fmt: skip
_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered,
    "collections.Counter": lambda counts=(): Counter({plain_key(k): v for k, v in dict(counts).items()}),
    "builtins.set": _set_of,
    "builtins.frozenset": lambda values=(): frozenset(_set_of(values)),
    "builtins.getattr": _attribute,
    "_codecs.encode": _bytes_of,
    "torch.Size": _size,
    "torch.device": lambda *_: torch.device("cpu"),
    "torch._utils._rebuild_parameter": parameter,
    "numpy.dtype": _number_type,
    "numpy.core.multiarray.scalar": _number,
    "numpy._core.multiarray.scalar": _number,
    **{f"{module}.{kind}": _path for module in ("pathlib", "pathlib._local") for kind in (
        "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path")},
}  # fmt: skip
