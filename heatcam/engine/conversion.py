"""Conversion of the passes through a cut network to OpenVINO models, and running the compiled models on torch tensors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import islice
from typing import Any

import openvino
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from torch import Tensor, nn

from heatcam.engine.masks import Prototypes, prototypes_of
from heatcam.engine.network import HeadInputs, TappedNetwork
from heatcam.engine.partition import Halves, tensors_of
from heatcam.engine.passes import Cotangents, NetworkPass
from heatcam.engine.tracing import halves_of

_ELEMENTS = {
    torch.float32: openvino.Type.f32,
    torch.bool: openvino.Type.boolean,
    torch.int64: openvino.Type.i64,
    torch.uint8: openvino.Type.u8,
}


class CompiledPasses:
    """The passes for one picture shape.

    Args:
        cut: the network that was compiled.
        forward: OpenVINO's infer request for the first model of ``converted``.
        backward: the one for the second.
        prototypes: the one for the third; None for a network that makes no masks.
    """

    def __init__(self, cut: TappedNetwork, forward: Any, backward: Any, prototypes: Any = None) -> None:
        self._cut, self._forward, self._backward, self._prototypes = cut, forward, backward, prototypes
        self._given: list[
            Any
        ] = []  # (an output may be an input's own memory, where nothing lies between tap and head)

    def forward(self, picture: Tensor) -> NetworkPass:
        """See ``Passes``. The tensors are OpenVINO's own memory: they hold until the next call."""
        outputs = iter(self._run(self._forward, [picture]))
        levels, taps = len(self._cut.strides), len(self._cut.tapped)
        logits, features, tapped = (tuple(islice(outputs, count)) for count in (levels, levels, taps))
        return NetworkPass(HeadInputs(tapped, features, saved=tuple(outputs)), logits)

    def vjp(self, inputs: HeadInputs, cotangents: Cotangents) -> tuple[Tensor, ...]:
        """See ``Passes``."""
        given = [
            torch.zeros_like(feature) if cotangent is None else cotangent
            for feature, cotangent, there in zip(inputs.features, cotangents, self._cut.reaches, strict=True)
            if there
        ]
        return tuple(gradient.clone() for gradient in self._run(self._backward, [*inputs.saved, *given]))

    def prototypes(self, features: Sequence[Tensor]) -> Tensor:
        """See ``Passes``. The tensor is OpenVINO's own memory: it holds until the next call."""
        prototypes = prototypes_of(self._cut.head)
        assert prototypes is not None  # (only segment heads are asked)
        return self._run(self._prototypes, prototypes.read_of(features))[0]

    def _run(self, request: Any, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Run one inference; OpenVINO's maps are channels last, torch sees them as ``(n, C, h, w)``."""
        arrays = [_channels_last(tensor.detach()).contiguous().numpy() for tensor in tensors]
        for i, array in enumerate(arrays):  # (given the arrays, ``infer`` takes a millisecond longer)
            request.set_input_tensor(i, openvino.Tensor(array, shared_memory=True))
        request.infer()
        self._given = arrays
        outputs = (request.get_output_tensor(i).data for i in range(len(request.model_outputs)))
        return [_channels_first(torch.from_numpy(output)) for output in outputs]


def converted(cut: TappedNetwork, picture: Tensor) -> tuple[Any, ...]:
    """Convert the passes of a network for pictures of one shape.

    Returns:
        two OpenVINO models: from a picture to ``(*logits, *features, *taps, *saved)``; and from ``(*saved, *cotangents)``, with
        cotangents for the head's inputs that read the cut, to the gradients at the taps. Of a segment network a third: from
        those of the head's inputs that its prototypes read to the prototypes.
    """
    with torch.no_grad():
        leaf, laterals = cut.below(picture)
        features = cut.above(leaf, laterals)[1]
    halves = halves_of(cut, leaf, laterals, features)
    cotangents = tuple(torch.zeros_like(f) for f, there in zip(features, cut.reaches, strict=True) if there)
    handed = (*tensors_of(halves, (leaf, *laterals)), *cotangents)
    both = convert(_Forward(cut, halves), (picture,)), convert(_Backward(halves), handed)
    prototypes = prototypes_of(cut.head)
    if prototypes is None:
        return both
    return *both, convert(_Prototypes(prototypes), tuple(prototypes.read_of(features)))


class _Forward(nn.Module):
    """Picture to ``(*logits, *features, *taps, *saved)``, everything channels last."""

    def __init__(self, cut: TappedNetwork, halves: Halves) -> None:
        super().__init__()
        self._cut, self._half = cut, halves.forward

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        leaf, laterals = self._cut.below(_channels_first(picture))
        results = self._half(leaf, *laterals)
        logits = self._cut.class_logits(results[: len(self._cut.strides)])
        # (a tensor that leaves twice is copied: one output a tensor)
        return tuple(_channels_last(result) for result in (*logits, *(result * 1 for result in results)))


class _Backward(nn.Module):
    """``(*saved, *cotangents)`` to the gradients at the taps, everything channels last."""

    def __init__(self, halves: Halves) -> None:
        super().__init__()
        self._half = halves.backward

    def forward(self, *handed: Tensor) -> tuple[Tensor, ...]:
        return tuple(_channels_last(g) for g in self._half(*(_channels_first(t) for t in handed)))


class _Prototypes(nn.Module):
    """The head's inputs to its prototypes, everything channels last."""

    def __init__(self, prototypes: Prototypes) -> None:
        super().__init__()
        self._prototypes = prototypes

    def forward(self, *features: Tensor) -> Tensor:
        return _channels_last(self._prototypes.made_from([_channels_first(f) for f in features]))


def _channels_last(x: Tensor) -> Tensor:
    """Permute ``(n, C, h, w)`` to ``(n, h, w, C)``; tensors of other ranks stay as they are."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def _channels_first(x: Tensor) -> Tensor:
    """Permute ``(n, h, w, C)`` to ``(n, C, h, w)``; tensors of other ranks stay as they are."""
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def convert(module: nn.Module, arguments: tuple[Tensor, ...]) -> Any:
    """Convert a torch module to an OpenVINO model of fixed shapes, for ``arguments`` given channels last.

    Args:
        module: takes tensors, and returns one or several.
        arguments: examples of them; floats of rank 4 have their channels first here.

    """
    return convert_as_given(
        module, tuple((_channels_last(a) if a.is_floating_point() else a).contiguous() for a in arguments)
    )


def convert_as_given(module: nn.Module, given: tuple[Tensor, ...]) -> Any:
    """Convert a torch module to an OpenVINO model of fixed shapes, for arguments just like ``given``.

    The frontend is called directly: ``openvino.convert_model`` sends usage figures to a server and takes ten times as long.
    """
    with torch.no_grad(), warnings.catch_warnings():
        # (deprecated, but the one form that OpenVINO reads; shapes are meant to be fixed)
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, given, check_trace=False)  # type: ignore[no-untyped-call]
    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced, example_input=given)  # (kept: the frontend does not hold it)
    model = frontend.load(decoder)
    for place, argument in zip(model.get_inputs(), given, strict=True):
        model.set_partial_shape(place, openvino.PartialShape(list(argument.shape)))
        model.set_element_type(place, _ELEMENTS[argument.dtype])
    return frontend.convert(model)
