"""Records as plain values for the page's JSON: names printable, numbers short, maps as bytes."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from heatcam.text import printable

_SIGNIFICANT = 5


def plain(value: Any) -> Any:
    """Return a record, and the records in it, as dicts, lists, texts and numbers.

    Texts are printable, floats have five significant digits and are None where they are not finite, an array in ``[0, 1]`` is
    base64 of its cells from 0 to 255.
    """
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.{_SIGNIFICANT}g}") if math.isfinite(value) else None
    if isinstance(value, np.ndarray):
        levels = np.rint(255 * np.clip(np.nan_to_num(value), 0, 1)).astype(np.uint8)
        return base64.b64encode(levels.tobytes()).decode()
    if isinstance(value, np.integer):
        return int(value)
    return _of_many(value)


def _of_many(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {printable(str(key)): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [plain(one) for one in value]
    return value
