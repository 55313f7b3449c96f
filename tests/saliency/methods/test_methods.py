"""CAM methods: by hand on four numbers, and against the grad-cam package's own pipeline on a real net."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys

import numpy as np
import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.image import scale_cam_image

from heatcam.cli.options import CHOICES
from heatcam.engine.boxes import Thresholds
from heatcam.enums import MASK_MAPS
from heatcam.errors import UsageError
from heatcam.saliency import methods as room
from heatcam.saliency.methods import METHODS, Cost, Method, method_formula, methods_of_evidence
from heatcam.saliency.methods.classic import CLASSIC, plus_plus_weights
from heatcam.saliency.methods.layercam import layercam
from tests.nets import engine_of, fresh_network, picture


def test_layercam_by_hand() -> None:
    activation = torch.tensor([[[1.0, 2.0]], [[3.0, -4.0]]])  # two channels, one row, two cells
    gradient = torch.tensor([[[0.5, -1.0]], [[2.0, 0.25]]])
    assert torch.equal(layercam(activation, gradient), torch.tensor([[1 * 0.5 + 3 * 2, -4 * 0.25]]))


def test_hirescam_and_gradcam_by_hand() -> None:
    activation = torch.tensor([[[1.0, 2.0]], [[3.0, -4.0]]])
    gradient = torch.tensor([[[0.5, -1.0]], [[2.0, 0.25]]])
    hires = method_formula("hirescam")([activation], [gradient])
    assert torch.allclose(hires, torch.tensor([[0.5 + 6.0, -2.0 - 1.0]]))
    pooled = method_formula("gradcam")([activation], [gradient])  # channel weights: -0.25 and 1.125
    assert torch.allclose(pooled, torch.tensor([[-0.25 + 3.375, -0.5 - 4.5]]))


def test_odam_spreads_a_gradient_over_the_neighbouring_cells() -> None:
    activation, gradient = torch.ones(1, 3, 3), torch.zeros(1, 3, 3)
    gradient[0, 1, 1] = 16.0
    expected = torch.tensor([[[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]])
    assert torch.allclose(method_formula("odam")([activation], [gradient]), expected[0])


def test_ssgradcam_keeps_each_channel_to_where_its_own_gradient_is() -> None:
    activation = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]])
    gradient = torch.tensor([[[0.5, 0.25]], [[0.0, 2.0]]])
    weights = plus_plus_weights(activation, gradient)
    assert (weights > 0).all()
    expected = torch.stack([weights[0] * 1 * 1, weights[0] * 2 * 0.5 + weights[1] * 4 * 1])
    assert torch.allclose(method_formula("ssgradcam++")([activation], [gradient])[0], expected)


class WholeNet(torch.nn.Module):
    """The network as the grad-cam package expects one: a picture in, a tensor of logits ``(1, classes, anchors)`` out."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raw = self.network(x)[1]
        return raw["one2one"]["scores"] if "one2one" in raw else raw["scores"]


def package_map(name: str, network: torch.nn.Module, x: torch.Tensor, forward: object) -> np.ndarray:
    """The package's own pipeline, hooks, forward and backward included: scaled to [0, 1], at the picture's size."""
    boxes = forward.boxes
    head = network.model[-1]

    def summed(output: torch.Tensor) -> torch.Tensor:
        return output[boxes.class_ids, boxes.anchors].sum()

    with (
        torch.enable_grad(),
        getattr(pytorch_grad_cam, CLASSIC[name])(WholeNet(network), [network.model[head.f[0]]]) as cam,
    ):
        return cam(input_tensor=x.clone().requires_grad_(True), targets=[summed])[0]


