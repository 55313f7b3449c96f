"""Which backend runs the passes: what was asked for, or what is fastest on this machine, measured once and remembered."""

from __future__ import annotations

import importlib.util
import logging
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import median
from typing import Any

import torch
from torch import Tensor

from heatcam.engine.boxes import Thresholds
from heatcam.engine.cut_graph import require_gradient
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.network import CutNetwork
from heatcam.engine.passes import Passes, TorchPasses
from heatcam.engine.proving import prove
from heatcam.engine.targets import Target
from heatcam.environment import cache_dir
from heatcam.errors import UsageError
from heatcam.remembered import recall, remember

logger = logging.getLogger(__name__)

CHOICES_FILE = "backends.json"
_ROUNDS = 5
#: Detections of two precisions are the same when as many are found and each overlaps its like by this much.
AGREEING_IOU = 0.9


def start_engine(
    cut: CutNetwork,
    device: torch.device,
    backend: str,
    precision: str,
    example: Tensor,
    target: Target | None = None,
) -> GradientEngine:
    """The engine on the backend asked for.

    Args:
        cut: the network, on ``device``.
        device: where it is.
        backend: ``torch``, ``openvino``, or ``auto``: the faster of them here, measured once and remembered in the cache folder.
        precision: ``fp32``, ``bf16``, ``fp16``, or ``auto``: bfloat16 with OpenVINO where the processor has it and finds the same
            boxes, else fp32.
        example: a real picture, float ``(1, 3, H, W)``, that speed and agreement are measured on.
        target: what is explained of each object; its class logit for None.

    Raises:
        UsageError: the backend or precision cannot be had here; the message names the next step.
        ModelError: a layer lets no gradient through; the message names it.
    """
    require_gradient(cut)

    def proved(passes: Passes | None) -> GradientEngine:
        return _proved(GradientEngine(cut, device, passes, target), example)

    if backend == "torch" or (backend == "auto" and not _openvino_can(device)):
        return proved(TorchPasses(cut, "fp32" if precision == "auto" else precision))
    _require_openvino(device)
    free = backend == "auto" and precision in ("auto", "fp32")
    known = recall(cache_dir() / CHOICES_FILE)
    if free and known.get(_situation(cut, example)) == "torch":
        return proved(None)
    compiled = _openvino(cut, proved, precision, example)
    if not free or compiled.name == "torch" or _is_faster(cut, compiled, example, known):
        return compiled
    return proved(None)


def _proved(engine: GradientEngine, example: Tensor) -> GradientEngine:
    """The engine itself, its gradients compared with autograd; it may have fallen back to a slower way."""
    prove(engine, example)
    return engine


def _openvino_can(device: torch.device) -> bool:
    return device.type == "cpu" and importlib.util.find_spec("openvino") is not None


def _require_openvino(device: torch.device) -> None:
    if device.type != "cpu":
        raise UsageError(
            f"OpenVINO runs on the CPU, not on {device}", "leave out --device, or use --backend torch"
        )
    if not _openvino_can(device):
        raise UsageError("OpenVINO is not installed", "pip install openvino, or use --backend torch")


def _openvino(
    cut: CutNetwork, proved: Callable[[Passes], GradientEngine], precision: str, example: Tensor
) -> GradientEngine:
    """OpenVINO in the precision asked for; ``auto`` tries bfloat16 where the processor has it."""
    from heatcam.engine.openvino_passes import (  # noqa: PLC0415 (OpenVINO takes a while to load, and may be missing)
        OpenVinoPasses,
        has_bfloat16,
    )

    folder = cache_dir() / "openvino"
    if precision != "auto":
        return proved(OpenVinoPasses(cut, precision, folder))
    exact = proved(OpenVinoPasses(cut, "fp32", folder))
    if exact.name == "torch" or not has_bfloat16():
        return exact
    quick = proved(OpenVinoPasses(cut, "bf16", folder))
    if find_the_same(exact, quick, example):
        logger.info("bfloat16 finds the same boxes as float32 and is used")
        return quick
    logger.warning("bfloat16 finds other boxes than float32; using float32")
    return exact


def find_the_same(one: GradientEngine, other: GradientEngine, picture: Tensor) -> bool:
    """Whether two engines find the same boxes on ``picture``, class by class, at the default thresholds."""
    from torchvision.ops import box_iou  # noqa: PLC0415

    a, b = (engine.forward(picture, Thresholds(), with_graph=False).boxes for engine in (one, other))
    if sorted(a.class_ids.tolist()) != sorted(b.class_ids.tolist()):
        return False
    if not len(a):
        return True
    overlap = box_iou(a.xyxy, b.xyxy) * (a.class_ids[:, None] == b.class_ids[None])
    return bool(overlap.max(1).values.min() >= AGREEING_IOU)


def _is_faster(cut: CutNetwork, compiled: GradientEngine, example: Tensor, known: dict[str, Any]) -> bool:
    """Whether the compiled engine beats torch here; measured and remembered where it is not ``known``."""
    key = _situation(cut, example)
    if key not in known:
        torch_ms, compiled_ms = _measured([TorchPasses(cut), compiled.passes], example, cut.reaches)
        known[key] = compiled.name if compiled_ms < torch_ms else "torch"
        logger.info("torch %.1f ms, %s %.1f ms: using %s", torch_ms, compiled.name, compiled_ms, known[key])
        remember(cache_dir() / CHOICES_FILE, known)
    return bool(known[key] != "torch")


def _situation(cut: CutNetwork, example: Tensor) -> str:
    """What decides which backend is faster: network, size, versions, machine."""
    versions = torch.__version__, version("openvino")
    return "|".join(
        map(
            str,
            (_shape_of_network(cut), tuple(example.shape), *versions, torch.get_num_threads(), _machine()),
        )
    )


def _measured(backends: list[Passes], example: Tensor, reaches: Sequence[bool]) -> list[float]:
    """Median milliseconds of forward and gradient on each backend, interleaved after one warm-up round.

    ``reaches``: which of the head's inputs read the tapped layers.
    """
    taken: list[list[float]] = [[] for _ in backends]
    for _ in range(_ROUNDS + 1):
        for backend, times in zip(backends, taken, strict=True):
            started = time.perf_counter()
            inputs = backend.forward(example, with_graph=True).inputs
            reached = zip(inputs.features, reaches, strict=True)
            backend.pull_back(
                inputs, [torch.ones_like(feature) if there else None for feature, there in reached]
            )
            times.append(1e3 * (time.perf_counter() - started))
    return [median(times[1:]) for times in taken]


def _shape_of_network(cut: CutNetwork) -> str:
    """What decides its speed: layers, taps, parameters."""
    parameters = sum(p.numel() for p in cut.network.parameters())
    return f"{len(list(cut.network.modules()))} modules {parameters} parameters taps {cut.tapped}"


def _machine() -> str:
    return f"{platform.processor() or platform.machine()} {platform.node()}"
