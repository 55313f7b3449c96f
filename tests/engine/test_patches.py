"""Patch gradients on heads small enough to work out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from heatcam.engine.cells import CellBranch
from heatcam.engine.patches import LevelTargets, by_level, patch_gradients, scatter_sum


def box_filter(side: int) -> nn.Module:
    """One class whose logit is the sum of a ``side`` x ``side`` square of a one-channel map."""
    convolution = nn.Conv2d(1, 1, side, padding=side // 2, bias=False)
    nn.init.ones_(convolution.weight)
    return nn.Sequential(convolution).requires_grad_(False)


def dense_gradient(branch: nn.Module, feature: Tensor, targets: LevelTargets) -> Tensor:
    """The summed patches of the first output, (h, w)."""
    patches = patch_gradients(CellBranch(branch), feature, targets, lambda outputs: outputs[:, 0])
    return scatter_sum(patches, feature)[0, 0]


def test_the_gradient_of_a_box_filter_is_a_square_of_ones() -> None:
    feature = torch.rand(1, 1, 9, 9)
    targets = by_level((feature,), torch.tensor([4 * 9 + 3]), torch.tensor([0]))
    dense = dense_gradient(box_filter(3), feature, targets[0])
    expected = torch.zeros(9, 9)
    expected[3:6, 2:5] = 1
    assert torch.equal(dense, expected)


def test_a_corner_cell_reads_only_what_lies_inside_the_map() -> None:
    feature = torch.rand(1, 1, 9, 9)
    targets = by_level((feature,), torch.tensor([0]), torch.tensor([0]))
    dense = dense_gradient(box_filter(3), feature, targets[0])
    expected = torch.zeros(9, 9)
    expected[:2, :2] = 1
    assert torch.equal(dense, expected)


def test_overlapping_objects_add_up() -> None:
    feature = torch.rand(1, 1, 9, 9)
    targets = by_level((feature,), torch.tensor([40, 41]), torch.tensor([0, 0]))
    dense = dense_gradient(box_filter(3), feature, targets[0])
    assert dense.max() == 2
    assert dense.sum() == 18


def test_a_map_smaller_than_the_window_is_taken_whole() -> None:
    feature = torch.rand(1, 1, 2, 3)
    targets = by_level((feature,), torch.tensor([1]), torch.tensor([0]))
    assert torch.equal(dense_gradient(box_filter(5), feature, targets[0]), torch.ones(2, 3))


def test_anchors_count_through_the_levels_row_by_row() -> None:
    features = (torch.zeros(1, 1, 4, 6), torch.zeros(1, 1, 2, 3))
    found = by_level(features, torch.tensor([24 + 4, 13]), torch.tensor([7, 8]))
    assert [
        (t.level, t.rows.tolist(), t.columns.tolist(), t.class_ids.tolist(), t.members.tolist())
        for t in found
    ] == [
        (0, [2], [1], [8], [1]),
        (1, [1], [1], [7], [0]),
    ]


@pytest.mark.parametrize("row", [0, 1, 4, 8])
@pytest.mark.parametrize("column", [0, 3, 6])
def test_a_deep_branch_gives_single_cells_what_it_gives_the_whole_map(row: int, column: int) -> None:
    torch.manual_seed(0)
    branch = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.SiLU(), nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.Conv2d(4, 2, 1)
    ).requires_grad_(False)
    feature = torch.randn(1, 3, 9, 7, requires_grad=True)
    (exact,) = torch.autograd.grad(branch(feature)[0, 1, row, column], feature)
    (targets,) = by_level((feature,), torch.tensor([row * 7 + column]), torch.tensor([1]))
    patches = patch_gradients(CellBranch(branch), feature, targets, lambda outputs: outputs[:, 1])
    assert torch.allclose(scatter_sum(patches, feature), exact, atol=1e-6)
