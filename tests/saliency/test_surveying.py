"""A survey takes one pass, and says the same as the passes that others take for each question."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from heatcam.engine.boxes import Thresholds
from heatcam.engine.rtdetr import QueryEngine, QueryNetwork
from heatcam.errors import UsageError
from heatcam.frames import Frame
from heatcam.geometry import Letterbox
from heatcam.models import load_model
from heatcam.options import ExplainOptions
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import explainer_of
from heatcam.saliency.methods import method_formula
from heatcam.saliency.probing import Prober
from heatcam.saliency.surveying import Surveyor
from tests.nets import class_checkpoint, engine_of, fresh_network
from tests.query_nets import query_network

NAMES = dict(enumerate("abcde"))
IMAGE = np.random.default_rng(3).integers(0, 256, (150, 200, 3), np.uint8)
FRAME = Frame(IMAGE, 0, 0.0, 0.0, "a")


def explainer(family: str = "tiny", conf: float = 0.5) -> Explainer:
    engine = engine_of(fresh_network(family))
    return Explainer(engine, NAMES, 128, Thresholds(conf, 0.5), "live", method_formula("live"))


def query_explainer() -> Explainer:
    engine = QueryEngine(QueryNetwork(copy.deepcopy(query_network())), torch.device("cpu"))
    fit = lambda size: Letterbox.stretch(size, 96)  # noqa: E731
    return Explainer(engine, NAMES, 96, Thresholds(0.3), "live", method_formula("live"), fit=fit)


@pytest.mark.parametrize("make", [explainer, query_explainer])
def test_what_is_kept_and_asked_is_as_by_explainer_and_prober(make) -> None:
    explain = make()
    plain = explain.explain(FRAME, with_object_maps=True)
    seen = Surveyor(explain).survey(FRAME)
    assert len(plain.detections) > 0
    assert np.array_equal(seen.explanation.detections.boxes_xyxy, plain.detections.boxes_xyxy)
    for own, exact in zip(seen.explanation.object_maps, plain.object_maps, strict=True):
        assert np.allclose(own.values, exact.values, atol=1e-6)
    asked, prober = seen.candidates(IMAGE), Prober(explain).candidates(IMAGE)
    assert np.allclose(asked.boxes_xyxy, prober.boxes_xyxy, atol=1e-3)
    assert np.allclose(asked.logits, prober.logits, atol=1e-5)
    assert (asked.conf, asked.suppresses) == (prober.conf, prober.suppresses)
    rows, classes = (3, 9), (1, 0)
    ours, _ = seen.evidence_at(IMAGE, rows, classes)
    theirs, _ = Prober(explain).evidence_at(IMAGE, rows, classes)
    for own, exact in zip(ours, theirs, strict=True):
        assert np.allclose(own.values, exact.values, atol=1e-4 * np.abs(exact.values).max())
    assert seen.evidence_at(IMAGE, (), ()) == ((), ())


def test_signed_maps_are_those_of_each_box_in_order() -> None:
    explain = explainer()
    seen = Surveyor(explain).survey(FRAME)
    found = seen.explanation.detections
    exact, _ = Prober(explain).evidence_at(IMAGE, found.anchors.tolist(), found.class_ids.tolist())
    assert len(exact) == len(seen.signed) > 1
    for own, other in zip(seen.signed, exact, strict=True):
        assert np.allclose(own.values, other.values, atol=1e-4 * np.abs(other.values).max())


def test_the_network_runs_once_a_picture(monkeypatch) -> None:
    explain = explainer()
    calls = []
    forward = explain.engine.passes.forward
    monkeypatch.setattr(explain.engine.passes, "forward", lambda *a, **k: calls.append(1) or forward(*a, **k))
    seen = Surveyor(explain).survey(FRAME)
    seen.candidates(IMAGE, np.array([[10, 10, 60, 60]], np.float32))
    seen.evidence_at(IMAGE, (3,), (1,))
    assert len(calls) == 1


@pytest.mark.parametrize("family", ["tiny", "yolo26n-end2end"])
def test_weak_boxes_are_those_that_ultralytics_val_keeps(family: str) -> None:
    from ultralytics.utils.nms import non_max_suppression

    explain = explainer(family, 0.97)
    seen = Surveyor(explain).survey(FRAME)
    letterbox, picture = explain.prepare(IMAGE)
    network = fresh_network(family)
    with torch.no_grad():
        said = network(picture)
    said = said[0] if isinstance(said, list | tuple) else said
    (exact,) = non_max_suppression(
        said, 0.001, 0.7, multi_label=True, max_det=300, end2end=family.endswith("end2end")
    )
    ours = letterbox.boxes_to_model(seen.weak.boxes_xyxy)
    assert len(ours) == len(exact) >= len(seen.explanation.detections)
    order = lambda conf, ids: np.lexsort((ids, -np.round(conf, 4)))  # noqa: E731
    own = order(seen.weak.confidences, seen.weak.class_ids)
    other = order(exact[:, 4].numpy(), exact[:, 5].numpy())
    assert np.allclose(seen.weak.confidences[own], exact[:, 4].numpy()[other], atol=1e-4)
    assert abs(ours.mean(0) - exact[:, :4].numpy().mean(0)).max() < 0.05


def test_a_picture_is_seen_in_the_geometry_that_is_given_and_the_next_in_its_own() -> None:
    surveyor, wider = Surveyor(explainer()), Letterbox((200, 150), (128, 96), (160, 128), 16, 16)
    assert surveyor.survey(FRAME, wider).explanation.saliency.letterbox == wider
    assert surveyor.survey(FRAME).explanation.saliency.letterbox.model_wh == (128, 96)


def test_embeddings_come_from_whoever_makes_them() -> None:
    class Embeds:
        def __init__(self, explain: Explainer) -> None:
            self.explainer = explain

        def explain(self, frame, *, conf=None):
            own = self.explainer.explain(frame, with_object_maps=True, conf=conf)
            return own, np.ones((len(own.detections), 4), np.float32)

    assert Surveyor(explainer()).survey(FRAME).embedding.shape[1] == 0
    assert Surveyor(explainer(), Embeds).survey(FRAME).embedding.shape[1] == 4


def test_the_explainer_itself_is_left_as_it_was() -> None:
    explain = explainer()
    Surveyor(explain)
    assert explain.observers == ()


def test_a_classifier_is_refused(tmp_path) -> None:
    classifier = explainer_of(
        load_model(str(class_checkpoint(tmp_path))), torch.device("cpu"), ExplainOptions(), (64, 48)
    )
    with pytest.raises(UsageError, match="finds no boxes"):
        Surveyor(classifier).survey(FRAME)
