"""Identification of the processor: results measured or verified on another one do not hold here."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_NAMES = "model name", "CPU implementer", "CPU part", "cpu model"
_FEATURES = "flags", "Features"


@cache
def processor(cpuinfo: Path = _CPUINFO) -> str:
    """Return the processor's name and a digest of its features: ``AMD EPYC 9V74 3f2a91c0``."""
    features = sorted(processor_features(cpuinfo))
    digest = hashlib.sha256(" ".join(features).encode()).hexdigest()[:8]
    return f"{processor_name(cpuinfo)} {digest}"


def processor_name(cpuinfo: Path = _CPUINFO) -> str:
    """Return the processor's name: ``AMD EPYC 9V74``; its kind where it has none."""
    facts = _first_core(cpuinfo)
    name = " ".join(facts[key] for key in _NAMES if key in facts) or platform.processor()
    return name or platform.machine()


def processor_features(cpuinfo: Path = _CPUINFO) -> frozenset[str]:
    """Return the features that Linux lists (``avx2``, ``avx512f``, ``amx_bf16``); empty where it lists none."""
    facts = _first_core(cpuinfo)
    return frozenset(" ".join(facts.get(key, "") for key in _FEATURES).split())


def _first_core(cpuinfo: Path) -> dict[str, str]:
    """Read the fields of the first core in ``/proc/cpuinfo``, by its own names; empty on other systems."""
    try:
        text = cpuinfo.read_text("utf-8", "replace")
    except OSError:
        return {}
    lines = text.partition("\n\n")[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
