"""Matching: TIDE's kinds by hand, and COCO's evaluation as the oracle of who has which label."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.audit.labels import ClassMap, DataLabel, PictureLabels
from heatcam.audit.matching import match_picture
from heatcam.audit.objects import ObjectKind
from heatcam.frames import Detections

NAMES = {0: "cat", 1: "dog"}
CAT, DOG = "cat", "dog"
BOX = (10.0, 10.0, 50.0, 50.0)


def found(*rows: tuple[str, tuple[float, float, float, float]]) -> Detections:
    """Detections, strongest first."""
    ids = np.array([{CAT: 0, DOG: 1}[name] for name, _ in rows], np.int64)
    boxes = np.array([box for _, box in rows], np.float32).reshape(-1, 4)
    scores = np.linspace(0.9, 0.3, len(rows), dtype=np.float32)
    return Detections(boxes, scores, ids, np.arange(len(rows)), tuple(name for name, _ in rows))


def labels(*rows: DataLabel | tuple[str, tuple[float, float, float, float]]) -> PictureLabels:
    own = [row if isinstance(row, DataLabel) else DataLabel(row[1], row[0]) for row in rows]
    return ClassMap(NAMES).labels_of(own, (200, 200))


def kinds(detections: Detections, known: PictureLabels, iou: float = 0.5) -> list[str]:
    return [match.kind.value for match in match_picture(detections, known, iou).matches]


def test_a_detection_on_a_label_of_its_class_is_right_and_the_next_one_on_it_a_duplicate() -> None:
    matches = match_picture(found((CAT, BOX), (CAT, (11, 11, 51, 51))), labels((CAT, BOX)), 0.5)
    assert [m.kind for m in matches.matches] == [ObjectKind.TRUE, ObjectKind.DUPLICATE]
    assert (matches.matches[0].label, matches.matches[0].iou, matches.missed) == (0, 1.0, ())


def test_a_detection_on_a_label_of_another_class_has_the_wrong_class_and_the_label_is_missed() -> None:
    matches = match_picture(found((DOG, BOX)), labels((CAT, BOX)), 0.5)
    assert [(m.kind, m.label) for m in matches.matches] == [(ObjectKind.CLASS, 0)]
    assert matches.missed == (0,)


def test_a_badly_placed_detection_is_a_location_error_of_its_class_and_both_of_another() -> None:
    beside = (30.0, 10.0, 70.0, 50.0)  # IoU 1/3
    assert kinds(found((CAT, beside)), labels((CAT, BOX))) == ["location"]
    assert kinds(found((DOG, beside)), labels((CAT, BOX))) == ["both"]


def test_below_an_overlap_of_a_tenth_a_detection_is_on_the_background() -> None:
    assert kinds(found((CAT, (100, 100, 150, 150)), (CAT, (47, 47, 90, 90))), labels((CAT, BOX))) == [
        "background",
        "background",
    ]
    assert kinds(found((CAT, BOX)), labels()) == ["background"]


def test_a_detection_in_a_far_larger_label_shows_that_it_is_loose_but_only_one_does() -> None:
    inside = (12.0, 12.0, 40.0, 40.0)
    around = (10.0, 10.0, 60.0, 60.0)  # IoU 0.31
    matches = match_picture(found((CAT, inside), (CAT, (13, 13, 41, 41))), labels((CAT, around)), 0.5)
    assert [m.kind.value for m in matches.matches] == ["loose", "location"]
    assert matches.missed == ()
    assert kinds(found((CAT, BOX), (CAT, (11, 11, 31, 31))), labels((CAT, BOX))) == ["true", "location"]
    assert kinds(found((CAT, (30, 10, 70, 50))), labels((CAT, BOX))) == ["location"], "not held by it"


def test_a_crowd_of_the_class_and_a_place_to_ignore_make_detections_count_neither_way() -> None:
    crowd = DataLabel((0, 0, 100, 100), CAT, is_crowd=True)
    place = DataLabel((100, 100, 200, 200), "whatever", is_ignored=True)
    inside = (20.0, 20.0, 40.0, 40.0)
    assert kinds(found((CAT, inside), (CAT, (60, 60, 80, 80))), labels(crowd)) == ["ignored", "ignored"]
    assert kinds(found((DOG, inside)), labels(crowd)) == ["background"]
    assert kinds(found((DOG, (110, 110, 150, 150))), labels(place)) == ["ignored"]
    assert kinds(found((CAT, BOX)), labels(crowd, (CAT, BOX))) == ["true"], "a label goes before a crowd"
    assert match_picture(found(), labels(crowd, place), 0.5).missed == ()


def test_the_threshold_is_that_of_the_user() -> None:
    near = (14.0, 10.0, 54.0, 50.0)  # IoU 0.818
    assert kinds(found((CAT, near)), labels((CAT, BOX)), 0.8) == ["true"]
    assert kinds(found((CAT, near)), labels((CAT, BOX)), 0.85) == ["location"]


def test_labels_of_classes_that_the_model_lacks_are_counted_and_left_out() -> None:
    classes = ClassMap(NAMES, kept=(0,))
    rows = [DataLabel(BOX, name) for name in ("CAT ", "dog", "cow", "cow")]
    assert classes.labels_of(rows, (200, 200)).class_names == ("cat",)
    assert classes.unknown == {"cow": 2}, "and not those that the audit is not about"


def test_labels_are_cut_to_the_picture_and_those_outside_of_it_are_dropped() -> None:
    known = labels((CAT, (-10, -10, 20, 20)), (CAT, (300, 300, 310, 310)))
    assert known.boxes_xyxy.tolist() == [[0, 0, 20, 20]]
    assert known.exact_xyxy.tolist() == [[-10, -10, 20, 20]]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Detections, PictureLabels, list[DataLabel]]:
    noise = np.random.default_rng(draw(st.integers(0, 10_000)))
    count, marks = draw(st.integers(0, 6)), draw(st.integers(0, 8))
    corner, size = noise.uniform(0, 120, (count, 2)), noise.uniform(15, 70, (count, 2))
    known = [
        DataLabel((*map(float, (*a, *(a + b))),), NAMES[int(noise.integers(2))], bool(noise.random() < 0.3))  # type: ignore[arg-type]
        for a, b in zip(corner, size, strict=True)
    ]
    rows = []
    for _ in range(marks):
        base = np.array(known[int(noise.integers(count))].box_xyxy) if count else noise.uniform(0, 60, 4)
        box = base + noise.normal(0, 6, 4)
        low, high = np.minimum(box[:2], box[2:] - 2), np.maximum(box[2:], box[:2] + 2)
        rows.append((NAMES[int(noise.integers(2))], (*low.tolist(), *high.tolist())))
    return found(*rows), ClassMap(NAMES).labels_of(known, (200, 200)), known


@settings(max_examples=60)
@given(scenes(), st.sampled_from([0.5, 0.75]))
def test_right_and_ignored_are_as_in_cocos_own_evaluation(scene, iou: float) -> None:
    detections, known, given_labels = scene
    boxes = [
        [max(0.0, v) if i < 2 else min(200.0, v) for i, v in enumerate(each.box_xyxy)]
        for each in given_labels
    ]
    theirs = coco_kinds(detections, boxes, given_labels, iou)
    ours = kinds(detections, known, iou)
    assert [k if k in ("true", "ignored") else "wrong" for k in ours] == theirs


def coco_kinds(detections: Detections, boxes, given_labels, iou: float) -> list[str]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": 1}],
            "categories": [{"id": 1, "name": CAT}, {"id": 2, "name": DOG}],
            "annotations": [
                {
                    "id": n, "image_id": 1, "category_id": 1 + (each.class_name == DOG), "iscrowd": int(each.is_crowd),
                    "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1),
                }
                for n, (each, (x1, y1, x2, y2)) in enumerate(zip(given_labels, boxes, strict=True), 1)
            ],
        }  # fmt: skip
        coco.createIndex()
        rows = [
            [1, x1, y1, x2 - x1, y2 - y1, score, 1 + class_id]
            for (x1, y1, x2, y2), score, class_id in zip(
                detections.boxes_xyxy.astype(float),
                detections.confidences.tolist(),
                detections.class_ids.tolist(),
                strict=True,
            )
        ]
        if not rows:
            return []
        results = coco.loadRes(np.array(rows, np.float64))
        judge = COCOeval(coco, results, "bbox")
        judge.params.iouThrs = np.array([iou])
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.evaluate()
    said = {}
    for each in filter(None, judge.evalImgs):
        for n, matched, ignored in zip(each["dtIds"], each["dtMatches"][0], each["dtIgnore"][0], strict=True):
            said[n] = "ignored" if ignored else "true" if matched else "wrong"
    return [said[n] for n in range(1, len(rows) + 1)]


@pytest.mark.parametrize("iou", [0.3, 0.5, 0.9])
@settings(max_examples=40)
@given(scene=scenes())
def test_every_label_is_right_loose_or_missed(iou: float, scene) -> None:
    detections, known, _ = scene
    result = match_picture(detections, known, iou)
    owned = [m.label for m in result.matches if m.kind in (ObjectKind.TRUE, ObjectKind.LOOSE)]
    assert sorted([*owned, *result.missed]) == list(range(len(known)))
    assert all((m.label is None) == (m.kind.value in ("background", "ignored")) for m in result.matches)
