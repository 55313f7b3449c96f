"""The fine map: where the finest level stands out from its surroundings, and HiResCAM over every level.

HiResCAM (Draelos and Carin, arXiv:2011.08891) weights each cell by its own gradient. A cell that looks like its neighbours gets
as much as one that differs from them, although blurring it away would change nothing. So at the finest level each activation is
also taken against its surroundings, channel by channel: a local form of gradient times (input - baseline) with a blurred picture
as the baseline (Sturmfels et al., "Visualizing the Impact of Feature Attribution Baselines", Distill 2020)::

    C[i, j] = sum over channels c of  max(0, (A[c, i, j] - mean of A[c] around i, j) * dS / dA[c, i, j])

Both are in logits. The gradients are those of the network with its gates held (``heatcam.engine.gates``).
docs/faithfulness.md says which sum was most faithful, and by how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heatcam.saliency.methods.hirescam import hirescam
from heatcam.saliency.methods.lrp import lrp
from heatcam.saliency.methods.method import Method

if TYPE_CHECKING:
    from torch import Tensor

SURROUNDINGS = 4  # cells; their means are interpolated, so a cell is compared with about 8 x 8 around it


def fine_map(activations: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """Make one map from all levels.

    Args:
        activations: each float ``(C_l, h_l, w_l)``.
        gradients: dS / d activation, of the same shapes.

    Returns:
        float ``(h, w)`` of the finest level, zero or more, in logit units per cell of that level.
    """
    from heatcam.saliency.multi_level import add_levels  # noqa: PLC0415 (see ``Method``)

    finest = max(range(len(activations)), key=lambda n: activations[n].shape[1:].numel())
    standing_out = contrast(activations[finest], gradients[finest])
    return add_levels([standing_out, *map(hirescam, activations, gradients)])


def contrast(activation: Tensor, gradient: Tensor) -> Tensor:
    """Map the evidence for the target in the activations' difference from their surroundings.

    Args:
        activation: float ``(C, h, w)``.
        gradient: float ``(C, h, w)``, dS / d activation.

    Returns:
        float ``(h, w)``, zero or more, in logit units.
    """
    import torch.nn.functional as nnf  # noqa: PLC0415 (see ``Method``)

    means = nnf.avg_pool2d(activation[None], SURROUNDINGS, ceil_mode=True, count_include_pad=False)
    around = nnf.interpolate(means, activation.shape[1:], mode="bilinear", align_corners=False)[0]
    return ((activation - around) * gradient).clamp_min(0).sum(0)  # (C, h, w) -> (h, w)


METHODS = (
    Method(
        "fine",
        "sum of A * G over every level from stride 8 on, and of positive (A - its surroundings) * G at the finest; "
        "for G SiLU's sigmoid is a constant (heatcam's own, --quality fine)",
        "Draelos and Carin, arXiv 2011.08891",
        lambda: fine_map,
        holds_gates=True,
        relevance=lambda: lrp,
    ),
)
