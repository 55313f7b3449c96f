"""The explainer: one forward for both, maps in the picture's own pixels, plain detection when the map fails."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heatcam.engine.boxes import Thresholds
from heatcam.engine.interface import Forward
from heatcam.engine.preprocessing import picture_tensor
from heatcam.errors import UsageError
from heatcam.frames import Frame
from heatcam.options import ExplainOptions, class_ids_of
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from tests.nets import COCO_CHECKPOINT, engine_of, fresh_network, needs_coco

LIVE = method_formula("live")
NAMES = dict(enumerate("abcde"))
IMAGE = np.random.default_rng(3).integers(0, 256, (150, 200, 3), np.uint8)


def explainer(conf: float = 0.05, formula=LIVE, family: str = "yolov8n") -> Explainer:
    engine = engine_of(fresh_network(family))
    return Explainer(engine, NAMES, 256, Thresholds(conf, 0.5), "live", formula)


def test_maps_and_boxes_are_numpy_in_the_pictures_own_pixels() -> None:
    explanation = explainer().explain(IMAGE)
    count = len(explanation.detections)
    assert count > 0
    assert explanation.detections.boxes_xyxy.shape == (count, 4)
    assert explanation.detections.boxes_xyxy.dtype == np.float32
    assert (explanation.detections.boxes_xyxy >= 0).all()
    assert (explanation.detections.boxes_xyxy <= [200, 150, 200, 150]).all()
    assert explanation.saliency.in_image().shape == (150, 200)
    assert explanation.saliency.values.dtype == np.float32
    assert explanation.saliency.layer == "12:C2f+15:C2f"
    assert set(explanation.detections.class_names) <= set("abcde")
    assert explanation.map_error == ""
    assert explanation.detections.levels.shape == (count,)
    assert set(explanation.detections.levels.tolist()) <= {0, 1, 2}


def test_detections_are_the_same_with_and_without_the_map() -> None:
    explain = explainer()
    with_map, without = explain.explain(IMAGE), explain.explain(IMAGE, with_map=False)
    assert without.saliency is None
    assert np.array_equal(with_map.detections.boxes_xyxy, without.detections.boxes_xyxy)


def test_the_forward_runs_once_for_detections_and_map(monkeypatch: pytest.MonkeyPatch) -> None:
    explain = explainer()
    calls = []
    real = explain.engine.cut.head_inputs
    monkeypatch.setattr(explain.engine.cut, "head_inputs", lambda *a, **k: calls.append(1) or real(*a, **k))
    explain.explain(IMAGE)
    assert len(calls) == 1


def test_a_map_that_fails_leaves_plain_detection_and_says_why() -> None:
    def broken(activation, gradient):
        raise RuntimeError("out of memory\nand a long trace")

    explanation = explainer(formula=broken).explain(IMAGE)
    assert explanation.saliency is None
    assert explanation.map_error == "out of memory"
    assert len(explanation.detections) > 0


def test_a_map_that_is_not_finite_is_a_failure() -> None:
    explanation = explainer(formula=lambda a, g: a[0].sum(0) * float("nan")).explain(IMAGE)
    assert explanation.saliency is None
    assert "not finite" in explanation.map_error


def test_nothing_detected_gives_a_map_of_zeros() -> None:
    explanation = explainer(conf=1.0).explain(IMAGE)
    assert len(explanation.detections) == 0
    assert not explanation.saliency.values.any()


def test_object_maps_come_one_a_box_and_add_up_for_a_linear_method() -> None:
    explanation = explainer(formula=lambda a, g: (a[0] * g[0]).sum(0)).explain(IMAGE, with_object_maps=True)
    assert len(explanation.object_maps) == len(explanation.detections)
    total = sum(m.values for m in explanation.object_maps)
    assert np.allclose(total, explanation.saliency.values, rtol=1e-3, atol=1e-3 * np.abs(total).max())


def test_each_object_map_that_is_done_is_told_while_the_rest_is_to_come() -> None:
    told: list[tuple[int, int]] = []
    explain = explainer()
    explanation = explain.explain(
        IMAGE, with_object_maps=True, on_object=lambda done, total: told.append((done, total))
    )
    count = len(explanation.detections)
    assert told == [(done, count) for done in range(1, count + 1)]
    assert count > 1
    told.clear()
    explain.explain(IMAGE, on_object=lambda *numbers: told.append(numbers))
    assert told == []


def test_each_object_map_is_the_one_of_its_own_box() -> None:
    explain = explainer()
    explanation = explain.explain(IMAGE, with_object_maps=True)
    letterbox = explanation.saliency.letterbox
    x = picture_tensor(letterbox.image_to_model(IMAGE), torch.device("cpu"))
    forward = explain.engine.forward(x, explain.thresholds, with_graph=True)
    boxes = forward.boxes
    for n in range(0, len(boxes), 5):
        alone = boxes.only(slice(n, n + 1))
        gradients = explain.engine.summed_gradient(Forward(forward.inputs, alone))
        exact = LIVE([tap.detach()[0] for tap in forward.inputs.taps], gradients).numpy()
        assert np.allclose(explanation.object_maps[n].values, exact, atol=1e-4 * np.abs(exact).max())


def test_the_frame_and_its_pixels_are_not_changed() -> None:
    before = IMAGE.copy()
    frame = Frame(IMAGE, 7, 0.0, 0.25, "x.jpg")
    assert explainer().explain(frame).frame is frame
    assert np.array_equal(IMAGE, before)


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), "x.jpg"]
)
def test_what_is_no_bgr_picture_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match=r"uint8 \(H, W, 3\) in BGR order"):
        explainer().explain(bad)


def test_size_changes_from_picture_to_picture() -> None:
    explain = explainer()
    first = explain.explain(IMAGE).saliency.values
    explain.explain(np.ascontiguousarray(IMAGE[:40, :190]))
    assert np.allclose(first, explain.explain(IMAGE).saliency.values, rtol=1e-3, atol=1e-5)


def test_classes_are_found_by_name_or_number() -> None:
    assert class_ids_of(("B", "4", "b"), NAMES) == (1, 4)
    assert class_ids_of((), NAMES) is None
    with pytest.raises(UsageError, match="no class 'zebra'; it has 5: a, b, c, d, e"):
        class_ids_of(("zebra",), NAMES)
    with pytest.raises(UsageError, match="no class '9'"):
        class_ids_of(("9",), NAMES)


@pytest.mark.parametrize("options", [{"conf": 1.5}, {"iou": -0.1}, {"imgsz": 5}, {"conf": float("nan")}])
def test_thresholds_that_cannot_be_meant_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(options))} is "):
        ExplainOptions(**options).require_valid()


@needs_coco
def test_real_detections_equal_ultralytics_predict() -> None:
    import cv2
    from ultralytics import ASSETS, YOLO

    import heatcam

    image = cv2.imread(str(ASSETS / "bus.jpg"))
    ours = heatcam.load(str(COCO_CHECKPOINT)).explain(image)
    theirs = YOLO(str(COCO_CHECKPOINT)).predict(image, verbose=False)[0].boxes
    assert np.abs(ours.detections.boxes_xyxy - theirs.xyxy.numpy()).max() < 1
    assert np.abs(ours.detections.confidences - theirs.conf.numpy()).max() < 1e-3
    assert ours.detections.class_names.count("person") == 4
    assert ours.saliency.values.max() > 0


@needs_coco
def test_real_evidence_lies_on_the_objects() -> None:
    import cv2
    from ultralytics import ASSETS

    import heatcam

    image = cv2.imread(str(ASSETS / "bus.jpg"))
    explanation = heatcam.load(str(COCO_CHECKPOINT), classes=("bus",)).explain(image)
    heat = explanation.saliency.in_image().clip(0)
    x1, y1, x2, y2 = explanation.detections.boxes_xyxy[0].astype(int)
    inside = heat[y1:y2, x1:x2].sum() / heat.sum()
    area = (x2 - x1) * (y2 - y1) / heat.size
    assert explanation.detections.class_names == ("bus",)
    assert inside > 0.8
    assert inside > 1.5 * area


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (("bus,car",), (5, 2)),
        (("person, adult",), (0,)),
        (("bus, person, adult ,car",), (5, 0, 2)),
        (("person, adult", "2"), (0, 2)),
        (("5",), (7,)),  # a class called "5" goes before the fifth
        (("bus,,car,",), (5, 2)),
        ((" ", ","), None),
    ],
)
def test_names_with_commas_are_names_and_others_are_lists(
    wanted: tuple[str, ...], ids: tuple[int, ...]
) -> None:
    assert class_ids_of(wanted, {0: "person, adult", 2: "car", 5: "bus", 7: "5"}) == ids


def test_a_mistyped_class_says_which_may_have_been_meant() -> None:
    with pytest.raises(UsageError, match="no class 'persn'; did you mean 'person'"):
        class_ids_of(("car,persn",), {0: "person", 2: "car"})
