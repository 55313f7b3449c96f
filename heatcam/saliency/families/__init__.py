"""The families of networks that can be explained, each a module here: see ``ModelFamily``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from torch import nn

from heatcam.saliency.families import detector
from heatcam.saliency.families.family import ModelFamily

__all__ = ["ModelFamily", "families", "family_of"]


@cache
def families() -> tuple[ModelFamily, ...]:
    """Return every family, sorted by module; detectors come last, as they take any network and say why one does not fit."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    found = [module.FAMILY for module in modules if hasattr(module, "FAMILY")]
    return (*(family for family in found if family is not detector.FAMILY), detector.FAMILY)


def family_of(network: nn.Module) -> ModelFamily:
    """Return the family that a network belongs to."""
    return next(family for family in families() if family.matches(network))
