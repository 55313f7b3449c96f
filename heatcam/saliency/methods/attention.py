"""Attention: the weights with which an object's query reads each cell, in the last layer that reads them.

Carion et al., "End-to-End Object Detection with Transformers", ECCV 2020, draw it for DETR::

    M[i, j] = mean over heads h of  softmax over cells of (query . key[i, j])

It says where a network looked, not what its score depends on: a cell can be looked at and change nothing (Jain and Wallace,
"Attention is not Explanation", NAACL 2019). So it is no evidence here, has no unit, and no verdict of low evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heatcam.enums import ATTENTION_MAP
from heatcam.saliency.methods.method import Cost, Method

if TYPE_CHECKING:
    from torch import Tensor


def mean_of_heads(_activations: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Return the mean over heads of an object's attention.

    Args:
        _activations: not read.
        weights: one tensor, float ``(heads, h, w)``, which stands where other methods have a gradient.

    Returns:
        float ``(h, w)``, zero or more; the cells of the whole picture add up to 1 an object.
    """
    return weights[0].mean(0)


METHODS = (
    Method(
        ATTENTION_MAP,
        "the attention of the object's query, mean over heads (DETR, Conditional DETR and YOLOS); where it looked, no evidence",
        "Carion et al., ECCV 2020",
        lambda: mean_of_heads,
        Cost.NONE,
        keeps_unit=False,
        is_evidence=False,
    ),
)
