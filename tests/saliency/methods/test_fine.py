"""The fine map: what stands out at the finest level, and HiResCAM of all of them, by hand and against the grad-cam package."""

from __future__ import annotations

import pytest
import torch

from heatcam.saliency.methods import method_formula
from heatcam.saliency.methods.fine import contrast, fine_map
from heatcam.saliency.multi_level import add_levels


def test_what_is_as_its_surroundings_are_is_no_contrast_however_large() -> None:
    assert not contrast(torch.full((3, 16, 20), 7.0), torch.ones(3, 16, 20)).any()


def test_a_cell_that_differs_counts_by_its_difference_times_its_gradient() -> None:
    activation, gradient = torch.zeros(1, 4, 4), torch.full((1, 4, 4), 2.0)
    activation[0, 1, 1] = 16.0  # the mean of the sixteen cells is 1
    found = contrast(activation, gradient)
    assert found[1, 1] == 2 * (16 - 1)
    assert found.sum() == found[1, 1]  # all others lie below their surroundings


def test_what_lies_below_its_surroundings_counts_where_the_gradient_wants_it_low() -> None:
    activation = torch.zeros(1, 4, 4)
    activation[0, 1, 1] = 16.0
    assert contrast(activation, -torch.ones(1, 4, 4))[0, 0] == 1.0


def test_channels_that_speak_against_do_not_cancel_others() -> None:
    activation = torch.zeros(2, 4, 4)
    activation[:, 1, 1] = 16.0
    gradient = torch.stack([torch.ones(4, 4), torch.full((4, 4), -5.0)])
    assert contrast(activation, gradient)[1, 1] == 15.0


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 9), (45, 80)])
def test_any_size_has_surroundings(size: tuple[int, int]) -> None:
    found = contrast(torch.randn(4, *size), torch.randn(4, *size))
    assert found.shape == size
    assert torch.isfinite(found).all()


def test_the_fine_map_is_the_contrast_of_the_finest_level_and_the_packages_hirescam_of_all() -> None:
    noise = torch.Generator().manual_seed(0)
    shapes = [(4, 3, 3), (8, 6, 6), (6, 6, 6)]
    activations = [torch.randn(shape, generator=noise) for shape in shapes]
    gradients = [torch.randn(shape, generator=noise) for shape in shapes]
    package = method_formula("hirescam")
    levels = [package([a], [g]) for a, g in zip(activations, gradients, strict=True)]
    expected = add_levels([contrast(activations[1], gradients[1]), *levels])
    assert torch.allclose(fine_map(activations, gradients), expected, atol=1e-5)
    assert torch.equal(method_formula("fine")(activations, gradients), fine_map(activations, gradients))
