"""RT-DETR: boxes from queries. Its pictures are stretched, as ultralytics does it."""

from __future__ import annotations

from functools import partial

import torch

from heatcam.engine import Engine, QueryNetwork, has_queries, require_gradient, start_query_engine
from heatcam.geometry import Fit, Letterbox, Uint8Array
from heatcam.models import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.saliency.families.family import ModelFamily, require_class_target


def _build(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, _photograph: Uint8Array
) -> tuple[Engine, Fit]:
    require_class_target(f"{loaded.title} is an RT-DETR and", options)
    cut = QueryNetwork(loaded.network.to(device), fine=options.over_levels, layers=options.layers)
    imgsz = options.imgsz or loaded.imgsz
    fit = partial(Letterbox.stretch, imgsz=imgsz, stride=max(cut.strides), smooth=loaded.smooth)
    return start_query_engine(cut, device, options.backend, options.precision), fit


FAMILY = ModelFamily("RT-DETR", has_queries, _build, lambda network: require_gradient(QueryNetwork(network)))
