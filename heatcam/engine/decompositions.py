"""Backward operations written with forward ones, so that a traced gradient runs on a compiler that knows only inference.

Each is exact. Operations that OpenVINO gets wrong in float32 (a transposed convolution with output padding, relative error 1.2)
or runs in a slow reference kernel (max pooling with indices) are written in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._decomp import get_decompositions

aten = torch.ops.aten

Ints = Sequence[int]


def inference_only() -> dict[Any, Callable[..., Any]]:
    """Return the decomposition table for ``make_fx``: gradients of YOLO's layers in operations of inference."""
    table: dict[Any, Callable[..., Any]] = dict(
        get_decompositions(
            [
                aten.sigmoid_backward,
                aten.hardtanh_backward,
                aten.leaky_relu_backward,
                aten.threshold_backward,
                aten.gelu_backward,
                aten._softmax_backward_data,
                aten.native_batch_norm_backward,
                aten.slice_backward,
                aten.select_backward,
                aten.detach,
            ]
        )
    )
    table[aten.convolution_backward.default] = convolution_backward
    table[aten.silu_backward.default] = silu_backward
    table[aten._softmax.default] = softmax
    table[aten._unsafe_view.default] = unsafe_view
    table[aten.upsample_nearest2d_backward.default] = upsample_nearest2d_backward
    table[aten.avg_pool2d_backward.default] = avg_pool2d_backward
    table[aten.max_pool2d_with_indices.default] = max_pool2d_with_indices
    table[aten.max_pool2d_with_indices_backward.default] = max_pool2d_with_indices_backward
    return table


def softmax(x: Tensor, axis: int, _half_to_float: bool) -> Tensor:
    """Softmax in elementary operations: OpenVINO has no translation of the fused one that autograd records."""
    powers = (x - x.amax(axis, keepdim=True)).exp()
    return powers / powers.sum(axis, keepdim=True)


def unsafe_view(x: Tensor, size: Ints) -> Tensor:
    """A reshape that autograd records after a matrix product."""
    return x.contiguous().view(size)


