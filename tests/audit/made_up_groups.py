"""Made-up objects of an audit, with known groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars

from heatcam.audit.objects import OBJECT_SCHEMA, Parts


def bumps(rng: np.random.Generator, count: int, middle: tuple[float, float], wander: float) -> np.ndarray:
    """Maps with a bump around ``middle`` (row, column), of any strength, uint8 ``(count, 24, 24)``."""
    rows, columns = np.mgrid[:24, :24]
    places = np.asarray(middle) + rng.normal(0, wander, (count, 2))
    sizes = rng.uniform(2, 4, (count, 1, 1))
    apart = (rows - places[:, :1, None]) ** 2 + (columns - places[:, 1:, None]) ** 2
    bump = np.exp(-apart / (2 * sizes**2)) + rng.uniform(0, 0.15, (count, 24, 24))
    return (bump / bump.max((1, 2), keepdims=True) * rng.uniform(40, 255, (count, 1, 1))).astype(np.uint8)


def channels(rng: np.random.Generator, count: int, width: int = 64, mixed: int = 8) -> np.ndarray:
    """Embeddings without groups: ``mixed`` causes, each in many channels of unlike sizes, float32 ``(count, width)``."""
    causes = np.random.default_rng(99).normal(size=(mixed, width)) * np.exp(-np.arange(mixed) / 3).reshape(
        -1, 1
    )
    sizes = np.exp(np.random.default_rng(98).normal(0, 1.5, width))
    noise = rng.normal(0, 0.3, (count, width))
    return ((rng.normal(size=(count, mixed)) @ causes + noise) * sizes).astype(np.float32)


class Reader:
    """Gives parts by number, as a store does, and keeps count of what was asked for at once."""

    def __init__(self, own: np.ndarray, embedding: np.ndarray) -> None:
        self.own, self.embedding = own, embedding
        self.asked: list[int] = []

    def __call__(self, numbers: Sequence[int]) -> Parts:
        self.asked.append(len(numbers))
        rows = np.asarray(numbers, np.int64) - 1
        own, nothing = self.own[rows], (b"",) * len(rows)
        return Parts(
            tuple(numbers), nothing, nothing, own, np.zeros(own.shape, np.int8), self.embedding[rows]
        )


def table_of(class_names: Sequence[str], kinds: Sequence[str], **columns: Sequence[Any]) -> polars.DataFrame:
    """A table of objects numbered from 1; all columns but these are None."""
    bare = dict.fromkeys(OBJECT_SCHEMA)
    rows = [
        {**bare, "number": n + 1, "class_name": name, "kind": kind, **{k: v[n] for k, v in columns.items()}}
        for n, (name, kind) in enumerate(zip(class_names, kinds, strict=True))
    ]
    return polars.DataFrame(rows, schema=OBJECT_SCHEMA)
