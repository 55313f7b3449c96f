"""The passes through a cut network, compiled by OpenVINO for CPUs.

The gradient is traced with ``make_fx`` into operations of inference (``decompositions``) and cut in two (``partition``): the
forward pass also gives the derivatives that the backward pass multiplies with. Maps cross the border channels last, as OpenVINO
calculates: a change of layout took a tenth of the time. A shape is compiled when it is first met; pictures that keep changing
their shape run in torch instead (``SHAPES_IN_A_ROW``).

Converted models are kept in the user's cache folder, keyed by weights, shape, versions and options: a later start reads them.
"""

from __future__ import annotations

import locale
import logging
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import openvino
import torch
from torch import Tensor

from heatcam.engine.conversion import CompiledPasses, converted
from heatcam.engine.fingerprint import hash_of, versions
from heatcam.engine.masks import prototypes_of
from heatcam.engine.model_cache import ModelCache
from heatcam.engine.network import HeadInputs, TappedNetwork
from heatcam.engine.passes import TOLERANCES, Cotangents, NetworkPass, TorchPasses
from heatcam.errors import BackendError

logger = logging.getLogger(__name__)

#: The first shapes are compiled at once; any further one after so many pictures of it one after the other.
SHAPES_AT_ONCE, SHAPES_IN_A_ROW, SHAPES_KEPT = 2, 3, 4
_MODELS, _MASKS = ("forward", "vjp"), "prototypes"
_PRECISION_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}

Shape = tuple[int, ...]


#: Limits of oneDNN's instruction sets that leave bfloat16 out. OpenVINO states it all the same, and then cannot compile for it.
_WITHOUT_BFLOAT16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI"}


