"""The list of layers: a small network by hand, real ones against their own heads, and that looking changes nothing."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import Tensor, nn
from ultralytics.nn import tasks

from heatcam.engine.layers import LayerRow, Mark, describe_layers, input_side
from heatcam.engine.network import TappedNetwork
from heatcam.errors import ModelError
from tests.nets import FAMILIES, fresh_network, oracle_gradient, picture

FINE_LAYERS = {  # read off ultralytics' yaml files
    "yolov8n": [4, 6, 9, 12, 15, 18, 21],
    "yolo11n": [4, 6, 10, 13, 16, 19, 22],
    "yolo12n": [4, 6, 8, 11, 14, 17, 20],
    "yolo26n": [4, 6, 10, 13, 16, 19, 22],
}
OTHER_TASKS = {  # yaml, class, the layers its head reads, their strides
    "yolov8n-seg": (tasks.SegmentationModel, [15, 18, 21], [8, 16, 32]),
    "yolo11n-pose": (tasks.PoseModel, [16, 19, 22], [8, 16, 32]),
    "yolo26n-obb": (tasks.OBBModel, [16, 19, 22], [8, 16, 32]),
    "yolo12n-cls": (tasks.ClassificationModel, [8], [32]),
    "rtdetr-l": (tasks.RTDETRDetectionModel, [21, 24, 27], [8, 16, 32]),
}


@functools.cache
def network_of(name: str) -> nn.Module:
    kind = OTHER_TASKS[name][0] if name in OTHER_TASKS else tasks.DetectionModel
    return kind(f"{name}.yaml", nc=5, verbose=False).eval()


class Ends(nn.Module):
    """A head: several maps in, rows of numbers out, and something beside them."""

    def forward(self, maps: list[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        return torch.cat([m.flatten(2).mean(1) for m in maps], 1), {"maps": maps[0]}


class Tiny(nn.Module):
    """Four layers and a head, wired as ultralytics wires them. ``broken`` fails at the head."""

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__()
        smaller = nn.Sequential(nn.Conv2d(4, 6, 2, 2, bias=False), nn.BatchNorm2d(6))
        self.model = nn.Sequential(
            nn.Conv2d(3, 3, 4, 4), nn.Conv2d(3, 4, 2, 2), smaller, nn.Upsample(scale_factor=2), Ends()
        )
        for layer, reads in zip(self.model, (-1, -1, -1, -1, [0, -3, 2]), strict=True):
            layer.f = reads
        self.save = [0, 1, 2]
        self.broken = broken
        self.hooks_seen = 0

    def forward(self, x: Tensor) -> object:
        self.hooks_seen = hooks_on(self)
        kept = []
        for layer in self.model[:-1]:
            x = layer(x)
            kept.append(x)
        if self.broken:
            raise RuntimeError("shapes do not fit\nand more")
        return self.model[-1]([kept[0], kept[1], kept[2]])


class Splits(nn.Module):
    """Several maps out, as YOLOv9e's CBLinear gives them."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return x.split([1, 5], 1)


def hooks_on(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in network.modules())


def marked(rows: tuple[LayerRow, ...], mark: Mark) -> list[int]:
    return [row.index for row in rows if mark in row.marks]


def test_a_small_network_by_hand() -> None:
    head_of_all = (Mark.LIVE, Mark.HEAD_INPUT)
    assert describe_layers(Tiny().eval(), 64) == (
        LayerRow(0, "Conv2d", (), 4, 3, (3, 16, 16), 3 * 3 * 4 * 4 + 3, head_of_all),
        LayerRow(1, "Conv2d", (0,), 8, 4, (4, 8, 8), 3 * 4 * 2 * 2 + 4, (Mark.FINE, Mark.HEAD_INPUT)),
        LayerRow(
            2, "Sequential", (1,), 16, 6, (6, 4, 4), 4 * 6 * 2 * 2 + 2 * 6, (Mark.FINE, Mark.HEAD_INPUT)
        ),
        LayerRow(3, "Upsample", (2,), 8, 6, (6, 8, 8), 0, ()),
        LayerRow(4, "Ends", (0, 1, 2), None, None, (16 * 16 + 8 * 8 + 4 * 4,), 0, ()),
    )


