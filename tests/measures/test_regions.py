"""Regions of a map: counted by hand on small maps, and geometry that must hold on any."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures import find_regions
from heatcam.measures.regions import RegionFinder, place_of


def saliency(values, image_wh=(320, 240)):
    """A map over a picture that the network sees pixel for pixel, 8 pixels a cell."""
    wide, tall = image_wh
    return SaliencyMap(
        np.asarray(values, np.float32), Letterbox(image_wh, image_wh, (wide, tall), 0, 0), "live", "15:C2f"
    )


def spots(*places, shape=(30, 40)):
    """Cells of evidence: (rows, columns, evidence a cell)."""
    values = np.zeros(shape, np.float32)
    for rows, columns, evidence in places:
        values[rows, columns] = evidence
    return values


TWO = spots((slice(4, 11), slice(4, 12), 2.0), (slice(20, 26), slice(28, 34), 1.5))  # 56 and 36 cells


def test_two_spots_are_two_regions_the_one_with_more_evidence_first():
    first, second = find_regions(saliency(TWO))
    assert (first.place, second.place) == ("upper left", "lower right")
    assert first.share == pytest.approx(112 / 166, abs=0.05)
    assert second.share == pytest.approx(54 / 166, abs=0.06)
    assert (first.peak, second.peak) == pytest.approx((2.0, 1.5))
    assert np.allclose(first.box_xyxy, [32, 32, 96, 88], atol=5)  # columns 4 to 12, rows 4 to 11, of 8 pixels
    assert np.allclose(second.box_xyxy, [224, 160, 272, 208], atol=5)
    assert 32 < first.peak_xy[0] < 96
    assert 32 < first.peak_xy[1] < 88


def test_outlines_go_around_what_is_counted():
    for region in find_regions(saliency(TWO)):
        assert cv2.contourArea(region.polygon_xy) == pytest.approx(region.area_px, rel=0.05)
        corners = region.polygon_xy.min(0), region.polygon_xy.max(0)
        assert np.allclose(np.concatenate(corners), region.box_xyxy, atol=1)


def test_the_share_asked_for_is_what_the_regions_hold_together():
    ramp = np.tile(np.linspace(0, 1, 40, dtype=np.float32) ** 3, (30, 1))
    for share in (0.3, 0.6, 0.9):
        held = sum(region.share for region in find_regions(saliency(ramp), share))
        assert held == pytest.approx(share, abs=0.02)


def test_small_regions_are_left_out_and_only_the_strongest_are_kept():
    values = TWO.copy()
    values[14, 20] = 6.0  # one cell: 64 of 76,800 pixels
    assert len(find_regions(saliency(values), least_area=0.0)) == 3
    assert len(find_regions(saliency(values), least_area=0.01)) == 2
    (only,) = find_regions(saliency(values), most=1)
    assert only.place == "upper left"


def test_a_single_hot_cell_is_a_region_though_smoothing_takes_most_of_it():
    (only,) = find_regions(saliency(spots((slice(10, 11), slice(30, 31), 3.0))))
    assert np.allclose(only.box_xyxy, [240, 80, 248, 88], atol=10)  # one cell, of 8 pixels
    assert only.share > 0.6


def test_no_evidence_has_no_regions():
    assert find_regions(saliency(np.zeros((30, 40)))) == ()
    assert find_regions(saliency(-TWO)) == ()
    assert find_regions(saliency(-TWO), 0.5) == ()


def test_how_much_of_a_region_lies_in_a_box():
    first, _ = find_regions(saliency(TWO))
    x1, y1, x2, y2 = first.box_xyxy
    assert first.overlap_with(first.box_xyxy) == pytest.approx(1, abs=0.01)
    assert first.overlap_with([x1, y1, (x1 + x2) / 2, y2]) == pytest.approx(0.5, abs=0.03)
    assert first.overlap_with([x2 + 5, y1, x2 + 50, y2]) == 0
    assert first.overlap_with([0, 0, 320, 240]) == pytest.approx(1)


def test_regions_of_a_large_picture_are_those_of_a_small_one_enlarged():
    small = saliency(TWO)
    large = replace(small, letterbox=Letterbox((3840, 2880), (320, 240), (320, 240), 0, 0))
    for one, other in zip(find_regions(small), find_regions(large), strict=True):
        assert np.allclose(other.box_xyxy, one.box_xyxy * 12, atol=24)
        assert other.area_px == pytest.approx(one.area_px * 144, rel=0.03)
        assert other.share == pytest.approx(one.share, abs=0.01)
        assert cv2.contourArea(other.polygon_xy) == pytest.approx(other.area_px, rel=0.05)
        assert np.allclose(other.peak_xy, np.array(one.peak_xy) * 12, atol=100)
        assert other.place == one.place


def test_evidence_on_the_letterbox_is_in_no_region():
    values = spots((slice(0, 3), slice(0, 40), 9.0), (slice(15, 20), slice(10, 16), 1.0), shape=(40, 40))
    padded = SaliencyMap(values, Letterbox((320, 240), (320, 240), (320, 320), 0, 40), "live", "15:C2f")
    (only,) = find_regions(padded)
    assert np.allclose(only.box_xyxy, [80, 80, 128, 120], atol=5)  # 40 pixels of bar lie above


@pytest.mark.parametrize(
    ("point", "place"),
    [
        ((0, 0), "upper left"),
        ((150, 120), "centre"),
        ((319, 120), "centre right"),
        ((160, 239), "lower centre"),
    ],
)
def test_places_are_thirds_of_the_picture(point, place):
    assert place_of(point, (320, 240)) == place


@settings(max_examples=40)
@given(
    arrays.arrays(np.float32, (12, 16), elements=st.floats(-1, 1, width=32)),
    st.one_of(st.none(), st.floats(0.05, 0.95)),
)
def test_regions_lie_in_the_picture_and_share_no_evidence(values, share):
    regions = find_regions(saliency(values, (128, 96)), share, least_area=0)
    assert sum(region.share for region in regions) <= 1 + 1e-6
    assert [region.share for region in regions] == sorted((region.share for region in regions), reverse=True)
    for region in regions:
        assert region.polygon_xy.shape[0] >= 3
        assert region.polygon_xy.min() >= 0
        assert (region.polygon_xy <= (128, 96)).all()
        assert 0 <= region.overlap_with([20, 20, 70, 60]) <= 1


def test_the_regions_of_a_map_are_found_once_and_lie_in_any_size_of_the_picture(monkeypatch):
    values = np.zeros((45, 80), np.float32)
    values[10:20, 30:45], values[30:36, 60:70] = 2.0, 1.0
    saliency = SaliencyMap(values, Letterbox.fit((640, 360), 640), "live", "15")
    finder, searches = RegionFinder(0.9), []
    monkeypatch.setattr(
        "heatcam.measures.regions.find_regions",
        lambda *args, **options: searches.append(args[1]) or find_regions(*args, **options),
    )
    first = finder.of(saliency)
    large = replace(saliency, letterbox=replace(saliency.letterbox, image_wh=(1280, 720)))
    for found, exact in zip(finder.of(large), find_regions(large, 0.9), strict=True):
        np.testing.assert_allclose(found.box_xyxy, exact.box_xyxy, atol=8)  # half a cell
    assert [region.box_xyxy.tolist() for region in finder.of(saliency)] == [
        r.box_xyxy.tolist() for r in first
    ]
    assert searches == [0.9]
    assert len(finder.of(replace(saliency, values=np.zeros_like(values)))) == 0
    assert len(searches) == 2