def states_bfloat16() -> bool:
    """Return True if OpenVINO says that this processor has bfloat16 instructions (AMX or AVX512-BF16)."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def has_bfloat16() -> bool:
    """Return True if this processor has bfloat16 instructions and ``ONEDNN_MAX_CPU_ISA`` does not forbid them."""
    limits = {os.environ.get(name, "").upper() for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")}
    return not limits & _WITHOUT_BFLOAT16 and states_bfloat16()


class OpenVinoPasses:
    """See ``Passes``.

    Args:
        cut: the network, on the CPU.
        precision: of the compiled passes: ``fp32``, ``bf16`` or ``fp16``.
        cache: folder for converted models; None stores none.
    """

    limits_threads = True

    def __init__(self, cut: TappedNetwork, precision: str, cache: Path | None) -> None:
        self.name = f"openvino {precision}"
        self.tolerance = TOLERANCES[precision]
        self._cut = cut
        self._precision = precision
        self._core = openvino.Core()
        self._cache = ModelCache(cache)
        self._torch = TorchPasses(cut)
        self._threads = torch.get_num_threads()
        self._compiled: OrderedDict[Shape, CompiledPasses] = OrderedDict()
        self._left_to_torch: set[Shape] = set()
        self._last_shape: Shape = ()
        self._in_a_row = 0

    def exclusive_threads(self) -> AbstractContextManager[None]:
        """See ``Passes``. Limits torch to one thread: the others would go on spinning and slow OpenVINO's backward by a third."""
        return _on_threads(1)

    def forward(self, picture: Tensor, *, with_graph: bool) -> NetworkPass:
        """See ``Passes``. The tensors are OpenVINO's own memory: they hold until the next call."""
        compiled = self._for_shape(tuple(picture.shape), picture)
        if compiled is None:
            with _on_threads(self._threads):
                return self._torch.forward(picture, with_graph=with_graph)
        return compiled.forward(picture)

    def vjp(self, inputs: HeadInputs, cotangents: Cotangents) -> tuple[Tensor, ...]:
        """See ``Passes``."""
        if inputs.taps[0].requires_grad:  # torch ran the forward
            with _on_threads(self._threads):
                return self._torch.vjp(inputs, cotangents)
        return self._compiled[self._last_shape].vjp(inputs, cotangents)

    def prototypes(self, features: Sequence[Tensor]) -> Tensor:
        """See ``Passes``. The tensor is OpenVINO's own memory: it holds until the next call."""
        compiled = self._compiled.get(self._last_shape)
        if compiled is None:
            with _on_threads(self._threads):
                return self._torch.prototypes(features)
        return compiled.prototypes(features)

    def _for_shape(self, shape: Shape, picture: Tensor) -> CompiledPasses | None:
        """Return the compiled passes for a picture's shape; None while it is not worth compiling."""
        self._in_a_row = self._in_a_row + 1 if shape == self._last_shape else 1
        self._last_shape = shape
        if shape not in self._compiled:
            if len(self._compiled) >= SHAPES_AT_ONCE and self._in_a_row < SHAPES_IN_A_ROW:
                return None
            if shape in self._left_to_torch or not self._compile(shape, picture):
                return None
            if len(self._compiled) > SHAPES_KEPT:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(shape)
        return self._compiled[shape]

    def _compile(self, shape: Shape, picture: Tensor) -> bool:
        """Compile one shape and compare its gradient with torch's; a later shape that fails is left to torch.

        Raises:
            BackendError: OpenVINO cannot run the first shape, so it is of no use for this network.
        """
        try:
            compiled = self._converted(picture)
            worst = self._difference(compiled, picture)
            if not worst <= self.tolerance:
                raise BackendError(f"its gradient differs from autograd by {worst:.1e}")
        except Exception as error:  # tracer, translator and compiler raise any type; torch takes over
            logger.debug("compiling failed", exc_info=True)
            lines = [line for line in str(error).splitlines() if line.strip()]
            reason = lines[-1].strip(" -") if lines else type(error).__name__
            if not self._compiled:
                raise BackendError(reason) from error
            logger.warning(
                "%s cannot run pictures of %dx%d (%s); using torch", self.name, *shape[:1:-1], reason
            )
            self._left_to_torch.add(shape)
            return False
        self._compiled[shape] = compiled
        return True

    def _difference(self, compiled: CompiledPasses, picture: Tensor) -> float:
        """Return the largest error of the compiled gradients, relative to the largest of torch's, for noise as cotangents.

        A segment head's prototypes are compared in the same way.
        """
        inputs = self._cut.head_inputs(picture, with_graph=True)
        noise = torch.Generator().manual_seed(0)
        cotangents = [torch.randn(feature.shape, generator=noise) for feature in inputs.features]
        reached = [c if there else None for c, there in zip(cotangents, self._cut.reaches, strict=True)]
        exact, found = self._torch.vjp(inputs, reached), compiled.forward(picture).inputs
        ours = compiled.vjp(found, reached)
        if self._makes_masks:
            exact = *exact, self._torch.prototypes(inputs.features)
            ours = *ours, compiled.prototypes(found.features)
        errors = [
            float((a - b).abs().max() / b.abs().max()) for a, b in zip(ours, exact, strict=True) if b.any()
        ]
        return max(errors, default=0.0)

    @property
    def _makes_masks(self) -> bool:
        return prototypes_of(self._cut.head) is not None

    def _converted(self, picture: Tensor) -> CompiledPasses:
        """Read the passes from the cache, or trace, convert and store them."""
        key, names = self._key(picture.shape), (*_MODELS, _MASKS) if self._makes_masks else _MODELS
        stored = [self._cache.find(name, key) for name in names]
        if None not in stored:
            try:
                logger.info("%s: converted before, read from the cache", self.name)
                return self._compiled_of(stored)
            except RuntimeError:
                logger.debug("%s cannot be read and are made anew", stored, exc_info=True)
        models = zip(names, converted(self._cut, picture), strict=True)
        kept = [self._cache.store(name, key, model) or model for name, model in models]
        return self._compiled_of(kept)

    def _compiled_of(self, models: Sequence[Any]) -> CompiledPasses:
        """Compile the models at the same time, which takes a third less time than one after the other."""
        with _same_locale(), ThreadPoolExecutor(len(models)) as workers:
            return CompiledPasses(self._cut, *workers.map(self._request, models))

    def _request(self, model: Any) -> Any:
        """Compile a model or a file of one; OpenVINO caches the result beside the file: later starts take a third of the time."""
        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _PRECISION_HINTS[self._precision],
        }
        if self._threads == 1:  # as one of several streams, which would else each take all cores
            options |= {"INFERENCE_NUM_THREADS": 1}
        if isinstance(model, Path):
            options |= {"CACHE_DIR": str(model.parent), "CACHE_MODE": "OPTIMIZE_SPEED"}
        return self._core.compile_model(model, "CPU", options).create_infer_request()

    def _key(self, shape: Sequence[int]) -> str:
        """Return the key of a converted model: weights, shape, taps, kind of head and versions."""
        own = (
            hash_of(self._cut.network),
            tuple(shape),
            self._cut.tapped,
            getattr(self._cut.head, "end2end", None),
        )
        return "|".join(map(str, (*own, *versions(), openvino.__version__)))


@contextmanager
def _same_locale() -> Iterator[None]:
    """Set the locale back to what it was.

    OpenVINO sets it to C while it reads or writes a compiled model of its cache, and back to what it found; of two threads that
    do so at once, one finds the other's C and leaves it: files opened without an encoding were ASCII from then on.
    """
    before = locale.setlocale(locale.LC_ALL)
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)


@contextmanager
def _on_threads(count: int) -> Iterator[None]:
    """Let torch calculate on ``count`` threads; afterwards on as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
