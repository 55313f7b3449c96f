"""Where a network is cut, and which layers the fine map adds up: read from the graph."""

from __future__ import annotations

import pytest
import torch

from heatcam.engine.layers import Mark, describe_layers
from heatcam.engine.network import TappedNetwork
from heatcam.errors import ModelError, UsageError
from tests.nets import FAMILIES, fresh_network, picture


@pytest.mark.parametrize("family", FAMILIES)
def test_the_live_map_taps_the_finest_head_input_and_the_level_before_it(family: str) -> None:
    cut = TappedNetwork(fresh_network(family))
    levels = TappedNetwork(fresh_network(family), fine=True).tapped
    assert cut.tapped == levels[levels.index(cut.head.f[0]) - 1 :][:2]
    assert [tap.shape[2] for tap in cut.head_inputs(picture(), with_graph=False).taps] == [12, 24]
    assert all(cut.reaches)


def test_one_layer_asked_for_can_be_the_finest_head_input_alone() -> None:
    cut = TappedNetwork(fresh_network("yolov8n"), layers=["15"])
    assert cut.taps_only_the_finest
    assert not TappedNetwork(fresh_network("yolov8n")).taps_only_the_finest


def test_the_fine_map_taps_what_later_layers_read_from_stride_8_on() -> None:
    assert TappedNetwork(fresh_network("yolov8n"), fine=True).tapped == (4, 6, 9, 12, 15, 18, 21)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_fine_map_taps_every_head_input_and_begins_in_the_backbone(family: str) -> None:
    cut = TappedNetwork(fresh_network(family), fine=True)
    assert set(cut.head.f) <= set(cut.tapped)
    assert cut.tapped[0] < min(cut.head.f)
    taps = cut.head_inputs(picture(), with_graph=False).taps
    assert taps[0].shape[2:] == (192 // 8, 256 // 8)
    assert all(tap.shape[2] <= 24 for tap in taps)


@pytest.mark.parametrize("fine", [False, True], ids=["live", "fine"])
@pytest.mark.parametrize("family", FAMILIES)
def test_decoded_predictions_are_those_of_the_whole_network(family: str, fine: bool) -> None:
    network = fresh_network(family)
    cut = TappedNetwork(network, fine=fine)
    with torch.no_grad():
        ours = cut.decode(cut.head_inputs(picture(), with_graph=False).features)
        whole = network(picture())[0]
    expected = cut.head.postprocess(ours.permute(0, 2, 1)) if cut.head.end2end else ours
    assert torch.allclose(expected, whole, atol=1e-3)


def test_a_coarse_level_from_below_the_cut_is_known_to_hold_no_evidence() -> None:
    cut = TappedNetwork(fresh_network("yolov3-tiny"), layers=["19"])
    assert cut.strides == [16, 32]
    assert cut.reaches == (True, False)


@pytest.mark.parametrize(
    ("family", "tapped"), [("yolov3", (14, 15, 22, 27)), ("yolov3-tiny", (14, 15, 19)), ("yolov5n", (14, 17))]
)
def test_where_the_finest_head_input_serves_not_all_the_live_map_taps_them_all(
    family: str, tapped: tuple[int, ...]
) -> None:
    cut = TappedNetwork(fresh_network(family))
    assert cut.tapped == tapped
    assert all(cut.reaches)


def test_a_network_without_a_detect_head_says_how_it_ends() -> None:
    layers = torch.nn.Module()
    layers.model = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), torch.nn.ReLU())
    with pytest.raises(ModelError, match="ends in ReLU"):
        TappedNetwork(layers)


def test_layers_can_be_asked_for_by_index_and_by_name() -> None:
    network = fresh_network("yolov8n")
    assert TappedNetwork(network, layers=["15", "9"]).tapped == (9, 15)
    assert TappedNetwork(network, layers=["SPPF", "18:C2f"]).tapped == (9, 18)
    assert TappedNetwork(network, layers=["3"]).tapped == (3,)  # one that no other than the next reads


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["99"], "no layer is called '99'; `heatcam layers MODEL` lists them"),
        (["C2f"], r"no layer is called 'C2f', there are several: \[2, 4, 6, 8, 12, 15, 18, 21\]"),
        (["15:Conv"], "no layer is called '15:Conv'"),
        (["-1"], "no layer is called '-1'"),
    ],
)
def test_a_layer_that_is_not_there_is_a_clear_error(layers: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        TappedNetwork(fresh_network("yolov8n"), layers=layers)


def test_a_layer_that_does_not_read_the_first_is_refused() -> None:
    network = fresh_network("yolov3-tiny")  # 19 is made from 8 and 13; 15 lies beside
    with pytest.raises(UsageError, match="does not read layer"):
        TappedNetwork(network, layers=["15", "19"])


@pytest.mark.parametrize("family", [*FAMILIES, "yolov8n-p2", "yolov3", "yolov3-tiny"])
def test_the_list_of_layers_marks_what_the_engine_taps(family: str) -> None:
    network = fresh_network(family)
    rows = describe_layers(network, 128)
    for fine, mark in ((True, Mark.FINE), (False, Mark.LIVE)):
        assert TappedNetwork(network, fine=fine).tapped == tuple(
            row.index for row in rows if mark in row.marks
        )


def test_what_is_finer_than_stride_8_is_no_level_of_the_fine_map() -> None:
    cut = TappedNetwork(fresh_network("yolov8n-p2"), fine=True)
    assert min(cut.strides) == 4
    assert 2 in fresh_network("yolov8n-p2").save
    assert all(tap.shape[2] <= 192 // 8 for tap in cut.head_inputs(picture(), with_graph=False).taps)


def test_an_anchor_lies_on_the_level_that_its_number_falls_into() -> None:
    inputs = TappedNetwork(fresh_network("yolov8n")).head_inputs(picture(96, 128), with_graph=False)
    first, second = 12 * 16, 6 * 8  # cells at strides 8 and 16; the third has 3 x 4
    anchors = torch.tensor([0, first - 1, first, first + second - 1, first + second, first + second + 11])
    assert inputs.levels_of(anchors).tolist() == [0, 0, 1, 1, 2, 2]
