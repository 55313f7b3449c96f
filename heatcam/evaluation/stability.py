"""Tests of a map's stability: it should not depend on invisible noise, and it should depend on the network's weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from heatcam.geometry import Float32Array, Uint8Array

NOISE_LEVELS = 5  # grey levels either way: captum's radius of 0.02 in [0, 1]
NOISE_SAMPLES = 10  # as in captum

#: Makes one map per object, float32, signed, of the same shapes each time, from a picture (uint8 ``(H, W, 3)``).
MapsOf = Callable[[Uint8Array], Sequence[Float32Array]]


def max_sensitivity(maps_of: MapsOf, picture: Uint8Array, rng: np.random.Generator) -> list[float | None]:
    """Measure the largest relative change of each object's map under invisible noise.

    Yeh et al., "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019, as ``captum.metrics.sensitivity_max`` takes
    it: ``max over noise of |map(x + noise) - map(x)| / |map(x)|`` in Euclidean norms. Not captum's own, because it perturbs and
    explains float tensors in batches, which an engine does not take; the noise is in whole grey levels, as a camera's is.

    Args:
        maps_of: makes the maps, always of the same anchors and classes.
        picture: uint8 ``(H, W, 3)``.
        rng: for the noise, uniform over ``NOISE_LEVELS`` grey levels either way.

    Returns:
        One number an object, 0 or more; None where the map is empty.
    """
    plain = [np.asarray(values, np.float64) for values in maps_of(picture)]
    largest = [0.0] * len(plain)
    for _ in range(NOISE_SAMPLES):
        noise = rng.integers(-NOISE_LEVELS, NOISE_LEVELS + 1, picture.shape)
        noisy = maps_of((picture + noise).clip(0, 255).astype(np.uint8))
        changes = [np.linalg.norm(b - a) for a, b in zip(plain, noisy, strict=True)]
        largest = [max(old, float(new)) for old, new in zip(largest, changes, strict=True)]
    sizes = [float(np.linalg.norm(values)) for values in plain]
    return [change / size if size > 0 else None for change, size in zip(largest, sizes, strict=True)]


def rank_similarity(one: Float32Array, other: Float32Array) -> float | None:
    """Return Spearman's rank correlation of two maps' absolute values, in ``[-1, 1]``; None when one of them is flat.

    Both maps have the same shape. Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, compare a map in this way with
    that of a network with other weights. Near 1 the map hardly depends on the learned weights.
    """
    from scipy.stats import spearmanr  # noqa: PLC0415 (takes a second, and few ask for it)

    first, second = np.abs(one).ravel(), np.abs(other).ravel()
    if min(first.size, second.size) < 2 or not (np.ptp(first) > 0 and np.ptp(second) > 0):
        return None
    return float(spearmanr(first, second).statistic)
