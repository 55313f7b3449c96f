"""Overlapping boxes are suppressed by torchvision's own operator, whether torchvision is imported or not."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor
from ultralytics.utils.nms import TorchNMS

from heatcam.engine.suppression import give_ultralytics_compiled_nms


def boxes(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Boxes on a coarse grid, so that many overlap, some have no area and scores are equal."""
    source = torch.Generator().manual_seed(seed)
    corners = torch.randint(0, 12, (count, 2), generator=source).float()
    sides = torch.randint(0, 6, (count, 2), generator=source).float()
    scores = torch.randint(1, 20, (count,), generator=source) / 20
    return torch.cat([corners, corners + sides], 1), scores


@pytest.mark.parametrize("seed", range(20))
def test_the_same_boxes_are_kept_in_the_same_order_as_by_torchvision(seed: int) -> None:
    from torchvision.ops import nms

    give_ultralytics_compiled_nms()
    some, scores = boxes(200, seed)
    assert torch.equal(TorchNMS.nms(some, scores, 0.7), nms(some, scores, 0.7))


def test_sympy_and_torchvision_are_not_imported_for_boxes_and_a_gradient_and_still_can_be_afterwards() -> (
    None
):
    """Each takes as long to import as the picture takes to explain, and torchvision as long as torch."""
    code = (
        "import sys, torch\n"
        "from heatcam.engine.vjp import vjp\n"
        "from heatcam.engine.suppression import give_ultralytics_compiled_nms\n"
        "leaf = torch.rand(3).requires_grad_(True)\n"
        "vjp([leaf * 2], [leaf], [torch.ones(3)])\n"
        "give_ultralytics_compiled_nms()\n"
        "print({'sympy', 'torchvision'} & set(sys.modules))\n"
        "import torchvision\n"
        "print(torchvision.ops.nms(torch.tensor([[0., 0., 2., 2.]]), torch.ones(1), 0.5).tolist())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["set()", "[0]"]


def test_where_the_library_has_another_name_torchvision_itself_is_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heatcam.engine.suppression._LIBRARIES", ("no such file",))
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    give_ultralytics_compiled_nms.__wrapped__()
    assert "torchvision" in sys.modules
