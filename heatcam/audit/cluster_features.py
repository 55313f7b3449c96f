"""Features that objects are clustered by: what their maps look like in the box, and their embeddings. Few numbers an object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatcam.audit.objects import MAP_CELLS
from heatcam.errors import UsageError
from heatcam.geometry import Float32Array, Uint8Array

Float64Array = npt.NDArray[np.float64]
#: Principal components of each kind of feature. With more, what sets groups apart is lost among what does not.
COMPONENTS = 6
_POOLED = 2  # cells a side of the stored map that become one: neighbouring ones say nearly the same
_FARTHEST = 5.0  # standard deviations; channels that fire on a single object would otherwise have a component of their own


def map_features(own: Uint8Array) -> Float32Array:
    """Scale maps each to its own peak in the crop and shrink them.

    Args:
        own: uint8 ``(N, 24, 24)``, as ``Parts`` has them.

    Returns:
        float32 ``(N, 144)`` in ``[0, 1]``; zeros where the crop holds no heat.
    """
    scaled = scaled_to_peak(own)
    side = MAP_CELLS // _POOLED
    pooled = scaled.reshape(len(own), side, _POOLED, side, _POOLED).mean((2, 4), dtype=np.float32)
    return np.asarray(pooled.reshape(len(own), side * side), np.float32)


def scaled_to_peak(own: Uint8Array) -> Float32Array:
    """Scale maps, uint8 ``(N, 24, 24)``, each to its own peak: float32 in ``[0, 1]``; zeros stay."""
    peaks = own.max((1, 2), keepdims=True, initial=0)
    return np.asarray(own / np.maximum(peaks, 1), np.float32)


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of one kind of feature, fitted on some objects.

    Attributes:
        mean, scale: float64 ``(F,)``: features are moved and divided by them, and clipped at 5 standard deviations.
        axes: float64 ``(F, K)``; columns are divided so that the variances of all K together are 1.
    """

    mean: Float64Array
    scale: Float64Array
    axes: Float64Array

    @classmethod
    def fitted(cls, features: Float32Array, *, standardised: bool) -> Components | None:
        """Fit the first ``COMPONENTS`` components; None where all objects are equal.

        Args:
            features: float32 ``(N, F)``, N at least 2.
            standardised: divide each feature by its standard deviation first, as channels of unlike layers need it.

        Raises:
            UsageError: scikit-learn is not installed.
        """
        deviations = features.std(0, dtype=np.float64)
        if not features.size or deviations.max() < 1e-9:
            return None
        mean = features.mean(0, dtype=np.float64)
        scale = np.maximum(deviations, 1e-3 * deviations.max()) if standardised else np.ones(len(mean))
        bare = cls(mean, scale, np.eye(len(mean)))
        axes, variances = _principal(bare.moved(features))
        return cls(mean, scale, axes / np.sqrt(variances.sum()))

    def moved(self, features: Float32Array) -> Float64Array:
        """Move, scale and clip features ``(N, F)``."""
        return np.asarray(np.clip((features - self.mean) / self.scale, -_FARTHEST, _FARTHEST), np.float64)

    def of(self, features: Float32Array) -> Float64Array:
        """Return the components of objects' features ``(N, F)``: float64 ``(N, K)``."""
        return self.moved(features) @ self.axes


def _principal(features: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return the first axes, float64 ``(F, K)``, and the variances along them.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    try:
        from sklearn.decomposition import PCA  # noqa: PLC0415 (an extra, and slow to import)
    except ImportError as error:
        raise no_sklearn() from error
    count = min(COMPONENTS, *features.shape)
    fitted = PCA(count, svd_solver="randomized", random_state=0).fit(features)
    return np.asarray(fitted.components_.T, np.float64), np.asarray(fitted.explained_variance_, np.float64)


def no_sklearn() -> UsageError:
    """Return the error that tells how to install what clusters need."""
    return UsageError("clusters need scikit-learn, which is not installed", "pip install 'heatcam[audit]'")


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """A space in which objects that are alike lie near each other.

    Attributes:
        name: what it is made of, for people.
        kinds: which kinds of features, and the components of each, side by side.
    """

    name: str
    kinds: tuple[tuple[int, Components], ...]

    def of(self, features: Sequence[Float32Array]) -> Float64Array:
        """Return the places of objects, float64 ``(N, K)``, from their embeddings and map features, each ``(N, F)``."""
        return np.hstack([components.of(features[kind]) for kind, components in self.kinds])


_KINDS = "embeddings", "maps"


def feature_spaces(features: Sequence[Float32Array]) -> tuple[FeatureSpace, ...]:
    """Return the spaces to look for groups in: embeddings and maps together, and each alone, as far as objects differ there.

    Groups that differ in one of the two alone are blurred by the other's spread, so each is looked at by itself too.

    Args:
        features: embeddings and map features of some objects, each float32 ``(N, F)``.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    fitted = [
        Components.fitted(features[0], standardised=True),
        Components.fitted(features[1], standardised=False),
    ]
    known = [(kind, components) for kind, components in enumerate(fitted) if components is not None]
    alone = [FeatureSpace(_KINDS[kind], ((kind, components),)) for kind, components in known]
    together = [FeatureSpace(" and ".join(_KINDS), tuple(known))] if len(known) == 2 else []
    return (*together, *alone)
