"""Vector-Jacobian products by autograd, without sympy.

``torch.autograd.grad`` compares the shapes of cotangents with a function of torch's symbolic shapes, which imports sympy: 0.4 s
of the first gradient of a process (torch 2.14.1). A scalar output needs no cotangent: here its backward passes them on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class _Hand(torch.autograd.Function):
    """A function of the outputs that is zero and whose backward gives the cotangents as they were."""

    @staticmethod
    def forward(ctx: Any, cotangents: tuple[Tensor, ...], *outputs: Tensor) -> Tensor:
        """See the class."""
        ctx.cotangents = cotangents
        return outputs[0].new_zeros(())

    @staticmethod
    def backward(ctx: Any, *_: Any) -> Any:
        """See the class."""
        return None, *ctx.cotangents


def vjp(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    cotangents: Sequence[Tensor],
    *,
    retain_graph: bool = False,
    zeros: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return the same numbers as ``torch.autograd.grad(outputs, inputs, cotangents)``.

    Args:
        outputs: tensors with a graph, at least one.
        inputs: tensors that the gradient is taken to.
        cotangents: one for each output, of its shape.
        retain_graph: keep the graph for another call.
        zeros: give zeros, instead of None, for an input that no output reads.

    Raises:
        ValueError: a cotangent has another shape than its output; autograd would silently broadcast some of them.
    """
    for output, cotangent in zip(outputs, cotangents, strict=True):
        if output.shape != cotangent.shape:
            raise ValueError(f"a cotangent is {tuple(cotangent.shape)}, its output {tuple(output.shape)}")
    with torch.enable_grad():
        end = _Hand.apply(tuple(cotangents), *outputs)
    return torch.autograd.grad(
        end, tuple(inputs), retain_graph=retain_graph, allow_unused=True, materialize_grads=zeros
    )
