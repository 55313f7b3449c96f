"""heatcam's own rows do what their names say, on a tiny network."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from heatcam.bench import contestants
from heatcam.bench.contestants import ROWS, VARIANTS, build, forward, heatcam_contestants
from heatcam.bench.plan import HEATCAM_NAMES, ROW_NAMES, VARIANT_LABELS, Setup
from heatcam.errors import MapError, ModelError
from heatcam.frames import Explanation
from heatcam.options import ExplainOptions
from heatcam.saliency.explainer import Explainer
from tests.bench.tiny import CONF, IMGSZ, PICTURE, tiny_checkpoint


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(
        model=str(tiny_checkpoint(tmp_path_factory.mktemp("model"))), device="cpu", imgsz=IMGSZ, conf=CONF
    )


@pytest.fixture(scope="module")
def explainer(setup: Setup) -> Explainer:
    return build(setup, VARIANTS[0], "live")


@pytest.fixture
def drawn(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> list[Explanation]:
    """Every explanation that was drawn, by whichever row."""
    seen: list[Explanation] = []
    real = contestants.draw
    monkeypatch.setattr(contestants, "build_explainer", lambda *_: explainer)
    monkeypatch.setattr(contestants, "draw", lambda e, *rest, **how: seen.append(e) or real(e, *rest, **how))
    return seen


def run(name: str, setup: Setup) -> object:
    (contestant,) = [c for c in heatcam_contestants(setup) if c.name == name]
    stage = contestant.prepare()
    return stage.run(stage.before(PICTURE))


def test_the_names_are_the_contract() -> None:
    modes = ("forward", "plain", "live map", "per-object maps", "fine map")
    labels = ("torch", "openvino fp32", "openvino bf16")
    assert tuple(row.name for row in ROWS) == ROW_NAMES
    assert tuple(variant.label for variant in VARIANTS) == VARIANT_LABELS
    assert set(HEATCAM_NAMES) == {f"{mode} ({label})" for mode in modes for label in labels}


def test_plain_draws_detections_without_a_map(setup: Setup, drawn: list[Explanation]) -> None:
    shown = run("plain (torch)", setup)
    assert isinstance(shown, np.ndarray)
    assert shown.shape == PICTURE.shape
    assert not np.array_equal(shown, PICTURE)
    assert drawn[0].saliency is None
    assert len(drawn[0].detections) > 0


def test_the_live_map_is_drawn(setup: Setup, drawn: list[Explanation]) -> None:
    run("live map (torch)", setup)
    assert drawn[0].saliency is not None
    assert drawn[0].object_maps == ()


def test_the_maps_of_video_are_smoothed_and_those_of_a_photograph_are_not(
    setup: Setup, drawn: list[Explanation], monkeypatch: pytest.MonkeyPatch
) -> None:
    smoothed, real = [], contestants.Smoother.smooth
    monkeypatch.setattr(contestants.Smoother, "smooth", lambda self, e: smoothed.append(e) or real(self, e))
    for name, count in (("live map", 1), ("fine map", 2), ("per-object maps", 2), ("plain", 2)):
        run(f"{name} (torch)", setup)
        assert len(smoothed) == count


def test_per_object_maps_are_one_an_object(setup: Setup, drawn: list[Explanation]) -> None:
    run("per-object maps (torch)", setup)
    assert len(drawn[0].object_maps) == len(drawn[0].detections) > 0


def test_forward_is_the_network_alone_on_a_letterboxed_picture(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = forward(explainer)
    calls, real = [], explainer.engine.passes.forward
    monkeypatch.setattr(
        explainer.engine.passes,
        "forward",
        lambda picture, **k: calls.append((picture, k)) or real(picture, **k),
    )
    monkeypatch.setattr(explainer, "explain", None)
    letterboxed = stage.before(PICTURE)
    assert calls == []
    stage.run(letterboxed)
    ((picture, how),) = calls
    assert (tuple(picture.shape), how) == ((1, 3, 64, 64), {"with_graph": False})


def test_a_map_that_fails_is_not_timed_as_one(
    explainer: Explainer, drawn: list[Explanation], setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_a_map(image: np.ndarray, **_: bool) -> Explanation:
        return dataclasses.replace(real(image, with_map=False), map_error="out of memory")

    real = explainer.explain
    monkeypatch.setattr(explainer, "explain", without_a_map)
    with pytest.raises(MapError, match="no map: out of memory"):
        run("live map (torch)", setup)
    assert drawn == []


def test_a_variant_loads_its_model_once_for_each_quality(
    setup: Setup, explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ExplainOptions] = []
    monkeypatch.setattr(contestants, "build_explainer", lambda _m, _d, o: made.append(o) or explainer)
    for contestant in heatcam_contestants(setup)[: len(ROWS)]:
        contestant.prepare()
    assert [o.quality for o in made] == ["live", "fine"]
    assert {(o.imgsz, o.conf, o.iou, o.backend) for o in made} == {(IMGSZ, CONF, 0.7, "torch")}


def test_a_variant_that_runs_with_another_backend_is_refused(
    setup: Setup, explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contestants, "build_explainer", lambda *_: explainer)
    with pytest.raises(ModelError, match="runs with torch here, not with openvino bf16"):
        build(setup, VARIANTS[-1], "live")


def test_a_processor_without_bfloat16_is_not_measured_in_it(
    setup: Setup, explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr(contestants, "build_explainer", lambda *_: explainer)
    monkeypatch.setattr(explainer.engine.passes, "name", "openvino bf16")
    monkeypatch.setattr("heatcam.engine.has_bfloat16", lambda: True)
    assert build(setup, VARIANTS[-1], "live") is explainer
    monkeypatch.setattr("heatcam.engine.has_bfloat16", lambda: False)
    with pytest.raises(ModelError, match="does not calculate in bfloat16"):
        build(setup, VARIANTS[-1], "live")


def test_the_compiled_network_runs_under_its_own_name(setup: Setup) -> None:
    pytest.importorskip("openvino")
    assert build(setup, VARIANTS[1], "live").engine.name == "openvino fp32"


def test_the_fine_map_adds_up_more_layers_than_the_live_one(setup: Setup, explainer: Explainer) -> None:
    fine = build(setup, VARIANTS[0], "fine")
    assert fine.explain(PICTURE).saliency.layer.count("+") > 1
    assert explainer.explain(PICTURE).saliency.layer.count("+") == 1
