"""LayerCAM: each cell of each channel weighted by its own positive gradient.

Jiang et al., "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", IEEE TIP 2021::

    M[i, j] = sum over channels c of  A[c, i, j] * max(0, dS / dA[c, i, j])

``A`` is the target layer's activation, ``S`` the sum of the kept boxes' class logits. The paper ends with a ReLU and scales to
[0, 1]; here the sum stays signed and in logit units, and scaling is left to whoever displays it. The method ``live`` takes its
gradients through held gates (``heatcam.engine.gates``), which is truer (docs/faithfulness.md); ``layercam`` is the paper's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatcam.saliency.methods.method import Method, over_levels

if TYPE_CHECKING:
    from torch import Tensor


def layercam(activation: Tensor, gradient: Tensor) -> Tensor:
    """LayerCAM of one layer.

    Args:
        activation: float ``(C, h, w)``.
        gradient: float ``(C, h, w)``, dS / d activation.

    Returns:
        float ``(h, w)``, signed, in logit units.
    """
    return (activation * gradient.clamp_min(0)).sum(0)  # (C, h, w) -> (h, w)


METHODS = (
    Method(
        "live",
        "sum over channels of A * positive G, at the finest level and the one before it; for G SiLU's sigmoid is a constant "
        "(heatcam's own, the default)",
        "Jiang et al., TIP 2021",
        lambda: over_levels(layercam),
        holds_gates=True,
    ),
)
