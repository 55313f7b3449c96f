"""Putting an explainer together from what the user chose."""

from __future__ import annotations

import logging
from functools import partial

import torch

from heatcam.engine.backends import start_engine
from heatcam.engine.boxes import Thresholds
from heatcam.engine.classifying import ClassEngine, CutClassifier, is_classifier, prepares_as_usual
from heatcam.engine.device import choose_device
from heatcam.engine.interface import Engine
from heatcam.engine.network import CutNetwork
from heatcam.engine.pictures import picture_tensor, real_picture
from heatcam.engine.targets import chosen_target
from heatcam.errors import UsageError
from heatcam.geometry import CentreCrop, Fit, Letterbox, Uint8Array
from heatcam.models.loading import LoadedModel, load_model
from heatcam.saliency.classes import ClassExplainer
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from heatcam.saliency.options import ExplainOptions, class_ids_of

logger = logging.getLogger(__name__)

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
    imgsz = options.imgsz or loaded.imgsz
    photograph = real_picture(size_wh)
    kind = Explainer
    if is_classifier(loaded.network):
        kind, engine, fit = ClassExplainer, *_classifying(loaded, chosen, options, imgsz)
    else:
        engine, fit = _detecting(loaded, chosen, options, imgsz, photograph)
    engine.explained_class = _class_asked_about(options.why, loaded.class_names)
    explainer = kind(
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


def _detecting(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, imgsz: int, photograph: Uint8Array
) -> tuple[Engine, Fit]:
    """The engine of a network that finds boxes, proved on ``photograph``, and its letterbox."""
    cut = CutNetwork(loaded.network.to(device), fine=options.over_levels, layers=options.layers)
    fit = partial(Letterbox.fit, imgsz=imgsz, stride=max(cut.strides), smooth=loaded.smooth)
    boxed = fit((photograph.shape[1], photograph.shape[0])).image_to_model(photograph)
    example = picture_tensor(boxed, device)
    target = chosen_target(options.target, cut.head)
    return start_engine(cut, device, options.backend, options.precision, example, target), fit


def _classifying(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, imgsz: int
) -> tuple[Engine, Fit]:
    """The engine of a classifier, and its centre crop.

    Raises:
        UsageError: a backend, precision or target was asked for that classifiers do not have.
    """
    if options.target != "class":
        raise UsageError(f"{loaded.title} is a classifier and has no {options.target}", "leave out --target")
    if options.backend == "openvino" or options.precision not in ("auto", "fp32"):
        raise UsageError(
            f"{loaded.title} is a classifier, and heatcam runs those with torch in fp32 only",
            "leave out --backend and --precision",
        )
    if not prepares_as_usual(loaded.network):
        logger.warning(
            "%s wants its pictures prepared otherwise than ultralytics does today; probabilities may differ from predict's",
            loaded.title,
        )
    cut = CutClassifier(loaded.network.to(device), fine=options.over_levels, layers=options.layers)
    engine = ClassEngine(cut, device)
    return engine, partial(CentreCrop.cut, imgsz=imgsz, stride=engine.stride)


def _class_asked_about(why: str, class_names: dict[int, str]) -> int | None:
    """The id of the class behind ``--why``; None when none was asked about.

    Raises:
        UsageError: the model has no such class.
    """
    ids = class_ids_of((why,) if why else (), class_names)
    return ids[0] if ids else None
