"""Lists of lists of arrays, such as the rings of masks, as flat arrays, and back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Nested = tuple[tuple[npt.NDArray[Any], ...], ...]


def flattened(name: str, nested: Sequence[Sequence[npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays that hold a list, for each of N objects, of arrays ``(P, 2)``.

    Args:
        name: of the field; the parts' names begin with it.
        nested: the lists, N of them.

    Returns:
        ``NAME`` float32 ``(sum of P, 2)``, ``NAME_lengths`` int64, the P of each array, and ``NAME_counts`` int64 ``(N,)``, the
        number of arrays of each object.
    """
    arrays = [np.asarray(array, np.float32) for own in nested for array in own]
    return {
        name: np.concatenate([np.zeros((0, 2), np.float32), *arrays]),
        f"{name}_lengths": np.array([len(array) for array in arrays], np.int64),
        f"{name}_counts": np.array([len(own) for own in nested], np.int64),
    }


def nested_again(
    points: npt.NDArray[Any], lengths: npt.NDArray[Any], counts: npt.NDArray[Any], least: int
) -> Nested:
    """Return the lists that ``flattened`` was given.

    Args:
        points: float ``(M, 2)``.
        lengths: whole numbers ``(R,)``, at least ``least`` each, that add up to M.
        counts: whole numbers ``(N,)``, at least 0 each, that add up to R.
        least: the fewest points of an array.

    Raises:
        ValueError: the numbers do not belong together.
    """
    fits = (
        points.ndim == 2
        and points.shape[1] == 2
        and lengths.ndim == counts.ndim == 1
        and ((lengths >= least) & (lengths <= len(points))).all()
        and ((counts >= 0) & (counts <= len(lengths))).all()
        and sum(lengths.tolist()) == len(points)
        and sum(counts.tolist()) == len(lengths)
    )
    if not fits:
        raise ValueError("points and their numbers do not belong together")
    arrays = np.split(points, np.cumsum(lengths)[:-1]) if len(lengths) else []
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(int)
    return tuple(tuple(arrays[first:last]) for first, last in itertools.pairwise(starts))
