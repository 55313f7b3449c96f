"""Classifiers of other libraries, wrapped as ``CandidateNetwork``: one candidate, and boxes taken from the maps."""

from __future__ import annotations

from torch import nn

from heatcam.engine import CandidateNetwork
from heatcam.saliency.classes import ClassExplainer
from heatcam.saliency.families.family import ModelFamily
from heatcam.saliency.families.library import build


def _is_classifier(network: nn.Module) -> bool:
    return isinstance(network, CandidateNetwork) and network.task == "classify"


FAMILY = ModelFamily(
    "classifier of another library",
    _is_classifier,
    build,
    lambda _network: None,
    ClassExplainer,
    finds_boxes=False,
)
