"""SSGrad-CAM++: Grad-CAM++ with each cell weighted by the size of its gradient.

Yamauchi, "Spatial Sensitive Grad-CAM++: Improved Visual Explanation for Object Detectors via Weighted Combination of Gradient
Map", CVPR workshops 2024. Channels are weighted as in Grad-CAM++, and each channel is multiplied by its own map of sensitivity,
the size of the gradient scaled to 1, so that an object's neighbours are left out::

    M[i, j] = sum over channels c of  w[c] * A[c, i, j] * |dS / dA[c, i, j]| / max over the map of |dS / dA[c]|

Written from the method's description; the channel weights are the grad-cam package's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatcam.saliency.methods.classic import plus_plus_weights
from heatcam.saliency.methods.method import Method, over_levels

if TYPE_CHECKING:
    from torch import Tensor

_NOTHING = 1e-12


def ssgradcam_plus_plus(activation: Tensor, gradient: Tensor) -> Tensor:
    """SSGrad-CAM++ of one layer.

    Args:
        activation: float ``(C, h, w)``.
        gradient: float ``(C, h, w)``, dS / d activation.

    Returns:
        float ``(h, w)``, signed, without a unit.
    """
    size = gradient.abs()
    sensitivity = size / size.amax((1, 2), keepdim=True).clamp_min(_NOTHING)  # (C, h, w) in [0, 1]
    weights = plus_plus_weights(activation, gradient).to(activation)[:, None, None]
    return (weights * activation * sensitivity).sum(0)  # (C, h, w) -> (h, w)


METHODS = (
    Method(
        "ssgradcam++",
        "channels weighted as in gradcam++, each times |G| / max |G|",
        "Yamauchi, CVPR workshops 2024",
        lambda: over_levels(ssgradcam_plus_plus),
        keeps_unit=False,
    ),
)
