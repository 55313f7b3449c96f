from __future__ import annotations

import cv2
import numpy as np
import pytest

from heatcam.enums import Renorm
from heatcam.frames import SaliencyMap
from heatcam.geometry import CentreCrop, Float32Array, Letterbox, Uint8Array
from heatcam.measures import RegionFinder, find_regions
from heatcam.measures.scales import WEAKEST_SCALE, box_scales
from heatcam.overlay.heat import heat_of

SQUARE = Letterbox.fit((640, 640), 640)
WIDE = Letterbox.fit((1280, 720), 640)


def heat(
    values: Float32Array, boxes: list[tuple[int, int, int, int]], renorm: Renorm = Renorm.BOX
) -> Uint8Array:
    saliency = SaliencyMap(values, SQUARE, "live", "15:C2f")
    return heat_of(saliency, np.array(boxes, np.float32).reshape(-1, 4), renorm)


def ramp() -> Float32Array:
    return np.tile(np.linspace(0.01, 1, 80, dtype=np.float32), (80, 1))


def test_heat_stays_inside_the_boxes() -> None:
    drawn = heat(ramp(), [(100, 120, 300, 333)])
    assert drawn[120:333, 100:300].any()
    drawn[120:333, 100:300] = 0
    assert not drawn.any()


def test_each_box_is_scaled_on_its_own() -> None:
    drawn = heat(ramp(), [(80, 0, 240, 640), (400, 0, 560, 640)])
    assert drawn[:, 80:240].max() == drawn[:, 400:560].max() == 255


def test_frame_scale_shows_heat_outside_the_boxes_and_one_scale() -> None:
    drawn = heat(ramp(), [(80, 0, 240, 640)], Renorm.FRAME)
    assert drawn[:, 600:].min() > drawn[:, 100:240].max() > 0


def test_frame_scale_leaves_cold_what_a_classifier_never_saw() -> None:
    crop = CentreCrop.cut((900, 300), 224)  # columns 300 to 600
    drawn = heat_of(SaliencyMap(np.ones((7, 7), np.float32), crop, "live", "8:C2f"), [], Renorm.FRAME)
    assert (drawn[:, 301:599] > 250).all()
    assert not drawn[:, :299].any()
    assert not drawn[:, 601:].any()


def test_where_boxes_overlap_the_larger_heat_wins() -> None:
    one, other = (80, 80, 400, 400), (240, 240, 600, 600)
    both = heat(ramp(), [one, other])
    np.testing.assert_array_equal(both, np.maximum(heat(ramp(), [one]), heat(ramp(), [other])))


@pytest.mark.parametrize("renorm", list(Renorm))
@pytest.mark.parametrize("level", [0.0, -3.0])
def test_a_map_without_positive_evidence_has_no_heat(level: float, renorm: Renorm) -> None:
    assert not heat(np.full((80, 80), level, np.float32), [(10, 10, 600, 600)], renorm).any()


@pytest.mark.parametrize("renorm", list(Renorm))
def test_rounding_noise_is_not_divided_up(renorm: Renorm) -> None:
    noise = np.random.default_rng(0).random((80, 80), np.float32) * np.float32(1e-12)
    assert not heat(noise, [(10, 10, 600, 600)], renorm).any()


def test_one_hot_cell_does_not_turn_the_rest_cold() -> None:
    values = ramp()
    calm = heat(values, [(0, 0, 640, 640)])
    values[5, 5] = 1e4
    spiked = heat(values, [(0, 0, 640, 640)])
    far = np.s_[100:, 100:]
    assert np.abs(calm[far].astype(int) - spiked[far]).max() <= 3


def test_a_box_with_a_vanishing_share_of_the_evidence_stays_cold() -> None:
    values = np.full((80, 80), 1e-4, np.float32)
    values[:, 60:] = 1
    drawn = heat(values, [(0, 0, 160, 640), (500, 0, 640, 640)])
    assert drawn[:, 500:].max() == 255
    assert drawn[:, :160].max() <= 2


def test_a_scale_is_the_boxes_own_evidence_and_never_below_a_share_of_the_strongest() -> None:
    values = np.full((80, 80), 1.0, np.float32)
    values[:, 20:40], values[:, 40:] = 0.5, 1e-3
    boxes = np.array([[0, 0, 160, 640], [160, 0, 320, 640], [320, 0, 640, 640]], np.float32)
    np.testing.assert_allclose(
        box_scales([values] * len(boxes), SQUARE, boxes), [1.0, 0.5, WEAKEST_SCALE], rtol=1e-6
    )


