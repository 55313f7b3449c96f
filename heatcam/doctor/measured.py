"""Measured speeds of the backends on this machine, and the choices made from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from heatcam.doctor.finding import Finding, note, ok
from heatcam.runtime import cache_dir, processor, recall

_SITUATION = re.compile(r"(\d+) modules (\d+) parameters .*?\|\(1, \d+, (\d+), (\d+)\)\|(\d+)\|")
_MOST_SHOWN = 8


def backends() -> Iterator[Finding]:
    """Report each network and size that ``auto`` has measured here, without those of other processors."""
    known = recall(cache_dir() / "backends.json")
    own = [(key, entry) for key, entry in known.items() if processor() in key and isinstance(entry, dict)]
    if not own:
        yield from ok(
            "nothing measured yet: `live` and `record` measure it once; `snapshot` of one picture takes torch"
        )
    for key, entry in own[-_MOST_SHOWN:]:
        yield from ok(f"{_network(key)}: {_words(entry)}")
    judged = recall(cache_dir() / "precisions.json")
    others = [key.partition("|")[0] for key, said in judged.items() if said == "other" and processor() in key]
    if others:
        yield from note(
            f"{len(others)} networks show something else in {others[0]} than in fp32, and run in fp32",
            f"--precision {others[0]} says what differs",
        )


def _network(key: str) -> str:
    """Return a network in words: ``3.2 million parameters at 640x384 on 2 threads``."""
    match = _SITUATION.match(key)
    if match is None:
        return "a network"
    _, parameters, height, width, threads = match.groups()
    return f"{int(parameters) / 1e6:.1f} million parameters at {width}x{height} on {threads} threads"


def _words(entry: dict[str, Any]) -> str:
    try:
        return (
            f"torch {float(entry['torch_ms']):.0f} ms, openvino {float(entry['compiled_ms']):.0f} ms "
            f"(ready after {float(entry['start_s']):.1f} s): {entry['choice']}"
        )
    except (KeyError, TypeError, ValueError):
        return "a spoiled entry, which is measured anew"
