"""The CAM methods by name: what each computes, from which paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from heatcam.errors import UsageError
from heatcam.saliency.layercam import layercam

CamFormula = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Method:
    """A CAM method.

    Attributes:
        name: what ``--method`` takes.
        formula: in words, for ``A`` the activation and ``G`` its gradient.
        paper: who described it, where.
    """

    name: str
    formula: str
    paper: str


METHODS: dict[str, Method] = {
    m.name: m
    for m in (
        Method(
            "live",
            "sum over channels of A * positive G (heatcam's own, the default)",
            "Jiang et al., TIP 2021",
        ),
        Method("gradcam", "channels weighted by mean G", "Selvaraju et al., ICCV 2017"),
        Method(
            "gradcam++", "channels weighted by positive G, higher orders", "Chattopadhay et al., WACV 2018"
        ),
        Method("hirescam", "sum over channels of A * G", "Draelos and Carin, arXiv 2011.08891"),
        Method(
            "layercam", "sum over channels of A * positive G (grad-cam package)", "Jiang et al., TIP 2021"
        ),
        Method("xgradcam", "channels weighted by mean G * A / sum A", "Fu et al., BMVC 2020"),
        Method("gradcam-elementwise", "sum over channels of positive A * G", "Selvaraju et al., ICCV 2017"),
        Method("eigencam", "first principal component of A; no gradient", "Muhammad and Yeasin, IJCNN 2020"),
        Method("eigengradcam", "first principal component of A * G", "grad-cam package"),
    )
}


def method_formula(name: str) -> CamFormula:
    """The function behind ``name``: ``(C, h, w)`` activation and gradient to a signed ``(h, w)`` map.

    Raises:
        UsageError: no such method.
    """
    if name not in METHODS:
        raise UsageError(f"unknown method {name!r}", f"use one of: {', '.join(METHODS)}")
    if name == "live":
        return layercam
    from heatcam.saliency.classic import classic_method  # noqa: PLC0415 (grad-cam imports matplotlib: seconds)

    return classic_method(name)