def test_a_hot_letterbox_border_does_not_set_the_scale() -> None:
    values = np.full((WIDE.model_wh[1] // 8, WIDE.model_wh[0] // 8), 0.5, np.float32)
    values[0] = values[-1] = 1e3
    saliency = SaliencyMap(values, WIDE, "live", "15:C2f")
    for renorm in Renorm:
        drawn = heat_of(saliency, np.float32([[0, 0, 1280, 720]]), renorm)
        assert drawn[300:400].min() >= 250, renorm


def test_heat_lies_where_the_evidence_lies() -> None:
    values = np.zeros((80, 80), np.float32)
    values[20, 60] = 1
    row, column = np.unravel_index(int(heat(values, [(0, 0, 640, 640)]).argmax()), (640, 640))
    assert abs(row - 164) <= 4
    assert abs(column - 484) <= 4


def test_the_map_is_not_changed() -> None:
    values = ramp() - np.float32(0.5)
    before = values.copy()
    heat(values, [(0, 0, 640, 640)])
    np.testing.assert_array_equal(values, before)


def test_no_heat_is_made_up_beside_a_steep_edge() -> None:
    """Cubic interpolation undershoots; what falls below 0 must not come back as heat in a weak box next door."""
    values = np.full((80, 80), 2e-4, np.float32)
    values[:, 38:40], values[:, 40:] = 0, 1
    drawn = heat(values, [(0, 0, 304, 640), (330, 0, 640, 640)])
    assert drawn[:, :304].max() <= 1
    assert drawn[:, 340:].min() >= 250


def test_single_cells_do_not_show_as_a_grid() -> None:
    """One hot cell is a soft round spot: as warm on the diagonal as along the axes, and without steps."""
    values = np.zeros((80, 80), np.float32)
    values[40, 40] = 1
    drawn = heat(values, [(0, 0, 640, 640)]).astype(int)
    assert drawn.max() > 240
    assert np.abs(np.diff(drawn, axis=1)).max() <= 36  # of 255, over a spot of three cells, 24 pixels
    for distance in (4, 8, 12):
        aside = round(distance / 2**0.5)
        assert abs(drawn[324, 324 + distance] - drawn[324 + aside, 324 + aside]) <= 16


@pytest.mark.parametrize("renorm", list(Renorm))
@pytest.mark.parametrize(
    "size", [(640, 640), (1280, 720), (810, 1080), (451, 300), (1999, 640), (3840, 2160), (90, 50)]
)
def test_the_display_follows_the_exact_map(size: tuple[int, int], renorm: Renorm) -> None:
    """A smooth map is shown as geometry lays it over the picture, within 5 of 255: nothing is moved, little is lost."""
    letterbox = Letterbox.fit(size, 640)
    rows, columns = letterbox.model_wh[1] // 8, letterbox.model_wh[0] // 8
    ys, xs = np.mgrid[0:rows, 0:columns].astype(np.float32)
    values = np.exp(-((xs / columns - 0.4) ** 2 + (ys / rows - 0.6) ** 2) / 0.1).astype(np.float32)
    box = np.array([[size[0] * 0.13, size[1] * 0.21, size[0] * 0.77, size[1] * 0.93]], np.float32)
    shown = heat_of(SaliencyMap(values, letterbox, "live", "15:C2f"), box, renorm)
    saliency = SaliencyMap(values, letterbox, "live", "15:C2f")
    if renorm is Renorm.REGION:
        box = np.array([region.box_xyxy for region in find_regions(saliency)])
    is_local = renorm in (Renorm.BOX, Renorm.REGION)
    scale = box_scales([values], letterbox, box)[0] if is_local else np.quantile(values, 0.99)
    exact = 255 * (letterbox.map_to_image(values) / scale).clip(0, 1)
    lit = shown > 0
    if renorm is Renorm.REGION:  # its edge falls to 0 over about a cell
        cell = 8 / letterbox.scale_xy[0]
        inside = cv2.distanceTransform(np.pad(lit, 1).astype(np.uint8), cv2.DIST_L2, 5)
        lit = inside[1:-1, 1:-1] > 3 * cell
    np.testing.assert_allclose(shown[lit], exact[lit], atol=5)
    assert lit.mean() > (0.15 if renorm is Renorm.REGION else 0.4)


def test_with_their_own_maps_a_strong_small_object_does_not_pale_the_large_one_around_it() -> None:
    letterbox = Letterbox.fit((64, 64), 64)  # cells of eight pixels
    large, small = np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32)
    large[2:6, 2:6], small[3, 3] = 1.0, 30.0
    boxes = np.array([[0, 0, 64, 64], [24, 24, 32, 32]], np.float32)
    both = SaliencyMap(large + small, letterbox, "live", "15")
    own = tuple(SaliencyMap(values, letterbox, "live", "15") for values in (large, small))
    together, apart = heat_of(both, boxes, Renorm.BOX), heat_of(both, boxes, Renorm.BOX, own)
    assert together[44, 44] < 30
    assert apart[44, 44] > 80
    assert apart[28, 28] > 100


def test_one_hot_cell_is_red_in_its_own_box_although_its_corners_are_rounded_off() -> None:
    values = np.zeros((80, 80), np.float32)
    values[20, 30] = 1.0
    assert heat(values, [(200, 120, 280, 200)]).max() > 240


def test_each_region_is_scaled_by_its_own_peak_and_nothing_lies_outside() -> None:
    values = np.zeros((40, 40), np.float32)
    values[4:12, 4:12], values[26:36, 26:36] = 2.0, 4.0
    letterbox = Letterbox((320, 320), (320, 320), (320, 320), 0, 0)
    heat = heat_of(SaliencyMap(values, letterbox, "live", "0"), np.zeros((0, 4), np.float32), Renorm.REGION)
    assert heat[64, 64] > 240
    assert heat[250, 250] > 240
    assert heat[150:170].max() == 0


def test_the_edge_of_a_region_falls_softly_and_lies_where_the_region_ends() -> None:
    values = np.zeros((40, 40), np.float32)
    values[10:30, 10:30] = 2.0  # of eight pixels a cell: 80 to 240
    letterbox = Letterbox((320, 320), (320, 320), (320, 320), 0, 0)
    row = heat_of(SaliencyMap(values, letterbox, "live", "0"), np.zeros((0, 4), np.float32), Renorm.REGION)[
        160
    ]
    assert np.abs(np.diff(row.astype(int))).max() < 60
    assert max(row[80 - 9], row[240 + 8]) <= 2
    assert row[80 + 8 : 240 - 8].min() > 220
    assert row[80] == pytest.approx(row[239], abs=25)
    assert 40 < row[80] < 220


def test_regions_that_hold_less_of_the_evidence_light_less_of_the_picture() -> None:
    values = np.outer(np.hanning(80), np.hanning(80)).astype(np.float32)
    saliency = SaliencyMap(values, SQUARE, "live", "15")
    nothing = np.zeros((0, 4), np.float32)
    lit = [
        (heat_of(saliency, nothing, Renorm.REGION, finder=RegionFinder(share)) > 0).mean()
        for share in (0.3, 0.6, 0.9)
    ]
    assert lit == sorted(lit)
    assert lit[2] > 2 * lit[0]


def test_the_heat_of_a_rotated_box_ends_at_its_sides() -> None:
    values = np.ones((80, 80), np.float32)
    box = np.array([[200, 200, 400, 400]], np.float32)
    turned = np.array(
        [[300, 300, 200 / np.sqrt(2), 200 / np.sqrt(2), np.pi / 4]], np.float32
    )  # a diamond in it
    saliency = SaliencyMap(values, SQUARE, "live", "15")
    whole, cut = (heat_of(saliency, box, Renorm.BOX, rotated_xywhr=rotated) for rotated in (None, turned))
    assert whole[210, 210] > 200
    assert cut[210, 210] == cut[390, 210] == 0
    assert (cut[300, 205:395] == whole[300, 205:395]).all()
    assert (cut > 0).sum() == pytest.approx((whole > 0).sum() / 2, rel=0.03)


def test_what_trials_leave_undecided_is_pale_and_what_they_decide_is_not() -> None:
    """Left of the middle a value is as large as its deviation, right of it ten times."""
    values = np.full((80, 80), 1.0, np.float32)
    deviation = np.full((80, 80), 0.1, np.float32)
    deviation[:, :40] = 1.0
    boxes = np.float32([[0, 0, 640, 640]])
    saliency = SaliencyMap(values, SQUARE, "true", "output", "score", trials=64, deviation=deviation)
    for renorm in (Renorm.BOX, Renorm.REGION, Renorm.FRAME):
        drawn = heat_of(saliency, boxes, renorm)
        assert not drawn[100:500, 100:280].any()
        assert (drawn[100:500, 360:540] > 245).all()
    own = heat_of(saliency, boxes, Renorm.BOX, [saliency])
    assert not own[100:500, 100:280].any()
