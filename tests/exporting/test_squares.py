"""Gradients that a graph takes from squares of cells are those of the whole branch."""

from __future__ import annotations

import pytest
import torch

from heatcam.exporting.squares import square_gradients
from tests.nets import fresh_network

HEIGHT, WIDTH = 6, 9


@pytest.mark.parametrize("family", ["tiny", "yolo11n"])
def test_they_are_the_same_in_corners_and_in_the_middle(family: str) -> None:
    branch = fresh_network(family).model[-1].cv3[0]
    channels = next(p for p in branch.parameters()).shape[1]
    if family == "yolo11n":
        channels = branch[0][0].conv.in_channels
    feature = torch.randn(1, channels, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    cells = torch.tensor([0, WIDTH - 1, 3 * WIDTH + 4, HEIGHT * WIDTH - 1])
    class_ids, here = torch.tensor([0, 3, 2, 4]), torch.tensor([1.0, 1.0, 1.0, 0.0])
    ours = square_gradients(branch, feature, cells, class_ids, here)
    for n, (cell, class_id) in enumerate(zip(cells.tolist(), class_ids.tolist(), strict=True)):
        leaf = feature.clone().requires_grad_(True)
        with torch.enable_grad():
            logit = branch(leaf)[0, class_id].flatten()[cell]
            (exact,) = torch.autograd.grad(logit, leaf)
        exact = exact * here[n]  # (the last lies on another level)
        torch.testing.assert_close(
            ours.dense[n], exact, rtol=1e-4, atol=1e-5 * float(exact.abs().max()) + 1e-12
        )
        torch.testing.assert_close(ours.logits[n], logit.detach(), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(ours.gross[n], (feature * exact).abs().sum(), rtol=1e-4, atol=1e-6)
