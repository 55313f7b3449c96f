"""Numbers of attention, worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures import ImageFindings
from heatcam.measures.findings import describe, findings_of
from heatcam.measures.statistics import concentration_of, energy_in_box, evidence_share, spread_of


def plain_map(values: np.ndarray) -> SaliencyMap:
    """A map whose cells are the picture's pixels."""
    height, width = values.shape
    return SaliencyMap(
        values.astype(np.float32),
        Letterbox((width, height), (width, height), (width, height), 0, 0),
        "live",
        "0",
    )


def test_energy_is_the_share_of_positive_evidence_inside() -> None:
    values = np.zeros((4, 4))
    values[1, 1], values[3, 3], values[0, 0] = 3.0, 1.0, -5.0
    assert energy_in_box(plain_map(values), np.float32([0, 0, 2, 2])) == pytest.approx(0.75)
    assert energy_in_box(plain_map(values), np.float32([0, 0, 4, 4])) == pytest.approx(1.0)
    assert energy_in_box(plain_map(values), np.float32([2, 0, 4, 2])) == 0


def test_a_map_without_evidence_has_no_share() -> None:
    assert energy_in_box(plain_map(np.full((3, 3), -1.0)), np.float32([0, 0, 3, 3])) is None


def test_enrichment_is_how_much_denser_the_evidence_is_in_the_box() -> None:
    values = np.zeros((4, 4))
    values[1, 1], values[3, 3], values[0, 0] = 3.0, 1.0, -5.0
    seen = evidence_share(plain_map(values), np.float32([0, 0, 2, 2]))
    assert seen.evidence == pytest.approx(4.0), "negative evidence counts as none"
    assert seen.enrichment == pytest.approx(0.75 / (4 / 16))


def test_a_cell_that_the_box_cuts_counts_by_its_share() -> None:
    assert energy_in_box(plain_map(np.ones((4, 4))), np.float32([0, 0, 1.5, 4])) == pytest.approx(1.5 / 4)


