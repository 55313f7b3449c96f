"""A traced graph holds as constants what does not depend on the picture, and nothing that does."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from heatcam.exporting.tracing import traced, with_constants

X = torch.tensor([1.0, -2.0, 3.0])


def test_what_depends_on_no_input_is_calculated_once() -> None:
    weight = torch.tensor([2.0, 4.0, 8.0])
    graph = make_fx(lambda x: x * (weight.flip(0) + 1) + x.sum())(X)
    with_constants(graph)
    calls = [str(node.target) for node in graph.graph.nodes if node.op == "call_function"]
    assert "aten.flip.default" not in calls
    assert calls.count("aten.add.Tensor") == 1
    for x in (X, X**2):
        torch.testing.assert_close(graph(x), x * torch.tensor([9.0, 5.0, 3.0]) + x.sum())


def test_a_tensor_that_is_changed_in_place_is_refused() -> None:
    class InPlace(torch.nn.Module):
        def forward(self, images: Tensor, conf: Tensor) -> Any:
            kept = images * 1
            kept.add_(conf)
            return (kept,)

    with pytest.raises(NotImplementedError, match="in place"):
        traced(InPlace(), X, X)  # type: ignore[arg-type]
