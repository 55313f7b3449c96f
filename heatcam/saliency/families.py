"""The engine that each kind of network takes, and how its pictures are fitted."""

from __future__ import annotations

import logging
from functools import partial

import torch

from heatcam.engine.backends import Judge, start_engine
from heatcam.engine.boxes import Thresholds
from heatcam.engine.class_backends import start_class_engine
from heatcam.engine.classifier import INPUT_STRIDE, TappedClassifier, is_classifier, prepares_as_usual
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.interface import Engine
from heatcam.engine.network import TappedNetwork
from heatcam.engine.preprocessing import picture_tensor, real_pictures
from heatcam.engine.rtdetr import QueryNetwork, has_queries, start_query_engine
from heatcam.engine.targets import chosen_target
from heatcam.errors import UsageError
from heatcam.geometry import CentreCrop, Fit, Letterbox, Uint8Array
from heatcam.models.loading import LoadedModel
from heatcam.saliency.agreement import what_differs
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from heatcam.saliency.options import ExplainOptions

logger = logging.getLogger(__name__)


def engine_for(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, photograph: Uint8Array
) -> tuple[Engine, Fit]:
    """The engine of a network, on ``device``, and how a picture becomes its input.

    Args:
        loaded: the network.
        device: where it is to run.
        options: what was asked for.
        photograph: uint8 ``(H, W, 3)`` BGR, of the size of the pictures to come; gradients are proved on it.

    Raises:
        ModelError, UsageError: what was asked for cannot be had; the message names the next step.
    """
    imgsz = options.imgsz or loaded.imgsz
    if is_classifier(loaded.network):
        return _classifying(loaded, device, options, imgsz, photograph)
    if has_queries(loaded.network):
        return _querying(loaded, device, options, imgsz)
    return _detecting(loaded, device, options, imgsz, photograph)


def _detecting(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, imgsz: int, photograph: Uint8Array
) -> tuple[Engine, Fit]:
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
    judge = Judge(difference, f"{options.formula_name}|{options.target}")
    return start_engine(cut, device, backend, precision, example, target, judge, options.pictures), fit


def _querying(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, imgsz: int
) -> tuple[Engine, Fit]:
    """RT-DETR: its pictures are stretched, as ultralytics does it."""
    _require_classes(f"{loaded.title} is an RT-DETR and", options)
    cut = QueryNetwork(loaded.network.to(device), fine=options.over_levels, layers=options.layers)
    fit = partial(Letterbox.stretch, imgsz=imgsz, stride=max(cut.strides), smooth=loaded.smooth)
    return start_query_engine(cut, device, options.backend, options.precision), fit


def _classifying(
    loaded: LoadedModel, device: torch.device, options: ExplainOptions, imgsz: int, photograph: Uint8Array
) -> tuple[Engine, Fit]:
    """A classifier: it sees the middle of the picture.

    Raises:
        UsageError: a backend or target was asked for that cannot be had.
    """
    _require_classes(f"{loaded.title} is a classifier and", options)
    if not prepares_as_usual(loaded.network):
        logger.warning(
            "%s wants its pictures prepared otherwise than ultralytics does today; probabilities may differ from predict's",
            loaded.title,
        )
    cut = TappedClassifier(loaded.network.to(device), fine=options.over_levels, layers=options.layers)
    fit = partial(CentreCrop.cut, imgsz=imgsz, stride=INPUT_STRIDE, style=loaded.crop)
    boxed = fit((photograph.shape[1], photograph.shape[0])).image_to_model(photograph)
    example = picture_tensor(boxed, device, cut.channels)
    backend, precision = options.backend, options.precision
    return start_class_engine(cut, device, backend, precision, example, options.pictures), fit


def _require_classes(what: str, options: ExplainOptions) -> None:
    if options.target != "class":
        raise UsageError(f"{what} explains classes only, not '{options.target}'", "leave out --target")


def layer_sets(engine: Engine) -> tuple[str, ...]:
    """What ``--layers`` may be tried with: "" for the method's own, each input of a detector's head, and all of them."""
    if not isinstance(engine, GradientEngine):
        return ("",)
    inputs = tuple(map(str, engine.cut.inputs))
    return ("", *inputs, ",".join(inputs)) if len(inputs) > 1 else ("", *inputs)
