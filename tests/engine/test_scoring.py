"""Scores of changed pictures: those of the best prediction, in torch and compiled, for every kind of network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from heatcam.engine.classifier import TappedClassifier
from heatcam.engine.network import TappedNetwork
from heatcam.engine.preprocessing import picture_tensor
from heatcam.engine.rtdetr import QueryNetwork
from heatcam.engine.scoring import CompiledScorer, TorchScorer, start_scorer
from heatcam.evaluation.curves import best_fit
from tests.nets import SEED, engine_of, fresh_network
from tests.query_nets import query_network

CPU = torch.device("cpu")
RNG = np.random.default_rng(SEED)
PICTURES = RNG.integers(0, 256, (6, 64, 96, 3), np.uint8)
BOXES = np.float32([[4, 4, 40, 60], [30, 8, 90, 50], [0, 0, 96, 64]] * 2)
CLASSES = [0, 1, 2, 3, 4, 0]


@pytest.mark.parametrize("family", ["tiny", "yolo26n-end2end", "yolov8n-obb", "tiny-seg"])
def test_a_score_is_the_best_overlap_times_score_of_all_predictions(family: str) -> None:
    engine = engine_of(fresh_network(family))
    expected = []
    for picture, box, class_id in zip(PICTURES, BOXES, CLASSES, strict=True):
        parts = engine.likeliest(picture_tensor(picture, CPU), class_id)
        expected.append(best_fit(((b.numpy(), s.numpy()) for b, s in parts), box))
    found = TorchScorer(engine.cut, CPU)(PICTURES, BOXES, CLASSES)
    assert max(expected) > 1e-4
    assert found == pytest.approx(np.float32(expected), rel=1e-3, abs=1e-6)


def test_a_query_networks_score_is_over_its_queries() -> None:
    cut = QueryNetwork(query_network())
    square = np.ascontiguousarray(PICTURES[:2, :, :64])
    found = TorchScorer(cut, CPU)(square, BOXES[:2], CLASSES[:2])
    for n in range(2):
        with torch.no_grad():
            boxes, logits = cut.predictions(
                cut.head_inputs(picture_tensor(square[n], CPU), with_graph=False).features
            )
        middle, sides = 64 * boxes[:, :2], 64 * boxes[:, 2:]
        corners = torch.cat((middle - sides / 2, middle + sides / 2), 1).numpy()
        scores, order = logits[:, CLASSES[n]].sigmoid().sort(descending=True)
        assert found[n] == pytest.approx(best_fit([(corners[order], scores.numpy())], BOXES[n]), rel=1e-3)


def test_a_classifiers_score_is_the_probability_of_the_class() -> None:
    cut = TappedClassifier(fresh_network("yolov8n-cls"))
    square = np.ascontiguousarray(PICTURES[:1, :, :64])
    with torch.no_grad():
        logits = cut.decode(cut.head_inputs(picture_tensor(square[0], CPU), with_graph=False).features)
    assert TorchScorer(cut, CPU)(square, BOXES[:1], [3]) == pytest.approx(logits.softmax(1)[:, 3].numpy())


def test_the_compiled_network_gives_the_same_scores_for_any_number_of_pictures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr("heatcam.engine.scoring.cache_dir", lambda: tmp_path)
    cut = engine_of(fresh_network("tiny")).cut
    compiled = CompiledScorer(cut, (96, 64), "fp32")
    exact = TorchScorer(cut, CPU)(PICTURES, BOXES, CLASSES)
    assert compiled(PICTURES, BOXES, CLASSES) == pytest.approx(exact, rel=1e-3, abs=1e-6)
    assert compiled(PICTURES[:1], BOXES[:1], CLASSES[:1]) == pytest.approx(exact[:1], rel=1e-3, abs=1e-6)
    again = CompiledScorer(cut, (96, 64), "fp32")  # from the cache
    assert again(PICTURES, BOXES, CLASSES) == pytest.approx(exact, rel=1e-3, abs=1e-6)


def test_what_cannot_be_compiled_or_scores_otherwise_is_left_to_torch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = engine_of(fresh_network("tiny")).cut
    assert start_scorer(cut, CPU, (96, 64), "torch", "auto").name == "torch"
    pytest.importorskip("openvino")

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("heatcam.engine.scoring.CompiledScorer", broken)
    assert start_scorer(cut, CPU, (96, 64), "auto", "fp32").name == "torch"

    class Wrong(TorchScorer):
        def __call__(self, *given: object) -> np.ndarray:
            return 1 - super().__call__(*given)

    monkeypatch.setattr("heatcam.engine.scoring.CompiledScorer", lambda cut, *_: Wrong(cut, CPU))
    assert start_scorer(cut, CPU, (96, 64), "auto", "fp32").name == "torch"


def test_networks_that_look_everywhere_take_no_crops() -> None:
    assert (TappedNetwork.takes_crops, TappedClassifier.takes_crops, QueryNetwork.takes_crops) == (
        True,
        False,
        False,
    )
