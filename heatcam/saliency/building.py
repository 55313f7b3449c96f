"""Putting an explainer together from what the user chose."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from heatcam.engine.backends import start_engine
from heatcam.engine.boxes import Thresholds
from heatcam.engine.device import choose_device
from heatcam.engine.interface import Engine
from heatcam.engine.network import CutNetwork
from heatcam.engine.pictures import picture_tensor, real_picture
from heatcam.engine.queries import QueryNetwork, has_queries, start_query_engine
from heatcam.geometry import Letterbox
from heatcam.models.loading import load_model
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from heatcam.saliency.options import ExplainOptions, class_ids_of

#: Of most cameras and videos, and of the demo scene.
LIKELY_SIZE_WH = 1280, 720


def build_explainer(
    model: str, device: str | None, options: ExplainOptions, size_wh: tuple[int, int] = LIKELY_SIZE_WH
) -> Explainer:
    """A warmed-up explainer: model loaded, gradients proved, first pass done.

    Args:
        model: a ``.pt`` file or an embedded model's name.
        device: None chooses.
        options: what is kept and how it is mapped.
        size_wh: of the pictures to come, in pixels: what is compiled is compiled for them. Others work too.

    Raises:
        ModelError, DeviceError, UsageError: what was asked for cannot be had; the message names the next step.
    """
    formula = method_formula(options.formula_name)
    chosen = choose_device(device)
    loaded = load_model(model)
    thresholds = Thresholds(options.conf, options.iou, class_ids_of(options.classes, loaded.class_names))
    cut = _cut(loaded.network.to(chosen), options)
    imgsz = options.imgsz or loaded.imgsz
    photograph = real_picture(size_wh)
    fitted = Letterbox.stretch if isinstance(cut, QueryNetwork) else Letterbox.fit
    fit = partial(fitted, imgsz=imgsz, stride=max(cut.strides), smooth=loaded.smooth)
    example = picture_tensor(
        fit((photograph.shape[1], photograph.shape[0])).image_to_model(photograph), chosen
    )
    engine = _engine(cut, chosen, options, example)
    engine.explained_class = _class_asked_about(options.why, loaded.class_names)
    explainer = Explainer(
        engine,
        loaded.class_names,
        imgsz,
        thresholds,
        options.formula_name,
        formula,
        loaded.title,
        fit,
    )
    explainer.warm_up(photograph)
    return explainer


def _cut(network: nn.Module, options: ExplainOptions) -> CutNetwork:
    kind = QueryNetwork if has_queries(network) else CutNetwork
    return kind(network, fine=options.over_levels, layers=options.layers)


def _engine(cut: CutNetwork, device: torch.device, options: ExplainOptions, example: Tensor) -> Engine:
    if isinstance(cut, QueryNetwork):
        return start_query_engine(cut, device, options.backend, options.precision)
    return start_engine(cut, device, options.backend, options.precision, example)


def _class_asked_about(why: str, class_names: dict[int, str]) -> int | None:
    """The id of the class behind ``--why``; None when none was asked about.

    Raises:
        UsageError: the model has no such class.
    """
    ids = class_ids_of((why,) if why else (), class_names)
    return ids[0] if ids else None
