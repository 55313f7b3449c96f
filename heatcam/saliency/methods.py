"""The CAM methods by name: what each computes, from which paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from torch import Tensor

from heatcam.errors import UsageError
from heatcam.saliency.fine import fine_map
from heatcam.saliency.layercam import layercam
from heatcam.saliency.multi_level import add_levels
from heatcam.saliency.odam import odam
from heatcam.suggestions import did_you_mean

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
    """A CAM method.

    Attributes:
        name: what ``--method`` takes.
        formula: in words, for ``A`` the activation and ``G`` its gradient.
        paper: who described it, where.
        cost: how many backward passes it needs.
        keeps_unit: whether its numbers are activation times gradient, added up: in the unit of what is explained.
    """

    name: str
    formula: str
    paper: str
    cost: Cost = Cost.ONE
    keeps_unit: bool = True


METHODS: dict[str, Method] = {
    m.name: m
    for m in (
        Method(
            "live",
            "sum over channels of A * positive G, at the finest level and the one before it (heatcam's own, the default)",
            "Jiang et al., TIP 2021",
        ),
        Method(
            "fine",
            "sum of A * G over every level from stride 8 on, and of positive (A - its surroundings) * G at the finest "
            "(heatcam's own, --quality fine)",
            "Draelos and Carin, arXiv 2011.08891",
        ),
        Method("gradcam", "channels weighted by mean G", "Selvaraju et al., ICCV 2017"),
        Method(
            "gradcam++",
            "channels weighted by positive G, higher orders",
            "Chattopadhay et al., WACV 2018",
            keeps_unit=False,
        ),
        Method("hirescam", "sum over channels of A * G", "Draelos and Carin, arXiv 2011.08891"),
        Method(
            "layercam", "sum over channels of A * positive G (grad-cam package)", "Jiang et al., TIP 2021"
        ),
        Method(
            "xgradcam", "channels weighted by mean G * A / sum A", "Fu et al., BMVC 2020", keeps_unit=False
        ),
        Method("gradcam-elementwise", "sum over channels of positive A * G", "Selvaraju et al., ICCV 2017"),
        Method(
            "eigencam",
            "first principal component of A; no gradient",
            "Muhammad and Yeasin, IJCNN 2020",
            Cost.NONE,
            keeps_unit=False,
        ),
        Method("odam", "sum over channels of A * G smoothed by a cell", "Zhao and Chan, ICLR 2023"),
        Method(
            "ssgradcam++",
            "channels weighted as in gradcam++, each times |G| / max |G|",
            "Yamauchi, CVPR workshops 2024",
            keeps_unit=False,
        ),
        Method("eigengradcam", "first principal component of A * G", "grad-cam package", keeps_unit=False),
    )
}


def over_levels(formula: CamFormula) -> MapFormula:
    """A layer's formula for several layers: their maps are added up (``add_levels``)."""
    return lambda activations, gradients: add_levels(list(map(formula, activations, gradients)))


#: What is calculated here; the others are the grad-cam package's.
OWN: dict[str, MapFormula] = {"live": over_levels(layercam), "fine": fine_map, "odam": over_levels(odam)}


def method_formula(name: str) -> MapFormula:
    """The function behind ``name``: activations and gradients, each ``(C, h, w)``, to a ``(h, w)`` map of the finest.

    Raises:
        UsageError: no such method.
    """
    if name not in METHODS:
        raise UsageError(
            f"unknown method {name!r}", did_you_mean(name, METHODS) or f"use one of: {', '.join(METHODS)}"
        )
    if name in OWN:
        return OWN[name]
    if name == "ssgradcam++":
        from heatcam.saliency.ssgradcam import ssgradcam_plus_plus  # noqa: PLC0415 (as below)

        return over_levels(ssgradcam_plus_plus)
    from heatcam.saliency.classic import classic_method  # noqa: PLC0415 (grad-cam imports matplotlib: seconds)

    return over_levels(classic_method(name))
