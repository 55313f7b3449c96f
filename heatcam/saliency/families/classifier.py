"""Classifiers: they see the middle of the picture, and their boxes are taken from the maps."""

from __future__ import annotations

import logging
from functools import partial

import torch

from heatcam.engine import (
    INPUT_STRIDE,
    Engine,
    TappedClassifier,
    is_classifier,
    picture_tensor,
    prepares_as_usual,
    start_class_engine,
)
from heatcam.geometry import CentreCrop, Fit, Uint8Array
from heatcam.models import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.saliency.classes import ClassExplainer
from heatcam.saliency.families.family import ModelFamily, require_class_target

logger = logging.getLogger(__name__)


def _build(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, photograph: Uint8Array
) -> tuple[Engine, Fit]:
    require_class_target(f"{loaded.title} is a classifier and", options)
    if not prepares_as_usual(loaded.network):
        logger.warning(
            "%s wants its pictures prepared otherwise than ultralytics does today; probabilities may differ from predict's",
            loaded.title,
        )
    cut = TappedClassifier(loaded.network.to(device), fine=options.over_levels, layers=options.layers)
    imgsz = options.imgsz or loaded.imgsz
    fit = partial(CentreCrop.cut, imgsz=imgsz, stride=INPUT_STRIDE, style=loaded.crop)
    boxed = fit((photograph.shape[1], photograph.shape[0])).image_to_model(photograph)
    example = picture_tensor(boxed, device, cut.channels)
    backend, precision = options.backend, options.precision
    return start_class_engine(cut, device, backend, precision, example, options.pictures), fit


FAMILY = ModelFamily("classifier", is_classifier, _build, TappedClassifier, ClassExplainer, finds_boxes=False)
