"""The classic CAM methods, computed by the grad-cam package from activations and gradients that heatcam already has.

Only the package's formulas are used: no hook is set and no pass is run, so each costs what ``live`` costs. The package's last
steps (ReLU, min-max scaling, resizing) are left out, so the maps stay signed and in logit units where the formula has units.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytorch_grad_cam
import torch
from torch import Tensor, nn

CLASSIC: dict[str, Any] = {
    "gradcam": pytorch_grad_cam.GradCAM,
    "gradcam++": pytorch_grad_cam.GradCAMPlusPlus,
    "hirescam": pytorch_grad_cam.HiResCAM,
    "layercam": pytorch_grad_cam.LayerCAM,
    "xgradcam": pytorch_grad_cam.XGradCAM,
    "gradcam-elementwise": pytorch_grad_cam.GradCAMElementWise,
    "eigencam": pytorch_grad_cam.EigenCAM,
    "eigengradcam": pytorch_grad_cam.EigenGradCAM,
}


def plus_plus_weights(activation: Tensor, gradient: Tensor) -> Tensor:
    """Grad-CAM++'s weight of each channel, ``(C,)``, from activation and gradient, each ``(C, h, w)``."""
    cam = CLASSIC["gradcam++"](model=nn.Linear(1, 1), target_layers=[])
    arrays = (tensor.detach().cpu().numpy()[None] for tensor in (activation, gradient))
    return torch.from_numpy(np.asarray(cam.get_cam_weights(None, None, None, *arrays)[0], np.float32))


def classic_method(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """The formula called ``name``: ``(C, h, w)`` activation and gradient to a signed ``(h, w)`` map.

    Raises:
        KeyError: the package has no such method here.
    """
    stand_in = nn.Linear(1, 1)  # the package asks its model for a parameter's device and nothing else here
    cam = CLASSIC[name](model=stand_in, target_layers=[])

    def apply(activation: Tensor, gradient: Tensor) -> Tensor:
        activations = activation.detach().cpu().numpy()[None]  # (1, C, h, w)
        gradients = gradient.cpu().numpy()[None]
        values = cam.get_cam_image(None, None, None, activations, gradients, eigen_smooth=False)[0]
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))

    return apply
