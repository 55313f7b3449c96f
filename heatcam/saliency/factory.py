"""Putting an explainer together from what the user chose."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import nn

from heatcam.engine import Thresholds, choose_device, real_picture, real_pictures
from heatcam.models import LoadedModel, load_model
from heatcam.options import LIKELY_SIZE_WH, ExplainOptions, class_ids_of
from heatcam.saliency.calibration_cache import calibrate
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.families import family_of
from heatcam.saliency.methods import method_formula

_MOST_KEPT = 5  # compiled networks are large


def build_explainer(
    model: str, device: str | None, options: ExplainOptions, size_wh: tuple[int, int] = LIKELY_SIZE_WH
) -> Explainer:
    """An explainer: model loaded, gradients proved, calibrated, and for streams the first pass done.

    Args:
        model: a ``.pt`` file or an embedded model's name.
        device: None chooses.
        options: what is kept and how it is mapped.
        size_wh: of the pictures to come, in pixels: what is compiled is compiled for them. Others work too.

    Raises:
        ModelError, DeviceError, UsageError: what was asked for cannot be had; the message names the next step.
    """
    return open_explainer_cache(model, device, options, size_wh).take(options)


class ExplainerCache:
    """Explainers of one model, each made when it is first asked for; the last few are kept. Used from one thread at a time.

    They share the network's weights, so that a window can go from method to method; each has modules of its own, so that one can
    be made while another explains.

    Args:
        loaded: the network.
        device: where it runs.
        size_wh: of the pictures to come, in pixels.
    """

    def __init__(self, loaded: LoadedModel, device: torch.device, size_wh: tuple[int, int]) -> None:
        self.loaded = loaded
        self._device = device
        self._size_wh = size_wh
        self._made: dict[ExplainOptions, Explainer] = {}

    def take(self, options: ExplainOptions) -> Explainer:
        """The explainer for ``options``, warmed up and calibrated.

        Raises:
            ModelError, UsageError: it cannot be had with this model.
        """
        if options not in self._made:
            while len(self._made) >= _MOST_KEPT:
                self._made.pop(next(iter(self._made)))
            own = replace(self.loaded, network=with_shared_weights(self.loaded.network))
            explainer = explainer_of(own, self._device, options, self._size_wh)
            examples = self.loaded.examples or real_pictures
            explainer.calibrating_s = calibrate(explainer, lambda: examples(self._size_wh))
            self._made[options] = explainer
        self._made[options] = self._made.pop(options)  # (the one asked for last stands last)
        return self._made[options]


def with_shared_weights(network: nn.Module) -> nn.Module:
    """A copy of a network whose parameters and buffers are the same tensors: modules remember what they have last seen."""
    tensors = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    return copy.deepcopy(network, tensors)


def open_explainer_cache(
    model: str, device: str | None, options: ExplainOptions, size_wh: tuple[int, int] = LIKELY_SIZE_WH
) -> ExplainerCache:
    """The cache of one model's explainers; see ``build_explainer``."""
    options.require_valid()
    method_formula(options.formula_name)  # refused before the model is read
    return ExplainerCache(load_model(model), choose_device(device), size_wh)


def explainer_of(
    loaded: LoadedModel,
    device: torch.device,
    options: ExplainOptions,
    size_wh: tuple[int, int] = LIKELY_SIZE_WH,
    kind: type[Explainer] | None = None,
) -> Explainer:
    """The same from a network that is loaded already, not calibrated. Several explainers may share one network.

    Args:
        loaded: the network.
        device: where it is to run.
        options: what is kept and how it is mapped.
        size_wh: of the pictures to come, in pixels.
        kind: the class of the explainer; None takes that of the network's family.

    Raises:
        ModelError, UsageError: what was asked for cannot be had; the message names the next step.
    """
    options.require_valid()
    formula = method_formula(options.formula_name)
    class_ids = class_ids_of(options.classes, loaded.class_names)
    thresholds = Thresholds(options.conf, options.iou, class_ids, options.max_det)
    photograph = real_picture(size_wh)
    family = family_of(loaded.network)
    engine, fit = family.build(loaded, device, options, photograph)
    engine.explained_class = _class_asked_about(options.why, loaded.class_names)
    explainer = (kind or family.explainer)(
        engine,
        loaded.class_names,
        options.imgsz or loaded.imgsz,
        thresholds,
        options.formula_name,
        formula,
        loaded.title,
        fit,
    )
    explainer.target = options.target
    if options.pictures is None:
        explainer.warm_up(photograph)
    return explainer


def _class_asked_about(why: str, class_names: dict[int, str]) -> int | None:
    """The id of the class behind ``--why``; None when none was asked about.

    Raises:
        UsageError: the model has no such class.
    """
    ids = class_ids_of((why,) if why else (), class_names)
    return ids[0] if ids else None
