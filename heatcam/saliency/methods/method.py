"""What a CAM method is: its formula, its paper, what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from torch import Tensor

from heatcam.saliency.multi_level import add_levels

#: From a layer's activation and gradient, ``(C, h, w)`` each, to a map ``(h, w)``.
CamFormula = Callable[[Tensor, Tensor], Tensor]
#: The same from several layers' to one map of the finest.
MapFormula = Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]


class Cost(str, Enum):
    """How many backward passes the map of one picture needs."""

    NONE = "none"
    ONE = "one"
    ONE_PER_OBJECT = "one per object"


@dataclass(frozen=True)
class Method:
    """A CAM method. A module of this room that defines ``METHODS`` is found by itself; ``enums.MethodName`` has the names.

    Attributes:
        name: what ``--method`` takes.
        formula: in words, for ``A`` the activation and ``G`` its gradient.
        paper: who described it, where.
        load: gives the function; what it needs that takes long to import is imported then.
        cost: how many backward passes it needs.
        keeps_unit: whether its numbers are activation times gradient, added up: in the unit of what is explained.
    """

    name: str
    formula: str
    paper: str
    load: Callable[[], MapFormula]
    cost: Cost = Cost.ONE
    keeps_unit: bool = True


def over_levels(formula: CamFormula) -> MapFormula:
    """A layer's formula for several layers: their maps are added up (``add_levels``)."""
    return lambda activations, gradients: add_levels(list(map(formula, activations, gradients)))
