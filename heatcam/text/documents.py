"""Plain values as JSON that any reader takes."""

from __future__ import annotations

import json
import math
from typing import Any

from heatcam.text.escaping import escaped_in_json


def json_text(data: Any, *, indent: int | None = None, in_ascii: bool = False) -> str:
    """Return plain values as JSON that is always valid UTF-8; NaN and infinity become null."""
    return escaped_in_json(json.dumps(_finite(data), indent=indent, ensure_ascii=in_ascii, allow_nan=False))


def _finite(data: Any) -> Any:
    """Return the same data with None for NaN and infinity, which JSON does not have."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
