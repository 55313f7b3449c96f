"""Putting an explainer together from what the user chose."""

from __future__ import annotations

from heatcam.engine.boxes import Thresholds
from heatcam.engine.device import choose_device
from heatcam.engine.torch_engine import TorchEngine
from heatcam.models.loading import load_model
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from heatcam.saliency.options import ExplainOptions, class_ids_of


def build_explainer(model: str, device: str | None, options: ExplainOptions) -> Explainer:
    """A warmed-up explainer: model loaded, gradients proved, first pass done.

    Raises:
        ModelError, DeviceError, UsageError: what was asked for cannot be had; the message names the next step.
    """
    formula = method_formula(options.method)
    chosen = choose_device(device)
    loaded = load_model(model)
    thresholds = Thresholds(options.conf, options.iou, class_ids_of(options.classes, loaded.class_names))
    explainer = Explainer(
        TorchEngine(loaded.network, chosen),
        loaded.class_names,
        options.imgsz or loaded.imgsz,
        thresholds,
        options.method,
        formula,
        loaded.title,
    )
    explainer.warm_up()
    return explainer
