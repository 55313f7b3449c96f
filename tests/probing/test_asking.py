"""Verdicts about places, on candidates written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.probing import PlaceAnswer, Verdict, ask_places
from heatcam.probing.asking import NO_REST, just_below
from heatcam.probing.noise import noise_level
from heatcam.probing.suppression import overlap_needed
from tests.probing.scenes import BOX, CAT, DOG, QUIET, candidates, place


def ask(*placed, class_id: int = DOG, box=BOX, others=(), match_iou: float = 0.5, **options) -> PlaceAnswer:
    everything = candidates(placed, **options)
    return ask_places([place(class_id, box), *others], everything, match_iou)[0]


def moved(by_x: float, by_y: float = 0.0) -> tuple[float, float, float, float]:
    return BOX[0] + by_x, BOX[1] + by_y, BOX[2] + by_x, BOX[3] + by_y


def test_a_kept_box_of_the_class_is_found_with_its_numbers() -> None:
    answer = ask((moved(8), {DOG: 2.0, CAT: -3.0}))
    assert answer.verdict is Verdict.FOUND
    assert answer.candidate.confidence == pytest.approx(0.8808, abs=1e-4)
    assert answer.candidate.logit == 2.0
    assert answer.candidate.iou == pytest.approx(88 / 104, abs=1e-4)
    assert answer.candidate.stride == 16
    assert answer.needs.conf is answer.needs.iou is answer.suppressed_by is None
    assert answer.margins.conf == pytest.approx(0.6308, abs=1e-4)
    assert answer.detection == 0
    assert answer.rivals[0].class_name == "cat"
    assert answer.rivals[0].ahead == -5.0


def test_below_the_threshold_names_a_threshold_that_keeps_it() -> None:
    answer = ask((BOX, {DOG: -1.5}))
    assert answer.verdict is Verdict.BELOW_THRESHOLD
    assert answer.needs.conf == 0.182  # sigmoid(-1.5) is 0.18243
    assert answer.needs.iou is None
    assert answer.margins.conf == pytest.approx(0.1824 - 0.25, abs=1e-4)
    assert ask((BOX, {DOG: -1.5}), conf=answer.needs.conf).verdict is Verdict.FOUND
    assert ask((BOX, {DOG: -1.5}), conf=answer.needs.conf + 0.001).verdict is Verdict.BELOW_THRESHOLD


def test_a_neighbour_that_is_another_place_suppresses_and_the_iou_that_would_not_is_named() -> None:
    neighbour = moved(24)
    placed = (BOX, {DOG: 0.5}), (neighbour, {DOG: 3.0})
    answer = ask(*placed, others=[place(DOG, neighbour)], iou=0.5)
    assert answer.verdict is Verdict.SUPPRESSED
    by = answer.suppressed_by
    assert by is not None
    assert by.iou == pytest.approx(72 / 120, abs=1e-4)
    assert by.detection == 0
    assert by.box_xyxy.tolist() == list(neighbour)
    assert answer.needs.conf is None
    assert answer.margins.overlap == pytest.approx(0.5 - 0.6, abs=1e-4)
    assert ask(*placed, others=[place(DOG, neighbour)], iou=answer.needs.iou).verdict is Verdict.FOUND


def test_below_the_threshold_and_suppressed_needs_both() -> None:
    neighbour = moved(24)
    answer = ask((BOX, {DOG: -1.5}), (neighbour, {DOG: 3.0}), others=[place(DOG, neighbour)], iou=0.5)
    assert answer.verdict is Verdict.BELOW_THRESHOLD
    assert answer.needs.conf is not None
    assert answer.needs.iou == pytest.approx(0.6, abs=1e-3)


def test_a_suppressed_box_suppresses_nobody() -> None:
    """As in the field's suppression: the middle one of three is gone, so the third is kept."""
    first, second, third = moved(-36), moved(-12), moved(12)
    placed = (first, {DOG: 3.0}), (second, {DOG: 2.0}), (third, {DOG: -1.5})
    answer = ask(*placed, box=third, others=[place(DOG, first)], iou=0.5, match_iou=0.7)
    assert answer.verdict is Verdict.BELOW_THRESHOLD
    assert answer.needs.iou is None


def test_a_box_with_a_low_overlap_is_misplaced_and_its_worst_side_is_named() -> None:
    answer = ask(((112, 112, 312, 208), {DOG: 2.0}))
    assert answer.verdict is Verdict.MISPLACED
    assert answer.candidate.iou == pytest.approx(0.48)
    assert [each.side for each in answer.wrong_sides] == ["right"]
    assert answer.wrong_sides[0].off_px == 104
    assert answer.wrong_sides[0].gain == pytest.approx(0.52)
    assert ask(((112, 112, 312, 208), {DOG: 2.0}), match_iou=0.45).verdict is Verdict.FOUND


def test_a_misplaced_box_may_be_below_the_threshold_too() -> None:
    answer = ask(((112, 112, 312, 208), {DOG: -2.0}))
    assert answer.verdict is Verdict.MISPLACED
    assert answer.detection is None
    assert answer.needs.conf == just_below(1 / (1 + np.exp(2.0)))


def test_another_class_at_the_same_anchor_is_named_with_its_lead() -> None:
    answer = ask((BOX, {DOG: -1.0, CAT: 1.5}))
    assert answer.verdict is Verdict.OTHER_CLASS
    assert answer.taken_for is not None
    assert answer.taken_for.class_name == "cat"
    assert answer.taken_for.ahead == 2.5
    assert answer.needs.conf is None  # no threshold gives the anchor to the dog
    assert ask((BOX, {DOG: -1.0, CAT: 1.5}), conf=0.01).verdict is Verdict.OTHER_CLASS


