"""Sizes of operations' results, calculated from the arguments before they run, for those that can make much out of little."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor


def is_known(name: str) -> bool:
    """Return True if the size of an operation's result is known here; for others a trial has to ask torch."""
    return name in _PLANS or name.removesuffix("_") in _NO_LARGER


def planned_elements(name: str, arguments: Sequence[Any]) -> int:
    """Number of elements of an operation's result; 0 where it makes no more than it is given.

    Args:
        name: ``aten``'s name of the operation: ``convolution``, ``bmm``.
        arguments: its positional arguments.
    """
    known = _PLANS.get(name)
    if known is not None:
        return known(*arguments)
    return _broadcast([argument.shape for argument in arguments if isinstance(argument, Tensor)])


def planned_products(name: str, arguments: Sequence[Any]) -> int:
    """Number of multiplications of an operation; 0 where there are no more than elements."""
    if name == "convolution":
        weight = arguments[1]
        places = arguments[0].numel() if arguments[6] else _convolution(*arguments)
        return int(places * math.prod(weight.shape[1:]))
    if name in _PRODUCTS:
        last = arguments[1] if name in ("mm", "bmm") else arguments[2]
        return planned_elements(name, arguments) * int(last.shape[-2])
    return 0


def _broadcast(shapes: Sequence[Sequence[int]]) -> int:
    """Number of elements of tensors broadcast to each other. (``torch.broadcast_shapes`` imports sympy: a second.)"""
    if len(shapes) < 2:
        return 0
    sides = [0] * max(map(len, shapes))
    for shape in shapes:
        for place, side in enumerate(reversed(shape)):
            sides[place] = max(sides[place], side)
    return math.prod(sides)


def _convolution(
    x: Tensor,
    weight: Tensor,
    _: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> int:
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    sides = []
    for axis, kernel in enumerate(weight.shape[2:]):
        step, pad, gap = (values[min(axis, len(values) - 1)] for values in (stride, padding, dilation))
        reach, given = gap * (kernel - 1) + 1, x.shape[2 + axis]
        if transposed:
            sides.append(
                (given - 1) * step - 2 * pad + reach + output_padding[min(axis, len(output_padding) - 1)]
            )
        else:
            sides.append((given + 2 * pad - reach) // max(1, step) + 1)
    return x.shape[0] * channels * math.prod(max(0, side) for side in sides)


def _enlarged(x: Tensor, size: Any, *_: Any) -> int:
    return x.shape[0] * x.shape[1] * math.prod(size or ())


def _padded(x: Tensor, pad: Sequence[int], *_: Any) -> int:
    sides = list(x.shape)
    for index in range(len(pad) // 2):
        sides[-1 - index] += pad[2 * index] + pad[2 * index + 1]
    return math.prod(max(0, side) for side in sides)


def _range(*limits: Any, **_: Any) -> int:
    numbers = [limit for limit in limits if isinstance(limit, int | float)]
    start, end, step = (0, numbers[0], 1) if len(numbers) == 1 else (*numbers, 1)[:3]
    return int(abs((end - start) / step)) if step else 0


def _attended(query: Tensor, key: Tensor, _: Any, __: int, heads: int, *___: Any) -> int:
    """Number of attention weights, which torch's fused attention does not return."""
    return query.shape[0] * heads * query.shape[1] * key.shape[1]


#: Operations whose result is no larger than their arguments, or than those broadcast to each other; also those in place.
_NO_LARGER = frozenset(
    """
    _local_scalar_dense _log_softmax _softmax _to_copy _unsafe_view abs add alias all amax amin any argmax argsort as_strided
    avg_pool2d bitwise_and bitwise_not bitwise_or clamp clamp_max clamp_min clone copy cos cumsum detach div elu empty_like eq exp
    fill flip floor_divide full_like ge gelu glu gt hardsigmoid hardswish hardtanh isnan le leaky_relu lift_fresh
    linalg_vector_norm log log_sigmoid_forward logical_and logical_not lt masked_fill max max_pool2d_with_indices maximum mean min
    minimum mish mul native_dropout native_group_norm native_layer_norm ne neg ones_like permute pixel_shuffle pixel_unshuffle pow
    _prelu_kernel reciprocal relu relu6 remainder roll round rsqrt rsub scalar_tensor select selu sigmoid silu sin slice softplus
    sort split split_with_sizes sqrt squeeze std sub sum t tanh topk transpose unbind unsqueeze var var_mean view where zero
    zeros_like
    """.split()  # noqa: SIM905 (a hundred quoted words are no easier to read)
)
_PRODUCTS = ("mm", "bmm", "addmm", "baddbmm")
_PLANS: dict[str, Callable[..., int]] = {
    "convolution": _convolution,
    "mm": lambda a, b: a.shape[0] * b.shape[1],
    "bmm": lambda a, b: a.shape[0] * a.shape[1] * b.shape[2],
    "addmm": lambda _, a, b, *__: a.shape[0] * b.shape[1],
    "baddbmm": lambda _, a, b, *__: a.shape[0] * a.shape[1] * b.shape[2],
    "upsample_nearest2d": _enlarged,
    "_upsample_nearest_exact2d": _enlarged,
    "upsample_bilinear2d": _enlarged,
    "upsample_bicubic2d": _enlarged,
    "_adaptive_avg_pool2d": _enlarged,
    "adaptive_max_pool2d": _enlarged,
    "constant_pad_nd": _padded,
    "reflection_pad2d": _padded,
    "replication_pad2d": _padded,
    "repeat": lambda x, times: x.numel() * math.prod(times),
    "cat": lambda parts, *_: sum(part.numel() for part in parts),
    "stack": lambda parts, *_: sum(part.numel() for part in parts),
    "grid_sampler_2d": lambda x, grid, *_: x.shape[0] * x.shape[1] * grid.shape[1] * grid.shape[2],
    "_native_multi_head_attention": _attended,
    "_transformer_encoder_layer_fwd": lambda x, width, heads, *_: _attended(x, x, None, width, heads),
    "arange": _range,
    "linspace": lambda _, __, steps, *___: steps,
    **{
        name: lambda size, *_: math.prod(size) for name in ("empty", "zeros", "ones", "full", "rand", "randn")
    },
    **{
        name: lambda _, size, *__: math.prod(size)
        for name in ("new_empty", "new_zeros", "new_ones", "new_full")
    },
    **{name: lambda *_: 0 for name in ("expand", "index", "gather", "index_select", "native_batch_norm")},
}
