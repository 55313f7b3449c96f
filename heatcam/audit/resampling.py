"""Intervals of an audit's numbers. Objects of one picture are alike, so whole pictures are resampled, never single objects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from heatcam.audit.figures import Estimate
from heatcam.measures import share_interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Resamples, and the least of them: of many objects fewer are drawn, as it takes time.
RESAMPLES, LEAST_RESAMPLES = 1_000, 250
LEAST_PICTURES = 5  # with values; with fewer, resampling them says nothing
_MOST_DRAWN = 4_000_000  # numbers at once
_MOST_WIDE = 20_000_000  # in all of a number's resamples
_ENDS = [2.5, 97.5]
_NORMAL = 1.959963984540054


class PictureDraws:
    """Resamples of pictures (Efron and Tibshirani 1993), drawn once for all numbers of an audit.

    Of ``n`` pictures ``n - 1`` are drawn, which gives few of them their right variance (Rao and Wu 1988).

    Args:
        pictures: how many there are.
        seed: of what is drawn.
    """

    def __init__(self, pictures: int, seed: int = 0) -> None:
        self.pictures = pictures
        random = np.random.default_rng(seed)
        self._drawn = np.zeros((RESAMPLES, pictures), np.uint8)  # how often each is drawn: 50 MB of 50,000
        for row in self._drawn:
            drawn = random.integers(0, max(1, pictures), max(1, pictures - 1))
            row[:] = np.bincount(drawn, minlength=pictures)[:pictures]

    def mean(self, sums: Floats, counts: Floats) -> Estimate:
        """Estimate the mean of a number.

        Args:
            sums: float64 ``(pictures,)``, the sum of the values in each picture.
            counts: float64 ``(pictures,)``, how many there are.
        """
        total = float(counts.sum())
        if not total:
            return Estimate(None, None, None, 0)
        ends = self._ends(_Ratio((sums, counts)), counts > 0, int((counts > 0).sum()))
        return Estimate(float(sums.sum()) / total, *ends, int(total))

    def difference(self, before: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> Estimate:
        """Estimate the difference of two means, now minus before, of the same pictures, which are drawn for both at once.

        Args:
            before: sums and counts, see ``mean``.
            now: the same.
        """
        (was, of_them), (sums, counts) = before, now
        if not of_them.sum() or not counts.sum():
            return Estimate(None, None, None, 0)
        value = float(sums.sum() / counts.sum() - was.sum() / of_them.sum())
        seen = min(int((of_them > 0).sum()), int((counts > 0).sum()))
        ends = self._ends(_Ratio((sums, counts), (was, of_them)), (of_them > 0) | (counts > 0), seen)
        return Estimate(value, *ends, int(counts.sum()))

    def auc(self, values: Floats, is_true: npt.NDArray[np.bool_], pictures: Ints) -> Estimate:
        """Estimate the chance that a true object has more of a number than a false one; ties count half.

        Where no resample differs, as with objects that are all told apart, the interval is Wilson's of as many tries as there are
        pictures with the rarer of the two.

        Args:
            values: float64 ``(N,)``.
            is_true: bool ``(N,)``.
            pictures: int64 ``(N,)``, index of each object's picture.
        """
        rarer = min(len(np.unique(pictures[is_true])), len(np.unique(pictures[~is_true])))
        if not rarer:
            return Estimate(None, None, None, len(values))
        seen = np.zeros(self.pictures, bool)
        seen[pictures] = True
        places = np.cumsum(seen)[pictures] - 1
        of_weights = _Auc(values, is_true, places)
        value = float(of_weights(np.ones((1, int(seen.sum()))))[0])
        low, high = self._ends(of_weights, seen, rarer, len(values))
        if low is not None and low == high:
            low, high = share_interval(value, rarer)
        return Estimate(value, low, high, len(values))

    def _ends(
        self, of_drawn: Callable[[Floats], Floats], seen: npt.NDArray[np.bool_], least: int, width: int = 0
    ) -> tuple[float | None, float | None]:
        """Return the 2.5 and 97.5 % percentiles of a number over the resamples that have it.

        Args:
            of_drawn: the number, ``(R,)``, of how often each picture that is seen was drawn, float64 ``(R, seen)``.
            seen: bool ``(pictures,)``, those that have a part in it.
            least: number of pictures that it stands on.
            width: numbers that ``of_drawn`` holds of each resample.
        """
        if least < LEAST_PICTURES:
            return None, None
        resamples = int(np.clip(_MOST_WIDE // max(1, width), LEAST_RESAMPLES, RESAMPLES))
        rows = max(1, _MOST_DRAWN // max(width, self.pictures))
        found = np.concatenate(
            [
                of_drawn(self._drawn[start : min(start + rows, resamples), seen].astype(np.float64))
                for start in range(0, min(resamples, len(self._drawn)), rows)
            ]
        )
        found = found[np.isfinite(found)]
        if not found.size:
            return None, None
        low, high = np.percentile(found, _ENDS)
        return float(low), float(high)


class _Ratio:
    """A mean of resampled pictures, or the difference of two.

    Args:
        of: sums and counts of all pictures.
        minus: the same of what is taken off; None for nothing.
    """

    def __init__(self, of: tuple[Floats, Floats], minus: tuple[Floats, Floats] | None = None) -> None:
        seen = of[1] > 0 if minus is None else (of[1] > 0) | (minus[1] > 0)
        self._columns = np.stack([*of, *(minus or ())], 1)[seen]

    def __call__(self, drawn: Floats) -> Floats:
        """Return it for each resample, ``(R,)``."""
        totals = drawn @ self._columns
        value = _ratio(totals[:, 0], totals[:, 1])
        return value if totals.shape[1] == 2 else value - _ratio(totals[:, 2], totals[:, 3])


class _Auc:
    """The area under the curve of resampled pictures: of all pairs of a true and a false object, those that are in order.

    Args:
        values: float64 ``(N,)``.
        is_true: bool ``(N,)``.
        places: int64 ``(N,)``, each object's picture among those that are seen.
    """

    def __init__(self, values: Floats, is_true: npt.NDArray[np.bool_], places: Ints) -> None:
        false = np.sort(values[~is_true])
        order = np.argsort(values[~is_true], kind="stable")
        self._true, self._false = places[is_true], places[~is_true][order]
        self._below = [np.searchsorted(false, values[is_true], side) for side in ("left", "right")]

    def __call__(self, drawn: Floats) -> Floats:
        """Return it for each resample, ``(R,)``; NaN where one of both was not drawn. Sums of counts are whole, and so exact."""
        weights = drawn.astype(np.float32)
        false = np.zeros((len(drawn), len(self._false) + 1), np.float32)
        np.cumsum(weights[:, self._false], 1, out=false[:, 1:])
        true = weights[:, self._true]
        beaten = false[:, self._below[0]] + false[:, self._below[1]]
        won = np.einsum("rn,rn->r", true.astype(np.float64), beaten) / 2
        return _ratio(won, true.sum(1, dtype=np.float64) * false[:, -1])


def _ratio(over: npt.ArrayLike, under: npt.ArrayLike) -> Floats:
    """Divide; NaN where nothing was drawn."""
    total, count = np.asarray(over, np.float64), np.asarray(under, np.float64)
    quotient: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return quotient


def share_of(hits: Floats, totals: Floats) -> Estimate:
    """Estimate a share: Wilson's interval of as many independent objects as those of the pictures are worth.

    Objects of a picture are alike, so they are worth fewer: their number over the design effect, the variance between pictures
    over that of independent objects, and with few pictures Student's quantile instead of the normal one (Korn and Graubard
    1998). Of shares of 0 and 1 there is no variance: there each object counts.

    Args:
        hits: float64 ``(pictures,)``, how many objects of each picture count.
        totals: float64 ``(pictures,)``, of how many.
    """
    n, pictures = float(totals.sum()), int((totals > 0).sum())
    if not n:
        return Estimate(None, None, None, 0)
    share = float(hits.sum()) / n
    low, high = share_interval(share, _worth(hits, totals, share, n, pictures))
    return Estimate(share, low, high, int(n))


def _worth(hits: Floats, totals: Floats, share: float, n: float, pictures: int) -> float:
    """Return the number of independent objects that are worth as much; at least 1."""
    if not 0 < share < 1:
        return n
    if pictures < 2:
        return 1.0
    between = ((hits - share * totals) ** 2).sum() * pictures / (pictures - 1) / n**2
    effect = max(1.0, float(between) * n / (share * (1 - share)))
    student = _NORMAL / _student(pictures - 1) if effect > 1 else 1.0
    return max(1.0, n / effect * student**2)


def _student(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's distribution (Cornish and Fisher's expansion; within 1 % from 3 degrees on)."""
    z: float = _NORMAL
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom**power) for power, term in enumerate(terms, 1))
