"""Matching of the objects that two models found in one picture: by overlap and by the name of their class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heatcam.frames import Detections
from heatcam.measures import same_objects


@dataclass(frozen=True)
class Matches:
    """Indices of the objects that two models found.

    Attributes:
        pairs: indices into the detections of A and B of each object that both found, in the order of A.
        only_a, only_b: indices of the objects that one of them found alone.
    """

    pairs: tuple[tuple[int, int], ...]
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]


def matched(a: Detections, b: Detections) -> Matches:
    """Match the objects of two models, the largest overlaps first: see ``measures.same_objects``.

    Classes are the same if their names are, whatever their numbers and capitals: two trainings may number them differently.
    """
    ids: dict[str, int] = {}
    partners = same_objects(_by_name(a, ids), _by_name(b, ids))  # for each box of B, that of A
    pairs = sorted((of, n) for n, of in enumerate(partners) if of >= 0)
    found = {of for of, _ in pairs}
    return Matches(
        tuple(pairs),
        tuple(n for n in range(len(a)) if n not in found),
        tuple(n for n, of in enumerate(partners) if of < 0),
    )


def _by_name(found: Detections, ids: dict[str, int]) -> Detections:
    """Return the detections with class numbers that depend on the name alone; ``ids`` gets the new names."""
    numbers = [ids.setdefault(same_name(name), len(ids)) for name in found.class_names]
    return replace(found, class_ids=np.array(numbers, np.int64))


def same_name(class_name: str) -> str:
    """Return the form of a class's name in which names of two models are compared."""
    return class_name.strip().casefold()
