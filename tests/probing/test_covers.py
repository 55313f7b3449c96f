"""Covers in the picture, and their effect on objects beside what the maps had foretold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatcam.enums import Fill
from heatcam.frames import SaliencyMap
from heatcam.probing import CoverEffect, cover_effect, cover_row, cover_words, covered, foretold_by
from heatcam.probing.covers import ObjectEffect, effect_on, share_under
from heatcam.probing.fills import laid, patches_of
from tests.probing.scenes import BOX, CAT, DOG, LETTERBOX, QUIET, candidates

COVER = np.array([[112, 112, 160, 208]], np.float32)  # the left half of BOX
OTHER = (16.0, 16.0, 80.0, 80.0)


def map_of(**cells: float) -> SaliencyMap:
    """A map of 20x20 cells of 16 pixels: ``left`` and ``right`` of the middle of BOX, and ``far`` from it."""
    values = np.zeros((20, 20), np.float32)
    for name, value in cells.items():
        values[{"left": (8, 8), "right": (8, 11), "far": (1, 1), "cut": (8, 9)}[name]] = value
    return SaliencyMap(values, LETTERBOX, "live", "1:x")


@pytest.mark.parametrize("fill", list(Fill))
def test_a_cover_changes_the_place_and_nothing_else(fill: Fill) -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    before = image.copy()
    made = covered(image, np.array([[10, 20, 30, 50]], np.float32), fill)
    assert np.array_equal(image, before)
    inside = np.zeros((60, 80), bool)
    inside[20:50, 10:30] = True
    assert np.array_equal(made[~inside], image[~inside])
    assert (made[inside] != image[inside]).any(1).mean() > 0.9
    assert np.array_equal(made, covered(image, np.array([[10, 20, 30, 50]], np.float32), fill))


def test_fills_are_what_their_names_say() -> None:
    image = np.full((80, 80, 3), 200, np.uint8)
    image[30:50, 30:50] = np.random.default_rng(0).integers(0, 60, (20, 20, 3))
    place = np.array([[30, 30, 50, 50]], np.float32)
    made = {fill: covered(image, place, fill)[30:50, 30:50].astype(float) for fill in Fill}
    assert (made[Fill.GREY] == 114).all()
    assert made[Fill.NOISE].std() > 60
    assert made[Fill.BLUR].std() < made[Fill.NOISE].std() / 2
    assert abs(made[Fill.BACKGROUND] - 200).max() < 12


@pytest.mark.parametrize("fill", list(Fill))
@pytest.mark.parametrize("box", [(-20, -20, 200, 200), (79, 0, 80, 1), (90, 90, 99, 99), (5.4, 5.4, 5.45, 9)])
def test_covers_at_and_over_the_edges_are_clipped(fill: Fill, box: tuple[float, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    assert covered(image, np.array([box], np.float32), fill).shape == image.shape


def test_the_share_under_covers_counts_overlaps_once_and_cut_cells_in_part() -> None:
    saliency = map_of(left=3.0, right=1.0)
    assert share_under(saliency, COVER) == pytest.approx(0.75)
    assert share_under(saliency, np.concatenate((COVER, COVER))) == pytest.approx(0.75)
    half = np.array([[112, 112, 152, 208]], np.float32)  # cuts the cell from 144 to 160
    assert share_under(map_of(cut=2.0), half) == pytest.approx(0.5)
    assert share_under(map_of(cut=2.0), np.concatenate((half, half))) == pytest.approx(0.5)
    assert share_under(map_of(), COVER) is None
    assert share_under(map_of(left=-1.0), COVER) is None


def effect(after_logit: float, saliency: SaliencyMap | None = None, *, keep: bool = True) -> CoverEffect:
    first = candidates([(BOX, {DOG: 2.0}), (OTHER, {CAT: 1.0})])
    second = candidates([(BOX, {DOG: after_logit}), (OTHER, {CAT: 1.0 if keep else -5.0})])
    maps = () if saliency is None else (saliency, map_of(far=1.0))
    return cover_effect(first, second, maps, COVER)


def test_an_object_has_its_logits_at_its_anchor_and_the_share_of_each() -> None:
    dog, cat = effect(-4.0, map_of(left=3.0, right=1.0)).objects
    assert (dog.class_name, dog.logit_before, dog.logit_after) == ("dog", 2.0, -4.0)
    assert dog.confidence_after == pytest.approx(0.018, abs=1e-3)
    assert dog.evidence_share == pytest.approx(0.75)
    assert dog.logit_lost == pytest.approx(6 / (2 - QUIET), abs=0.02)  # of what it stands above the rest
    assert dog.detection_after is None
    assert cat.logit_lost == pytest.approx(0)
    assert cat.evidence_share == 0
    assert cat.detection_after == 0


def test_boxes_that_vanished_and_appeared_are_told() -> None:
    gone = effect(-4.0)
    assert (gone.vanished, gone.appeared) == ((0,), ())
    first = candidates([(BOX, {DOG: 2.0}), (OTHER, {CAT: 1.0})])
    moved = candidates([((0, 240, 60, 300), {DOG: 2.0})])
    turned = cover_effect(first, moved, (), COVER)
    assert (turned.vanished, turned.appeared) == ((0, 1), (0,))
    assert turned.objects[0].evidence_share is None


def test_a_picture_that_was_explained_needs_no_second_pass_for_nearly_the_same_effect() -> None:
    saliency = map_of(left=3.0, right=1.0)
    exact = effect(-4.0, saliency)
    second = candidates([(BOX, {DOG: -4.0}), (OTHER, {CAT: 1.0})])
    second.logits[(second.points_xy > 112).all(1) & (second.points_xy < 160).all(1), DOG] += (
        5  # the cover's own noise
    )
    seen = effect_on(exact.before, second, (saliency, map_of(far=1.0)), COVER)
    assert (seen.vanished, seen.appeared) == (exact.vanished, exact.appeared)
    for own, other in zip(seen.objects, exact.objects, strict=True):
        assert own.logit_before == pytest.approx(other.logit_before, abs=1e-3)
        assert own.logit_lost == pytest.approx(other.logit_lost, abs=0.01)
        assert own.evidence_share == other.evidence_share


def test_a_confidence_of_one_has_a_finite_logit() -> None:
    first = candidates([(BOX, {DOG: 2.0})]).detections
    first.confidences[:] = 1.0
    (dog,) = effect_on(first, candidates([(BOX, {DOG: 2.0})]), (), COVER).objects
    assert 15 < dog.logit_before < 17


def test_patches_are_the_covered_picture_and_lie_inside_it() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    places = np.array([[-5, 10, 30, 40], [20, 20, 90, 90], [200, 200, 300, 300]], np.float32)
    patches = patches_of(image, places, Fill.BLUR)
    assert [(one.left, one.top, *one.pixels.shape[:2]) for one in patches] == [
        (0, 10, 30, 30),
        (20, 20, 40, 60),
    ]
    assert np.array_equal(laid(image, patches), covered(image, places, Fill.BLUR))


def test_queries_are_compared_at_the_same_box_as_they_move() -> None:
    first = candidates([(BOX, {DOG: 2.0})], suppresses=False)
    second = candidates([((114, 112, 240, 208), {DOG: 1.0})], suppresses=False)
    none = replace(first, strides=np.zeros(400, np.int64)), replace(second, strides=np.zeros(400, np.int64))
    assert cover_effect(*none, (), COVER).objects[0].logit_after == 1.0
    assert cover_effect(first, second, (), COVER).objects[0].logit_after < -5  # its own anchor is quiet


def with_pairs(*pairs: tuple[float | None, float | None]) -> list[CoverEffect]:
    base = effect(1.0)
    own = [ObjectEffect(0, "dog", 0.9, 0.5, None, 2.0, 0.0, share, lost) for share, lost in pairs]
    return [replace(base, objects=(each,)) for each in own]


def test_maps_that_foretell_the_order_correlate_fully_and_the_opposite_fully_the_other_way() -> None:
    assert foretold_by(with_pairs((0.1, 0.0), (0.5, 0.2), (0.9, 0.9))).rank_correlation == pytest.approx(1)
    assert foretold_by(with_pairs((0.1, 0.9), (0.5, 0.2), (0.9, -0.1))).rank_correlation == pytest.approx(-1)


def test_two_pairs_have_no_correlation_and_missing_numbers_are_no_pairs() -> None:
    few = foretold_by(with_pairs((0.1, 0.0), (0.5, 0.2), (None, 0.3), (0.4, None)))
    assert (few.pairs, few.rank_correlation) == (2, None)
    assert foretold_by(with_pairs(*[(0.1, 0.0)] * 4), detection=1).pairs == 0


def test_words_and_rows_tell_the_same() -> None:
    made = effect(-4.0, map_of(left=3.0, right=1.0))
    first, dog, cat = cover_words(made)
    assert first == "1 of 2 boxes vanished, none appeared"
    assert dog == "dog 0.88 to gone (0.018 at its anchor); evidence under the cover 75 %, logit lost 50 %"
    assert cat.startswith("cat 0.73 to 0.73; evidence under the cover 0 %")
    row = cover_row(made)
    assert row["vanished"][0]["class_name"] == "dog"
    assert row["objects"][0]["evidence_under_cover"] == 0.75
    assert row["objects"][0]["kept_confidence"] is None
    assert row["at_xyxy"] == [[112.0, 112.0, 160.0, 208.0]]
