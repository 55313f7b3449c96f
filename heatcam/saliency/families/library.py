"""Detectors of other libraries, wrapped as ``CandidateNetwork``: boxes and logits of candidates, gradients by autograd."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from heatcam.engine import CandidateNetwork, Engine, start_attention_engine, start_hooked_engine
from heatcam.geometry import Fit, Uint8Array
from heatcam.models import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.saliency.families.family import ModelFamily, require_class_target
from heatcam.saliency.methods import METHODS


def build(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, _photograph: Uint8Array
) -> tuple[Engine, Fit]:
    """Build the engine of a detector or classifier of another library: see ``ModelFamily``."""
    network = loaded.network
    assert isinstance(network, CandidateNetwork)
    require_class_target(f"{loaded.title} is no YOLO and", options)
    imgsz = options.imgsz or loaded.imgsz
    network.fit((imgsz, imgsz), imgsz)  # (a size that it does not take is refused here)
    fit = partial(network.fit, imgsz=imgsz)
    if not METHODS[options.formula_name].is_evidence:
        attention = start_attention_engine(
            network, device, backend=options.backend, precision=options.precision, layers=options.layers
        )
        return attention, fit
    engine = start_hooked_engine(
        network,
        device,
        backend=options.backend,
        precision=options.precision,
        fine=options.over_levels,
        layers=options.layers,
    )
    return engine, fit


def _is_detector(network: nn.Module) -> bool:
    return isinstance(network, CandidateNetwork) and network.task != "classify"


FAMILY = ModelFamily("detector of another library", _is_detector, build, lambda _network: None)
