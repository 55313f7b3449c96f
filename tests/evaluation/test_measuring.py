"""From a network to scores: the same objects for every row, maps at their own anchors, checks with the anchor held fixed."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from heatcam.engine.gradients import GradientEngine
from heatcam.engine.randomization import STAGES, randomize_weights
from heatcam.errors import MapError, UsageError
from heatcam.evaluation.checks import CheckedRow, Checks, checked_rows, checks_of
from heatcam.evaluation.choices import FractionsOf
from heatcam.evaluation.controls import CONTROLS
from heatcam.evaluation.curves import Curves
from heatcam.evaluation.infills import INFILLS
from heatcam.evaluation.measuring import Score, ScoringSettings, scores_of
from heatcam.evaluation.objects import Photograph, chosen_objects
from heatcam.evaluation.plan import EvalPlan
from heatcam.evaluation.protocols import PROTOCOLS
from heatcam.evaluation.ranking import Ranking
from heatcam.evaluation.rows import chosen_rows, detector, maps_asked_for, maps_of
from heatcam.evaluation.tried import TRIED, Refine, TriedMap
from heatcam.frames import Explanation, SaliencyMap
from heatcam.models.loaded import LoadedModel
from heatcam.options import ExplainOptions
from heatcam.perturbation import TRIALS_INFILL
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import explainer_of
from heatcam.saliency.ultralytics_map import NAME as ULTRALYTICS
from tests.bench.tiny import CONF, IMGSZ, PICTURE
from tests.nets import fresh_network

CPU = torch.device("cpu")
GROWING = PROTOCOLS["growing"]
INFILL = (INFILLS["blur"],)
BOX = FractionsOf.BOX
OPTIONS = ExplainOptions(conf=CONF, backend="torch")
SIZE = (PICTURE.shape[1], PICTURE.shape[0])


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return LoadedModel("tiny", fresh_network("tiny"), dict(enumerate("abcde")), IMGSZ)


@pytest.fixture(scope="module")
def live(loaded: LoadedModel) -> Explainer:
    return explainer_of(loaded, CPU, OPTIONS, SIZE)


@pytest.fixture(scope="module")
def photograph(live: Explainer) -> Photograph:
    found = live.explain(PICTURE, with_map=False).detections
    letterbox, _ = live.prepare(PICTURE)
    return chosen_objects(Path("noise.png"), found, letterbox, GROWING, 2, keep_small=True)


@pytest.fixture(scope="module")
def rivals(loaded: LoadedModel) -> list[CheckedRow]:
    return checked_rows(chosen_rows(EvalPlan("live", ["3"]), OPTIONS), loaded, CPU, SIZE, None)


def scored(photograph: Photograph, rivals: list[CheckedRow], live: Explainer, *, whole: bool) -> list[Score]:
    means = ScoringSettings(GROWING, INFILL, BOX, whole, 0, detector(live))
    return list(scores_of(photograph, 0, PICTURE, rivals, means, lambda: None))


def test_every_row_scores_the_same_objects(photograph, rivals, live) -> None:
    counted = []
    two = (INFILLS["blur"], INFILLS["noise"])
    means = ScoringSettings(GROWING, two, BOX, False, 0, detector(live))
    scores = list(scores_of(photograph, 0, PICTURE, rivals, means, lambda: counted.append(1)))
    names = ["live", "live @3", ULTRALYTICS, *CONTROLS]
    assert [(s.row, s.candidate, s.curves.infill) for s in scores] == [
        (n, c, i) for n in names for c in photograph.candidates for i in ("blur", "noise")
    ]
    assert 2 * len(counted) == len(scores) == 2 * len(names) * len(photograph.candidates)
    assert all(0 <= s.curves.insertion <= 1 and 0 <= s.curves.deletion <= 1 for s in scores)
    assert all(s.checks is None for s in scores)


def test_the_object_itself_scores_its_confidence_where_all_of_it_is_shown(photograph, rivals, live) -> None:
    all_shown = replace(GROWING, fractions=(1.0,))
    means = ScoringSettings(all_shown, INFILL, FractionsOf.PICTURE, True, 0, detector(live))
    for score in scores_of(photograph, 0, PICTURE, rivals[:1], means, lambda: None):
        assert score.curves.insertion >= score.candidate.confidence - 1e-4


def test_whole_maps_are_ranked_over_the_picture_and_cut_ones_in_their_box(
    photograph, rivals, live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heatcam.evaluation import measuring

    rankings: dict[bool, list[Ranking]] = {True: [], False: []}
    half = [replace(c, box_xyxy=np.array([0, 0, 40, 48], np.float32)) for c in photograph.candidates[:1]]
    for whole, kept in rankings.items():
        monkeypatch.setattr(
            measuring.Trial,
            "curves",
            lambda self, values, kept=kept: kept.append(self.ranking) or Curves(GROWING, "", (), ()),
        )
        scores = scored(replace(photograph, candidates=tuple(half)), rivals[:1], live, whole=whole)
        assert {s.place.energy for s in scores if s.row == "live"} == {scores[0].place.energy}
    assert (rankings[True][0].ranked % 64 >= 32).any()  # (the picture is 64 model pixels wide)
    assert set(rankings[False][0].ranked % 64) == set(range(32))
    assert all(one.counts == rankings[True][0].counts for kept in rankings.values() for one in kept)
    assert len({id(one) for one in rankings[False]}) == 1  # (one random order for all maps of an object)


def tried_map(infill: str = "blur") -> TriedMap:
    """A map by trial that answers each object with its own number, and remembers what it was given."""

    def start(explainer: Explainer) -> Refine:
        def refine(explanation: Explanation) -> list[SaliencyMap]:
            assert len(explanation.detections) == len(explanation.object_maps)
            return [
                replace(one, values=np.full_like(one.values, anchor))
                for one, anchor in zip(explanation.object_maps, explanation.detections.anchors, strict=True)
            ]

        return refine

    return TriedMap("fake", infill, "fine", start)


def test_a_map_by_trial_is_judged_by_every_infill_but_its_own(
    loaded, photograph, live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRIED, "fake", tried_map())
    rivals = checked_rows(chosen_rows(EvalPlan("live,fake"), OPTIONS), loaded, CPU, SIZE, None)
    three = tuple(INFILLS[name] for name in ("blur", "noise", "grey"))
    means = ScoringSettings(replace(GROWING, fractions=(0.5,)), three, BOX, False, 0, detector(live))
    scores = list(scores_of(photograph, 0, PICTURE, rivals, means, lambda: None))
    by_row = {name: {s.curves.infill for s in scores if s.row == name} for name in ("live", "fake")}
    assert by_row == {"live": {"blur", "noise", "grey"}, "fake": {"noise", "grey"}}
    assert {s.made_with for s in scores} == {None, "blur"}
    assert all((s.made_with == "blur") == (s.row == "fake") for s in scores)


def test_true_maps_are_made_by_as_many_trials_as_are_asked_for(
    loaded, photograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heatcam.evaluation import tried

    monkeypatch.setattr(tried, "USUAL_TRIALS", 50)
    (rival, *_) = checked_rows(chosen_rows(EvalPlan("true"), OPTIONS), loaded, CPU, SIZE, None)
    assert (rival.row.made_with, rival.explainer.method) == (TRIALS_INFILL, "fine")
    maps = rival.maps(PICTURE, photograph.candidates)
    assert [(one.method, one.trials) for one in maps] == [("true", 50)] * len(photograph.candidates)
    assert not np.allclose(maps[0].values, maps[1].values)


def test_trials_are_made_of_the_objects_that_are_judged_and_of_no_other(
    loaded, photograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRIED, "fake", tried_map())
    (rival, *_) = checked_rows(chosen_rows(EvalPlan("fake"), OPTIONS), loaded, CPU, SIZE, None)
    assert (rival.explainer.method, rival.row.made_with, rival.randomize_weights) == ("fine", "blur", {})
    backwards = photograph.candidates[::-1]
    assert [one.values.max() for one in rival.maps(PICTURE, backwards)] == [c.anchor for c in backwards]
    elsewhere = [replace(photograph.candidates[0], anchor=10_000)]
    with pytest.raises(MapError, match="an object was not found again"):
        rival.maps(PICTURE, elsewhere)


def test_maps_asked_for_by_their_anchor_are_those_of_the_detections(photograph, live) -> None:
    detected = maps_of(live, PICTURE, photograph.candidates)
    asked = maps_asked_for(live, PICTURE, photograph.candidates)
    for one, other in zip(detected, asked, strict=True):
        assert one.values.any()
        assert np.allclose(one.values, other.values, atol=1e-5)


def test_a_class_that_is_not_detected_can_be_asked_for(photograph, live) -> None:
    (candidate, *_) = photograph.candidates
    other = replace(candidate, class_id=(candidate.class_id + 1) % 5)
    own, asked = (maps_asked_for(live, PICTURE, [c])[0].values for c in (candidate, other))
    assert asked.any()
    assert not np.allclose(own, asked)


def test_an_object_that_does_not_read_the_layers_has_a_map_of_zeros_and_the_others_have_theirs(
    loaded, photograph
) -> None:
    coarse = explainer_of(loaded, CPU, replace(OPTIONS, layers=("9",)), SIZE)
    engine = coarse.engine
    letterbox, _ = coarse.prepare(PICTURE)
    (candidate, *_) = photograph.candidates
    cells = [letterbox.model_wh[0] // stride * (letterbox.model_wh[1] // stride) for stride in (8, 16)]
    fine, rough = replace(candidate, anchor=0), replace(candidate, anchor=cells[0] + cells[1] // 2)
    assert [engine.place_of(letterbox.model_wh, c.anchor)[0] for c in (fine, rough)] == [0, 1]
    nothing, something = maps_asked_for(coarse, PICTURE, [fine, rough])
    assert not nothing.values.any()
    assert something.values.any()
    assert not maps_asked_for(coarse, PICTURE, [fine])[0].values.any()


def test_an_anchors_cell_is_where_it_stands(live) -> None:
    engine = live.engine
    assert isinstance(engine, GradientEngine)
    assert engine.cut.strides == [8, 16]
    assert engine.cell_of((64, 48), 0) == (0, 0, 8, 8)
    assert engine.cell_of((64, 48), 9) == (8, 8, 16, 16)
    assert engine.cell_of((64, 48), 48 + 5) == (16, 16, 32, 32)
    with pytest.raises(ValueError, match="no anchor 60"):
        engine.cell_of((64, 48), 60)


def test_a_classifier_is_refused() -> None:
    classes = LoadedModel("names", fresh_network("yolov8n-cls"), dict(enumerate("abcde")), 64)
    explainer = explainer_of(classes, CPU, ExplainOptions(backend="torch"), SIZE)
    with pytest.raises(UsageError, match="names is no detector, and only those are evaluated"):
        detector(explainer)
    with pytest.raises(UsageError, match="names has no anchors"):
        explainer.maps_at(PICTURE, [0], [0])


def checked(rival: CheckedRow, photograph: Photograph) -> list[Checks]:
    letterbox, _ = rival.explainer.prepare(PICTURE)
    clear = letterbox.image_to_model(PICTURE)
    return checks_of(rival, clear, letterbox, photograph.candidates, np.random.default_rng(0))


def test_with_the_same_weights_a_map_is_like_itself(photograph, rivals) -> None:
    same = replace(rivals[0], randomize_weights=dict.fromkeys(STAGES, rivals[0].explainer))
    for checks in checked(same, photograph):
        assert checks.similarity == pytest.approx(dict.fromkeys(STAGES, 1.0))
        assert 0 < checks.sensitivity < 10


def test_with_a_head_that_forgot_what_it_learned_the_map_is_another(loaded, photograph) -> None:
    (live, _) = checked_rows(chosen_rows(EvalPlan("live"), OPTIONS), loaded, CPU, SIZE, seed=0)
    for checks in checked(live, photograph):
        assert checks.similarity["head"] < 0.8
        assert checks.similarity["whole network"] < 0.8


def test_without_checks_there_are_none(photograph, rivals) -> None:
    assert checked(rivals[0], photograph) == [None] * len(photograph.candidates)


def changed_layers(before: torch.nn.Module, after: torch.nn.Module) -> list[int]:
    pairs = zip(before.model, after.model, strict=True)
    return [
        n
        for n, (old, new) in enumerate(pairs)
        if any(not torch.equal(a, b) for a, b in zip(old.parameters(), new.parameters(), strict=True))
    ]


def test_weights_are_shuffled_from_the_head_down_and_only_in_a_copy() -> None:
    network = fresh_network("tiny")
    kept = copy.deepcopy(network.state_dict())
    with_weights = [n for n, layer in enumerate(network.model) if any(True for _ in layer.parameters())]
    assert changed_layers(network, randomize_weights(network, STAGES["head"], 0)) == [10]
    assert changed_layers(network, randomize_weights(network, 0.5, 0)) == [n for n in with_weights if n >= 5]
    assert changed_layers(network, randomize_weights(network, STAGES["whole network"], 0)) == with_weights
    assert all(torch.equal(kept[name], value) for name, value in network.state_dict().items())


def test_shuffled_weights_are_the_same_numbers_and_depend_on_the_seed() -> None:
    network = fresh_network("tiny")
    once, again, other = (randomize_weights(network, 1.0, seed).model[0].conv.weight for seed in (0, 0, 1))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    assert torch.equal(once.flatten().sort().values, network.model[0].conv.weight.flatten().sort().values)
