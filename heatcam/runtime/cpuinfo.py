"""Which processor this is: what was measured or proved on another one does not hold here."""

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
    """Its name, and a digest of what it can do: ``AMD EPYC 9V74 3f2a91c0``."""
    facts = _first_core(cpuinfo)
    name = " ".join(facts[key] for key in _NAMES if key in facts) or platform.processor()
    features = sorted(processor_features(cpuinfo))
    digest = hashlib.sha256(" ".join(features).encode()).hexdigest()[:8]
    return f"{name or platform.machine()} {digest}"


def processor_features(cpuinfo: Path = _CPUINFO) -> frozenset[str]:
    """What Linux says that it can do (``avx2``, ``avx512f``, ``amx_bf16``); empty where it does not say."""
    facts = _first_core(cpuinfo)
    return frozenset(" ".join(facts.get(key, "") for key in _FEATURES).split())


def _first_core(cpuinfo: Path) -> dict[str, str]:
    """What Linux says of the first core, by its own names; nothing elsewhere."""
    try:
        text = cpuinfo.read_text("utf-8", "replace")
    except OSError:
        return {}
    lines = text.partition("\n\n")[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
