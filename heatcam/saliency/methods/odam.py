"""ODAM: each cell of each channel weighted by its own gradient, smoothed.

Zhao and Chan, "ODAM: Gradient-based Instance-specific Visual Explanations for Object Detection", ICLR 2023::

    M[i, j] = sum over channels c of  A[c, i, j] * (Gaussian * dS / dA[c])[i, j]

The paper smooths with a kernel that follows the object's size; here it is one cell, since gradients of strided convolutions
alternate between neighbouring cells. Its last ReLU is left to whoever displays the map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatcam.saliency.methods.method import Method, over_levels

if TYPE_CHECKING:
    from torch import Tensor

_ALONG = (0.25, 0.5, 0.25)  # a Gaussian of about one cell


def odam(activation: Tensor, gradient: Tensor) -> Tensor:
    """ODAM of one layer.

    Args:
        activation: float ``(C, h, w)``.
        gradient: float ``(C, h, w)``, dS / d activation.

    Returns:
        float ``(h, w)``, signed, in logit units.
    """
    import torch  # noqa: PLC0415 (see ``Method``)
    import torch.nn.functional as nnf  # noqa: PLC0415

    along = torch.tensor(_ALONG, dtype=gradient.dtype, device=gradient.device)
    kernel = (along[:, None] * along)[None, None]  # (1, 1, 3, 3)
    smooth = nnf.conv2d(gradient[:, None], kernel, padding=1)[:, 0]  # each channel by itself
    return (activation * smooth).sum(0)  # (C, h, w) -> (h, w)


METHODS = (
    Method(
        "odam",
        "sum over channels of A * G smoothed by a cell",
        "Zhao and Chan, ICLR 2023",
        lambda: over_levels(odam),
    ),
)
