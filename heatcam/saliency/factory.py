"""Building of explainers from the user's options."""

from __future__ import annotations

import copy
import threading
from dataclasses import fields, replace
from typing import Any

import torch
from torch import nn

from heatcam.engine import Thresholds, choose_device, real_picture, real_pictures, with_held_gates
from heatcam.errors import UsageError
from heatcam.models import LoadedModel, Prompt, load_model
from heatcam.options import LIKELY_SIZE_WH, DetectOptions, ExplainOptions, class_ids_of
from heatcam.saliency.calibration_cache import calibrate
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.families import family_of
from heatcam.saliency.methods import METHODS, method_formula

_MOST_KEPT = 5  # compiled networks are large
_Key = tuple[
    ExplainOptions, tuple[int, int]
]  # options but for those of ``_KEEPING_ALL``, and the pictures' size


def build_explainer(
    model: str,
    device: str | None,
    options: ExplainOptions,
    size_wh: tuple[int, int] = LIKELY_SIZE_WH,
    prompt: Prompt | None = None,
) -> Explainer:
    """Build an explainer: the model loaded, gradients verified, evidence calibrated, and for streams a first pass done.

    Args:
        model: a ``.pt`` file or an embedded model's name.
        device: a torch device; None takes the fastest.
        options: which boxes are kept and how their evidence is mapped.
        size_wh: size of the pictures to come, in pixels: networks are compiled for it. Other sizes work too.
        prompt: what the model is to look for; None for the classes that it has.

    Raises:
        ModelError, DeviceError, UsageError: model, device or options cannot be used; the message names the next step.
    """
    return open_explainer_cache(model, device, options, size_wh, prompt).take(options)


class ExplainerCache:
    """Cache of one model's explainers, each built when it is first asked for; the last few are kept. Called from any thread.

    They share the network's weights, so that the window can change methods quickly; each has modules of its own, so that one can
    be built while another explains. Explainers of other classes and thresholds than an earlier one's cost nothing: they share all
    of it, and so are called in turn with it; only for another confidence is the evidence calibrated anew.

    Args:
        loaded: the loaded model.
        device: where it runs.
        size_wh: size of the pictures to come, in pixels.
    """

    def __init__(self, loaded: LoadedModel, device: torch.device, size_wh: tuple[int, int]) -> None:
        self.loaded = loaded
        self._device = device
        self._size_wh = size_wh
        self._made: dict[_Key, Explainer] = {}
        self._lock, self._building = threading.Lock(), threading.Lock()

    def take(self, options: ExplainOptions, size_wh: tuple[int, int] | None = None) -> Explainer:
        """Return the explainer for ``options``, warmed up and calibrated.

        Args:
            options: which boxes are kept and how their evidence is mapped.
            size_wh: size of the pictures to come, in pixels; None takes the cache's own.

        Raises:
            ModelError, UsageError: the options do not fit this model.
        """
        thresholds = thresholds_of(options, self.loaded.class_names)
        key = replace(options, **_KEEPING_ALL), size_wh or self._size_wh
        found = self._kept(key)
        if found is None:
            with self._building:  # (one at a time; those that are there already are given out meanwhile)
                found = self._kept(key) or self._keep(key, self._built(*key))
        return found.with_thresholds(thresholds)

    def _kept(self, key: _Key) -> Explainer | None:
        """Return the explainer that was built for ``key`` if it is kept; the most recently used stands last."""
        with self._lock:
            if key in self._made:
                self._made[key] = self._made.pop(key)
            return self._made.get(key)

    def _keep(self, key: _Key, explainer: Explainer) -> Explainer:
        with self._lock:
            while len(self._made) >= _MOST_KEPT:
                self._made.pop(next(iter(self._made)))
            self._made[key] = explainer
        return explainer

    def _built(self, options: ExplainOptions, size_wh: tuple[int, int]) -> Explainer:
        own = replace(self.loaded, network=with_shared_weights(self.loaded.network))
        explainer = explainer_of(own, self._device, options, size_wh)
        examples = self.loaded.examples or real_pictures
        explainer.calibrating_s = calibrate(explainer, lambda: examples(size_wh))
        return explainer


#: The options that only choose among the boxes that a network finds, apart from the confidence, as they are by default.
_KEEPING_ALL: dict[str, Any] = {
    field.name: field.default for field in fields(DetectOptions) if field.name not in ("imgsz", "conf")
}


def thresholds_of(options: DetectOptions, class_names: dict[int, str]) -> Thresholds:
    """Return the thresholds of a model with these classes.

    Raises:
        UsageError: a threshold is outside its range, or the model has no such class.
    """
    options.require_valid()
    return Thresholds(options.conf, options.iou, class_ids_of(options.classes, class_names), options.max_det)


def with_shared_weights(network: nn.Module) -> nn.Module:
    """Copy a network but share its parameters and buffers: modules keep state of the picture they last saw."""
    tensors = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    return copy.deepcopy(network, tensors)


def open_explainer_cache(
    model: str,
    device: str | None,
    options: ExplainOptions,
    size_wh: tuple[int, int] = LIKELY_SIZE_WH,
    prompt: Prompt | None = None,
) -> ExplainerCache:
    """Load a model and return the cache of its explainers; see ``build_explainer``."""
    options.require_valid()
    method_formula(options.formula_name)  # refused before the model is read
    return ExplainerCache(load_model(model, prompt), choose_device(device), size_wh)


def explainer_of(
    loaded: LoadedModel,
    device: torch.device,
    options: ExplainOptions,
    size_wh: tuple[int, int] = LIKELY_SIZE_WH,
    kind: type[Explainer] | None = None,
) -> Explainer:
    """Build an explainer from a loaded model, without calibrating it. Several explainers may share one network.

    Args:
        loaded: the loaded model.
        device: where it is to run.
        options: which boxes are kept and how their evidence is mapped.
        size_wh: size of the pictures to come, in pixels.
        kind: the class of the explainer; None takes that of the network's family.

    Raises:
        ModelError, UsageError: the options do not fit this model; the message names the next step.
    """
    thresholds = thresholds_of(options, loaded.class_names)
    formula = method_formula(options.formula_name)
    method = METHODS[options.formula_name]
    if method.holds_gates:
        loaded = replace(loaded, network=with_held_gates(loaded.network))
    if not METHODS[options.formula_name].is_evidence and not getattr(loaded.network, "attention_layer", ""):
        raise UsageError(
            f"{loaded.title} has no queries that weigh every cell, so there is no attention to map",
            "leave out --method; DETR, Conditional DETR and YOLOS of transformers have such queries",
        )
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
    explainer.relevance = method.relevance() if method.relevance else None
    explainer.sha256, explainer.task = loaded.sha256, loaded.task
    explainer.class_vectors = loaded.class_vectors
    if options.pictures is None:
        explainer.warm_up(photograph)
    return explainer


def _class_asked_about(why: str, class_names: dict[int, str]) -> int | None:
    """Return the id of the class that ``--why`` names; None without one.

    Raises:
        UsageError: the model has no such class.
    """
    ids = class_ids_of((why,) if why else (), class_names)
    return ids[0] if ids else None
