"""Networks of any library: candidates kept as the library keeps them, gradients at the taps by autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from heatcam.engine.boxes import Thresholds
from heatcam.engine.candidate_engine import HookedEngine, start_hooked_engine
from heatcam.engine.candidates import CandidateNetwork, Picking, RawCandidates, Tap, keep_candidates
from heatcam.errors import MapError, ModelError, UsageError

CPU = torch.device("cpu")
LOW = Thresholds(conf=0.0)


class TwoLevels(CandidateNetwork):
    """Two levels that do not read each other, the second in place, and two candidates a level."""

    stride = 4
    live_taps = (Tap("fine_level"),)
    fine_taps = (Tap("fine_level"), Tap("coarse_level"))
    head = ("fine_head", "coarse_head")

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, 4, stride=4)
        self.fine_level = nn.Conv2d(4, 4, 1)
        self.coarse_level = nn.Conv2d(4, 4, 2, stride=2)
        self.relu = nn.ReLU(inplace=True)
        self.fine_head, self.coarse_head = nn.Linear(4, 6), nn.Linear(4, 6)
        self.requires_grad_(False).eval()

    def candidates(self, picture: Tensor) -> RawCandidates:
        stem = self.stem(picture)
        fine, coarse = self.relu(self.fine_level(stem)), self.relu(self.coarse_level(stem))
        pooled = [self.fine_head(fine.mean((2, 3))), self.coarse_head(coarse.mean((2, 3)))]
        logits = torch.cat([level.reshape(2, 3) for level in pooled])
        return RawCandidates(logits, torch.tensor([[0.0, 0, 8, 8], [0, 0, 7, 8], [4, 4, 8, 8], [0, 4, 4, 8]]))


def picture() -> Tensor:
    return torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def engine_of(network: CandidateNetwork, *, fine: bool = True) -> HookedEngine:
    return start_hooked_engine(network, CPU, backend="torch", precision="auto", fine=fine, layers=())


def test_gradients_equal_plain_autograd_at_each_level_and_are_zero_where_a_candidate_does_not_read() -> None:
    network = TwoLevels()
    forward = engine_of(network).forward_at(picture(), [0, 3], [1, 2])
    found = dict(engine_of(network).object_gradients(forward))

    stem = network.stem(picture())
    level = network.fine_level(stem).requires_grad_(True)
    network.fine_head((level * 1).relu().mean((2, 3)))[0, 1].backward()
    assert torch.allclose(found[0][0], level.grad[0], atol=1e-7)
    assert not found[0][1].any()
    assert not found[1][0].any()
    assert found[1][1].any()


def test_the_summed_gradient_is_the_sum_of_the_objects() -> None:
    engine = engine_of(TwoLevels())
    forward = engine.forward(picture(), LOW, with_graph=True)
    each = [gradients for _, gradients in engine.object_gradients(forward)]
    assert len(each) > 3
    for n, ours in enumerate(engine.summed_gradient(forward)):
        assert torch.allclose(ours, torch.stack([one[n] for one in each]).sum(0), atol=1e-6)


def test_coherence_is_known_once_each_object_has_its_own_gradient_and_lies_between_minus_one_and_one() -> (
    None
):
    engine = engine_of(TwoLevels())
    forward = engine.forward(picture(), LOW, with_graph=True)
    assert engine.coherence(forward) is None
    first = dict(engine.object_gradients(forward))[0]
    products = torch.cat([(tap[0] * g).flatten() for tap, g in zip(forward.inputs.taps, first, strict=True)])
    known = engine.coherence(forward)
    assert known is not None
    assert float(known[0]) == pytest.approx(float((products.sum() / products.abs().sum()).detach()), abs=1e-6)
    assert (known.abs() <= 1).all()


def test_detection_alone_keeps_no_graph() -> None:
    forward = engine_of(TwoLevels()).forward(picture(), LOW, with_graph=False)
    assert not forward.inputs.found.logits.requires_grad
    assert not any(tap.requires_grad for tap in forward.inputs.taps)


def test_one_class_a_candidate_or_every_pair_or_the_best_pairs_are_kept() -> None:
    network = TwoLevels()
    found = RawCandidates(
        torch.tensor([[2.0, 1.0, -9.0], [0.5, 3.0, -9.0]]), torch.tensor([[0.0, 0, 8, 8], [0, 0, 7, 8]])
    )
    every = keep_candidates(network, found, Thresholds(conf=0.1))
    assert list(zip(every.anchors.tolist(), every.class_ids.tolist(), strict=True)) == [
        (1, 1), (0, 0), (0, 1), (1, 0)
    ]  # fmt: skip
    assert every.confidences.tolist() == pytest.approx(torch.tensor([3.0, 2, 1, 0.5]).sigmoid().tolist())
    network.picking = Picking(one_class=True)
    assert keep_candidates(network, found, Thresholds(conf=0.1)).class_ids.tolist() == [1, 0]
    network.picking = Picking(most=3)
    assert len(keep_candidates(network, found, Thresholds(conf=0.1))) == 3
    network.picking = Picking(suppresses=True)
    kept = keep_candidates(network, found, Thresholds(conf=0.1, iou=0.5))
    assert list(zip(kept.anchors.tolist(), kept.class_ids.tolist(), strict=True)) == [(1, 1), (0, 0)]


def test_columns_that_are_no_classes_are_never_kept() -> None:
    network = TwoLevels()
    network.class_ids = torch.tensor([1, 2])
    found = RawCandidates(torch.tensor([[9.0, 1.0, 0.0]]), torch.zeros(1, 4))
    assert keep_candidates(network, found, Thresholds(conf=0.1)).class_ids.tolist() == [1, 2]


def test_each_class_may_have_a_box_of_its_own() -> None:
    boxes = torch.arange(12.0).reshape(1, 3, 4)
    kept = keep_candidates(
        TwoLevels(), RawCandidates(torch.tensor([[1.0, 2.0, -9.0]]), boxes), Thresholds(conf=0.5)
    )
    assert kept.xyxy.tolist() == [[4, 5, 6, 7], [0, 1, 2, 3]]


def test_layers_are_asked_for_by_name_and_a_wrong_one_is_refused() -> None:
    network = TwoLevels()
    engine = start_hooked_engine(
        network, CPU, backend="auto", precision="fp32", fine=False, layers=("coarse_level:Conv2d",)
    )
    assert engine.target_layer == "coarse_level:Conv2d"
    with pytest.raises(UsageError, match="no layer is called 'coarse_leve'"):
        start_hooked_engine(
            network, CPU, backend="auto", precision="fp32", fine=False, layers=("coarse_leve",)
        )
    with pytest.raises(ModelError, match="fine_head, \\(1, 6\\), is not a map"):
        start_hooked_engine(
            network, CPU, backend="auto", precision="fp32", fine=False, layers=("fine_head",)
        ).forward(picture(), LOW, with_graph=True)


def test_objects_that_read_no_tap_are_an_error() -> None:
    class Detached(TwoLevels):
        def candidates(self, picture: Tensor) -> RawCandidates:
            found = super().candidates(picture)
            return RawCandidates(found.logits.detach(), found.xyxy)

    engine = engine_of(Detached())
    with pytest.raises(MapError, match="no gradient comes from the objects"):
        engine.summed_gradient(engine.forward_at(picture(), [2], [0]))


@pytest.mark.parametrize("asked", [{"backend": "openvino"}, {"precision": "bf16"}])
def test_what_only_ultralytics_networks_have_is_refused(asked: dict[str, str]) -> None:
    chosen = {"backend": "auto", "precision": "auto", **asked}
    with pytest.raises(UsageError):
        start_hooked_engine(TwoLevels(), CPU, fine=False, layers=(), **chosen)


class Queries(TwoLevels):
    """Two candidates whose logits one linear layer makes from a state each."""

    head = ("queries",)
    state_head = "queries"

    def __init__(self) -> None:
        super().__init__()
        self.queries = nn.Linear(4, 3).requires_grad_(False)

    def candidates(self, picture: Tensor) -> RawCandidates:
        level = self.relu(self.fine_level(self.stem(picture)))
        states = torch.stack((level.mean((2, 3)), -level.amax((2, 3))), 1)  # (1, 2, 4)
        self.coarse_level(level)
        return RawCandidates(self.queries(states)[0], torch.tensor([[0.0, 0, 8, 8], [0, 0, 7, 8]]))


def test_coherence_is_taken_at_the_candidates_states_where_the_head_has_them_before_any_gradient() -> None:
    network = Queries()
    engine = engine_of(network, fine=False)
    forward = engine.forward_at(picture(), [1, 0], [2, 1])
    level = network.relu(network.fine_level(network.stem(picture())))
    products = network.queries.weight[2] * -level.amax((2, 3))[0]
    found = engine.coherence(forward)
    assert found is not None
    assert float(found[0]) == pytest.approx(float(products.sum() / products.abs().sum()), abs=1e-6)


def test_a_twin_with_a_shuffled_head_shares_all_other_weights_and_leaves_the_engine_as_it_was() -> None:
    network = Queries()
    engine = engine_of(network)
    before = network.queries.weight.clone()
    twin = engine.with_shuffled_head(3)
    assert twin is not None
    other = twin.cut.network
    assert isinstance(other, Queries)
    assert torch.equal(network.queries.weight, before)
    assert not torch.equal(other.queries.weight, before)
    assert sorted(other.queries.weight.flatten().tolist()) == sorted(before.flatten().tolist())
    assert other.queries.bias.data_ptr() == network.queries.bias.data_ptr()
    assert other.stem.weight.data_ptr() == network.stem.weight.data_ptr()
    gradients = dict(twin.object_gradients(twin.forward_at(picture(), [0], [1])))[0]
    assert not torch.equal(
        gradients[0], dict(engine.object_gradients(engine.forward_at(picture(), [0], [1])))[0][0]
    )


def test_boxes_of_candidates_and_the_likeliest_of_a_class_are_those_of_one_pass() -> None:
    engine = engine_of(TwoLevels())
    found = engine.passed(picture(), with_graph=False).found
    assert torch.equal(engine.boxes_at(picture(), [2, 0]), found.xyxy[[2, 0]])
    ((boxes, scores),) = engine.likeliest(picture(), 1)
    order = found.logits[:, 1].argsort(descending=True)
    assert torch.equal(boxes, found.xyxy[order])
    assert scores.tolist() == pytest.approx(found.logits[order, 1].sigmoid().tolist())
