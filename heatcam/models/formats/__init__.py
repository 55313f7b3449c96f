"""The formats of models that can be explained beside ultralytics' checkpoints, each a module here: see ``ModelFormat``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from heatcam.models.formats.format import ModelFormat, require_library

__all__ = ["ModelFormat", "format_of", "formats", "require_library"]


@cache
def formats() -> tuple[ModelFormat, ...]:
    """Return every format, sorted by module."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(module.FORMAT for module in modules if hasattr(module, "FORMAT"))


def format_of(spec: str) -> ModelFormat | None:
    """Return the format that a spec is of; None for built-in models, ultralytics' checkpoints and whatever is neither."""
    return next((one for one in formats() if one.matches(spec)), None)
