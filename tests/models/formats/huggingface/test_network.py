"""Detectors of transformers: the same predictions as the library's own, gradients as plain autograd gives them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from heatcam.engine.boxes import Thresholds
from heatcam.engine.candidate_engine import HookedEngine, start_hooked_engine
from heatcam.engine.preprocessing import picture_tensor
from heatcam.errors import SourceError, UsageError
from heatcam.models import load_model
from heatcam.models.formats.resized import Resized
from heatcam.options import ExplainOptions
from heatcam.saliency.factory import explainer_of
from tests.transformer_nets import MAKERS, NAMES, SIZE_WH, noise, saved_detector

CPU = torch.device("cpu")
_USUAL = ("detr", "rt_detr", "deformable_detr", "yolos")
EVERY = [pytest.param(kind, marks=[] if kind in _USUAL else [pytest.mark.soak], id=kind) for kind in MAKERS]
_FOLDER = TemporaryDirectory(prefix="heatcam-transformers-")


@cache
def saved(kind: str) -> str:
    return saved_detector(kind, Path(_FOLDER.name) / kind)


def engine_of(kind: str, *, fine: bool = False, layers: tuple[str, ...] = ()) -> HookedEngine:
    return start_hooked_engine(
        load_model(saved(kind)).network, CPU, backend="torch", precision="auto", fine=fine, layers=layers
    )


@cache
def own(kind: str) -> tuple[Any, Any]:
    """Return the library's own model and image processor."""
    import transformers

    folder = saved(kind).removeprefix("hf:")
    detector = transformers.AutoModelForObjectDetection.from_pretrained(folder).eval()
    return detector, transformers.AutoImageProcessor.from_pretrained(folder)


def predicted_by_the_library(
    kind: str, image_bgr: np.ndarray, conf: float
) -> list[tuple[float, int, list[float]]]:
    detector, processor = own(kind)
    with torch.no_grad():
        found = detector(**processor(image_bgr[..., ::-1].copy(), return_tensors="pt"))
    sizes = [(image_bgr.shape[0], image_bgr.shape[1])]
    told = processor.post_process_object_detection(found, threshold=conf, target_sizes=sizes)[0]
    rows = zip(told["scores"].tolist(), told["labels"].tolist(), told["boxes"].tolist(), strict=True)
    return sorted(rows, reverse=True)


def predicted_here(kind: str, image_bgr: np.ndarray, conf: float) -> list[tuple[float, int, list[float]]]:
    engine = engine_of(kind)
    letterbox = engine.cut.network.fit(
        (image_bgr.shape[1], image_bgr.shape[0]), load_model(saved(kind)).imgsz
    )
    forward = engine.forward(
        picture_tensor(letterbox.image_to_model(image_bgr), CPU), Thresholds(conf=conf), with_graph=False
    )
    boxes = forward.boxes
    pixels = letterbox.points_to_image(boxes.xyxy.reshape(-1, 2, 2).numpy()).reshape(-1, 4).tolist()
    rows = zip(boxes.confidences.tolist(), boxes.class_ids.tolist(), pixels, strict=True)
    return sorted(rows, reverse=True)


@pytest.mark.parametrize("kind", EVERY)
def test_the_same_boxes_classes_and_scores_as_the_library_itself(kind: str) -> None:
    image = noise()
    theirs, ours = predicted_by_the_library(kind, image, 0.05), predicted_here(kind, image, 0.05)
    assert len(theirs) == len(ours) > 3
    assert [label for _, label, _ in ours] == [label for _, label, _ in theirs]
    assert [score for score, _, _ in ours] == pytest.approx([score for score, _, _ in theirs], abs=1e-5)
    for (_, _, mine), (_, _, expected) in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(expected, abs=1e-4 * max(SIZE_WH))


def test_a_picture_that_is_resized_gets_nearly_the_same_boxes_as_pillow_differs_by_a_grey_level() -> None:
    image = noise((200, 170), seed=3)
    theirs, ours = predicted_by_the_library("detr", image, 0.05), predicted_here("detr", image, 0.05)
    assert len(theirs) == len(ours)
    assert [score for score, _, _ in ours] == pytest.approx([score for score, _, _ in theirs], abs=2e-3)


@pytest.mark.parametrize("size_wh", [(640, 480), (333, 500), (1000, 250), (128, 96), (17, 31)])
@pytest.mark.parametrize("kind", ["detr", "yolos", "rt_detr"])
def test_pictures_are_resized_to_the_size_that_the_image_processor_makes(
    kind: str, size_wh: tuple[int, int]
) -> None:
    network, (_, processor) = load_model(saved(kind)).network, own(kind)
    made = processor(np.zeros((size_wh[1], size_wh[0], 3), np.uint8), return_tensors="pt")["pixel_values"]
    fitted = network.fit(size_wh, max(SIZE_WH))  # type: ignore[operator]
    assert isinstance(fitted, Resized)
    assert fitted.model_wh == fitted.resized_wh == (made.shape[3], made.shape[2])


