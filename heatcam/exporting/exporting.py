"""Export of a detector: loaded, traced with its maps, written, and compared with torch before the file gets its name."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from heatcam.engine import GradientEngine, real_pictures
from heatcam.enums import Backend, ExportFormat, Precision
from heatcam.errors import ModelError, UsageError, first_line
from heatcam.exported import ExportedFacts, open_network
from heatcam.exporting.formats import FORMATS
from heatcam.exporting.graph import ExplainedNetwork
from heatcam.exporting.tracing import traced
from heatcam.exporting.verification import verify_file
from heatcam.geometry import Letterbox, Uint8Array
from heatcam.models import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.runtime import say_doing
from heatcam.saliency import Explainer, open_explainer_cache

logger = logging.getLogger(__name__)

_UNKNOWN = "No conversion rule found for operations"  # the line of OpenVINO's report that says why
_TASKS = ("detect", "segment", "pose")


@dataclass(frozen=True)
class ExportPlan:
    """A file to export.

    Attributes:
        format: of the file.
        objects: K, the number of objects that it tells of.
        quality: ``live`` or ``fine``: the kind of map.
        heat: False leaves out the maps.
        imgsz: longer side of the input in pixels; None takes the model's own.
        iou: boxes of a class that overlap more than this are one.
        size_wh: size of the pictures to come, in pixels: the input is the letterbox of such a picture. None for a square.
    """

    format: ExportFormat
    objects: int
    quality: str
    heat: bool
    imgsz: int | None
    iou: float
    size_wh: tuple[int, int] | None

    def options(self) -> ExplainOptions:
        """Return the options of the explainer that is exported."""
        return ExplainOptions(
            imgsz=self.imgsz,
            iou=self.iou,
            quality=self.quality,
            backend=Backend.TORCH.value,
            precision=Precision.FP32.value,
            pictures=2,
        )


@dataclass(frozen=True)
class ExportedModel:
    """A file that was written.

    Attributes:
        facts: what it tells of itself.
        difference: the largest difference of its maps from torch's, relative to the largest value.
    """

    facts: ExportedFacts
    difference: float


def export_model(model: str, plan: ExportPlan, path: Path) -> ExportedModel:
    """Write a detector, with its maps, to a path that does not exist.

    Args:
        model: a ``.pt`` file or an embedded model's name.
        plan: what to write.
        path: the file or folder; what is left there after an error is not to be used.

    Raises:
        HeatcamError: the model cannot be loaded or exported, or the file differs from torch; the message says why.
    """
    cache = open_explainer_cache(model, "cpu", plan.options())
    loaded, explainer = cache.loaded, cache.take(plan.options())
    engine = require_exportable(loaded, explainer)
    model_wh = _model_wh(explainer, plan.size_wh)
    _require_anchors(model_wh, engine.cut.strides, plan.objects)
    facts = _facts(loaded, explainer, engine, plan, model_wh)
    channels = engine.channels
    example = torch.rand((1, channels, *model_wh[::-1]), generator=torch.Generator().manual_seed(0))
    conf = torch.zeros(len(facts.names))
    say_doing("tracing")
    try:
        file = _written(explainer, engine, plan, (example, conf), facts, path)
    except Exception as error:  # (tracers and exporters raise any type)
        logger.debug("export failed", exc_info=True)
        raise not_written(error, loaded.title, plan) from error
    say_doing("comparing with torch")
    pictures = _pictures(loaded, model_wh)
    return ExportedModel(facts, verify_file(open_network(file), facts, explainer, pictures))


def not_written(error: Exception, title: str, plan: ExportPlan) -> ModelError:
    """Return the error in one line; what has no form for inference would fail in every format."""
    if isinstance(error, NotImplementedError):
        return ModelError(
            f"{title} cannot be exported ({first_line(error, 200)})",
            "use the .pt file itself" + (", or --no-heat" if plan.heat else ""),
        )
    lines = [line.strip(" -") for line in str(error).splitlines()]
    unknown = next((line for line in lines if line.startswith(_UNKNOWN)), "")
    reason = unknown or first_line(error, 200)
    return ModelError(
        f"{title} cannot be written as {plan.format.value} ({reason})", "try the other --format, or --no-heat"
    )


def _written(
    explainer: Explainer,
    engine: GradientEngine,
    plan: ExportPlan,
    example: tuple[Tensor, Tensor],
    facts: ExportedFacts,
    path: Path,
) -> Path:
    formula = explainer.formula if plan.heat else None
    network = ExplainedNetwork(engine.cut, formula, example[0], plan.objects, plan.iou)
    graph = traced(network, *example)
    say_doing("writing")
    return FORMATS[plan.format].write(graph, network.outputs, example, facts.as_texts(), path)


def require_exportable(loaded: LoadedModel, explainer: Explainer) -> GradientEngine:
    """Return the engine of a network whose boxes come from anchor points and whose objects read squares of cells.

    Raises:
        ModelError: it is another kind of network.
    """
    engine: GradientEngine | None = explainer.engine.anchored()
    if engine is None or loaded.task not in _TASKS:
        kind = f"is a '{loaded.task}' model" if loaded.task not in _TASKS else "has no anchor points"
        raise ModelError(
            f"{loaded.title} {kind}, which cannot be exported with its maps",
            "give a YOLO model of upright boxes, such as yolo11n.pt",
        )
    if engine.channels not in (1, 3):
        raise ModelError(
            f"{loaded.title} reads pictures of {engine.channels} channels, and files are compared on colour and grey ones",
            "use the .pt file itself",
        )
    if not engine.uses_patches:
        raise ModelError(
            f"the head of {loaded.title} reads more than squares of cells, and cannot be exported",
            "use the .pt file itself",
        )
    return engine


def _model_wh(explainer: Explainer, size_wh: tuple[int, int] | None) -> tuple[int, int]:
    """Return the size of the file's input: the letterbox of pictures of ``size_wh``, or a square."""
    side = explainer.imgsz
    return Letterbox.fit(size_wh or (side, side), side, explainer.engine.stride).model_wh


