"""The models that the service may use: loaded once, cheap to ask in another way, shared with the live view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.served_models import ServedModels
from heatcam.commands.terminal import Terminal
from heatcam.errors import ModelError, UsageError
from heatcam.frames import Frame
from heatcam.live import ExplainRequest
from heatcam.sources import open_source

if TYPE_CHECKING:
    from heatcam.web.models import Models


def served(*specs: str, **choice: object) -> ServedModels:
    options = ModelChoice(backend="torch", device="cpu", **choice)
    return ServedModels(specs or ("markers",), options, LookOptions(), MotionOptions(), Terminal())


@pytest.fixture(scope="module")
def markers() -> ServedModels:
    return served("markers", "/somewhere/best.pt", "/elsewhere/best.pt")


@pytest.fixture(scope="module")
def scene() -> Frame:
    with open_source("demo") as source:
        return next(iter(source))


def test_pictures_are_analysed_with_the_first_model_unless_another_is_for_them() -> None:
    assert served("/somewhere/best.pt", "markers").for_pictures == "best"
    models = ServedModels(
        ["markers", "everyday"], ModelChoice(), LookOptions(), MotionOptions(), Terminal(), "everyday"
    )
    assert (models.names[0], models.for_pictures) == ("markers", "everyday")


def in_the_protocol_s_words(models: ServedModels) -> Models:
    """For mypy: the commands' class is what the web's protocol says."""
    return models


def test_models_are_known_by_their_files_names_without_folders(markers: ServedModels) -> None:
    assert in_the_protocol_s_words(markers).names == ("markers", "best", "best-2")


def test_nothing_is_known_of_a_model_before_it_is_asked_for() -> None:
    models = served()
    assert (models.is_loaded("markers"), models.class_names("markers")) == (False, None)
    assert (models.layer_sets("markers"), models.problem("markers")) == (("",), "")
    assert {"live", "fine", "gradcam"} < set(models.methods)


def test_a_model_is_loaded_by_the_first_who_asks_and_kept(markers: ServedModels) -> None:
    first = markers.explainer("markers", markers.options)
    assert markers.is_loaded("markers")
    assert markers.class_names("markers") == tuple(first.class_names.values())
    assert markers.layer_sets("markers")[0] == "" and len(markers.layer_sets("markers")) > 1
    assert markers.explainer("markers", markers.options).engine is first.engine


def test_other_thresholds_and_classes_share_the_network_and_all_that_was_measured(
    markers: ServedModels, scene: Frame
) -> None:
    usual = markers.explainer("markers", markers.options)
    name = usual.explain(scene).detections.class_names[0]
    other = markers.explainer("markers", replace(markers.options, iou=0.3, max_det=1, classes=(name,)))
    assert other.engine is usual.engine and other.calibration is usual.calibration
    assert len(other.explain(scene).detections) == 1
    facts = other.facts()
    assert (facts.iou, facts.max_det, usual.facts().iou) == (0.3, 1, 0.7)
    assert len(usual.explain(scene).detections) > 1


def test_a_confidence_is_kept_to_exactly_and_calibrated_by_its_hundredth(markers: ServedModels) -> None:
    one, other = (markers.explainer("markers", replace(markers.options, conf=c)) for c in (0.3001, 0.3049))
    assert (one.facts().conf, other.facts().conf) == (0.3001, 0.3049)
    assert one.engine is other.engine


@pytest.mark.parametrize(
    "wrong", [{"method": "gradcan"}, {"classes": ("dog",)}, {"conf": 2.0}, {"layers": ("99",)}]
)
def test_options_that_do_not_fit_are_refused_and_the_model_stays_as_it_was(
    markers: ServedModels, wrong: dict[str, object]
) -> None:
    with pytest.raises(UsageError):
        markers.explainer("markers", replace(markers.options, **wrong))
    assert markers.problem("markers") == ""
    assert markers.explainer("markers", markers.options)


def test_a_model_that_cannot_be_loaded_says_why_each_time(markers: ServedModels) -> None:
    with pytest.raises(ModelError, match="best"):
        markers.explainer("best", markers.options)
    assert "best" in markers.problem("best")
    assert not markers.is_loaded("best")


def test_the_live_view_has_the_same_network_and_can_change_what_is_kept_while_it_runs(
    markers: ServedModels, scene: Frame
) -> None:
    options = replace(markers.options, conf=0.3)
    model = markers.live("markers", options, lambda: scene.size_wh)
    ready = model.load()
    assert ready.title == "markers" and model.backend.startswith("torch")
    request = ExplainRequest(conf=0.3)
    found = model.explain(scene, request).detections
    name = found.class_names[0]
    some = model.explain(scene, replace(request, classes=(name,))).detections
    assert set(some.class_names) == {name}
    again = model.explain(scene, request).detections
    assert np.array_equal(again.boxes_xyxy, found.boxes_xyxy)
    with pytest.raises(UsageError, match="no class 'dog'"):
        model.explain(scene, replace(request, classes=("dog",)))
    with pytest.raises(UsageError, match="iou"):
        model.explain(scene, replace(request, iou=7.0))


def test_names_stay_apart() -> None:
    def names(specs: Sequence[str]) -> tuple[str, ...]:
        return served(*specs).names

    assert names(["a.pt", "b/a.pt", "a-2.pt"]) == ("a", "a-2", "a-2-2")