def test_a_layer_that_gives_several_maps_is_never_chosen() -> None:
    network = Tiny().eval()
    network.model[3] = Splits()
    network.model[3].f, network.save = -1, [0, 1, 2, 3]
    assert describe_layers(network, 64)[3] == LayerRow(3, "Splits", (2,), None, None, (1, 4, 4), 0, ())


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_chosen_is_what_the_network_itself_says(family: str) -> None:
    network = fresh_network(family)
    head, rows = network.model[-1], describe_layers(network, 128)
    assert [row.index for row in rows] == list(range(len(network.model)))
    assert marked(rows, Mark.HEAD_INPUT) == head.f
    assert [rows[i].stride for i in head.f] == head.stride.tolist()
    box_branch = (head.one2one if head.end2end else head.one2many)["box_head"]
    assert [rows[i].channels for i in head.f] == [level[0].conv.in_channels for level in box_branch]
    live = [f"{index}:{rows[index].type_name}" for index in marked(rows, Mark.LIVE)]
    assert "+".join(live) == TappedNetwork(network).target_layer
    assert marked(rows, Mark.FINE) == network.save == FINE_LAYERS[family.partition("-")[0]]
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in network.parameters())


def test_what_is_finer_than_stride_eight_is_live_but_never_fine() -> None:
    rows = describe_layers(network_of("yolov8n-p2"), 64)
    assert [rows[i].stride for i in marked(rows, Mark.HEAD_INPUT)] == [4, 8, 16, 32]
    assert [rows[i].stride for i in marked(rows, Mark.LIVE)] == [8, 4]
    left_out = set(network_of("yolov8n-p2").save) - set(marked(rows, Mark.FINE))
    assert left_out == {2, 18}
    assert {rows[i].stride for i in left_out} == {4}


@pytest.mark.parametrize("name", OTHER_TASKS)
def test_networks_of_other_tasks_are_listed_too(name: str) -> None:
    network = network_of(name)
    rows = describe_layers(network, 160)
    _, inputs, strides = OTHER_TASKS[name]
    assert marked(rows, Mark.HEAD_INPUT) == inputs == list(rows[-1].reads)
    assert [rows[i].stride for i in inputs] == strides
    live = marked(rows, Mark.LIVE)
    assert live[-1] == inputs[0]
    assert len(live) == 2
    kept = [i for i in network.save if not isinstance(network.model[i], nn.Upsample)]
    levels = [4, 6, 8] if name.endswith("-cls") else kept  # the ends of a classifier's stages
    assert marked(rows, Mark.FINE) == [i for i in levels if i >= 3]  # stride 8 is reached at 3 or 4
    assert rows[-1].type_name == type(network.model[-1]).__name__
    assert rows[-1].stride is None
    assert all(row.stride and row.channels and row.output_shape for row in rows[:-1])


def test_a_classifier_ends_in_one_number_a_class() -> None:
    assert describe_layers(network_of("yolo12n-cls"), 64)[-1].output_shape == (5,)


def test_looking_leaves_no_hook_behind() -> None:
    network = Tiny().eval()
    kept = network.model[1].register_forward_hook(lambda *_: None)
    describe_layers(network, 64)
    assert network.hooks_seen == 1 + 5
    assert hooks_on(network) == 1
    kept.remove()


def test_a_network_that_fails_is_said_in_one_line_and_keeps_no_hook() -> None:
    network = Tiny(broken=True).train()
    with pytest.raises(
        ModelError, match=r"cannot run at 64 px \(shapes do not fit\); give another size"
    ) as failure:
        describe_layers(network, 64)
    assert "\n" not in str(failure.value)
    assert (network.hooks_seen, hooks_on(network)) == (5, 0)
    assert network.training


def test_looking_moves_no_statistics_and_no_mode() -> None:
    network = Tiny().train()
    network.model[0].eval()
    modes = [module.training for module in network.modules()]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    describe_layers(network, 64)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network(torch.rand(1, 3, 64, 64))
    moved = network.state_dict()["model.2.1.running_mean"]
    assert not torch.equal(moved, before["model.2.1.running_mean"])  # else nothing could have moved above


def test_gradients_can_be_taken_afterwards() -> None:
    network = fresh_network("yolov8n", seed=3)
    describe_layers(network, 128)
    _, gradient = oracle_gradient(network, picture(128, 128), torch.tensor([5]), torch.tensor([0]))
    assert gradient.abs().max() > 0


def test_what_is_no_ultralytics_network_is_refused() -> None:
    for stranger in (nn.Conv2d(3, 3, 1), nn.Sequential(nn.Conv2d(3, 3, 1))):
        with pytest.raises(ModelError, match="has no numbered layers; give an ultralytics model"):
            describe_layers(stranger, 64)


@pytest.mark.parametrize(
    ("stride", "imgsz", "side"),
    [
        (None, 640, 640),
        (None, 641, 672),
        ([1.0], 50, 64),
        ([8.0, 16.0, 64.0], 640, 640),
        ([8.0, 64.0], 650, 704),
    ],
)
def test_sizes_are_rounded_up_as_the_letterbox_does(
    stride: list[float] | None, imgsz: int, side: int
) -> None:
    network = Tiny()
    if stride is not None:
        network.stride = torch.tensor(stride)
    assert input_side(network, imgsz) == side
