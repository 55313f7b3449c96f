"""Embeddings of objects: explicit sums over the network's own activations, in the pass that made the maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import heatcam
from heatcam.engine.boxes import Thresholds
from heatcam.frames import Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.saliency.embedding import ObjectEmbedder, embeddings_of
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from tests.nets import class_checkpoint, engine_of, fresh_network

NAMES = dict(enumerate("abcde"))
FRAME = Frame(np.random.default_rng(3).integers(0, 256, (150, 200, 3), np.uint8), 0, 0.0, 0.0, "a.png")


def explainer(conf: float = 0.05, formula=None) -> Explainer:
    engine = engine_of(fresh_network("tiny"))
    return Explainer(engine, NAMES, 128, Thresholds(conf, 0.5), "live", formula or method_formula("live"))


def activations_of(explain: Explainer) -> list[np.ndarray]:
    """What the tapped layers put out for the picture, each ``(C, h, w)``: from hooks on the network itself."""
    network = fresh_network("tiny")
    kept: dict[int, np.ndarray] = {}
    hooks = [
        network.model[n].register_forward_hook(lambda _m, _i, out, n=n: kept.update({n: out[0].numpy()}))
        for n in explain.engine.cut.tapped
    ]
    with torch.no_grad():
        network(explain.prepare(FRAME.image_bgr)[1])
    for hook in hooks:
        hook.remove()
    return [kept[n] for n in explain.engine.cut.tapped]


def by_hand(own: SaliencyMap, activation: np.ndarray) -> np.ndarray:
    """The weighted mean cell by cell; a coarser tap's cell has the mean weight of the map's cells over it."""
    factor = own.values.shape[0] // activation.shape[1]
    total, weight = np.zeros(activation.shape[0]), 0.0
    top, tall = own.letterbox.pad_top, own.letterbox.resized_wh[1]
    stride = own.letterbox.model_wh[1] / own.values.shape[0]
    for y in range(own.values.shape[0]):
        for x in range(own.values.shape[1]):
            if own.values[y, x] > 0 and top <= (y + 0.5) * stride < top + tall:
                total += own.values[y, x] * activation[:, y // factor, x // factor]
                weight += own.values[y, x]
    return total / weight


def test_an_embedding_is_the_sum_of_evidence_times_activation_over_that_of_the_evidence() -> None:
    explain = explainer()
    found, embedded = ObjectEmbedder(explain).explain(FRAME)
    taps = activations_of(explain)
    assert embedded.dtype == np.float32
    assert embedded.shape == (len(found.detections), sum(len(tap) for tap in taps))
    assert len(taps) > 1
    for own, row in list(zip(found.object_maps, embedded, strict=True))[::5]:
        exact = np.concatenate([by_hand(own, tap) for tap in taps])
        assert np.allclose(row, exact, rtol=1e-3, atol=1e-3 * np.abs(exact).max())


def test_the_explanation_is_the_usual_one_and_the_network_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    explain, calls = explainer(), []
    usual = explain.explain(FRAME, with_object_maps=True, conf=0.1)
    real = explain.engine.cut.head_inputs
    monkeypatch.setattr(explain.engine.cut, "head_inputs", lambda *a, **k: calls.append(1) or real(*a, **k))
    found, embedded = ObjectEmbedder(explain).explain(FRAME, conf=0.1)
    assert calls == [1]
    assert found.frame is FRAME
    assert np.array_equal(found.detections.boxes_xyxy, usual.detections.boxes_xyxy)
    assert len(embedded) == len(found.object_maps) == len(usual.object_maps) > 0
    for own, same in zip(found.object_maps, usual.object_maps, strict=True):
        assert np.allclose(own.values, same.values, atol=1e-5 * np.abs(same.values).max())


def test_where_maps_fail_there_are_zeros_for_each_detection() -> None:
    def broken(_activations, _gradients):
        raise RuntimeError("out of memory")

    found, embedded = ObjectEmbedder(explainer(formula=broken)).explain(FRAME)
    assert found.map_error == "out of memory"
    assert embedded.shape[0] == len(found.detections) > 0
    assert not embedded.any()


def test_nothing_detected_gives_no_rows_as_wide_as_those_of_the_pictures_before() -> None:
    embedder = ObjectEmbedder(explainer())
    assert embedder.explain(FRAME, conf=1.0)[1].shape == (0, 0)
    wide = embedder.explain(FRAME)[1].shape[1]
    assert embedder.explain(FRAME, conf=1.0)[1].shape == (0, wide)


def test_a_map_that_fails_after_others_leaves_zeros_as_wide_as_theirs() -> None:
    fails = []

    def at_times(activations, gradients):
        if fails:
            raise RuntimeError("out of memory")
        return method_formula("live")(activations, gradients)

    embedder = ObjectEmbedder(explainer(formula=at_times))
    wide = embedder.explain(FRAME)[1].shape[1]
    fails.append(1)
    found, embedded = embedder.explain(FRAME)
    assert embedded.shape == (len(found.detections), wide)
    assert wide > 0
    assert not embedded.any()


def of_values(values: np.ndarray, letterbox: Letterbox) -> SaliencyMap:
    return SaliencyMap(values.astype(np.float32), letterbox, "live", "1:Conv")


def test_neither_the_letterboxs_border_nor_evidence_against_nor_its_strength_counts() -> None:
    letterbox = Letterbox((64, 32), (64, 32), (64, 64), 0, 16)  # bars of two cells above and below
    values = np.zeros((8, 8))
    values[4, 3], values[5, 6] = 1.0, 3.0
    tap = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 8, 8)).astype(np.float32))
    worse = values.copy()
    worse[0, 0], worse[7, 7], worse[3, 3] = 50.0, 9.0, -20.0
    maps = [of_values(values, letterbox), of_values(worse, letterbox), of_values(100 * values, letterbox)]
    exact = (tap[:, 4, 3] + 3 * tap[:, 5, 6]) / 4
    assert np.allclose(embeddings_of(maps, [tap]), exact.numpy(), atol=1e-6)


def test_a_map_without_evidence_for_its_object_is_embedded_as_zeros() -> None:
    letterbox = Letterbox((64, 64), (64, 64), (64, 64), 0, 0)
    maps = [of_values(-np.ones((8, 8)), letterbox), of_values(np.ones((8, 8)), letterbox)]
    rows = embeddings_of(maps, [torch.ones(2, 8, 8), torch.ones(3, 4, 4)])
    assert rows.tolist() == [[0.0] * 5, [1.0] * 5]


def test_classes_of_a_classifier_are_embedded_too(tmp_path: Path) -> None:
    explain = heatcam.load(str(class_checkpoint(tmp_path)), device="cpu", conf=0.0).explainer
    found, embedded = ObjectEmbedder(explain).explain(FRAME)
    assert len(embedded) == len(found.detections) == len(found.object_maps) > 0
    assert np.array_equal(found.detections.boxes_xyxy, explain.explain(FRAME).detections.boxes_xyxy)
    assert embedded.any(1).all()
