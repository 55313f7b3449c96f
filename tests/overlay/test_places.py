"""Pictures of places and covers: what speaks for a class in red, against it in blue, and nothing clipped or lost."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.overlay.columns import beside, broken, framed
from heatcam.overlay.covers import draw_cover
from heatcam.overlay.places import MOST_PLACES, NARROWEST, WIDEST, draw_place, draw_places
from heatcam.overlay.signed import draw_signed, part_around, signed_levels, signed_scale
from heatcam.overlay.strips import ColumnCaption
from heatcam.overlay.text import text_width
from heatcam.probing import Verdict, cover_effect, evidence_of
from tests.probing.scenes import BOX, CAT, DOG, LETTERBOX, candidates
from tests.probing.test_words import FakeAsker, answer_of

IMAGE = np.full((320, 320, 3), 120, np.uint8)


def signed(letterbox: Letterbox = LETTERBOX) -> SaliencyMap:
    """For on the left of the middle, against on the right of it."""
    values = np.zeros((20, 20), np.float32)
    values[8:12, 6:9], values[8:12, 11:14] = 1.0, -1.0
    return SaliencyMap(values, letterbox, "hirescam", "1:x")


def test_what_speaks_for_is_positive_and_what_speaks_against_negative() -> None:
    levels = signed_levels(signed(), 1.0, (0, 0, 320, 320), (320, 320))
    assert levels.shape == (320, 320)
    assert levels[160, 120] > 150
    assert levels[160, 200] < -150
    assert not levels[20:40].any()
    picture = draw_signed(IMAGE, signed(), 1.0, (0, 0, 320, 320), (320, 320)).astype(int)
    assert picture[160, 120, 2] > picture[160, 120, 0] + 40  # red
    assert picture[160, 200, 0] > picture[160, 200, 2] + 40  # blue


def test_a_part_shows_the_same_places_enlarged() -> None:
    part = 80, 80, 240, 240
    whole = signed_levels(signed(), 1.0, (0, 0, 320, 320), (640, 640))
    close = signed_levels(signed(), 1.0, part, (320, 320))
    assert np.abs(whole[160:480, 160:480].astype(int) - close).max() <= 12


def test_the_scale_is_the_peak_of_either_sign_of_all_maps() -> None:
    weak = SaliencyMap(0.25 * signed().values, LETTERBOX, "hirescam", "1:x")
    assert signed_scale([weak]) == pytest.approx(0.25)
    assert signed_scale([weak, signed()]) == pytest.approx(1)
    assert signed_scale([]) == 0
    assert not signed_levels(weak, 0.0, (0, 0, 320, 320), (320, 320)).any()


@pytest.mark.parametrize("box", [(0, 0, 5, 5), (300, 310, 320, 320), (0, 0, 320, 320), (150, 10, 160, 300)])
def test_the_part_to_look_at_holds_the_box_and_lies_in_the_picture(box: tuple[float, ...]) -> None:
    x1, y1, x2, y2 = part_around(np.array([box], np.float32), (320, 320), 480)
    assert 0 <= x1 <= box[0]
    assert 0 <= y1 <= box[1]
    assert box[2] <= x2 <= 320
    assert box[3] <= y2 <= 320
    assert x2 - x1 >= 80


@pytest.mark.parametrize("verdict", list(Verdict), ids=lambda v: v.value)
@pytest.mark.parametrize("low", [True, None])
def test_every_verdict_is_drawn_in_two_columns(verdict: Verdict, low: bool | None) -> None:
    answer, everything = answer_of(verdict)
    picture = draw_place(IMAGE, answer, evidence_of([answer], FakeAsker(low), IMAGE)[0], everything)
    assert picture.dtype == np.uint8
    assert picture.shape[1] >= 2 * NARROWEST
    assert (IMAGE == 120).all()


def test_low_evidence_is_marked_in_both_captions() -> None:
    answer, everything = answer_of(Verdict.OTHER_CLASS)
    plain, low = (
        draw_place(IMAGE, answer, evidence_of([answer], FakeAsker(is_low), IMAGE)[0], everything)
        for is_low in (False, True)
    )
    assert plain.shape == low.shape
    half = plain.shape[1] // 2
    for side in (slice(0, half), slice(half, None)):
        assert (plain[:80, side] != low[:80, side]).any()


def test_without_a_map_the_picture_is_shown_with_the_reason() -> None:
    answer, everything = answer_of(Verdict.FOUND)
    found = evidence_of([answer], FakeAsker(fails="no gradient"), IMAGE)[0]
    assert draw_place(IMAGE, answer, found, everything).shape[1] >= NARROWEST


def test_many_places_are_rows_and_no_more_than_fit() -> None:
    answer, everything = answer_of(Verdict.FOUND)
    answers = [answer] * (MOST_PLACES + 3)
    evidence = evidence_of(answers, FakeAsker(), IMAGE)
    one = draw_places(IMAGE, answers[:1], evidence[:1], everything)
    all_of_them = draw_places(IMAGE, answers, evidence, everything)
    assert all_of_them.shape[1] == one.shape[1]
    assert MOST_PLACES * one.shape[0] <= all_of_them.shape[0] < (MOST_PLACES + 1) * one.shape[0]


@pytest.mark.parametrize("size_wh", [(320, 240), (64, 48), (3840, 2160), (90, 400)])
def test_pictures_of_all_sizes_have_columns_of_a_readable_width(size_wh: tuple[int, int]) -> None:
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    answer, everything = answer_of(Verdict.FOUND)
    letterbox = Letterbox.fit(size_wh, 320)
    scale = min(size_wh) / 320
    from dataclasses import replace

    from heatcam.probing import AskedPlace

    own = replace(
        answer,
        place=AskedPlace(tuple(scale * side for side in BOX), DOG, "dog"),
        candidate=replace(answer.candidate, box_xyxy=np.float32(BOX) * np.float32(scale)),
    )
    made = evidence_of([own], FakeAsker(), image)[0]
    assert made.own is not None
    made = replace(made, own=replace(made.own, saliency=signed(letterbox)), rival=None)
    picture = draw_place(image, own, made, replace(everything, letterbox=letterbox))
    assert 2 * NARROWEST <= picture.shape[1] <= 2 * WIDEST + 60


def test_lines_that_are_too_wide_are_broken_at_spaces() -> None:
    text = "below-threshold: dog 0.18 at IoU 1.00; --conf 0.182 keeps it"
    lines = broken(text, 14, 200)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(text_width(line, 14) <= 200 for line in lines)


def test_columns_of_other_heights_stand_beside_each_other() -> None:
    short, tall = np.zeros((100, 200, 3), np.uint8), np.zeros((140, 200, 3), np.uint8)
    caption = ColumnCaption("1", (9, 9, 9), "name", "detail")
    made = beside([framed(short, caption, None), framed(tall, caption, None)], ["headline"])
    assert made.shape[1] > 400


def explanation(found: Detections, image: np.ndarray = IMAGE) -> Explanation:
    return Explanation(Frame(image, 0, 0.0, 0.0), found, signed(), (signed(),) * len(found))


def test_a_cover_is_outlined_on_both_and_what_vanished_is_marked_on_the_second() -> None:
    first, second = (
        candidates([(BOX, {DOG: 2.0}), ((16, 16, 80, 80), {CAT: 1.0})]),
        candidates([(BOX, {DOG: 2.0})]),
    )
    cover = np.array([[16, 16, 80, 80]], np.float32)
    before, after = explanation(first.detections), explanation(second.detections)
    gone = draw_cover(before, after, cover_effect(first, second, (), cover))
    assert gone.shape[1] >= 2 * NARROWEST
    here = draw_cover(before, before, cover_effect(first, first, (), cover))
    reds = [(picture == (90, 90, 255)).all(2).sum() for picture in (here, gone)]
    assert reds[0] == 0
    assert reds[1] > 100
    ambers = (gone == (60, 190, 255)).all(2)
    half = gone.shape[1] // 2
    assert ambers[:, :half].sum() > 500
    assert ambers[:, half:].sum() > 100  # (below the dashes)
