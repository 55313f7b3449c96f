"""The map that ultralytics draws for ``predict(visualize=True)``, of one object, to compare with.

``ultralytics.utils.plotting.class_activation_map`` (8.4.190) takes LayerCAM at each layer that the head reads, clipped at zero
and upsampled to the network's input; scales each to its own maximum, and takes the largest value at each pixel. It chooses the
predictions itself, before suppression, and writes one picture of all of them, so it cannot be called for one object: the same
is done here at the anchor of a kept box. A test compares the two where that is possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as nnf
from torch import Tensor

from heatcam.engine import GradientEngine, TapGradients, TappedNetwork
from heatcam.models import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import explainer_of
from heatcam.saliency.methods.layercam import layercam

NAME = "ultralytics visualize=True"
_NOTHING = 1e-7  # ultralytics' own guard against division by zero


class UltralyticsExplainer(Explainer):
    """Explains as ultralytics does; maps are in ``[0, 1]`` and as large as the network's input."""

    def _values(self, activations: Sequence[Tensor], gradients: TapGradients) -> Tensor:
        engine: GradientEngine = self.engine.anchored()  # (it is built for detectors alone)
        levels = zip(map(layercam, activations, gradients), engine.cut.tapped, strict=True)
        read = [level for level, tap in levels if tap in engine.cut.inputs]
        height, width = (side * min(engine.cut.strides) for side in max(level.shape for level in read))
        scaled = []
        for level in read:
            positive = level.float().clamp_min(0)[None, None]
            large = nnf.interpolate(positive, (height, width), mode="bilinear", align_corners=False)[0, 0]
            scaled.append(large / large.max().clamp_min(_NOTHING))
        return torch.stack(scaled).amax(0)


def ultralytics_explainer(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, size_wh: tuple[int, int]
) -> Explainer:
    """Build an explainer whose objects' maps are ultralytics'.

    Args:
        loaded: a detection network with anchors.
        device: where it is to run.
        options: which boxes are kept; method and layers are ultralytics' own.
        size_wh: size of the pictures to come, in pixels.

    Raises:
        ModelError: no gradient runs from the head to its inputs.
    """
    cut = TappedNetwork(loaded.network.to(device))
    tapped_already = set(cut.inputs) <= set(cut.tapped)  # where no head input reads the finest, as in YOLOv3
    layers = () if tapped_already else tuple(map(str, cut.inputs))
    options = replace(options, method="layercam", quality="live", layers=layers)
    return explainer_of(loaded, device, options, size_wh, UltralyticsExplainer)
