"""Maps packed into a row of a table: half precision relative to the strongest cell, compressed by zlib.

A cell is wrong by at most 2**-11 of its own value, or 3e-8 of the strongest one: 1 / 2000 and nothing. A map of 80 x 80 cells is
25 kB in float32 and, with evidence around one object, about 2 kB packed.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from heatcam.errors import UnreadableInputError
from heatcam.frames import SaliencyMap
from heatcam.geometry import CentreCrop, Letterbox
from heatcam.sinks import map_facts

CODEC = "zlib float16"
_MOST_CELLS = 1 << 26  # of a map; more is damage
#: Columns of a packed map and their types.
MAP_COLUMNS = {
    "map": "bytes",
    "map_codec": "text",
    "map_height": "int",
    "map_width": "int",
    "map_scale": "float",
    "map_facts": "text",
}


def pack_map(saliency: SaliencyMap) -> dict[str, Any]:
    """Return the values of ``MAP_COLUMNS`` for a map.

    ``map`` holds ``map_height * map_width`` little-endian float16, row by row, compressed by zlib; times ``map_scale`` they are
    the map's cells. ``map_facts`` is a JSON text of method, layer, unit, scale of colours and letterbox.
    """
    scale = float(np.abs(saliency.values).max(initial=0.0))
    halves = (saliency.values / (scale or 1.0)).astype("<f2")
    return {
        "map": zlib.compress(halves.tobytes(), 6),
        "map_codec": CODEC,
        "map_height": saliency.values.shape[0],
        "map_width": saliency.values.shape[1],
        "map_scale": scale,
        "map_facts": json.dumps(map_facts(saliency)),
    }


def unpack_map(row: Mapping[str, Any]) -> SaliencyMap:
    """Return the map of a row that ``heatcam batch`` or ``ExplainRows`` has made: float32, signed, in its own cells.

    ``values`` of it are float32 ``(map_height, map_width)`` over the whole letterbox, ``in_image()`` float32 over the picture's
    pixels. A cell differs from the model's by less than 1 / 2000 of its value.

    Args:
        row: the values of one object by column, such as a row of ``polars.DataFrame.iter_rows(named=True)``.

    Raises:
        UnreadableInputError: the row has no map, or one that is damaged or of another codec.

    >>> import heatcam
    >>> heatcam.load("markers").explain(next(heatcam.load("markers").stream("demo")).frame).save("demo.png", "original")
    >>> explain = heatcam.ExplainRows(heatcam.BatchPlan(model="markers"))
    >>> columns = explain({"path": ["demo.png"]})
    >>> heatcam.unpack_map({name: values[0] for name, values in columns.items()}).in_image().shape
    (720, 1280)
    """
    if row.get("map") is None:
        reason = row.get("reason") or "it was made without"
        raise UnreadableInputError(f"the row has no map ({reason})", "run heatcam batch with --maps rows")
    if row["map_codec"] != CODEC:
        raise UnreadableInputError(f"the map is of the codec {row['map_codec']!r}", "update heatcam")
    try:
        return _unpacked(row)
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise UnreadableInputError(f"the row's map is damaged ({error})", "make the row anew") from error


def _unpacked(row: Mapping[str, Any]) -> SaliencyMap:
    shape, facts = (int(row["map_height"]), int(row["map_width"])), json.loads(row["map_facts"])
    cells = math.prod(shape)
    if min(shape) < 1 or cells > _MOST_CELLS:
        raise ValueError(f"{shape[0]} x {shape[1]} cells")
    data = zlib.decompressobj().decompress(bytes(row["map"]), 2 * cells + 1)
    if len(data) != 2 * cells:
        raise ValueError("it has another number of cells")
    values = np.frombuffer(data, "<f2").astype(np.float32).reshape(shape) * np.float32(row["map_scale"])
    known = {name: facts[name] for name in ("method", "layer", "unit", "full_heat")}
    return SaliencyMap(values, _letterbox(facts["letterbox"]), **known)


def _letterbox(facts: Mapping[str, Any]) -> Letterbox:
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()
    }
    return CentreCrop(**known) if known.pop("crops") else Letterbox(**known)
