"""Choice of the backend that runs the passes: the one asked for, or the fastest here, measured once and remembered."""

from __future__ import annotations

import importlib.util
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from statistics import median
from typing import Protocol

import torch
from torch import Tensor
from ultralytics.utils.metrics import box_iou

from heatcam.engine.boxes import KeptBoxes, Thresholds
from heatcam.engine.fingerprint import hash_of, runs_on, versions
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.network import TappedNetwork
from heatcam.engine.passes import Passes, TorchPasses
from heatcam.engine.proof_cache import prove_once
from heatcam.engine.speeds import Measured, pays
from heatcam.engine.targets import Target
from heatcam.errors import UsageError
from heatcam.runtime import cache_dir, recall, remember_entry, say_doing

logger = logging.getLogger(__name__)


class Compiled(Protocol):
    """The part of an engine, of any kind of network, that is needed to compare its speed with torch."""

    @property
    def name(self) -> str:
        """The backend, for people."""

    @property
    def passes(self) -> Passes:
        """The backend that runs the network."""


@dataclass(frozen=True)
class PrecisionCheck:
    """A test of whether half precision shows the same as float32.

    Attributes:
        difference: takes an engine in float32 and one of the same network in half precision; returns in words what the second
            shows differently, "" for nothing.
        conditions: further conditions of the answer beside network, picture and machine, such as the method and the target; part
            of the key that the answer is remembered under.
    """

    difference: Callable[[GradientEngine, GradientEngine], str]
    conditions: str


CHOICES_FILE, JUDGED_FILE = "backends.json", "precisions.json"
TORCH = "torch"  # the name of an engine that fell back
_ROUNDS = 5
#: Detections of two precisions are the same when each overlaps its counterpart by this much.
AGREEING_IOU = 0.9
#: A box that is kept by less than this may be missing: of 115 in float32 bfloat16 missed none, and found two more.
SURE_BY = 0.05


def start_engine(
    cut: TappedNetwork,
    device: torch.device,
    backend: str,
    precision: str,
    example: Tensor,
    target: Target | None = None,
    judge: PrecisionCheck | None = None,
    pictures: int | None = None,
) -> GradientEngine:
    """Start the engine on the backend asked for.

    A choice that does not show the same as float32 gives way to the next best: OpenVINO in float32, then torch.

    Args:
        cut: the network, on ``device``.
        device: where it is.
        backend: ``torch``, ``openvino``, or ``auto``: the faster of them here, measured once and remembered in the cache folder.
        precision: ``fp32``, ``bf16``, ``fp16``, or ``auto``: bfloat16 with OpenVINO where the processor has it
            and it shows the same, else fp32.
        example: a real picture, float ``(1, 3, H, W)``, that speed and agreement are measured on.
        target: the number that is explained of each object; its class logit for None.
        judge: tells whether half precision shows the same; None compares the boxes on ``example`` alone.
        pictures: number of pictures to explain, which ``auto`` weighs against the time that compiling takes; None for a stream.

    Raises:
        UsageError: the backend or precision is not available here; the message names the next step.
        ModelError: a layer lets no gradient through; the message names it.
    """

    def proved(passes: Passes | None) -> GradientEngine:
        engine = GradientEngine(cut, device, passes, target)
        prove_once(engine, example)
        return engine

    asked_judge = judge or PrecisionCheck(partial(_boxes_differ, picture=example), "boxes")
    if backend == TORCH or (backend == "auto" and not can_openvino(device)):
        return _torch(cut, proved, precision, asked_judge)
    require_openvino(device)
    situation = situation_of(cut, example)
    measured = Measured.read(recall(cache_dir() / CHOICES_FILE).get(situation))
    if backend == "auto" and not pays(pictures, measured):
        return _torch(cut, proved, precision, asked_judge)
    free = backend == "auto" and precision in ("auto", "fp32")
    if free and measured and measured.choice == TORCH:
        logger.info("%s", measured.in_words)
        return proved(None)
    say_doing("compiling for this processor")
    started = time.perf_counter()
    compiled = _openvino(cut, proved, precision, asked_judge, situation)
    if not free or compiled.name == TORCH:
        return compiled
    if measured is None:
        measured = measure(cut, compiled, example, time.perf_counter() - started)
    logger.info("%s", measured.in_words)
    return proved(None) if measured.choice == TORCH else compiled


def can_openvino(device: torch.device) -> bool:
    """Return True if OpenVINO is installed and runs on ``device``; the reason is logged where it does not."""
    if device.type == "cpu" and importlib.util.find_spec("openvino") is not None:
        return True
    why = "is not installed" if device.type == "cpu" else f"does not run on {device}"
    logger.info("no OpenVINO: it %s", why)
    return False


def require_openvino(device: torch.device) -> None:
    """Refuse a device or an installation without OpenVINO.

    Raises:
        UsageError: the device is not the CPU, or OpenVINO is not installed; the message names the next step.
    """
    if device.type != "cpu":
        raise UsageError(
            f"OpenVINO runs on the CPU, not on {device}", "leave out --device, or use --backend torch"
        )
    if not can_openvino(device):
        raise UsageError("OpenVINO is not installed", "pip install openvino, or use --backend torch")


def _torch(
    cut: TappedNetwork,
    proved: Callable[[Passes | None], GradientEngine],
    precision: str,
    judge: PrecisionCheck,
) -> GradientEngine:
    """Start torch in the precision asked for, or in float32 where that precision shows something else."""
    exact = proved(TorchPasses(cut))
    if precision in ("auto", "fp32"):
        return exact
    return _quick_if_it_shows_the_same(exact, lambda: proved(TorchPasses(cut, precision)), judge)


