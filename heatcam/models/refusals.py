"""Errors for checkpoints that name something that is not allowed, with advice to their owner."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import ultralytics

from heatcam.models.limits import RefusedError
from heatcam.models.trusted_code import trusted_specs

#: Packages of ultralytics' older repository, and of YOLOv7 and others that were derived from it.
_YOLOV5 = ("models.yolo", "models.common", "models.experimental", "models.yolov5")
_SHOWN = 3


def refused_names(names: Sequence[str]) -> RefusedError:
    """Return the error for a checkpoint that names these, none of which was run."""
    first = [name for name in names if name.startswith(_YOLOV5)]
    if first:
        return RefusedError(
            f"is a checkpoint of the YOLOv5 repository or one grown from it (it needs {first[0]}), which ultralytics cannot read "
            "either; nothing was run",
            "use ultralytics' own file of that size, such as yolov5nu.pt, or train again with ultralytics",
        )
    missing = [name for name in names if name.startswith("ultralytics.")]
    if missing and len(missing) == len(names):
        return RefusedError(
            f"needs {_listed(missing)}, which is no layer of ultralytics {ultralytics.__version__}: it was made with a changed "
            "or another version; nothing was run",
            _trust_words("the .py file that defines it") + "; or save the model with the ultralytics of PyPI",
        )
    return RefusedError(
        f"was refused: loading it would run {_listed(names)}; nothing was run",
        _trust_words(f"{names[0].partition('.')[0][:80]}, or the .py file that defines its layers")
        if all(map(_may_be_layers, names))
        else "a network alone names nothing of the kind: ask its maker for a file saved by ultralytics",
    )


def _trust_words(what: str) -> str:
    """Return the advice to trust somebody's code, or that the trusted code is other code."""
    if trusted := trusted_specs():
        return f"{', '.join(trusted)} defines no layer of that name: --trust {what}, if you trust that"
    return f"if you trust that code: --trust {what}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:80] for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _may_be_layers(name: str) -> bool:
    """Return True if a name may be that of a layer in somebody's own code: of no package that heatcam knows itself."""
    package = name.partition(".")[0]
    known = package in sys.stdlib_module_names or package in ("torch", "ultralytics", "builtins", "numpy")
    return not known and all(part.isidentifier() for part in name.split("."))
