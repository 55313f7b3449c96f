"""Where a live frame's time goes, beside the bare compiled network: ``python benchmarks/stages.py MODEL.pt [PHOTO]``.

The bare network is ultralytics' own, with its whole head, converted and compiled by OpenVINO for the same picture's shape. It and
heatcam's frame, from the camera's picture to the picture that is shown, take turns. A stage's time leaves out the stages within
it, so that they add up. Medians, with the interquartile range of the two sums; the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from heatcam.bench.contestants import VARIANTS, build, forward, shown_map
from heatcam.bench.inputs import read_input
from heatcam.bench.plan import Setup
from heatcam.engine import conversion, gradients
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.sparse_head import SparseHead
from heatcam.models.loading import load_model
from heatcam.saliency.explainer import Explainer
from heatcam.smoothing.smoother import Smoother

#: Stage, and what of heatcam it is: an owner and the name of a function in it.
STAGES = (
    ("letterbox", Explainer, "prepare"),
    ("forward: the network", conversion.CompiledPasses, "forward"),
    ("forward: candidates and their boxes", SparseHead, "candidates"),
    ("suppression", gradients, "keep_boxes"),
    ("map: gradients in the head's squares", GradientEngine, "_squares"),
    ("map: squares added up", GradientEngine, "_together"),
    ("map: from the head down to the taps", conversion.CompiledPasses, "vjp"),
    ("map: gradient times activation", Explainer, "_values"),
    ("map: is it low evidence", GradientEngine, "coherence"),
    ("steadying", Smoother, "smooth"),
    ("overlay", importlib.import_module("heatcam.bench.contestants"), "draw"),
)
REST = "what lies between"
WARM_UP = 10


class Stopwatch:
    """Seconds spent in each stage since ``begin``, without the stages within it."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._stack: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done within, as ``name``."""
        self._book()
        self._stack.append(name)
        try:
            yield
        finally:
            self._book()
            self._stack.pop()

    def _book(self) -> None:
        """What passed since the last call belongs to the innermost stage."""
        now = time.perf_counter()
        if self._stack:
            self.spent[self._stack[-1]] = self.spent.get(self._stack[-1], 0.0) + now - self._since
        self._since = now

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, timed."""

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                return function(*args, **kwargs)

        return timed


class _Decoded(nn.Module):
    """A network's decoded predictions alone, float ``(1, 4 + classes, anchors)``."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self._network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        decoded: torch.Tensor = self._network(picture)[0]
        return decoded


def bare_network(setup: Setup, picture: torch.Tensor, precision: str) -> Callable[[], None]:
    """ultralytics' network, head and decoding included, compiled by OpenVINO for ``picture``, ready to run."""
    import openvino

    network = _Decoded(load_model(setup.model).network).eval()
    with torch.no_grad():
        network(picture)
        model = openvino.convert_model(network, example_input=picture, input=[tuple(picture.shape)])
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    request.set_input_tensor(0, openvino.Tensor(picture.numpy(), shared_memory=True))

    def run() -> None:
        request.infer()

    return run


def measured(
    frame: Callable[[], object], others: dict[str, Callable[[], object]], runs: int
) -> tuple[list[dict[str, float]], dict[str, list[float]]]:
    """Stages of each frame, and how long each of the others took, in seconds."""
    frames: list[dict[str, float]] = []
    taken: dict[str, list[float]] = {name: [] for name in others}
    for number in range(WARM_UP + runs):
        watch = Stopwatch()
        with ExitStack() as stack:
            for name, owner, function in STAGES:
                wrapped = watch.wrap(name, getattr(owner, function))
                stack.enter_context(mock.patch.object(owner, function, wrapped))
            with watch.stage(REST):
                frame()
        once = {}
        for name, other in others.items():
            started = time.perf_counter()
            other()
            once[name] = time.perf_counter() - started
        if number >= WARM_UP:
            frames.append(watch.spent)
            for name, seconds in once.items():
                taken[name].append(seconds)
    return frames, taken


def table_of(frames: list[dict[str, float]], taken: dict[str, list[float]], title: str) -> Table:
    """The medians, in milliseconds."""
    table = Table("", "median ms", "IQR ms", title=title)

    def row(name: str, seconds: list[float]) -> float:
        low, middle, high = 1e3 * np.percentile(seconds, [25, 50, 75])
        table.add_row(name, f"{middle:.1f}", f"{high - low:.1f}")
        return float(middle)

    for name in [stage for stage, _, _ in STAGES] + [REST]:
        row(name, [frame.get(name, 0.0) for frame in frames])
    table.add_section()
    whole = row("live frame, all drawn", [sum(frame.values()) for frame in frames])
    bare = [row(name, seconds) for name, seconds in taken.items()]
    table.add_row("live frame / bare network", f"{whole / bare[0]:.2f}", "")
    return table


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("photo", nargs="?")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    given = parser.parse_args()
    variant = next(v for v in VARIANTS if v.label == f"openvino {given.precision}")
    setup = Setup(model=given.model, device="cpu", imgsz=640)
    explainer = build(setup, variant, "live")
    image = read_input(given.photo).frames[0]
    picture = explainer.prepare(image)[1].contiguous()
    others: dict[str, Callable[[], object]] = {
        "bare network": bare_network(setup, picture, {"fp32": "f32"}.get(given.precision, given.precision)),
        "heatcam's forward alone": functools.partial(forward(explainer).run, picture),
    }
    live = functools.partial(shown_map(explainer).run, image)
    title = f"{Path(given.model).name}, {variant.label}, network input {tuple(picture.shape)[:1:-1]}"
    Console().print(table_of(*measured(live, others, given.runs), title))


if __name__ == "__main__":
    main()
