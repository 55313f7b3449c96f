"""Choice of a classifier's backend: as asked for, or the fastest here; checked against autograd in torch at every start."""

from __future__ import annotations

import logging
import math
import time

import torch
from torch import Tensor

from heatcam.engine.backends import (
    CHOICES_FILE,
    TORCH,
    can_openvino,
    measure,
    require_openvino,
    situation_of,
)
from heatcam.engine.boxes import Thresholds
from heatcam.engine.classifier import ClassEngine, TappedClassifier
from heatcam.engine.passes import TorchPasses
from heatcam.engine.speeds import Measured, pays
from heatcam.errors import BackendError
from heatcam.runtime import cache_dir, recall, say_doing

logger = logging.getLogger(__name__)

_LIKELIEST = Thresholds(conf=0.0)


def start_class_engine(
    cut: TappedClassifier,
    device: torch.device,
    backend: str,
    precision: str,
    example: Tensor,
    pictures: int | None = None,
) -> ClassEngine:
    """Start the engine on the backend asked for, or on torch, with one warning, where its numbers differ from torch's.

    Args:
        cut: the network, on ``device``.
        device: where it is.
        backend: ``torch``, ``openvino``, or ``auto``: the faster of them here, measured once and remembered in the cache folder.
        precision: ``fp32``, ``bf16``, ``fp16``, or ``auto``, which is fp32.
        example: a real picture, float ``(1, 3, H, W)``, that speed and agreement are measured on.
        pictures: number of pictures to explain, which ``auto`` weighs against the time that compiling takes; None for a stream.

    Raises:
        UsageError: the backend is not available here; the message names the next step.
    """
    kind = "fp32" if precision == "auto" else precision
    if backend == TORCH or (backend == "auto" and not can_openvino(device)):
        return ClassEngine(cut, device, TorchPasses(cut, kind))
    require_openvino(device)
    measured = Measured.read(recall(cache_dir() / CHOICES_FILE).get(situation_of(cut, example)))
    if backend == "auto" and not pays(pictures, measured):
        return ClassEngine(cut, device, TorchPasses(cut, kind))
    free = backend == "auto" and kind == "fp32"
    if free and measured and measured.choice == TORCH:
        logger.info("%s", measured.in_words)
        return ClassEngine(cut, device)
    say_doing("compiling for this processor")
    started = time.perf_counter()
    compiled = _compiled(cut, device, kind, example)
    if not free or compiled.name == TORCH:
        return compiled
    if measured is None:
        measured = measure(cut, compiled, example, time.perf_counter() - started)
    logger.info("%s", measured.in_words)
    return ClassEngine(cut, device) if measured.choice == TORCH else compiled


def _compiled(cut: TappedClassifier, device: torch.device, precision: str, example: Tensor) -> ClassEngine:
    """Start the engine on OpenVINO, or on torch where OpenVINO fails or gives other numbers."""
    from heatcam.engine.openvino_passes import OpenVinoPasses  # noqa: PLC0415 (takes a while to load, and may be missing)

    engine = ClassEngine(cut, device, OpenVinoPasses(cut, precision, cache_dir() / "openvino"))
    try:
        worst = difference(engine, ClassEngine(cut, device), example)
    except BackendError as error:
        logger.warning("%s cannot run this network (%s); using torch", engine.name, error.problem)
        return ClassEngine(cut, device)
    if worst <= engine.passes.tolerance:
        return engine
    logger.warning("%s differs from torch by %.1e; using torch", engine.name, worst)
    return ClassEngine(cut, device)


def difference(engine: ClassEngine, exact: ClassEngine, picture: Tensor) -> float:
    """Compare an engine's probabilities and gradients with those of another.

    Args:
        engine: the engine to check.
        exact: the reference, of the same network, with the same taps.
        picture: float ``(1, 3, H, W)``.

    Returns:
        The largest difference of a likely class's probability or, relative to the largest gradient at a tap, of a gradient.
        Infinite where it is not a number.

    Raises:
        BackendError: the backend cannot run the network.
    """
    wanted = exact.forward(picture, _LIKELIEST, with_graph=True)
    gradients = exact.summed_gradient(wanted)
    found = engine.forward(
        picture, Thresholds(0.0, class_ids=tuple(wanted.boxes.class_ids.tolist())), with_graph=True
    )
    by_class = {int(i): float(c) for i, c in zip(found.boxes.class_ids, found.boxes.confidences, strict=True)}
    errors = [
        abs(by_class[int(i)] - float(c))
        for i, c in zip(wanted.boxes.class_ids, wanted.boxes.confidences, strict=True)
    ]
    for ours, theirs in zip(engine.summed_gradient(found), gradients, strict=True):
        errors.append(float((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-12)))
    return max((math.inf if math.isnan(error) else error for error in errors), default=0.0)
