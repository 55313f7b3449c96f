"""Maps of several levels added up, on numbers small enough to work out by hand."""

from __future__ import annotations

import torch

from heatcam.saliency.multi_level import add_levels


def test_a_single_level_stays_as_it_is_and_signed() -> None:
    level = torch.tensor([[-1.0, 2.0]])
    assert add_levels([level]) is level


def test_a_coarse_cell_is_spread_over_the_fine_cells_it_covers() -> None:
    total = add_levels([torch.zeros(4, 4), torch.full((2, 2), 8.0)])
    assert torch.allclose(total, torch.full((4, 4), 2.0))


def test_the_sum_over_the_picture_stays_in_logits() -> None:
    fine, coarse = torch.rand(8, 6), torch.full((4, 3), 0.5)
    assert torch.isclose(add_levels([fine, coarse]).sum(), fine.sum() + coarse.sum())


def test_what_speaks_against_is_cut_level_by_level_before_it_can_cancel() -> None:
    total = add_levels([torch.tensor([[-3.0, 1.0]]), torch.tensor([[2.0, -5.0]])])
    assert torch.equal(total, torch.tensor([[2.0, 1.0]]))


def test_the_finest_level_may_come_last() -> None:
    assert add_levels([torch.ones(2, 2), torch.zeros(4, 4)]).shape == (4, 4)
