"""The brush: what covers change in a stream's frames, and the score of what the maps foretold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from heatcam.enums import ComparedView, Fill
from heatcam.live.answering import Answering
from heatcam.live.covering import Covering
from heatcam.live.questions import CoverStroke
from heatcam.probing import covered
from tests.live.covered_scenes import (
    OTHER,
    SHADE,
    CoveredModel,
    explained,
    left_of,
    request_for,
)
from tests.probing.scenes import BOX, QUIET


def brush(model: CoveredModel) -> Covering:
    return Covering(lambda _request: model)


def test_each_object_has_its_numbers_before_and_after_from_one_pass_of_the_covered_picture() -> None:
    model = CoveredModel()
    reply = brush(model).reply(explained(), request_for(left_of(BOX, 1), fill=Fill.GREY))
    assert len(model.asked) == 1
    assert reply.effect is not None
    dog, cat = reply.effect.objects
    assert (dog.logit_before, dog.logit_after) == pytest.approx((3.0, -1.0), abs=1e-3)
    assert dog.evidence_share == pytest.approx(0.75)
    assert dog.logit_lost == pytest.approx(4 / (3 - QUIET), abs=0.02)
    assert cat.logit_lost == pytest.approx(0, abs=1e-3)
    assert cat.evidence_share == 0
    assert reply.effect.vanished == ()
    assert reply.cost_ms > 0
    assert reply.reason == ""


def test_a_box_that_is_covered_too_far_has_vanished_and_comes_back_without_the_cover() -> None:
    own = brush(CoveredModel())
    reply = own.reply(explained(), request_for(left_of(BOX, 1, 0.9)))
    assert reply.effect is not None
    assert reply.effect.vanished == (0,)
    without = own.reply(explained(), request_for())
    assert (without.effect, without.patches, without.numbers) == (None, (), ())


def test_the_pixels_that_are_shown_are_those_that_the_model_saw() -> None:
    model, strokes = CoveredModel(), (left_of(BOX, 1), left_of(OTHER, 2))
    request = request_for(*strokes, fill=Fill.NOISE)
    reply = brush(model).reply(explained(), request)
    shown = np.full((320, 320, 3), SHADE, np.uint8)
    for patch in reply.patches:
        height, width = patch.pixels.shape[:2]
        shown[patch.top : patch.top + height, patch.left : patch.left + width] = patch.pixels
    places = np.array([own.box_xyxy for own in strokes], np.float32)
    assert np.array_equal(model.asked[0], covered(explained().frame.image_bgr, places, Fill.NOISE))
    assert np.array_equal(model.asked[0], shown)


def test_a_stroke_counts_once_for_each_object_however_long_it_lies() -> None:
    model = CoveredModel()
    own = brush(model)
    first = own.reply(explained(0), request_for(left_of(BOX, 1)))
    for index in range(1, 20):
        last = own.reply(explained(index), request_for(left_of(BOX, 1)))
    assert first.foretold.pairs == last.foretold.pairs == 2
    assert len(model.asked) == 20


def test_neither_another_fill_nor_taking_it_back_changes_what_a_stroke_has_counted() -> None:
    own = brush(CoveredModel())
    first, second = left_of(BOX, 1, 0.25), left_of(BOX, 2, 0.75)
    own.reply(explained(0), request_for(first))
    own.reply(explained(1), request_for(first, fill=Fill.NOISE))
    reply = own.reply(explained(2), request_for(second))
    assert reply.foretold.pairs == 4


def test_a_stroke_beside_others_counts_by_itself_as_on_the_command_line() -> None:
    """Covers that pile up would always foretell more and lose more: a score that cannot be low."""
    model = CoveredModel()
    own = brush(model)
    strokes = left_of(BOX, 1), CoverStroke((160, 112, 208, 208), 2)
    own.reply(explained(0), request_for(strokes[0]))
    own.reply(explained(1), request_for(*strokes))
    assert len(model.asked) == 3, "the covers of the frame, and the new one alone, once"
    own.reply(explained(2), request_for(*strokes))
    assert len(model.asked) == 4
    (pairs,) = own._score._pairs.values()
    (dog_left, _), (dog_right, _) = pairs[1], pairs[2]
    assert dog_left[0] == pytest.approx(0.75)
    assert dog_right[0] == pytest.approx(0.25)
    assert dog_right[1] == pytest.approx(dog_left[1], abs=0.01)


def test_the_correlation_is_scipys_over_the_strokes_so_far() -> None:
    own, foretold, happened = brush(CoveredModel()), [], []
    for number, share in enumerate([0.25, 0.5, 0.75, 1.0, 0.1], 1):
        reply = own.reply(explained(number), request_for(left_of(BOX, number, share)))
        assert reply.effect is not None
        foretold += [each.evidence_share for each in reply.effect.objects]
        happened += [each.logit_lost for each in reply.effect.objects]
        expected = spearmanr(foretold, happened).statistic if len(foretold) >= 3 else None
        assert reply.foretold.rank_correlation == (None if expected is None else pytest.approx(expected))
        assert reply.foretold.pairs == 2 * number


def test_maps_made_in_another_way_have_a_score_of_their_own() -> None:
    own, strokes = brush(CoveredModel()), [left_of(BOX, n, n / 4) for n in (1, 2, 3)]
    for stroke in strokes:
        own.reply(explained(), request_for(stroke))
    fine = own.reply(explained(method="gradcam"), request_for(*strokes, still=True))
    assert fine.foretold.pairs == 6, "a frame that stands still is answered once, for all strokes"
    assert fine.maps == "gradcam"
    again = own.reply(explained(), request_for(strokes[0]))
    assert (again.foretold.pairs, again.maps) == (6, "live")


def test_without_maps_of_objects_nothing_is_foretold_and_the_rest_is_told() -> None:
    reply = brush(CoveredModel()).reply(explained(own_maps=False), request_for(left_of(BOX, 1)))
    assert reply.effect is not None
    assert reply.effect.objects[0].evidence_share is None
    assert (reply.foretold.pairs, reply.maps) == (0, "")


@pytest.mark.parametrize("fails_at", [0, 1])
def test_a_model_that_cannot_be_asked_is_a_reason_and_the_covers_stay_where_they_are(fails_at: int) -> None:
    own = brush(CoveredModel(fails_at))
    strokes = left_of(BOX, 1), left_of(OTHER, 2)
    reply = own.reply(explained(), request_for(*strokes))
    assert "finds no boxes" in reply.reason
    assert reply.numbers == (1, 2)
    assert reply.patches == ()
    assert own.reply(explained(), request_for(*strokes)).reason == ""


def test_faults_of_all_kinds_are_reasons() -> None:
    def broken(_request: object) -> CoveredModel:
        raise ZeroDivisionError("a fault of ours")

    assert "a fault of ours" in Covering(broken).reply(explained(), request_for(left_of(BOX, 1))).reason
    unplaced = brush(CoveredModel()).reply(explained(), request_for(CoverStroke((0, 0, 9, 9), 1, 7, (0,))))  # type: ignore[arg-type]
    assert unplaced.reason
    assert unplaced.numbers == ()


def test_two_models_are_not_asked_and_that_is_said() -> None:
    model = CoveredModel()
    request = replace(request_for(left_of(BOX, 1)), compared=ComparedView.BOTH)
    answers = Answering(lambda _request: model)(explained(), request)
    assert answers.cover is not None
    assert "two models" in answers.cover.reason
    assert answers.cover.numbers == (1,)
    assert model.asked == []
