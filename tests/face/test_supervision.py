"""Explanations go to supervision and its annotators, and are drawn between them."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import supervision as sv
from PIL import Image

from heatcam import annotate
from heatcam.errors import UsageError
from heatcam.face import Explanation
from heatcam.overlay import render
from tests.face.tiny import with_tiny_facts
from tests.views.scenes import seen, without_a_map


@pytest.fixture
def explanation() -> Explanation:
    return with_tiny_facts(seen())


def test_boxes_classes_and_evidence_are_supervisions(explanation: Explanation) -> None:
    found, expected = explanation.to_supervision(), explanation.detections
    assert isinstance(found, sv.Detections)
    assert np.array_equal(found.xyxy, expected.boxes_xyxy)
    assert np.array_equal(found.confidence, expected.confidences)
    assert np.array_equal(found.class_id, expected.class_ids)
    assert (found.mask, found.tracker_id) == (None, None)
    assert found["class_name"].tolist() == list(expected.class_names)
    told = explanation.findings().detections
    assert np.allclose(found["energy_in_box"], [one.energy_in_box for one in told])
    assert np.allclose(found["evidence"], [one.evidence for one in told])
    assert found["low_evidence"].tolist() == [False, True]


def test_its_own_ways_of_choosing_work_on_it(explanation: Explanation) -> None:
    found = explanation.to_supervision()
    weak = found[found["low_evidence"]]
    assert weak["class_name"].tolist() == [explanation.detections.class_names[1]]
    assert len(sv.Detections.merge([found, found])) == 4


def test_changing_them_changes_no_explanation(explanation: Explanation) -> None:
    found = explanation.to_supervision()
    before = explanation.detections.boxes_xyxy.copy()
    found.xyxy += 5
    assert np.array_equal(explanation.detections.boxes_xyxy, before)


def test_what_is_not_known_is_left_out() -> None:
    bare = with_tiny_facts(replace(without_a_map(), low_evidence=()))
    assert list(bare.to_supervision().data) == ["class_name"]
    assert len(with_tiny_facts(seen(0)).to_supervision()) == 0


def test_an_object_without_evidence_has_no_energy(explanation: Explanation) -> None:
    empty = replace(explanation.object_maps[0], values=np.zeros_like(explanation.object_maps[0].values))
    found = replace(explanation, object_maps=(empty, empty)).to_supervision()
    assert np.isnan(found["energy_in_box"]).all()
    assert found["evidence"].tolist() == [0.0, 0.0]


def test_masks_are_filled_with_their_holes_and_tracks_are_theirs(explanation: Explanation) -> None:
    ring = np.float32([[10.5, 10.5], [19.5, 10.5], [19.5, 19.5], [10.5, 19.5]])
    hole = np.float32([[12.5, 12.5], [17.5, 12.5], [17.5, 17.5], [12.5, 17.5]])
    found = replace(explanation.detections, mask_polygons=((ring, hole), ()), track_ids=np.int64([4, 0]))
    made = replace(explanation, detections=found).to_supervision()
    assert made.mask.shape == (2, 240, 320)
    assert made.mask[0, 10:20, 10:20].sum() == made.mask[0].sum()
    assert made.mask[0, 10, 10]
    assert not made.mask[0, 14:16, 14:16].any()
    assert not made.mask[1].any()
    assert made.tracker_id.tolist() == [4, -1]


def test_rotated_boxes_are_corners_where_supervision_looks_for_them(explanation: Explanation) -> None:
    boxes = np.float32([[50, 60, 40, 20, 0.0], [100, 100, 40, 20, np.pi / 2]])
    made = replace(
        explanation, detections=replace(explanation.detections, rotated_xywhr=boxes)
    ).to_supervision()
    corners = made[sv.config.ORIENTED_BOX_COORDINATES]
    assert np.allclose(corners[0], [[30, 50], [70, 50], [70, 70], [30, 70]])
    sv.OrientedBoxAnnotator().annotate(np.zeros((240, 320, 3), np.uint8), made)


def test_without_supervision_it_says_how_to_install_it(
    explanation: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(UsageError, match=r"not installed; pip install 'heatcam\[supervision\]'"):
        explanation.to_supervision()


def test_annotate_draws_what_render_draws_onto_a_copy(explanation: Explanation) -> None:
    scene = explanation.frame.image_bgr.copy()
    drawn = annotate(scene, explanation)
    assert np.array_equal(drawn, render(explanation))
    assert np.array_equal(scene, explanation.frame.image_bgr)


def test_it_keeps_what_others_have_drawn(explanation: Explanation) -> None:
    boxes = explanation.to_supervision()
    scene = sv.BoxAnnotator(thickness=3).annotate(np.zeros((240, 320, 3), np.uint8), boxes)
    quiet = replace(explanation, saliency=None, object_maps=())
    assert np.array_equal(annotate(scene, quiet, boxes=False), scene)
    drawn = annotate(scene, explanation, boxes=False, colour_bar=False)
    again = sv.LabelAnnotator().annotate(drawn.copy(), boxes)
    assert (again != drawn).any()


def test_pillow_in_is_pillow_out(explanation: Explanation) -> None:
    scene = Image.fromarray(explanation.frame.image_bgr[..., ::-1].copy())
    drawn = annotate(scene, explanation, colormap="viridis", focus=0)
    assert drawn.mode == "RGB"
    assert np.array_equal(np.asarray(drawn)[..., ::-1], render(explanation, colormap="viridis", focus=0))


def test_a_scene_of_another_size_is_refused(explanation: Explanation) -> None:
    with pytest.raises(UsageError, match="the scene is 20x10, and the explained picture 320x240"):
        annotate(np.zeros((10, 20, 3), np.uint8), explanation)
    with pytest.raises(UsageError, match="no colour map 'tubro'"):
        annotate(explanation.frame.image_bgr, explanation, colormap="tubro")
