"""Maps by trial of pictures: one an object, that can be stopped and gone on with, whatever the network."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import heatcam
from heatcam.errors import UsageError
from heatcam.frames import Frame
from heatcam.options import ExplainOptions
from heatcam.saliency import TrialExplainer, build_explainer
from tests.nets import class_checkpoint


@cache
def scene() -> Frame:
    with heatcam.open_source("demo") as source:
        return next(iter(source))


@cache
def by_trial(trials: int = 64) -> TrialExplainer:
    options = ExplainOptions(conf=0.6, backend="torch", quality="true", max_det=2, pictures=1)
    return TrialExplainer(build_explainer("markers", "cpu", options), trials, "torch")


@cache
def explained() -> heatcam.Explanation:
    return by_trial().explain(scene())


def test_each_object_has_a_map_of_its_own_that_is_zero_outside_its_box() -> None:
    seen = explained()
    assert len(seen.object_maps) == len(seen.detections) == 2
    for own, box in zip(seen.object_maps, seen.detections.boxes_xyxy, strict=True):
        x1, y1, x2, y2 = own.letterbox.boxes_to_model(box)[0] / 4
        outside = own.values.copy()
        outside[max(0, int(y1) - 1) : int(y2) + 2, max(0, int(x1) - 1) : int(x2) + 2] = 0
        assert not outside.any()
        assert own.values.max() > 0 > own.values.min()
        assert (own.method, own.unit, own.trials) == ("true", "score", 64)
        assert own.deviation is not None
        assert own.deviation.shape == own.values.shape


def test_the_map_of_all_is_the_sum_of_theirs() -> None:
    seen = explained()
    assert seen.saliency is not None
    assert seen.saliency.values == pytest.approx(seen.object_maps[0].values + seen.object_maps[1].values)
    squares = sum(own.deviation**2 for own in seen.object_maps if own.deviation is not None)
    assert seen.saliency.deviation == pytest.approx(np.sqrt(squares))


def test_boxes_and_low_evidence_are_those_of_the_fine_map() -> None:
    fine = by_trial().fine.explain(scene(), with_object_maps=True)
    assert (explained().detections.boxes_xyxy == fine.detections.boxes_xyxy).all()
    assert explained().low_evidence == fine.low_evidence


def test_progress_is_told_and_trials_end_when_they_are_stopped() -> None:
    told: list[tuple[int, int]] = []
    seen = by_trial().explain(
        scene(), on_trials=lambda *now: told.append(now), is_stopped=lambda: len(told) == 6
    )
    assert told[:3] == [(16, 128), (32, 128), (48, 128)]
    assert len(told) == 6
    assert [own.trials for own in seen.object_maps] == [48, 48]


def test_before_enough_trials_the_fine_maps_stay() -> None:
    seen = by_trial().explain(scene(), is_stopped=lambda: True)
    assert [own.method for own in seen.object_maps] == ["fine", "fine"]


def test_stopped_trials_are_gone_on_with() -> None:
    tried = by_trial().trials_of(by_trial().fine.explain(scene(), with_object_maps=True))
    for _ in tried.run(48):
        pass
    assert [own.trials for own in tried.explanation().object_maps] == [48, 48]
    for _ in tried.run(56):
        pass
    assert [own.trials for own in tried.explanation().object_maps] == [56, 56]


def test_one_object_is_tried_out_alone_and_others_keep_their_fine_map_in_its_unit() -> None:
    made = TrialExplainer(by_trial().fine, 64, "torch", own_network=True)
    fine = made.fine.explain(scene(), with_object_maps=True)
    tried = made.trials_of(fine)
    for _ in tried.run_object(1, 64):
        pass
    seen = tried.explanation(fine_for_others=True)
    assert (tried.trials, [own.trials for own in seen.object_maps]) == (64, [0, 64])
    waiting, known = seen.object_maps
    assert (waiting.unit, waiting.values.shape) == (known.unit, known.values.shape)
    assert np.maximum(waiting.values, 0).sum() == pytest.approx(seen.detections.confidences[0], rel=1e-3)
    assert np.corrcoef(waiting.in_image().ravel(), fine.object_maps[0].in_image().ravel())[0, 1] > 0.9
    assert seen.saliency is not None
    assert seen.saliency.trials == 0, "not all objects are by trial"
    assert known.values == pytest.approx(explained().object_maps[1].values, abs=1e-6), (
        "another order, another map"
    )


def test_while_trials_leave_most_of_a_map_undecided_its_fine_map_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heatcam.saliency.trials.undecided_share", lambda own: 0.6)
    made = by_trial()
    fine = made.fine.explain(scene(), with_object_maps=True)
    tried = made.trials_of(fine)
    batches = tried.run_object(0, 56)
    while tried.trials < 56:
        next(batches)
    assert tried.explanation(fine_for_others=True) is fine
    assert next(batches, None) is None, "all trials were made"
    assert [own.trials for own in tried.explanation(fine_for_others=True).object_maps] == [56, 0]


def test_a_copy_of_the_network_leaves_the_explainers_own_as_it_is() -> None:
    made = TrialExplainer(by_trial().fine, 48, "torch", own_network=True)
    fine = made.fine.explain(scene(), with_object_maps=True)
    batches = made.trials_of(fine).run_object(0, 48)
    next(iter(batches))
    again = made.fine.explain(scene(), with_object_maps=True)
    assert (again.detections.boxes_xyxy == fine.detections.boxes_xyxy).all()
    assert made.fine.engine.cut.network is not made._scorers._cut.network  # type: ignore[attr-defined]


def test_a_picture_without_objects_has_nothing_to_try() -> None:
    told: list[object] = []
    seen = by_trial().explain(np.full((90, 160, 3), 114, np.uint8), on_trials=lambda *now: told.append(now))
    assert (len(seen.detections), told) == (0, [])


def test_the_document_says_how_maps_were_made() -> None:
    facts = by_trial().facts()
    assert (facts.method, facts.layers, facts.unit) == ("true", ("output",), "score")


def test_a_classifiers_maps_cover_all_that_it_sees(tmp_path: Path) -> None:
    options = ExplainOptions(backend="torch", quality="true", imgsz=64, conf=0, pictures=1)
    made = TrialExplainer(build_explainer(str(class_checkpoint(tmp_path)), "cpu", options), 48, "torch")
    seen = made.explain(scene().image_bgr[::8, ::8].copy())
    own = seen.object_maps[0]
    assert own.trials == 48
    assert own.values.any(0).all()


@pytest.mark.parametrize("option", [{"method": "gradcam"}, {"layers": ("12",)}, {"target": "box"}])
def test_what_belongs_to_gradients_is_refused_beside_trials(option: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=f"--quality true.* --{next(iter(option))}"):
        ExplainOptions(quality="true", **option).require_valid()  # type: ignore[arg-type]


def test_trials_start_from_the_evidence_at_the_first_layer_too() -> None:
    fine = by_trial().fine.explain(scene(), with_object_maps=True)
    options = ExplainOptions(conf=0.6, backend="torch", method="lrp", max_det=2, pictures=1)
    lrp = build_explainer("markers", "cpu", options).explain(scene(), with_object_maps=True)
    for own, alone in zip(fine.object_maps, lrp.object_maps, strict=True):
        assert own.relevance == pytest.approx(alone.values, abs=1e-5)
    tried = by_trial().trials_of(fine)
    next(iter(tried.run(1)))
    assert {len(one.refinement.subject.priors) for one in tried._objects.values()} == {3}


def test_maps_of_one_layer_and_of_another_formula_have_no_such_evidence() -> None:
    fine = by_trial().fine
    other = fine.with_formula("layercam", lambda activations, gradients: activations[0].sum(0))
    assert other.explain(scene()).saliency.relevance is None  # type: ignore[union-attr]
    assert fine.explain(np.full((90, 160, 3), 114, np.uint8)).saliency.relevance is None  # type: ignore[union-attr]