def test_another_class_may_have_taken_all_of_it() -> None:
    answer = ask((BOX, {DOG: QUIET, CAT: 1.5}))
    assert answer.verdict is Verdict.OTHER_CLASS
    assert answer.detection == 0


def test_another_class_that_is_another_place_takes_nothing() -> None:
    answer = ask((BOX, {DOG: QUIET, CAT: 1.5}), others=[place(CAT)])
    assert answer.verdict is Verdict.NOT_SEEN


def test_heads_without_suppression_keep_both_classes_of_an_anchor() -> None:
    placed = (BOX, {DOG: 0.5, CAT: 1.5})
    assert ask(placed, suppresses=False).verdict is Verdict.FOUND
    weak = ask((BOX, {DOG: -1.5, CAT: 1.5}), suppresses=False)
    assert weak.verdict is Verdict.OTHER_CLASS
    assert weak.needs.conf == 0.182  # here a threshold does help


def test_nothing_above_the_noise_is_not_seen() -> None:
    answer = ask()
    assert answer.verdict is Verdict.NOT_SEEN
    assert answer.noise_logit == pytest.approx(QUIET + 1.2, abs=0.8)
    assert answer.candidate.logit <= answer.noise_logit


def test_the_noise_is_that_of_the_picture() -> None:
    """The same box is seen in a quiet picture, and is not in one whose anchors are as loud everywhere."""
    assert ask((BOX, {DOG: -4.0})).verdict is Verdict.BELOW_THRESHOLD
    assert ask((BOX, {DOG: -4.0}), level=-4.0).verdict is Verdict.NOT_SEEN


def test_the_class_elsewhere_is_no_noise_where_it_is_known() -> None:
    other = (16.0, 16.0, 80.0, 80.0)
    weak = (BOX, {DOG: -3.0}), (other, {DOG: -1.5})
    known = ask(*weak, others=[place(DOG, other)])
    assert known.noise_logit is not None
    assert known.noise_logit < -8


def test_noise_at_places_with_nothing_on_them_is_exceeded_one_time_in_twenty() -> None:
    random = np.random.default_rng(1)
    everything = candidates()
    above = 0
    for _ in range(400):
        x, y = random.uniform(0, 256, 2)
        box = np.array([[x, y, x + 64, y + 64]], np.float32)
        level = noise_level(everything, DOG, (64, 64), box)
        inside = ((everything.points_xy >= box[0, :2]) & (everything.points_xy < box[0, 2:])).all(1)
        above += everything.logits[inside, DOG].max() > level
    assert above / 400 < 0.12


def test_a_place_that_fills_the_picture_leaves_no_noise_to_measure() -> None:
    whole = (0.0, 0.0, 320.0, 320.0)
    answer = ask((whole, {DOG: NO_REST + 1}), box=whole)
    assert answer.noise_logit is None
    assert answer.verdict is Verdict.BELOW_THRESHOLD
    assert ask((whole, {DOG: NO_REST - 1}), box=whole).verdict is Verdict.NOT_SEEN


def test_each_kept_box_is_on_one_place_only() -> None:
    twice = [place(), place(DOG, moved(16))]
    answers = ask_places(twice, candidates([(moved(4), {DOG: 2.0})]))
    assert [each.verdict is Verdict.FOUND for each in answers] == [True, False]


def test_a_box_that_is_on_an_equal_place_answers_no_other() -> None:
    verdicts = [each.verdict for each in ask_places([place(), place()], candidates([(BOX, {DOG: 2.0})]))]
    assert verdicts == [Verdict.FOUND, Verdict.NOT_SEEN]


def test_stronger_boxes_may_fill_max_det() -> None:
    placed = (BOX, {DOG: 0.5}), ((0, 0, 64, 64), {CAT: 3.0})
    answer = ask(*placed, max_det=1)
    assert answer.verdict is Verdict.BELOW_THRESHOLD
    assert answer.beyond_max_det
    assert not ask(*placed, max_det=2).beyond_max_det


@pytest.mark.parametrize(
    ("box", "too_small", "cut"),
    [
        ((100, 100, 140, 140), False, False),
        ((100, 100, 115, 140), True, False),
        ((0, 100, 40, 140), False, True),
        ((280, 280, 320, 300), False, True),
    ],
)
def test_small_and_cut_objects_are_named_as_such(box, too_small: bool, cut: bool) -> None:
    answer = ask(box=box)
    assert (answer.too_small, answer.cut) == (too_small, cut)


@pytest.mark.parametrize("confidence", [0.999, 0.25, 0.18243, 0.1, 0.0123456, 1e-5, 1.0])
def test_the_threshold_named_is_just_below(confidence: float) -> None:
    named = just_below(confidence)
    assert named < confidence
    assert named > 0.98 * confidence


def test_a_box_that_equals_a_stronger_one_needs_a_threshold_of_one() -> None:
    answer = ask((BOX, {DOG: 0.5}), (BOX, {DOG: 3.0}), others=[place(DOG, (0, 0, 9, 9))], match_iou=0.99)
    assert answer.verdict is Verdict.FOUND
    everything = candidates([(BOX, {DOG: 0.5}), (BOX, {DOG: 3.0})])
    for row in np.nonzero(everything.logits[:, DOG] == 0.5)[0].tolist():
        assert overlap_needed(everything, row, DOG) == 1


def test_no_places_have_no_answers() -> None:
    assert ask_places([], candidates()) == ()
