"""The CAM methods by name; each module has the formula and the paper of its methods."""

from __future__ import annotations

import importlib
import pkgutil

from heatcam.enums import FINE_MAP, LIVE_MAP
from heatcam.errors import UsageError
from heatcam.saliency.methods.method import CamFormula, Cost, MapFormula, Method
from heatcam.text import did_you_mean

__all__ = ["METHODS", "CamFormula", "Cost", "MapFormula", "Method", "method_formula", "methods_of_evidence"]


def _found() -> dict[str, Method]:
    """Collect the methods that the modules in this folder define: heatcam's own maps first, and last what is no evidence."""
    modules = [
        importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    ]
    methods = {method.name: method for module in modules for method in getattr(module, "METHODS", ())}
    own = (LIVE_MAP, FINE_MAP)
    last = [name for name, method in methods.items() if not method.is_evidence]
    order = dict.fromkeys((*own, *(name for name in methods if name not in last), *last))
    return {name: methods[name] for name in order if name in methods}


METHODS: dict[str, Method] = _found()


def methods_of_evidence() -> tuple[str, ...]:
    """Return the names of the methods that map what the target depends on: those that any model can be explained with."""
    return tuple(name for name, method in METHODS.items() if method.is_evidence)


def method_formula(name: str) -> MapFormula:
    """Return the function of a method: from activations and gradients, each ``(C, h, w)``, to a ``(h, w)`` map of the finest.

    Raises:
        UsageError: there is no such method.
    """
    if name not in METHODS:
        raise UsageError(
            f"unknown method {name!r}", did_you_mean(name, METHODS) or f"use one of: {', '.join(METHODS)}"
        )
    return METHODS[name].load()