def test_a_picture_that_the_image_processor_cannot_prepare_is_refused() -> None:
    network = load_model(saved("yolos")).network
    with pytest.raises(SourceError, match="cannot prepare a picture of 1000x90 px"):
        network.fit((1000, 90), max(SIZE_WH))  # type: ignore[operator]


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("fine", [False, True], ids=["live", "fine"])
def test_gradients_equal_plain_autograd_through_the_librarys_own_model(kind: str, fine: bool) -> None:
    engine, (detector, processor) = engine_of(kind, fine=fine), own(kind)
    image = noise()
    picture = picture_tensor(image, CPU)
    forward = engine.forward(picture, Thresholds(conf=0.02), with_graph=True)
    assert len(forward.boxes) > 1
    found = dict(engine.object_gradients(forward))
    prepared = processor(image[..., ::-1].copy(), return_tensors="pt")["pixel_values"]
    for number in (0, 1):
        row, column = int(forward.boxes.anchors[number]), int(forward.boxes.class_ids[number])
        for tap, ours in zip(engine.cut.taps, found[number], strict=True):
            dense = _dense(detector, prepared, tap.layer.removeprefix("detector."), row, column)
            expected = tap.as_map(dense, (image.shape[0], image.shape[1]))[0]
            scale = float(expected.abs().max()) + 1e-9
            assert ours.shape == expected.shape
            assert float((ours - expected).abs().max()) < 1e-3 * scale + 1e-7


def _dense(detector: Any, prepared: Tensor, layer: str, row: int, column: int) -> Tensor:
    """Return the gradient of one logit at a layer's output by plain autograd, zeros where it has none."""
    kept: list[Tensor] = []
    hook = detector.get_submodule(layer).register_forward_hook(
        lambda _layer, _given, output: kept.append(output)
    )
    try:
        logit = detector(prepared.clone().requires_grad_(True)).logits[0, row, column]
    finally:
        hook.remove()
    (gradient,) = torch.autograd.grad(logit, kept, allow_unused=True)
    return torch.zeros_like(kept[0]) if gradient is None else gradient


@pytest.mark.parametrize("kind", EVERY)
def test_live_and_fine_taps_are_maps_that_objects_read(kind: str) -> None:
    for fine in (False, True):
        engine = engine_of(kind, fine=fine)
        forward = engine.forward(picture_tensor(noise(), CPU), Thresholds(conf=0.02), with_graph=True)
        gradients = engine.summed_gradient(forward)
        assert [tuple(tap.shape[1:]) for tap in forward.inputs.taps] == [
            tuple(one.shape) for one in gradients
        ]
        assert sum(bool(one.any()) for one in gradients) >= len(gradients) - 2


def test_a_layer_with_several_levels_is_mapped_on_all_of_them_when_it_is_asked_for_by_name() -> None:
    engine = engine_of("deformable_detr", layers=("detector.model.encoder.layers.1",))
    assert [tap.as_map.level for tap in engine.cut.taps] == [0, 1, 2, 3]  # type: ignore[attr-defined]
    assert engine.target_layer == "detector.model.encoder.layers.1:DeformableDetrEncoderLayer"


def test_what_is_no_object_is_no_class() -> None:
    loaded = load_model(saved("detr"))
    assert loaded.class_names == dict(enumerate(NAMES))
    engine = engine_of("detr")
    kept = engine.forward(picture_tensor(noise(), CPU), Thresholds(conf=0.0), with_graph=False).boxes
    assert len(kept) == len(set(kept.anchors.tolist())) == 10
    assert int(kept.class_ids.max()) < len(NAMES)


@pytest.mark.parametrize("kind", ["detr", pytest.param("conditional_detr", marks=pytest.mark.soak), "yolos"])
def test_attention_is_that_of_the_last_layer_as_the_library_tells_it(kind: str) -> None:
    detector, processor = own(kind)
    image = noise()
    prepared = processor(image[..., ::-1].copy(), return_tensors="pt")["pixel_values"]
    detector.set_attn_implementation({"": "eager"})
    with torch.no_grad():
        told = detector(prepared, output_attentions=True)
    network = load_model(saved(kind)).network
    found, weights = network.attention(picture_tensor(image, CPU))  # type: ignore[operator]
    if kind == "yolos":
        expected = told.attentions[-1][0][:, -10:, 1:-10].reshape(4, 10, 6, 8)
    else:
        expected = told.cross_attentions[-1][0].reshape(4, 10, 3, 4)
        assert weights.sum((2, 3)).numpy() == pytest.approx(1, abs=1e-5)
    assert torch.allclose(weights, expected, atol=1e-5)
    assert torch.allclose(found.logits, told.logits[0], atol=1e-5)
    assert network.detector.config._attn_implementation == "sdpa", "as before"  # type: ignore[union-attr]


def test_deformable_queries_have_no_attention_over_every_cell() -> None:
    options = ExplainOptions(method="attention")
    with pytest.raises(UsageError, match="no queries that weigh every cell"):
        explainer_of(load_model(saved("rt_detr")), CPU, options, SIZE_WH)
