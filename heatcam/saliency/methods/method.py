"""The record of a CAM method: its formula, its paper, its cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

#: From a layer's activation and gradient, ``(C, h, w)`` each, to a map ``(h, w)``.
CamFormula: TypeAlias = "Callable[[Tensor, Tensor], Tensor]"
#: From several layers' activations and gradients to one map of the finest.
MapFormula: TypeAlias = "Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]"


class Cost(str, Enum):
    """Number of backward passes that the map of one picture needs."""

    NONE = "none"
    ONE = "one"


@dataclass(frozen=True)
class Method:
    """A CAM method. A module in this folder that defines ``METHODS`` is found by itself, by the command line too.

    So that help and refusals load no torch, these modules import it inside their functions alone.

    Attributes:
        name: value of ``--method``.
        formula: in words, for ``A`` the activation and ``G`` its gradient.
        paper: its authors and where it was published.
        load: returns the function; slow imports happen in this call.
        cost: number of backward passes that it needs.
        keeps_unit: True if its numbers are sums of activation times gradient, and so in the unit of the target.
        is_evidence: True if it is made of what the target depends on; False for attention, which says where a network looked.
        holds_gates: True if its gradients are those of a network with held gates (``heatcam.engine.gates``).
        relevance: returns the function of a second map from the same activations and gradients, which trials start from too
            (``SaliencyMap.relevance``); None for none.
    """

    name: str
    formula: str
    paper: str
    load: Callable[[], MapFormula]
    cost: Cost = Cost.ONE
    keeps_unit: bool = True
    holds_gates: bool = False
    relevance: Callable[[], MapFormula] | None = None
    is_evidence: bool = True


def over_levels(formula: CamFormula) -> MapFormula:
    """Turn a layer's formula into one for several layers, whose maps are added up (``add_levels``)."""
    from heatcam.saliency.multi_level import add_levels  # noqa: PLC0415 (torch)

    return lambda activations, gradients: add_levels(list(map(formula, activations, gradients)))
