"""Patch gradients on heads small enough to work out by hand."""

from __future__ import annotations

import torch
from torch import nn

from heatcam.engine.patches import by_level, patch_gradients, receptive_radius, scatter_sum


def box_filter(side: int) -> nn.Module:
    """One class whose logit is the sum of a ``side`` x ``side`` square of a one-channel map."""
    convolution = nn.Conv2d(1, 1, side, padding=side // 2, bias=False)
    nn.init.ones_(convolution.weight)
    return nn.Sequential(convolution).requires_grad_(False)


def test_the_gradient_of_a_box_filter_is_a_square_of_ones() -> None:
    feature = torch.rand(1, 1, 9, 9)
    targets = by_level((feature,), torch.tensor([4 * 9 + 3]), torch.tensor([0]))
    dense = scatter_sum(patch_gradients(box_filter(3), feature, targets[0], radius=1), feature)[0, 0]
    expected = torch.zeros(9, 9)
    expected[3:6, 2:5] = 1
    assert torch.equal(dense, expected)


def test_a_corner_cell_reads_only_what_lies_inside_the_map() -> None:
    feature = torch.rand(1, 1, 9, 9)
    targets = by_level((feature,), torch.tensor([0]), torch.tensor([0]))
    dense = scatter_sum(patch_gradients(box_filter(3), feature, targets[0], radius=1), feature)[0, 0]
    expected = torch.zeros(9, 9)
    expected[:2, :2] = 1
    assert torch.equal(dense, expected)


def test_overlapping_objects_add_up() -> None:
    feature = torch.rand(1, 1, 9, 9)
    targets = by_level((feature,), torch.tensor([40, 41]), torch.tensor([0, 0]))
    dense = scatter_sum(patch_gradients(box_filter(3), feature, targets[0], radius=1), feature)[0, 0]
    assert dense.max() == 2
    assert dense.sum() == 18


def test_a_map_smaller_than_the_window_is_taken_whole() -> None:
    feature = torch.rand(1, 1, 2, 3)
    targets = by_level((feature,), torch.tensor([1]), torch.tensor([0]))
    patches = patch_gradients(box_filter(5), feature, targets[0], radius=2)
    assert torch.equal(scatter_sum(patches, feature)[0, 0], torch.ones(2, 3))


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


def test_the_radius_is_the_sum_of_half_kernels() -> None:
    branch = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3, dilation=2), nn.Conv2d(1, 1, 1))
    assert receptive_radius(branch) == 3
