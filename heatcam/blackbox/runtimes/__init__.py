"""Runtimes of black boxes, each a module here: see ``BoxRuntime``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from heatcam.blackbox.runtimes.runtime import BoxRuntime

__all__ = ["Runtime", "runtime_of", "runtimes"]


@cache
def runtimes() -> tuple[BoxRuntime, ...]:
    """Return every runtime, sorted by module."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(module.RUNTIME for module in modules if hasattr(module, "RUNTIME"))


def runtime_of(spec: str) -> BoxRuntime | None:
    """Return the runtime of what a model's name means; None for what is no black box, and for files that do not exist."""
    return next((one for one in runtimes() if one.matches(spec)), None)