def _openvino(
    cut: TappedNetwork,
    proved: Callable[[Passes], GradientEngine],
    precision: str,
    judge: PrecisionCheck,
    situation: str,
) -> GradientEngine:
    """Start OpenVINO in the precision asked for; ``auto`` tries bfloat16 where the processor has it. Float32 is the fallback.

    The judge's answer is remembered for these weights, this ``situation`` and ``judge.conditions``: a later start compiles one
    precision only.
    """
    from heatcam.engine.openvino_passes import (  # noqa: PLC0415 (OpenVINO takes a while to load, and may be missing)
        OpenVinoPasses,
        has_bfloat16,
    )

    def compiled(kind: str) -> GradientEngine:
        return proved(OpenVinoPasses(cut, kind, cache_dir() / "openvino"))

    quick = "bf16" if precision == "auto" else precision
    if quick == "fp32" or (precision == "auto" and not has_bfloat16()):
        why = "asked for" if quick == "fp32" else "this processor has no bfloat16"
        logger.info("openvino calculates in fp32: %s", why)
        return compiled("fp32")
    path, key = cache_dir() / JUDGED_FILE, f"{quick}|{situation}|{hash_of(cut.network)}|{judge.conditions}"
    known = recall(path)
    if known.get(key) == "same" and (found := compiled(quick)).name != TORCH:
        return found
    exact = compiled("fp32")
    if exact.name == TORCH or known.get(key) == "other":
        return exact
    chosen = _quick_if_it_shows_the_same(exact, lambda: compiled(quick), judge)
    remember_entry(path, known, key, "other" if chosen is exact else "same")
    return chosen


def _quick_if_it_shows_the_same(
    exact: GradientEngine, make_quick: Callable[[], GradientEngine], judge: PrecisionCheck
) -> GradientEngine:
    """Return the quick engine, or ``exact`` where the quick one fell back to torch or shows something else, with one warning."""
    quick = make_quick()
    name = quick.name
    if name == TORCH:  # (it has said why)
        return exact
    difference = judge.difference(exact, quick)
    if not difference:
        logger.info("%s shows what %s shows and is used", name, exact.name)
        return quick
    logger.warning("%s gives other results than float32 (%s); using %s", name, difference, exact.name)
    return exact


def _boxes_differ(exact: GradientEngine, quick: GradientEngine, *, picture: Tensor) -> str:
    """See ``PrecisionCheck.difference``: compares the boxes alone."""
    return "" if boxes_agree(exact, quick, picture) else "other boxes"


def boxes_agree(one: GradientEngine, other: GradientEngine, picture: Tensor) -> bool:
    """Return True if two engines find the same boxes on ``picture``, class by class, at the default thresholds.

    A box that only just passes the threshold may be missing in the other.
    """
    a, b = (engine.forward(picture, Thresholds(), with_graph=False).boxes for engine in (one, other))
    return _all_found(a, b) and _all_found(b, a)


def _all_found(wanted: KeptBoxes, found: KeptBoxes) -> bool:
    """Return True if every box that passes the threshold clearly has a counterpart among those found."""
    sure = wanted.only(wanted.confidences > Thresholds().conf + SURE_BY)
    if not len(sure) or not len(found):
        return not len(sure)
    overlap = box_iou(sure.xyxy, found.xyxy) * (sure.class_ids[:, None] == found.class_ids[None])
    return bool(overlap.max(1).values.min() >= AGREEING_IOU)


def measure(cut: TappedNetwork, compiled: Compiled, example: Tensor, start_s: float) -> Measured:
    """Measure whether torch or the compiled engine, which took ``start_s`` to start, is faster here, and remember it."""
    say_doing("measuring which backend is faster")
    torch_ms, compiled_ms = _measured([TorchPasses(cut), compiled.passes], example, cut.reaches)
    measured = Measured(compiled.name if compiled_ms < torch_ms else TORCH, torch_ms, compiled_ms, start_s)
    path = cache_dir() / CHOICES_FILE
    remember_entry(path, recall(path), situation_of(cut, example), asdict(measured))
    return measured


def situation_of(cut: TappedNetwork, example: Tensor) -> str:
    """Return the key of a speed measurement: network, picture size, threads, versions and processor, joined by ``|``."""
    own = _shape_of_network(cut), tuple(example.shape), torch.get_num_threads()
    return "|".join(map(str, (*own, *versions(), version("openvino"), runs_on(torch.device("cpu")))))


def _measured(backends: list[Passes], example: Tensor, reaches: Sequence[bool]) -> list[float]:
    """Measure the median milliseconds of forward and gradient on each backend, interleaved after one warm-up round.

    ``reaches``: which of the head's inputs read the tapped layers.
    """
    taken: list[list[float]] = [[] for _ in backends]
    for _ in range(_ROUNDS + 1):
        for backend, times in zip(backends, taken, strict=True):
            started = time.perf_counter()
            inputs = backend.forward(example, with_graph=True).inputs
            reached = zip(inputs.features, reaches, strict=True)
            backend.vjp(inputs, [torch.ones_like(feature) if there else None for feature, there in reached])
            times.append(1e3 * (time.perf_counter() - started))
    return [median(times[1:]) for times in taken]


def _shape_of_network(cut: TappedNetwork) -> str:
    """Return the properties of a network that decide its speed: numbers of modules and parameters, and the taps."""
    parameters = sum(p.numel() for p in cut.network.parameters())
    return f"{len(list(cut.network.modules()))} modules {parameters} parameters taps {cut.tapped}"
