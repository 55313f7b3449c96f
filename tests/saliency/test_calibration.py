"""Is an object's map better than chance? Known truth: a head that forgot what it learned has no evidence."""

from __future__ import annotations

import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import pytest

import heatcam
from heatcam.engine.fingerprint import hash_of
from heatcam.engine.gradients import GradientEngine
from heatcam.engine.shuffling import with_shuffled_head
from heatcam.geometry import Uint8Array
from heatcam.saliency import calibration
from heatcam.saliency.calibration import measure
from heatcam.saliency.calibration_cache import CALIBRATIONS_FILE, calibrate
from heatcam.saliency.explainer import Calibration, Explainer
from heatcam.sources.demo.scene import DemoScene

MOMENTS = (60, 350, 900)


@pytest.fixture(scope="module")
def markers() -> Explainer:
    return heatcam.load("markers").explainer


@pytest.fixture(scope="module")
def scenes() -> list[Uint8Array]:
    return [DemoScene().render(moment).image_bgr for moment in MOMENTS]


def flags(explainer: Explainer, pictures: list[Uint8Array], **maps: bool) -> list[bool]:
    return [low for p in pictures for low in explainer.explain(p, **maps).low_evidence]


def shuffled_twin(explainer: Explainer, seed: int) -> Explainer:
    """The same explainer with a head that forgot what it learned; it finds the same boxes."""
    other = copy.copy(explainer)
    assert isinstance(explainer.engine, GradientEngine)
    other.engine = with_shuffled_head(explainer.engine, seed)
    return other


@pytest.mark.parametrize("own_maps", [False, True])
def test_the_trained_net_is_not_flagged_on_the_demo_scene_and_a_shuffled_head_is(
    markers: Explainer, scenes: list[Uint8Array], own_maps: bool
) -> None:
    trained = flags(markers, scenes, with_object_maps=own_maps)
    shuffled = flags(shuffled_twin(markers, 77), scenes, with_object_maps=own_maps)
    assert len(trained) == len(shuffled) >= 12
    assert sum(trained) == 0
    assert np.mean(shuffled) > 0.85


def test_the_verdict_does_not_depend_on_whether_gates_are_held(
    markers: Explainer, scenes: list[Uint8Array]
) -> None:
    """The live map holds gates, LayerCAM of the same levels does not; through held gates true markers come near the floor."""
    plain = heatcam.load("markers", method="layercam").explainer
    assert markers.calibration.floor == pytest.approx(plain.calibration.floor, rel=1e-3)
    found = []
    for explainer in (markers, plain):
        with explainer.engine.exclusive_threads():
            passed = explainer.engine.forward(
                explainer.prepare(scenes[0])[1], explainer.thresholds, with_graph=True
            )
            coherence = explainer.engine.coherence(passed)
        assert coherence is not None
        found.append(coherence.tolist())
    assert found[0] == pytest.approx(found[1], rel=1e-3)


def test_measuring_leaves_explainer_and_network_as_they_were(
    markers: Explainer, scenes: list[Uint8Array]
) -> None:
    assert isinstance(markers.engine, GradientEngine)
    before, engine = hash_of(markers.engine.cut.network), markers.engine
    values = markers.explain(scenes[0]).saliency.values.copy()
    found = measure(markers, scenes[:1])
    assert found.floor is not None
    assert found.full_heat is not None
    assert hash_of(markers.engine.cut.network) == before
    assert markers.engine is engine
    np.testing.assert_array_equal(markers.explain(scenes[0]).saliency.values, values)


def test_a_method_that_ignores_the_head_is_flagged_throughout(scenes: list[Uint8Array]) -> None:
    blind = heatcam.load("markers", method="eigencam").explainer
    assert blind.calibration.floor == math.inf
    assert all(flags(blind, scenes[:1]))


def test_without_a_calibration_nothing_is_said(markers: Explainer, scenes: list[Uint8Array]) -> None:
    unknown = copy.copy(markers)
    unknown.calibration = Calibration()
    assert flags(unknown, scenes) == []
    assert unknown.explain(scenes[0]).saliency.full_heat is None


def test_without_a_map_nothing_is_said(markers: Explainer, scenes: list[Uint8Array]) -> None:
    assert flags(markers, scenes, with_map=False) == []


def test_every_picture_knows_the_models_fixed_scale(markers: Explainer, scenes: list[Uint8Array]) -> None:
    known = {markers.explain(p).saliency.full_heat for p in scenes}
    assert known == {markers.calibration.full_heat}
    assert markers.calibration.full_heat > 0


def test_another_target_is_not_called_logits_and_gets_no_verdict(scenes: list[Uint8Array]) -> None:
    sides = heatcam.load("markers", target="box")
    seen = sides.explain(scenes[0])
    assert seen.saliency.unit == "cells"
    assert seen.low_evidence == ()


def test_it_is_measured_once_and_then_remembered(
    markers: Explainer, scenes: list[Uint8Array], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path))
    asked: list[int] = []

    def pictures() -> list[Uint8Array]:
        asked.append(1)
        return scenes[:1]

    explainer = copy.copy(markers)
    assert calibrate(explainer, pictures) > 0
    first = explainer.calibration
    explainer.calibration = Calibration()
    assert calibrate(explainer, pictures) == 0
    assert (explainer.calibration, asked) == (first, [1])
    explainer.method = "hirescam"
    assert calibrate(explainer, pictures) > 0, "another map is measured anew"


@pytest.mark.parametrize("spoiled", ["{half", "[]", "SAME KEY, WRONG VALUE"])
def test_a_spoiled_cache_is_measured_anew(
    markers: Explainer,
    scenes: list[Uint8Array],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoiled: str,
) -> None:
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path))
    explainer = copy.copy(markers)
    calibrate(explainer, lambda: scenes[:1])
    first, path = explainer.calibration, tmp_path / CALIBRATIONS_FILE
    wrong = json.dumps(dict.fromkeys(json.loads(path.read_text()), "what"))
    path.write_text(wrong if spoiled.startswith("SAME") else spoiled)
    assert calibrate(explainer, lambda: scenes[:1]) > 0
    assert explainer.calibration == first


def test_a_cache_that_cannot_be_written_is_no_error(
    markers: Explainer, scenes: list[Uint8Array], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "file" / "folder"))
    explainer = copy.copy(markers)
    assert calibrate(explainer, lambda: scenes[:1]) > 0
    assert explainer.calibration.floor is not None


def test_every_picture_counts_on_a_slow_machine_too(
    markers: Explainer, scenes: list[Uint8Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is remembered for good may not depend on what else the machine did when it was measured."""
    seen: list[Uint8Array] = []
    monkeypatch.setattr(calibration, "_look_at", lambda picture, *_: (seen.append(picture), time.sleep(0.9)))
    measure(markers, scenes[:2])
    assert len(seen) == 2
