"""Questions about places: signed maps that are the gradient's own, for heads with anchors and for queries."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from heatcam.engine.boxes import Thresholds
from heatcam.engine.rtdetr import QueryEngine, QueryNetwork
from heatcam.errors import UsageError
from heatcam.geometry import Letterbox
from heatcam.models import load_model
from heatcam.options import ExplainOptions
from heatcam.saliency.explainer import Calibration, Explainer
from heatcam.saliency.factory import explainer_of
from heatcam.saliency.methods import method_formula
from heatcam.saliency.multi_level import add_levels
from heatcam.saliency.probing import Prober, signed_map
from tests.nets import class_checkpoint, engine_of, fresh_network, oracle_gradients
from tests.query_nets import query_network

NAMES = dict(enumerate("abcde"))
IMAGE = np.random.default_rng(3).integers(0, 256, (150, 200, 3), np.uint8)


def explainer(conf: float = 0.05, family: str = "tiny") -> Explainer:
    engine = engine_of(fresh_network(family))
    return Explainer(engine, NAMES, 128, Thresholds(conf, 0.5), "live", method_formula("live"))


def test_a_signed_map_is_activation_times_gradient_of_the_class_at_the_anchor() -> None:
    explain = explainer()
    anchors, classes = (30, 90), (1, 3)
    maps, _ = Prober(explain).evidence_at(IMAGE, anchors, classes)
    letterbox = Letterbox.fit((200, 150), 128, 16)
    x = explain.prepare(IMAGE)[1]
    network, tapped = fresh_network("tiny"), explain.engine.cut.tapped
    for own, anchor, class_id in zip(maps, anchors, classes, strict=True):
        pairs = oracle_gradients(network, x, torch.tensor([anchor]), torch.tensor([class_id]), tapped)
        exact = add_levels([(a * g).sum(0) for a, g in pairs], signed=True).numpy()
        assert np.allclose(own.values, exact, atol=1e-4 * np.abs(exact).max())
        assert own.values.min() < 0 < own.values.max()
        assert (own.method, own.unit, own.letterbox.model_wh) == ("hirescam", "logits", letterbox.model_wh)


def test_levels_with_signs_add_up_to_the_sum_of_all_their_cells() -> None:
    coarse, fine = torch.tensor([[4.0, -8.0]]), torch.tensor([[1.0, 0.0, -1.0, 2.0], [0.0, 0.0, 0.0, -3.0]])
    both = add_levels([coarse, fine], signed=True)
    assert both.sum() == pytest.approx(float(coarse.sum() + fine.sum()))
    assert add_levels([coarse, fine]).min() >= 0
    assert torch.equal(signed_map([coarse[None]], [torch.ones(1, 1, 2)]), coarse)


def test_queries_are_asked_as_anchors_are() -> None:
    engine = QueryEngine(QueryNetwork(copy.deepcopy(query_network())), torch.device("cpu"))
    explain = Explainer(
        engine,
        NAMES,
        96,
        Thresholds(0.3),
        "live",
        method_formula("live"),
        fit=lambda s: Letterbox.stretch(s, 96),
    )
    found = explain.with_formula("hirescam", signed_map).explain(IMAGE, with_object_maps=True)
    rows, classes = found.detections.anchors[:3].tolist(), found.detections.class_ids[:3].tolist()
    maps, low = Prober(explain).evidence_at(IMAGE, rows, classes)
    assert low == ()
    assert len(maps) == 3
    for own, exact in zip(maps, found.object_maps, strict=False):
        assert np.allclose(own.values, exact.values, atol=1e-4 * np.abs(exact.values).max())
    assert (Prober(explain).candidates(IMAGE).strides == 0).all()


def test_low_evidence_is_told_where_it_was_calibrated() -> None:
    explain = explainer()
    assert Prober(explain).evidence_at(IMAGE, (30,), (1,))[1] == ()
    explain.calibration = Calibration(floor=np.inf)
    assert Prober(explain).evidence_at(IMAGE, (30, 31), (1, 1))[1] == (True, True)
    explain.calibration = Calibration(floor=-np.inf)
    assert Prober(explain).evidence_at(IMAGE, (30,), (1,))[1] == (False,)


def test_the_explainers_own_method_stays() -> None:
    explain = explainer()
    before = explain.explain(IMAGE).saliency
    Prober(explain).evidence_at(IMAGE, (30,), (1,))
    after = explain.explain(IMAGE).saliency
    assert explain.method == after.method == "live"
    assert np.array_equal(before.values, after.values)


def test_nothing_asked_is_nothing_answered() -> None:
    assert Prober(explainer()).evidence_at(IMAGE, (), ()) == ((), ())


def test_a_classifier_is_refused(tmp_path) -> None:
    loaded = load_model(str(class_checkpoint(tmp_path)))
    explain = explainer_of(loaded, torch.device("cpu"), ExplainOptions(backend="torch", pictures=1))
    with pytest.raises(UsageError, match="finds no boxes"):
        Prober(explain).candidates(IMAGE)
    with pytest.raises(UsageError, match="finds no boxes"):
        Prober(explain).evidence_at(IMAGE, (0,), (0,))


def test_anchor_points_lie_in_the_middle_of_their_cells() -> None:
    explain = explainer()
    asked, grid = Prober(explain).candidates(IMAGE), explain.anchor_grid((200, 150))
    for row in (0, 7, 30, len(asked.strides) - 1):
        left, top, right, bottom = explain.engine.anchored().cell_of(grid.letterbox.model_wh, row)
        middle = grid.letterbox.points_to_image([(left + right) / 2, (top + bottom) / 2])
        assert np.allclose(asked.points_xy[row], middle)
        assert asked.strides[row] == right - left
