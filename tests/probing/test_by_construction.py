"""Each verdict made to happen with a trained network, and named; and what the answers promise, against the network itself."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from heatcam.engine.boxes import Thresholds
from heatcam.engine.rtdetr import QueryEngine, QueryNetwork
from heatcam.models import load_model
from heatcam.options import ExplainOptions
from heatcam.probing import AskedPlace, PlaceAnswer, Verdict, ask_places
from heatcam.saliency import Explainer, Prober, explainer_of
from heatcam.sources import DemoScene
from tests.nets import engine_of, fresh_network
from tests.query_nets import query_network

SCENE = DemoScene((640, 480)).render(20)
IMAGE = SCENE.image_bgr
CLASSES = ("qr-code", "barcode", "data-matrix", "aruco", "chessboard")
TRUE = {box.class_name: box.box_xyxy for box in SCENE.boxes}


@pytest.fixture(scope="module")
def loaded() -> Iterator[object]:
    yield load_model("markers")


@pytest.fixture
def markers(loaded) -> Explainer:
    own = copy.copy(loaded)
    object.__setattr__(own, "network", copy.deepcopy(loaded.network))
    options = ExplainOptions(backend="torch", pictures=1)
    return explainer_of(own, torch.device("cpu"), options)


def place(class_name: str, box: tuple[float, float, float, float] | None = None) -> AskedPlace:
    return AskedPlace(box or TRUE[class_name], CLASSES.index(class_name), class_name)


def ask(
    explainer: Explainer, *places: AskedPlace, image: np.ndarray = IMAGE, **thresholds: float
) -> PlaceAnswer:
    kept = Thresholds(**{"conf": 0.25} | thresholds)
    return ask_places(places, Prober(explainer.with_thresholds(kept)).candidates(image))[0]


def head_of(explainer: Explainer) -> nn.Module:
    head: nn.Module = explainer.engine.cut.head
    return head


def test_found(markers: Explainer) -> None:
    answer = ask(markers, place("aruco"))
    assert answer.verdict is Verdict.FOUND
    assert answer.candidate.iou > 0.9


def test_a_raised_threshold_is_below_threshold_and_the_value_named_keeps_it(markers: Explainer) -> None:
    answer = ask(markers, place("aruco"), conf=0.95)
    assert answer.verdict is Verdict.BELOW_THRESHOLD
    assert answer.needs.conf is not None
    assert answer.needs.iou is None
    assert ask(markers, place("aruco"), conf=answer.needs.conf).verdict is Verdict.FOUND


def test_a_neighbour_suppresses_and_the_overlap_named_keeps_both(markers: Explainer) -> None:
    """The same code printed once more beside itself: the boxes overlap by less than the usual threshold, and by more than 0.1."""
    x1, y1, x2, y2 = (round(side) for side in TRUE["qr-code"])
    by, margin, image = round(0.8 * (x2 - x1)), 6, IMAGE.copy()
    card = IMAGE[y1 - margin : y2 + margin, x1 - margin : x2 + margin]
    image[y1 - margin : y2 + margin, x1 - margin - by : x2 + margin - by] = card
    both = place("qr-code"), place("qr-code", (x1 - by, y1, x2 - by, y2))
    asked = Prober(markers.with_thresholds(Thresholds(iou=0.1))).candidates(image)
    answers = {answer.verdict: answer for answer in ask_places(both, asked)}
    assert set(answers) == {Verdict.FOUND, Verdict.SUPPRESSED}
    lost = answers[Verdict.SUPPRESSED]
    assert lost.suppressed_by is not None
    assert lost.suppressed_by.detection == answers[Verdict.FOUND].detection
    assert 0.1 < lost.suppressed_by.iou < 0.5
    assert lost.needs.conf is None
    assert lost.needs.iou is not None
    enough = Prober(markers.with_thresholds(Thresholds(iou=lost.needs.iou))).candidates(image)
    assert {answer.verdict for answer in ask_places(both, enough)} == {Verdict.FOUND}


def test_a_biased_class_head_is_other_class(markers: Explainer) -> None:
    for branch in head_of(markers).cv3:
        branch[-1].bias.data[CLASSES.index("barcode")] += 25
    answer = ask(markers, place("aruco"))
    assert answer.verdict is Verdict.OTHER_CLASS
    assert answer.taken_for is not None
    assert answer.taken_for.class_name == "barcode"
    assert answer.taken_for.ahead > 0


def test_a_shifted_box_branch_is_misplaced_and_the_side_is_named(markers: Explainer) -> None:
    for branch in head_of(markers).cv2:
        bins = branch[-1].bias.data.view(4, -1)
        bins[2, 12] += 40  # the right side, twelve cells away
    answer = ask(markers, place("aruco"))
    assert answer.verdict is Verdict.MISPLACED
    assert answer.wrong_sides[0].side == "right"
    assert answer.wrong_sides[0].off_px > 100
    assert answer.candidate.confidence > 0.5


def test_an_object_painted_out_is_not_seen(markers: Explainer) -> None:
    x1, y1, x2, y2 = (round(side) for side in TRUE["aruco"])
    missing = np.zeros(IMAGE.shape[:2], np.uint8)
    missing[y1 - 14 : y2 + 14, x1 - 14 : x2 + 14] = 255
    image = np.asarray(cv2.inpaint(IMAGE, missing, 5, cv2.INPAINT_TELEA), np.uint8)
    answer = ask(markers, place("aruco"), image=image)
    assert answer.verdict is Verdict.NOT_SEEN
    assert answer.noise_logit is not None
    assert answer.candidate.logit <= answer.noise_logit


PICTURE = np.random.default_rng(3).integers(0, 256, (150, 200, 3), np.uint8)
FAMILIES = (
    "yolov8n", "yolo11n", "yolov10n-end2end", "yolo26n-end2end",
    "yolov8n-seg", "yolo26n-pose-end2end", "yolov8n-obb", "yolo26n-obb-end2end", "tiny", "rtdetr",
)  # fmt: skip


def explainer_for(family: str, conf: float, iou: float = 0.5) -> Explainer:
    from heatcam.geometry import Letterbox
    from heatcam.saliency.methods import method_formula

    formula, names = method_formula("live"), dict(enumerate("abcde"))
    kept = Thresholds(conf, iou)
    if family == "rtdetr":
        engine = QueryEngine(QueryNetwork(copy.deepcopy(query_network())), torch.device("cpu"))
        stretch = lambda size: Letterbox.stretch(size, 96)  # noqa: E731
        return Explainer(engine, names, 96, kept, "live", formula, fit=stretch)
    return Explainer(engine_of(fresh_network(family)), names, 128, kept, "live", formula)


@pytest.mark.parametrize("family", FAMILIES)
def test_found_never_contradicts_what_is_detected(family: str) -> None:
    """Every kept box is found as what it is, and a place that is found has a kept box; for all kinds of heads."""
    explainer = explainer_for(family, 0.3)
    found, asked = (
        explainer.explain(PICTURE, with_map=False).detections,
        Prober(explainer).candidates(PICTURE),
    )
    assert np.array_equal(found.boxes_xyxy, asked.detections.boxes_xyxy)
    assert np.array_equal(found.anchors, asked.detections.anchors)
    assert len(found) > 0
    strongest = [
        AskedPlace(tuple(map(float, box)), int(class_id), name)
        for box, class_id, name in zip(found.boxes_xyxy[:8], found.class_ids, found.class_names, strict=False)
        if (box[2:] - box[:2]).min() > 1
    ]
    assert [each.verdict for each in ask_places(strongest, asked)] == [Verdict.FOUND] * len(strongest)
    random = np.random.default_rng(0)
    for _ in range(20):
        x, y, wide, tall = random.uniform(0, 100), random.uniform(0, 80), *random.uniform(20, 70, 2)
        box, class_id = (x, y, x + wide, y + tall), int(random.integers(5))
        answer = ask_places([AskedPlace(box, class_id, "abcde"[class_id])], asked)[0]
        assert (answer.verdict is Verdict.FOUND) == _is_there(found, box, class_id)


def _is_there(found, box, class_id: int) -> bool:
    from supervision import box_iou_batch

    own = found.boxes_xyxy[found.class_ids == class_id]
    return bool(len(own)) and bool(box_iou_batch(own, np.array([box])).max() >= 0.5)


@pytest.mark.parametrize("family", FAMILIES)
def test_candidates_are_the_networks_own(family: str) -> None:
    """Boxes and logits at the anchors that were kept are those of the kept boxes; the class is the one of the box."""
    asked = Prober(explainer_for(family, 0.3)).candidates(PICTURE)
    found, rows = asked.detections, asked.detections.anchors
    confidences = 1 / (1 + np.exp(-asked.logits[rows, found.class_ids].astype(np.float64)))
    assert np.allclose(confidences, found.confidences, atol=1e-4)
    assert np.allclose(asked.boxes_xyxy[rows].clip(0, [200, 150, 200, 150]), found.boxes_xyxy, atol=0.02)
    assert len(asked.logits) == len(asked.boxes_xyxy) == len(asked.points_xy) == len(asked.strides)
    if family != "rtdetr":
        assert set(asked.strides.tolist()) == {int(s) for s in engine_of(fresh_network(family)).cut.strides}


@pytest.mark.parametrize("family", ["yolov8n", "yolo26n-end2end", "tiny"])
def test_the_thresholds_that_are_named_keep_the_candidate(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against ultralytics' own suppression: with them, the anchor is among those kept, for the class that was asked about.

    An untrained network is all noise, so noise is left out here.
    """
    monkeypatch.setattr("heatcam.probing.asking.noise_level", lambda *_: -50.0)
    explainer, random, tried = explainer_for(family, 0.9999, 0.3), np.random.default_rng(1), 0
    asked = Prober(explainer).candidates(PICTURE)
    strongest = np.argsort(-asked.logits, axis=None)[:200]
    for pair in random.permutation(strongest)[:60].tolist():
        row, class_id = divmod(pair, 5)
        box = asked.boxes_xyxy[row].clip(0, [200, 150, 200, 150]).tolist()
        if min(box[2] - box[0], box[3] - box[1]) < 5:
            continue
        answer = ask_places([AskedPlace(tuple(box), class_id, "abcde"[class_id])], asked)[0]
        needs = answer.needs
        if needs.conf is None and needs.iou is None:
            continue
        stronger = (asked.logits > answer.candidate.logit).sum()
        if not asked.suppresses and stronger >= len(asked.logits):
            continue  # such a head picks no more pairs of anchor and class than it has anchors
        tried += 1
        kept = Thresholds(needs.conf or 0.9999, needs.iou or 0.3, max_det=5000)
        now = explainer.with_thresholds(kept).explain(PICTURE, with_map=False).detections
        assert (now.anchors[now.class_ids == class_id] == answer.candidate.anchor).any(), answer
        if tried == 8:
            break
    assert tried >= 3


def test_boxes_read_near_the_place_alone_give_the_same_answers(markers: Explainer) -> None:
    prober, random = Prober(markers), np.random.default_rng(0)
    everything, boxes = prober.candidates(IMAGE), list(TRUE.items())
    for _ in range(8):
        x, y, wide, tall = *random.uniform(0, 380, 2), *random.uniform(20, 100, 2)
        boxes.append((CLASSES[int(random.integers(5))], (x, y, x + wide, y + tall)))
    read = []
    for name, box in boxes:
        own = [place(name, box)]
        near = prober.candidates(IMAGE, np.array([box], np.float32))
        assert np.array_equal(near.detections.anchors, everything.detections.anchors)
        read.append((near.boxes_xyxy[:, 2:] > near.boxes_xyxy[:, :2]).all(1).mean())
        (quick,), (slow,) = ask_places(own, near), ask_places(own, everything)
        assert quick.verdict is slow.verdict
        if slow.verdict is not Verdict.NOT_SEEN:
            assert quick.candidate.anchor == slow.candidate.anchor
            assert np.allclose(quick.candidate.box_xyxy, slow.candidate.box_xyxy, atol=0.02)
    assert np.mean(read) < 0.5
