"""Attention in place of gradients: of each object's own query, no evidence, no graph."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from heatcam.engine.attention import AttentionEngine, start_attention_engine
from heatcam.engine.boxes import Thresholds
from heatcam.engine.candidates import RawCandidates
from heatcam.errors import UsageError
from tests.engine.test_candidate_engine import CPU, TwoLevels, picture


class Attending(TwoLevels):
    """Two heads that look at one cell of four each, another one for each candidate."""

    attention_layer = "fine_level"

    def attention(self, picture: Tensor) -> tuple[RawCandidates, Tensor]:
        first, second = torch.zeros(4, 2, 2), torch.zeros(4, 2, 2)
        for candidate in range(4):
            first[candidate].view(-1)[candidate] = 1
            second[candidate, 0, 0] = 1
        return self.candidates(picture), torch.stack((first, second))


def start(network: TwoLevels, **choices: object) -> AttentionEngine:
    asked = {"backend": "torch", "precision": "auto", "layers": (), **choices}
    return start_attention_engine(network, CPU, **asked)  # type: ignore[arg-type]


def test_each_object_has_the_attention_of_its_own_query_and_all_together_their_sum() -> None:
    engine = start(Attending())
    forward = engine.forward(picture(), Thresholds(conf=0.0), with_graph=True)
    own = {n: maps[0] for n, maps in engine.object_gradients(forward)}
    for number, candidate in enumerate(forward.boxes.anchors.tolist()):
        assert own[number].shape == (2, 2, 2)
        assert own[number][0].flatten().argmax() == candidate
        assert own[number].sum() == 2
    (together,) = engine.summed_gradient(forward)
    assert torch.equal(together, torch.stack(list(own.values())).sum(0))


def test_it_has_no_coherence_no_shuffled_twin_and_keeps_no_graph() -> None:
    engine = start(Attending())
    forward = engine.forward(picture(), Thresholds(conf=0.0), with_graph=True)
    assert engine.coherence(forward) is None
    assert engine.with_shuffled_head(0) is None
    assert not forward.inputs.taps[0].requires_grad
    assert engine.target_layer == "fine_level:Conv2d"


def test_boxes_are_those_of_gradients_also_where_no_map_is_asked_for() -> None:
    engine = start(Attending())
    seen = [engine.forward(picture(), Thresholds(conf=0.0), with_graph=flag).boxes for flag in (True, False)]
    assert torch.equal(seen[0].xyxy, seen[1].xyxy)


def test_other_layers_are_refused() -> None:
    with pytest.raises(UsageError, match="attention is that of one layer"):
        start(Attending(), layers=("fine_level",))
