"""LRP: what each place of an early level contributes to the logit, handed back layer by layer through held gates.

Bach et al., "On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation", PLOS ONE 2015,
share a score among the inputs of each layer by what each has added to its output. With the rule LRP-0 in the convolutions and the
identity rule in activations that is activation times gradient, if the gradient takes SiLU's sigmoid as a constant
(``heatcam.engine.gates``; Montavon et al., 2019; Achtibat et al., "AttnLRP", ICML 2024, name the identity rule)::

    M[i, j] = sum over channels c of  A[c, i, j] * dS / dA[c, i, j]    with held gates, at the first layer alone

Every layer hands on the same relevance, so that one layer is enough: the first is the finest, of stride 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heatcam.enums import LRP_MAP
from heatcam.saliency.methods.hirescam import hirescam
from heatcam.saliency.methods.method import Method

if TYPE_CHECKING:
    from torch import Tensor


def lrp(activations: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """Make one map from the first level.

    Args:
        activations: each float ``(C_l, h_l, w_l)``, in the order of the layers.
        gradients: dS / d activation through held gates, of the same shapes.

    Returns:
        float ``(h, w)`` of the first level, signed, in logit units.
    """
    return hirescam(activations[0], gradients[0])


METHODS = (
    Method(
        LRP_MAP,
        "sum of A * G at the first layer of stride 8, with SiLU's sigmoid a constant for G (LRP-0)",
        "Bach et al., PLOS ONE 2015; Montavon et al. 2019",
        lambda: lrp,
        holds_gates=True,
    ),
)