@pytest.mark.parametrize("family", ["yolov8n", "yolo26n"])
@pytest.mark.parametrize("name", sorted(CLASSIC))
def test_each_classic_map_equals_the_packages_own_pipeline(name: str, family: str) -> None:
    network, x = fresh_network(family), picture(96, 128)
    engine = engine_of(network)
    forward = engine.forward(x, Thresholds(0.05, 0.5), with_graph=True)
    assert len(forward.boxes) > 0
    gradient = engine.summed_gradient(forward)[-1]
    ours = method_formula(name)([forward.inputs.taps[-1].detach()[0]], [gradient]).numpy()
    theirs = package_map(name, network, x, forward)
    scaled = scale_cam_image(scale_cam_image(np.maximum(ours, 0)[None], (128, 96)))[
        0
    ]  # the package scales twice
    assert theirs.max() > 0.5
    assert np.abs(scaled - theirs).max() < 2e-3


def test_live_is_the_packages_layercam_before_scaling() -> None:
    activation, gradient = torch.randn(8, 6, 5), torch.randn(8, 6, 5)
    assert torch.allclose(
        method_formula("live")([activation], [gradient]),
        method_formula("layercam")([activation], [gradient]),
        atol=1e-5,
    )


def methods_of(module: str) -> tuple[Method, ...]:
    return getattr(importlib.import_module(f"{room.__name__}.{module}"), "METHODS", ())


def test_every_choice_of_the_command_line_is_a_method_and_has_a_paper() -> None:
    assert list(METHODS)[:2] == ["live", "fine"]
    assert [choice.value for choice in CHOICES["method"]] == [*METHODS, *MASK_MAPS]
    defined = [m.name for file in pkgutil.iter_modules(room.__path__) for m in methods_of(file.name)]
    assert sorted(defined) == sorted(METHODS), "each once"
    assert set(CLASSIC) <= set(METHODS)
    assert all(m.formula and re.search(r"\d{4}|package", m.paper) for m in METHODS.values())


def test_the_names_of_the_methods_load_no_torch() -> None:
    """``--help`` lists them, and a name that does not exist is refused at once."""
    code = "import sys; from heatcam.saliency import METHODS; assert METHODS and not {'torch', 'numpy'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", methods_of_evidence())
def test_a_method_without_a_backward_pass_is_one_that_no_gradient_changes(name: str) -> None:
    noise = torch.Generator().manual_seed(0)
    activation, gradient, other = (torch.randn(8, 6, 5, generator=noise) for _ in range(3))
    same = torch.allclose(
        method_formula(name)([activation], [gradient]), method_formula(name)([activation], [other]), atol=1e-4
    )
    assert same == (METHODS[name].cost is Cost.NONE)


def test_an_unknown_method_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match="unknown method 'nothing'; use one of: live, fine, gradcam"):
        method_formula("nothing")
    with pytest.raises(UsageError, match="unknown method 'hirescan'; did you mean 'hirescam'"):
        method_formula("hirescan")


def test_lrp_is_activation_times_gradient_of_the_first_layer_alone() -> None:
    first, second = torch.randn(3, 4, 5), torch.randn(2, 2, 3)
    gradients = [torch.randn(3, 4, 5), torch.randn(2, 2, 3)]
    assert torch.equal(method_formula("lrp")([first, second], gradients), (first * gradients[0]).sum(0))


def test_only_heatcams_own_maps_and_lrp_take_gradients_through_held_gates() -> None:
    from heatcam.engine.gates import HeldSiLU
    from heatcam.models.loaded import LoadedModel
    from heatcam.options import ExplainOptions
    from heatcam.saliency.factory import explainer_of

    loaded = LoadedModel("tiny", fresh_network("tiny"), dict(enumerate("abcde")), 64)
    held = {
        name: any(isinstance(m, HeldSiLU) for m in explainer.engine.cut.network.modules())
        for name in ("live", "fine", "lrp", "layercam")
        for explainer in [
            explainer_of(loaded, torch.device("cpu"), ExplainOptions(backend="torch", method=name), (64, 64))
        ]
    }
    assert held == {"live": True, "fine": True, "lrp": True, "layercam": False}