def test_a_letterbox_border_never_counts() -> None:
    letterbox = Letterbox.fit((640, 320), 640, 128)  # 32 pixels of border above and below
    values = np.ones((letterbox.model_wh[1] // 32, 20), np.float32)
    values[0] = values[-1] = 100.0
    seen = evidence_share(SaliencyMap(values, letterbox, "live", "0"), np.float32([0, 0, 320, 320]))
    assert letterbox.model_wh == (640, 384)
    assert (seen.evidence, seen.energy_in_box, seen.enrichment) == (200.0, 0.5, 1.0)
    beyond = evidence_share(SaliencyMap(values, letterbox, "live", "0"), np.float32([-50, -50, 320, 400]))
    assert beyond == seen, "nor where a box reaches into it"


@pytest.mark.parametrize(("low", "said"), [((), None), ((True,), True), ((False,), False)])
@pytest.mark.parametrize(("unit", "evidence"), [("logits", 16.0), ("radians", None)])
def test_the_findings_say_what_is_known(
    low: tuple[bool, ...], said: bool | None, unit: str, evidence: float | None
) -> None:
    own = SaliencyMap(np.ones((4, 4), np.float32), Letterbox((4, 4), (4, 4), (4, 4), 0, 0), "live", "0", unit)
    one = Detections(np.float32([[0, 0, 2, 4]]), np.float32([0.5]), np.array([0]), np.array([0]), ("a",))
    frame = Frame(np.zeros((4, 4, 3), np.uint8), 0, 0.0, 0.0)
    (row,) = describe(Explanation(frame, one, own, (own,), low_evidence=low))["detections"]
    assert row["low_evidence"] is said
    assert row["evidence_logits"] == evidence
    assert (row["energy_in_box"], row["enrichment"]) == (0.5, 1.0)


def test_where_evidence_lies_and_how_far_it_spreads() -> None:
    values = np.zeros((4, 8))
    values[1, 1], values[1, 5] = 3.0, 1.0  # middles at (1.5, 1.5) and (5.5, 1.5)
    where = spread_of(plain_map(values))
    assert where is not None
    assert where.peak_xy == (1.5, 1.5)
    assert where.centroid_xy == (2.5, 1.5)
    assert where.radius == pytest.approx(np.sqrt((3 * 1 + 1 * 9) / 4))
    assert spread_of(plain_map(-values)) is None


def test_how_concentrated_evidence_is() -> None:
    one, even = np.zeros((4, 4)), np.ones((4, 4))
    one[2, 3] = 5.0
    alone, all_over = concentration_of(plain_map(one)), concentration_of(plain_map(even))
    assert alone is not None
    assert (alone.entropy, alone.coverage_50, alone.coverage_90) == (0.0, 1 / 16, 1 / 16)
    assert all_over is not None
    assert (all_over.entropy, all_over.coverage_50, all_over.coverage_90) == pytest.approx(
        (1.0, 0.5, 15 / 16)
    )
    assert concentration_of(plain_map(-even)) is None


def test_masks_keypoints_and_rotated_boxes_are_told_where_there_are_any() -> None:
    frame = Frame(np.zeros((4, 4, 3), np.uint8), 0, 0.0, 0.0)
    one = Detections(np.float32([[0, 0, 2, 4]]), np.float32([0.5]), np.array([0]), np.array([0]), ("a",))
    told = {"mask_polygons", "keypoints", "rotated_xywhr"}
    assert not told & describe(Explanation(frame, one))["detections"][0].keys()
    shaped = replace(
        one,
        mask_polygons=((np.float32([[0.5, 1.5], [1.5, 1.5], [1.5, 3.25]]),),),
        keypoints=np.float32([[[1, 2, 0.25], [0, 3.125, 1]]]),
        rotated_xywhr=np.float32([[1, 2, 1.5, 3, 0.5]]),
    )
    (row,) = describe(Explanation(frame, shaped))["detections"]
    assert row["mask_polygons"] == [[[0.5, 1.5], [1.5, 1.5], [1.5, 3.25]]]
    assert row["keypoints"] == [[1.0, 2.0, 0.25], [0.0, 3.12, 1.0]]
    assert row["rotated_xywhr"] == [1.0, 2.0, 1.5, 3.0, 0.5]
    (empty,) = describe(Explanation(frame, replace(shaped, mask_polygons=((),))))["detections"]
    assert empty["mask_polygons"] == []


def two_objects() -> Explanation:
    """A picture of 40 x 20 pixels with an object left and one right, and their maps, a cell a pixel."""
    left, right = np.zeros((20, 40)), np.zeros((20, 40))
    left[5:15, 4:14], right[8:12, 26:34] = 1.0, 2.0
    found = Detections(
        np.float32([[2, 2, 18, 18], [22, 2, 38, 18]]),
        np.float32([0.9, 0.4]),
        np.array([3, 7]),
        np.array([0, 1]),
        ("dog", "cat"),
        track_ids=np.array([5, 0]),
    )
    maps = plain_map(left), plain_map(right)
    return Explanation(
        Frame(np.zeros((20, 40, 3), np.uint8), 7, 0.0, 1.5, "clip.mp4"),
        found,
        plain_map(left + right),
        maps,
        low_evidence=(False, True),
    )


def test_findings_of_a_picture_name_objects_regions_and_doubts() -> None:
    found = findings_of(two_objects(), path="clip.mp4", frame_index=7, pts_s=1.5).as_json()
    dog, cat = found["detections"]
    assert (dog["class_name"], dog["class_id"], dog["track_id"]) == ("dog", 3, 5)
    assert cat["track_id"] is None
    assert dog["box_normalised"] == [0.05, 0.1, 0.45, 0.9]
    assert (dog["energy_in_box"], dog["evidence"]) == (1.0, 100.0)
    assert dog["centroid_xy"] == [9.0, 10.0]
    assert cat["centroid_xy"] == [30.0, 10.0]
    assert [region["place"] for region in found["regions"]] == ["centre left", "centre right"]
    assert [region["objects"][0]["class_name"] for region in found["regions"]] == ["dog", "cat"]
    assert found["warnings"] == ["low evidence: cat"]
    assert (found["path"], found["frame_index"], found["pts_s"]) == ("clip.mp4", 7, 1.5)
    assert found["question"] is None


def test_masks_keypoints_and_rotated_boxes_are_told_where_the_head_has_them() -> None:
    plain, ring = two_objects(), np.float32([[2, 2], [18, 2], [18, 18.256]])
    assert (
        not {"mask_polygons", "keypoints", "rotated_xywhr"}
        & findings_of(plain).as_json()["detections"][0].keys()
    )
    shapes = replace(
        plain.detections,
        mask_polygons=((ring,), ()),
        keypoints=np.float32([[[3, 4, 0.5]], [[30, 9, 1]]]),
        rotated_xywhr=np.float32([[10, 10, 16, 8, 0.25], [30, 10, 16, 8, 0]]),
    )
    dog, cat = findings_of(replace(plain, detections=shapes)).as_json()["detections"]
    assert dog["mask_polygons"] == [[[2.0, 2.0], [18.0, 2.0], [18.0, 18.26]]]
    assert cat["mask_polygons"] == []
    assert dog["keypoints"] == [[3.0, 4.0, 0.5]]
    assert dog["rotated_xywhr"] == [10.0, 10.0, 16.0, 8.0, 0.25]


def test_without_maps_numbers_are_null_and_the_reason_is_told() -> None:
    without = replace(
        two_objects(), saliency=None, object_maps=(), low_evidence=(), map_error="out of memory"
    )
    found = findings_of(without).as_json()
    assert found["heat"] is None
    assert found["regions"] == []
    assert found["map_error"] == "out of memory"
    assert found["warnings"] == ["no heat map: out of memory"]
    dog = found["detections"][0]
    assert {dog[name] for name in ("energy_in_box", "evidence", "peak_xy", "spread", "low_evidence")} == {
        None
    }


def test_every_finding_is_valid_by_the_schema_and_can_be_read_back() -> None:
    facts = findings_of(two_objects())
    assert ImageFindings.model_validate_json(json.dumps(facts.as_json())).as_json() == facts.as_json()


def test_evidence_outside_the_subject_is_told() -> None:
    left_half = np.zeros((20, 40), bool)
    left_half[:, :20] = True
    found = findings_of(two_objects(), subject=left_half).as_json()
    assert found["heat"]["outside_foreground"] == pytest.approx(64 / 164)
    with pytest.raises(ValueError, match="a mask of"):
        findings_of(two_objects(), subject=left_half.T)
