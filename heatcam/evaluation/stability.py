"""What a map should not, and what it should, depend on: noise that nobody sees, and the weights of the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from heatcam.geometry import Float32Array, Uint8Array

NOISE_LEVELS = 5  # grey levels either way: captum's radius of 0.02 in [0, 1]
NOISE_SAMPLES = 10  # as in captum

#: From a picture (uint8 ``(H, W, 3)``) to one map an object, float32, signed, the same shapes each time.
MapsOf = Callable[[Uint8Array], Sequence[Float32Array]]


def max_sensitivity(maps_of: MapsOf, picture: Uint8Array, rng: np.random.Generator) -> list[float | None]:
    """The largest relative change of each object's map under noise that nobody sees.

    Yeh et al., "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019, as ``captum.metrics.sensitivity_max`` takes
    it: ``max over noise of |map(x + noise) - map(x)| / |map(x)|`` in Euclidean norms. Hand-written because captum perturbs and
    explains float tensors in batches, which an engine does not take; the noise is in whole grey levels, as a camera's is.

    Args:
        maps_of: the maps, always of the same anchors and classes.
        picture: uint8 ``(H, W, 3)``.
        rng: for the noise, even over ``NOISE_LEVELS`` either way.

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
    """Spearman's rank correlation of the absolute values of two maps of one shape, in ``[-1, 1]``; None when one is flat.

    What Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, compare a map with that of a network with other
    weights by. Near 1 the map does not depend on what the network has learned.
    """
    from scipy.stats import spearmanr  # noqa: PLC0415 (takes a second, and few ask for it)

    first, second = np.abs(one).ravel(), np.abs(other).ravel()
    if min(first.size, second.size) < 2 or not (np.ptp(first) > 0 and np.ptp(second) > 0):
        return None
    return float(spearmanr(first, second).statistic)
