"""YOLO detectors, also with masks, keypoints or rotated boxes. Boxes come from anchor points."""

from __future__ import annotations

from functools import partial

import torch

from heatcam.engine import (
    Engine,
    GradientEngine,
    PrecisionCheck,
    TappedNetwork,
    Thresholds,
    chosen_target,
    picture_tensor,
    real_pictures,
    require_gradient,
    start_engine,
)
from heatcam.geometry import Fit, Letterbox, Uint8Array
from heatcam.models import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.saliency.agreement import what_differs
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.families.family import ModelFamily
from heatcam.saliency.methods import method_formula


def _build(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, photograph: Uint8Array
) -> tuple[Engine, Fit]:
    imgsz = options.imgsz or loaded.imgsz
    cut = TappedNetwork(loaded.network.to(device), fine=options.over_levels, layers=options.layers)
    fit = partial(Letterbox.fit, imgsz=imgsz, stride=max(cut.strides), smooth=loaded.smooth)
    boxed = fit((photograph.shape[1], photograph.shape[0])).image_to_model(photograph)
    target = chosen_target(options.target, cut.head)
    example = picture_tensor(boxed, device, cut.channels)

    def difference(exact: GradientEngine, quick: GradientEngine) -> str:
        formula, name = method_formula(options.formula_name), options.formula_name
        explainer = Explainer(
            exact, loaded.class_names, imgsz, Thresholds(), name, formula, loaded.title, fit
        )
        examples = loaded.examples or real_pictures
        return what_differs(explainer, quick, examples(photograph.shape[1::-1]))

    backend, precision = options.backend, options.precision
    judge = PrecisionCheck(difference, f"{options.formula_name}|{options.target}")
    return start_engine(cut, device, backend, precision, example, target, judge, options.pictures), fit


FAMILY = ModelFamily(
    "YOLO detector", lambda _network: True, _build, lambda network: require_gradient(TappedNetwork(network))
)