def _require_anchors(model_wh: tuple[int, int], strides: Sequence[int], objects: int) -> None:
    count = sum((model_wh[0] // stride) * (model_wh[1] // stride) for stride in strides)
    if objects > count:
        raise UsageError(f"there are {count} anchors for {objects} objects", "give fewer --objects")


def _facts(
    loaded: LoadedModel,
    explainer: Explainer,
    engine: GradientEngine,
    plan: ExportPlan,
    model_wh: tuple[int, int],
) -> ExportedFacts:
    finest = min(int(stride) for stride in engine.cut.strides)
    floor, heat = explainer.calibration.floor, plan.heat
    return ExportedFacts(
        title=loaded.title,
        sha256=loaded.sha256,
        task=loaded.task,
        names=loaded.class_names,
        model_wh=model_wh,
        channels=engine.channels,
        strides=tuple(engine.cut.strides),
        smooth=loaded.smooth,
        objects=plan.objects,
        iou=plan.iou,
        suppresses=not engine.cut.head.end2end,
        method=explainer.method if heat else "",
        layers=tuple(engine.target_layer.split("+")) if heat else (),
        unit=explainer.unit,
        map_stride=finest if heat else 0,
        full_heat=explainer.calibration.full_heat if heat else None,
        low_evidence=floor if heat else None,
        versions={name: version(name) for name in ("heatcam", "torch", "ultralytics")},
    )


def _pictures(loaded: LoadedModel, model_wh: tuple[int, int]) -> list[Uint8Array]:
    """Return two pictures of different content, uint8 ``(H, W, 3)`` BGR of the input's size."""
    found = (loaded.examples or real_pictures)(model_wh)[:2]
    noise = np.random.default_rng(0).integers(0, 256, (model_wh[1], model_wh[0], 3), np.uint8)
    return [*found, *([noise] if len(found) == 1 else [noise, noise[::-1].copy()] if not found else [])]
