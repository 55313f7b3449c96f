"""A branch of the head at single cells is what it is on the whole map, at the border too."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from heatcam.engine.cells import CellBranch, around, rows_of

CPU = torch.device("cpu")
#: What heads are made of, each keeping the map's size.
PARTS = {
    "3x3": lambda: nn.Conv2d(4, 4, 3, padding=1),
    "3x3 without bias": lambda: nn.Conv2d(4, 4, 3, padding=1, bias=False),
    "5x5": lambda: nn.Conv2d(4, 4, 5, padding=2),
    "depthwise": lambda: nn.Conv2d(4, 4, 3, padding=1, groups=4),
    "grouped": lambda: nn.Conv2d(4, 4, 3, padding=1, groups=2),
    "dilated": lambda: nn.Conv2d(4, 4, 3, padding=2, dilation=2),
    "1x1": lambda: nn.Conv2d(4, 4, 1),
    "SiLU": nn.SiLU,
    "ReLU": nn.ReLU,
    "ReLU in place": lambda: nn.ReLU(inplace=True),
    "Hardswish in place": lambda: nn.Hardswish(inplace=True),
    "normalisation": lambda: nn.BatchNorm2d(4).eval(),
}


@st.composite
def branches_and_maps(draw: st.DrawFn) -> tuple[nn.Module, Tensor, Tensor]:
    """A branch, a map and some of its cells, in float64: rounding in float32 may take a ReLU's input over zero."""
    torch.manual_seed(draw(st.integers(0, 1000)))
    names = draw(st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=4))
    branch = nn.Sequential(*(PARTS[name]() for name in names)).double().requires_grad_(False)
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    cells = draw(st.lists(st.integers(0, height * width - 1), min_size=1, max_size=5))
    return branch, torch.randn(1, 4, height, width).double(), torch.tensor(cells)


def whole(branch: nn.Module, feature: Tensor, cells: Tensor) -> Tensor:
    """Outputs ``(n, outputs)`` at cells of a map that the branch was run on as it is, but for nothing in place."""
    branch = copy.deepcopy(branch)
    for module in branch.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return branch(feature)[0].flatten(1).T[cells]


@given(branches_and_maps())
def test_outputs_at_cells_are_those_of_the_whole_map(drawn: tuple[nn.Module, Tensor, Tensor]) -> None:
    branch, feature, cells = drawn
    assert torch.allclose(CellBranch(branch).at(feature, cells), whole(branch, feature, cells), atol=1e-10)


@given(branches_and_maps())
def test_gradients_in_squares_are_autograds(drawn: tuple[nn.Module, Tensor, Tensor]) -> None:
    branch, feature, cells = drawn
    cells = cells[:1]
    feature.requires_grad_(True)
    outputs = whole(branch, feature, cells)
    cotangent = torch.randn_like(outputs)
    (exact,) = torch.autograd.grad(outputs, feature, cotangent)
    ours = CellBranch(branch)
    look = around(*feature.shape[2:], ours.radius, CPU).of(cells)
    said, vjp = ours.of_squares(look.squares(rows_of(feature)), look.inside)
    assert torch.allclose(said, outputs, atol=1e-10)
    found = torch.zeros_like(exact[0]).flatten(1)
    gradient = vjp(cotangent)  # (1, s, s, C)
    found.index_add_(1, look.numbers.flatten(), gradient.flatten(0, 2).T)
    assert torch.allclose(found, exact[0].flatten(1), atol=1e-10)


def test_what_several_cells_read_is_calculated_once() -> None:
    branch = CellBranch(nn.Sequential(PARTS["3x3"](), PARTS["3x3"]()).requires_grad_(False))
    rows, (first, reach) = [], branch._steps[0]

    def counting(squares: Tensor) -> Tensor:
        rows.append(len(squares))
        return first(squares)

    branch._steps[0] = (counting, reach)
    block = torch.tensor([row * 9 + column for row in (3, 4) for column in (3, 4)])
    branch.at(torch.randn(1, 4, 9, 9), block)
    assert rows == [16]  # 4x4 cells, not four times 3x3


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_a_map_is_one_row_a_cell_however_it_lies_in_memory(memory: torch.memory_format) -> None:
    feature = torch.randn(1, 3, 4, 5).contiguous(memory_format=memory)
    assert torch.equal(rows_of(feature)[7], feature[0, :, 1, 2])


def test_the_radius_is_the_sum_of_half_kernels() -> None:
    branch = nn.Sequential(
        nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 3, padding=2, dilation=2), nn.Conv2d(1, 1, 1)
    )
    assert CellBranch(branch).radius == 3


@pytest.mark.parametrize(
    "part",
    [
        nn.MaxPool2d(3, 1, 1),
        nn.Conv2d(1, 1, 3, stride=2, padding=1),
        nn.Conv2d(1, 1, 3),
        nn.ConvTranspose2d(1, 1, 2),
    ],
    ids=["pooling", "a stride", "no padding", "a transposed convolution"],
)
def test_a_branch_that_does_not_keep_its_cells_is_refused(part: nn.Module) -> None:
    with pytest.raises(NotImplementedError, match=type(part).__name__):
        CellBranch(nn.Sequential(nn.SiLU(), part))
