"""Layers by name, with measured strides."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from heatcam.engine.candidates import RawCandidates
from heatcam.engine.layers import Mark
from heatcam.engine.named_layers import describe_named_layers
from heatcam.errors import ModelError
from tests.engine.test_candidate_engine import TwoLevels


class Nested(TwoLevels):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(self.stem)  # type: ignore[assignment]


def test_tapped_layers_and_groups_of_layers_with_maps_are_listed_in_the_order_in_which_they_run() -> None:
    rows = describe_named_layers(Nested(), 16)
    assert [(row.name, row.type_name, row.stride, row.output_shape) for row in rows] == [
        ("stem", "Sequential", 4, (4, 4, 4)),
        ("fine_level", "Conv2d", 4, (4, 4, 4)),
        ("coarse_level", "Conv2d", 8, (4, 2, 2)),
    ]
    assert [row.marks for row in rows] == [(), (Mark.LIVE, Mark.FINE), (Mark.FINE,)]
    assert rows[1].parameters == 4 * 4 + 4


def test_hooks_are_removed_and_a_network_that_cannot_run_is_refused() -> None:
    class Broken(Nested):
        def candidates(self, picture: Tensor) -> RawCandidates:
            raise RuntimeError("too small")

    network = Broken()
    with pytest.raises(ModelError, match="cannot run at 16x16 px"):
        describe_named_layers(network, 16)
    assert not any(module._forward_hooks for module in network.modules())
