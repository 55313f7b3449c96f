"""HiResCAM: each cell of each channel weighted by its own gradient, of either sign.

Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks",
arXiv:2011.08891::

    M[i, j] = sum over channels c of  A[c, i, j] * dS / dA[c, i, j]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def hirescam(activation: Tensor, gradient: Tensor) -> Tensor:
    """HiResCAM of one layer.

    Args:
        activation: float ``(C, h, w)``.
        gradient: float ``(C, h, w)``, dS / d activation.

    Returns:
        float ``(h, w)``, signed, in logit units.
    """
    return (activation * gradient).sum(0)  # (C, h, w) -> (h, w)
