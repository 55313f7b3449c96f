"""The classic CAM methods, computed by the grad-cam package from activations and gradients that heatcam already has.

Only the package's formulas are used: no hook is set and no pass is run, so each costs as much as ``live``. The package's last
steps (ReLU, min-max scaling, resizing) are left out, so the maps stay signed and in logit units where the formula has units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heatcam.saliency.methods.method import CamFormula, Cost, Method, over_levels

if TYPE_CHECKING:
    from torch import Tensor

#: The package's class behind each name.
CLASSIC = {
    "gradcam": "GradCAM",
    "gradcam++": "GradCAMPlusPlus",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "xgradcam": "XGradCAM",
    "gradcam-elementwise": "GradCAMElementWise",
    "eigencam": "EigenCAM",
    "eigengradcam": "EigenGradCAM",
}


def _cam_of(name: str) -> Any:
    """Make the package's object; of its model it uses a parameter's device and nothing else here."""
    import pytorch_grad_cam  # noqa: PLC0415 (imports matplotlib: seconds)
    from torch import nn  # noqa: PLC0415

    return getattr(pytorch_grad_cam, CLASSIC[name])(model=nn.Linear(1, 1), target_layers=[])


def plus_plus_weights(activation: Tensor, gradient: Tensor) -> Tensor:
    """Return Grad-CAM++'s weight of each channel, ``(C,)``, from activation and gradient, each ``(C, h, w)``."""
    import numpy as np  # noqa: PLC0415 (see ``Method``)
    import torch  # noqa: PLC0415

    cam = _cam_of("gradcam++")
    arrays = (tensor.detach().cpu().numpy()[None] for tensor in (activation, gradient))
    return torch.from_numpy(np.asarray(cam.get_cam_weights(None, None, None, *arrays)[0], np.float32))


def classic_method(name: str) -> CamFormula:
    """Return the formula called ``name``: from ``(C, h, w)`` activation and gradient to a signed ``(h, w)`` map.

    Raises:
        KeyError: ``CLASSIC`` has no such method.
    """
    import numpy as np  # noqa: PLC0415 (see ``Method``)
    import torch  # noqa: PLC0415

    cam = _cam_of(name)

    def apply(activation: Tensor, gradient: Tensor) -> Tensor:
        activations = activation.detach().cpu().numpy()[None]  # (1, C, h, w)
        gradients = gradient.cpu().numpy()[None]
        values = cam.get_cam_image(None, None, None, activations, gradients, eigen_smooth=False)[0]
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))

    return apply


def _method(name: str, formula: str, paper: str, cost: Cost = Cost.ONE, *, keeps_unit: bool = True) -> Method:
    return Method(name, formula, paper, lambda: over_levels(classic_method(name)), cost, keeps_unit)


METHODS = (
    _method("gradcam", "channels weighted by mean G", "Selvaraju et al., ICCV 2017"),
    _method(
        "gradcam++",
        "channels weighted by positive G, higher orders",
        "Chattopadhay et al., WACV 2018",
        keeps_unit=False,
    ),
    _method("hirescam", "sum over channels of A * G", "Draelos and Carin, arXiv 2011.08891"),
    _method("layercam", "sum over channels of A * positive G (grad-cam package)", "Jiang et al., TIP 2021"),
    _method("xgradcam", "channels weighted by mean G * A / sum A", "Fu et al., BMVC 2020", keeps_unit=False),
    _method("gradcam-elementwise", "sum over channels of positive A * G", "Selvaraju et al., ICCV 2017"),
    _method(
        "eigencam",
        "first principal component of A; no gradient",
        "Muhammad and Yeasin, IJCNN 2020",
        Cost.NONE,
        keeps_unit=False,
    ),
    _method("eigengradcam", "first principal component of A * G", "grad-cam package", keeps_unit=False),
)