def convolution_backward(
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    _bias_sizes: Ints | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    _output_padding: Ints,
    groups: int,
    _mask: Sequence[bool],
) -> tuple[Tensor, None, None]:
    """A convolution's gradient with respect to its input, as one plain convolution.

    With a stride of s, input cells fall into s x s kinds by the remainders of their row and column when divided by s; each kind
    reads other weights of the kernel. One convolution gives all kinds as channels, which are then laid side by side
    (sub-pixel convolution, Shi et al., CVPR 2016). Zeros between the cells of ``grad`` would do the same with twice the work.

    Args:
        grad: ``(n, O, h, w)``.
        x: the convolution's input ``(1, I, H, W)``, for its shape.
        weight: ``(O, I / groups, k, l)``.
        stride: cells between two outputs, the same for both axes.
        padding: zeros around the input, for both axes.
        dilation: distance between the kernel's cells, for both axes.
        transposed: True is not supported: no layer between a cut and the head is a transposed convolution.
        groups: channel groups.

    Raises:
        NotImplementedError: a transposed convolution, or strides that differ.
    """
    if transposed:
        raise NotImplementedError("the gradient of a transposed convolution")
    if stride[0] != stride[1]:
        raise NotImplementedError("the gradient of a convolution whose strides differ")
    step, size = stride[0], x.shape[2:]
    down, across = (
        _reads(k, step, p, d) for k, p, d in zip(weight.shape[2:], padding, dilation, strict=True)
    )
    kernel = _kernel_of_kinds(weight, groups, step, down, across)
    rows, columns = (
        _enlarged(offsets, length, -(-wanted // step))
        for offsets, length, wanted in zip((down, across), grad.shape[2:], size, strict=True)
    )
    padded = torch.nn.functional.pad(grad, (*columns, *rows))
    kinds = aten.convolution.default(padded, kernel, None, [1, 1], [0, 0], [1, 1], False, [0, 0], groups)
    full = torch.nn.functional.pixel_shuffle(kinds, step) if step > 1 else kinds
    return full[:, :, : size[0], : size[1]], None, None


def _reads(kernel: int, step: int, padding: int, dilation: int) -> dict[tuple[int, int], int]:
    """Return, along one axis, the cell of the gradient that each kind of input cell reads through each weight of the kernel.

    Input cell ``m * step + kind`` took part in output ``m + offset`` by weight ``k`` where
    ``offset * step = kind + padding - k * dilation``.

    Returns:
        ``(kind, k)`` to ``offset``.
    """
    return {
        (kind, k): (kind + padding - k * dilation) // step
        for kind in range(step)
        for k in range(kernel)
        if (kind + padding - k * dilation) % step == 0
    }


def _kernel_of_kinds(
    weight: Tensor,
    groups: int,
    step: int,
    down: dict[tuple[int, int], int],
    across: dict[tuple[int, int], int],
) -> Tensor:
    """Return the kernel ``(I * step * step, O / groups, s, t)`` of the convolution that gives every kind of input cell."""
    outputs, inputs_per_group, *sides = weight.shape
    top, left = min(down.values()), min(across.values())
    height, width = max(down.values()) - top + 1, max(across.values()) - left + 1
    nothing = sides[0] * sides[1]
    which = np.full((step, step, height, width), nothing)  # (NumPy: the tracer does not see how it is filled)
    for (row, k), i in down.items():
        for (column, m), j in across.items():
            which[row, column, i - top, j - left] = k * sides[1] + m
    turned = weight.reshape(groups, outputs // groups, inputs_per_group, nothing).transpose(1, 2)
    padded = torch.cat((turned, torch.zeros_like(turned[..., :1])), -1)
    kernel = padded[..., torch.from_numpy(which)]  # (groups, I', O', step, step, s, t)
    shaped: Tensor = kernel.permute(0, 1, 3, 4, 2, 5, 6).reshape(-1, outputs // groups, height, width)
    return shaped


def _enlarged(reads: dict[tuple[int, int], int], length: int, wanted: int) -> tuple[int, int]:
    """Zeros before and behind (negative: cells to cut off) so that a plain convolution gives ``wanted`` cells of each kind."""
    return -min(reads.values()), wanted - length + max(reads.values())


def silu_backward(grad: Tensor, x: Tensor) -> Tensor:
    """SiLU's gradient, with the derivative calculated first: it needs no ``grad``, so the forward pass can calculate it."""
    gate = torch.sigmoid(x)
    return grad * (gate * (1 + x * (1 - gate)))


def upsample_nearest2d_backward(
    grad: Tensor, output_size: Ints, input_size: Ints, *_scales: float | None
) -> Tensor:
    """The gradient of nearest upsampling by whole factors: the sum over the copies of each cell.

    Args:
        grad: ``(1, C, H, W)``.
        output_size: ``(H, W)``.
        input_size: ``(1, C, h, w)``, where ``H`` and ``W`` are multiples of ``h`` and ``w``.

    Raises:
        NotImplementedError: the factor is not whole.
    """
    factors = [out // small for out, small in zip(output_size, input_size[2:], strict=True)]
    if [f * small for f, small in zip(factors, input_size[2:], strict=True)] != list(output_size):
        raise NotImplementedError("the gradient of enlarging by a factor that is not whole")
    means: Tensor = aten.avg_pool2d.default(grad, factors, factors)
    return means * float(factors[0] * factors[1])


def avg_pool2d_backward(
    grad: Tensor,
    _x: Tensor,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    ceil: bool,
    _count_include_pad: bool,
    divisor: int | None,
) -> Tensor:
    """The gradient of average pooling of stride one: each cell gets the mean of the windows that it lies in.

    Args:
        grad: ``(1, C, h, w)``.
        _x: the pooling's input, of which nothing is read.
        kernel: as torch's; like the rest, only the settings of YOLOv9's layers are supported.
        stride: as torch's.
        padding: as torch's.
        ceil: as torch's.
        divisor: as torch's.

    Raises:
        NotImplementedError: the pooling is of another kind.
    """
    if set(stride) != {1} or any(padding) or ceil or divisor is not None:
        raise NotImplementedError("the gradient of average pooling with a stride or padding")
    tall, wide = (side - 1 for side in (list(kernel) * (2 // len(kernel))))
    padded = torch.nn.functional.pad(grad, (wide, wide, tall, tall))
    means: Tensor = aten.avg_pool2d.default(padded, kernel, [1, 1])
    return means


def max_pool2d_with_indices(
    x: Tensor,
    kernel: Ints,
    stride: Ints = (),
    padding: Ints = (0, 0),
    dilation: Ints = (1, 1),
    ceil: bool = False,
) -> tuple[Tensor, Tensor]:
    """Max pooling of stride one as maxima of shifted copies, first along rows, then along columns.

    The indices are an empty tensor: the backward below does not need them.
    """
    _require_plain_pooling(kernel, stride, padding, dilation, ceil)
    reach = padding[0]
    rows = _largest(_shifts(x, 3, reach))
    return _largest(_shifts(rows, 2, reach)), x.new_zeros((0,), dtype=torch.int64)


def max_pool2d_with_indices_backward(
    grad: Tensor,
    x: Tensor,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    ceil: bool,
    _indices: Tensor,
) -> Tensor:
    """The gradient of such a pooling: each cell's share goes to the first largest cell in its window.

    Args:
        grad: ``(1, C, h, w)``, as the pooled map.
        x: the pooling's input ``(1, C, h, w)``.
        kernel: as torch's; like the next four, only SPPF's settings are supported.
        stride: as torch's.
        padding: as torch's.
        dilation: as torch's.
        ceil: as torch's.
    """
    _require_plain_pooling(kernel, stride, padding, dilation, ceil)
    reach = padding[0]
    rows = _largest(_shifts(x, 3, reach))
    return _to_the_first(
        _to_the_first(grad, _shifts(rows, 2, reach), 2, reach), _shifts(x, 3, reach), 3, reach
    )


def _to_the_first(grad: Tensor, shifts: list[Tensor], axis: int, reach: int) -> Tensor:
    """The gradient of a running maximum along one axis; among equals the first takes all, as in torch."""
    first = _first_largest(shifts)
    total = torch.zeros_like(grad)
    for number in range(len(shifts)):
        chosen = torch.where(first == float(number), grad, torch.zeros_like(grad))
        total = total + _moved(chosen, axis, number - reach, 0.0)
    return total


def _first_largest(shifts: list[Tensor]) -> Tensor:
    """Index of the largest of them, cell by cell; among equals the first.

    It is a float map, so that the backward pass keeps a single map and has no input of another dtype.
    """
    largest, first = shifts[0], torch.zeros_like(shifts[0])
    for number, other in enumerate(shifts[1:], start=1):
        first = torch.where(other > largest, torch.full_like(first, float(number)), first)
        largest = torch.maximum(largest, other)
    return first


def _shifts(x: Tensor, axis: int, reach: int) -> list[Tensor]:
    """Return copies of ``x`` shifted by ``-reach ... reach`` cells along ``axis``; (nearly) minus infinity beyond the border."""
    return [_moved(x, axis, -offset, -3.0e38) for offset in range(-reach, reach + 1)]


def _moved(x: Tensor, axis: int, by: int, filler: float) -> Tensor:
    """Shift ``x`` by ``by`` cells towards higher indices along ``axis``; ``filler`` takes the place of missing cells."""
    if by == 0:
        return x
    length = x.shape[axis]
    kept = x.narrow(axis, 0, length - by) if by > 0 else x.narrow(axis, -by, length + by)
    empty = torch.full_like(x.narrow(axis, 0, abs(by)), filler)
    return torch.cat([empty, kept] if by > 0 else [kept, empty], axis)


def _largest(shifts: list[Tensor]) -> Tensor:
    result = shifts[0]
    for other in shifts[1:]:
        result = torch.maximum(result, other)
    return result


def _require_plain_pooling(kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil: bool) -> None:
    """Require pooling as in SPPF: odd square kernel, stride one, output as large as the input.

    Raises:
        NotImplementedError: the pooling is of another kind.
    """
    kernel, stride, padding, dilation = (
        list(v) * (2 // len(v)) for v in (kernel, stride or kernel, padding, dilation)
    )
    plain = kernel[0] == kernel[1] == 2 * padding[0] + 1 and padding[0] == padding[1]
    if not plain or stride != [1, 1] or dilation != [1, 1] or ceil:
        raise NotImplementedError("the gradient of max pooling with a stride, or that changes the size")
