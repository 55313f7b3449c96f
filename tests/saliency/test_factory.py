"""What the options of the command line become: methods over levels, layers, another class, the letterbox of each model."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from heatcam.errors import UsageError
from heatcam.options import ExplainOptions
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.factory import ExplainerCache, build_explainer, open_explainer_cache
from tests.bench.tiny import CONF, PICTURE, tiny_checkpoint


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_checkpoint(tmp_path_factory.mktemp("model")))


def built(model: str, **options: object) -> Explainer:
    return build_explainer(model, "cpu", ExplainOptions(**{"conf": CONF, "backend": "torch"} | options))


def test_the_live_map_is_of_one_layer(model: str) -> None:
    explainer = built(model)
    assert explainer.method == "live"
    assert explainer.explain(PICTURE).saliency.layer == "12:C2f+15:C2f"


@pytest.mark.parametrize("options", [{"quality": "fine"}, {"method": "fine"}], ids=["quality", "method"])
def test_the_fine_map_adds_up_every_level(model: str, options: dict[str, str]) -> None:
    explainer = built(model, **options)
    explanation = explainer.explain(PICTURE)
    assert explainer.method == "fine"
    assert explanation.saliency.layer == "4:C2f+6:C2f+9:SPPF+12:C2f+15:C2f+18:C2f+21:C2f"
    assert explanation.saliency.values.shape == (8, 8)  # 64 px at stride 8
    assert (explanation.saliency.values >= 0).all()
    assert explanation.saliency.values.max() > 0


def test_another_method_can_be_added_up_over_the_levels(model: str) -> None:
    explainer = built(model, quality="fine", method="gradcam")
    assert explainer.method == "gradcam"
    assert explainer.explain(PICTURE).saliency.layer.startswith("4:C2f+")


def test_layers_are_those_that_were_asked_for(model: str) -> None:
    assert built(model, layers=("SPPF", "15")).explain(PICTURE).saliency.layer == "9:SPPF+15:C2f"
    with pytest.raises(UsageError, match="no layer is called 'nonsense'"):
        built(model, layers=("nonsense",))


def test_another_class_gives_another_map_of_the_same_boxes(model: str) -> None:
    own, asked = built(model).explain(PICTURE), built(model, why="b").explain(PICTURE)
    assert np.array_equal(own.detections.boxes_xyxy, asked.detections.boxes_xyxy)
    assert set(own.detections.class_names) != {"b"}
    assert not np.allclose(own.saliency.values, asked.saliency.values)
    with pytest.raises(UsageError, match="no class 'zebra'"):
        built(model, why="zebra")


def test_what_was_asked_is_told_with_the_score_of_that_class_at_each_box(model: str) -> None:
    assert built(model).explain(PICTURE).question is None
    asked = built(model, why="b").explain(PICTURE)
    every_b = built(model, classes=("b",), conf=0.0, iou=1.0, max_det=300).explain(PICTURE, with_map=False)
    scores = dict(zip(every_b.detections.anchors.tolist(), every_b.detections.confidences, strict=True))
    known = [n for n, anchor in enumerate(asked.detections.anchors.tolist()) if anchor in scores]
    assert known
    assert (asked.question.about, asked.question.class_name) == ("b", "b")
    assert len(asked.question.scores) == len(asked.detections)
    for n in known:
        own = scores[int(asked.detections.anchors[n])]
        assert asked.question.scores[n] == pytest.approx(own, abs=1e-6)
    sides = built(model, target="box:left").explain(PICTURE).question
    assert (sides.about, sides.class_name, sides.scores) == ("the box's left side", "", None)


def test_only_the_embedded_model_gets_pictures_shrunk_by_averaging(model: str) -> None:
    bars = np.zeros((64, 1280, 3), np.uint8)
    bars[:, ::4] = 255
    seen = []
    for explainer in (built("markers", imgsz=320), built(model, imgsz=320)):
        real = explainer.engine.forward
        explainer.engine.forward = lambda x, *a, real=real, **k: (
            seen.append(float(x[0, 0, x.shape[2] // 2].mean())) or real(x, *a, **k)
        )
        explainer.explain(bars)
    averaged, sampled = seen
    assert averaged == pytest.approx(0.25, abs=0.01)  # one column in four is white
    assert sampled == 0  # and is never at a pixel's middle


def test_an_explainer_that_is_built_keeps_nobody_from_one_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requests of a service ask at the same time, and some builds take seconds."""
    cache = ExplainerCache(cast(Any, SimpleNamespace(class_names={})), torch.device("cpu"), (64, 64))
    there, begun, goes_on = (
        SimpleNamespace(with_thresholds=lambda _: there),
        threading.Event(),
        threading.Event(),
    )

    def built(options: ExplainOptions, _: object) -> object:
        if options.method == "fine":
            begun.set()
            assert goes_on.wait(10)
        return there

    monkeypatch.setattr(cache, "_built", built)
    assert cache.take(ExplainOptions()) is there
    thread = threading.Thread(target=lambda: cache.take(ExplainOptions(method="fine")))
    thread.start()
    assert begun.wait(10)
    assert cache.take(ExplainOptions(iou=0.1)) is there
    goes_on.set()
    thread.join(10)


def test_of_two_who_ask_for_one_explainer_at_once_one_builds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ExplainerCache(cast(Any, SimpleNamespace(class_names={})), torch.device("cpu"), (64, 64))
    count = []
    there = SimpleNamespace(with_thresholds=lambda _: there)
    monkeypatch.setattr(cache, "_built", lambda *_: count.append(time.sleep(0.05)) or there)
    threads = [threading.Thread(target=lambda: cache.take(ExplainOptions())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(count) == 1


def test_other_classes_and_overlap_take_no_other_engine(model: str) -> None:
    """The page changes them while it runs: nothing is compiled again, and nothing that was compiled is forgotten for it."""
    options = ExplainOptions(conf=CONF, backend="torch")
    cache = open_explainer_cache(model, "cpu", options, (64, 64))
    first = cache.take(options)
    some = cache.take(replace(options, classes=("1",), iou=0.3))
    assert some.engine is first.engine
    assert (some.thresholds.class_ids, some.thresholds.iou) == ((1,), 0.3)
    assert cache.take(options).engine is first.engine
    assert first.thresholds.class_ids is None
    with pytest.raises(UsageError, match="no class 'dragon'"):
        cache.take(replace(options, classes=("dragon",)))
