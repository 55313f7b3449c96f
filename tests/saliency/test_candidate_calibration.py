"""The verdict of low evidence for networks whose candidates have logits of their own: only where it can tell heads apart."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from heatcam.models import load_model
from heatcam.options import ExplainOptions
from heatcam.saliency import calibration
from heatcam.saliency.calibration import measure
from heatcam.saliency.calibration_cache import _key
from heatcam.saliency.explainer import Calibration, Explainer
from heatcam.saliency.factory import explainer_of
from tests.transformer_nets import SIZE_WH, noise, saved_detector


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved_detector("detr", tmp_path_factory.mktemp("transformers") / "tiny")


def explainer(spec: str, **choices: object) -> Explainer:
    options = ExplainOptions(conf=0.05, **choices)  # type: ignore[arg-type]
    return explainer_of(load_model(spec), torch.device("cpu"), options, SIZE_WH)


def test_a_floor_is_given_where_the_networks_own_detections_lie_above_it_and_else_none() -> None:
    found = Calibration(0.2, 3.0)
    told_apart = calibration._if_told_apart
    assert told_apart(found, [0.3] * 9 + [0.1]) == found
    assert told_apart(found, [0.3] * 8 + [0.1] * 2) == Calibration(None, 3.0)
    assert told_apart(found, [0.3, 0.3]) == Calibration(None, 3.0), "too few detections to know"
    assert told_apart(Calibration(math.inf, 3.0), []).floor == math.inf
    assert told_apart(Calibration(None, 3.0), [0.3] * 5).floor is None


def test_a_detector_with_queries_is_measured_and_left_as_it_was(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "_USUAL", 0.05)
    monkeypatch.setattr(calibration, "TOLD_APART", 0.0)
    own = explainer(spec)
    engine, before = own.engine, own.explain(noise(), with_object_maps=True)
    found = measure(own, [noise(), noise(seed=1)])
    assert found.floor is not None
    assert found.full_heat is not None and found.full_heat > 0
    assert own.engine is engine
    own.calibration = found
    after = own.explain(noise(), with_object_maps=True)
    assert (after.object_maps[0].values == before.object_maps[0].values).all()
    coherence = engine.coherence(engine.forward(own.prepare(noise())[1], own.thresholds, with_graph=True))
    assert coherence is not None
    assert list(after.low_evidence) == [c <= found.floor for c in coherence.tolist()]
    assert own.explain(noise()).low_evidence == after.low_evidence, "also where one map is drawn for all"


def test_attention_has_no_calibration_and_no_verdict(spec: str) -> None:
    own = explainer(spec, method="attention")
    assert own.unit == "a.u."
    assert measure(own, [noise()]) == Calibration()
    assert _key(own) == ""
    assert _key(explainer(spec)) != ""


def test_another_head_has_a_calibration_of_its_own(spec: str, tmp_path: Path) -> None:
    own = explainer(spec)
    twin = explainer(spec)
    twin.engine = own.engine.by_candidate().with_shuffled_head(0)
    assert _key(own) == _key(explainer(spec)) != _key(twin)
