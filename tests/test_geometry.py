"""The letterbox and its inverse, over random sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.geometry import (
    PAD_GREY,
    CentreCrop,
    Letterbox,
    corners_of_rotated,
    fitted_into,
    fitted_wh,
    overlaps,
)

sizes = st.tuples(st.integers(16, 4000), st.integers(16, 4000))
imgszs = st.integers(32, 1280)


@given(sizes, imgszs, st.sampled_from([8, 16, 32, 64]), st.data())
@settings(max_examples=300)
def test_boxes_go_there_and_back_within_one_pixel(
    image_wh: tuple[int, int], imgsz: int, stride: int, data: st.DataObject
) -> None:
    letterbox = Letterbox.fit(image_wh, imgsz, stride)
    corners = data.draw(st.lists(st.floats(0, 1), min_size=4, max_size=4))
    x, y = sorted(corners[:2]), sorted(corners[2:])
    box = np.array([x[0] * image_wh[0], y[0] * image_wh[1], x[1] * image_wh[0], y[1] * image_wh[1]])
    there = letterbox.boxes_to_model(box)
    assert (there >= -0.01).all()
    assert (there <= np.array(letterbox.model_wh * 2) + 0.01).all()
    assert np.abs(letterbox.boxes_to_image(there)[0] - box).max() < 1


@given(sizes, imgszs)
@settings(max_examples=300)
def test_the_letterbox_is_a_multiple_of_the_stride_and_holds_the_picture(
    image_wh: tuple[int, int], imgsz: int
) -> None:
    letterbox = Letterbox.fit(image_wh, imgsz, 32)
    side = -(-imgsz // 32) * 32
    assert all(length % 32 == 0 and length <= side for length in letterbox.model_wh)
    assert max(letterbox.resized_wh) == side
    borders = [m - r for m, r in zip(letterbox.model_wh, letterbox.resized_wh, strict=True)]
    assert all(0 <= border < 32 for border in borders)
    assert 0 <= letterbox.pad_left <= borders[0]
    assert 0 <= letterbox.pad_top <= borders[1]


@given(
    st.tuples(st.integers(40, 1500), st.integers(40, 1500)),
    st.sampled_from([320, 640]),
    st.floats(0.1, 0.9),
    st.floats(0.1, 0.9),
)
@settings(max_examples=100)
def test_a_bump_on_a_map_goes_there_and_back_within_one_pixel(
    image_wh: tuple[int, int], imgsz: int, fx: float, fy: float
) -> None:
    letterbox = Letterbox.fit(image_wh, imgsz, 32)
    width, height = image_wh
    x0, y0 = fx * width, fy * height
    sigma = max(4.0, max(image_wh) / 30)
    ys, xs = np.mgrid[:height, :width] + 0.5
    bump = np.exp(-((xs - x0) ** 2 + (ys - y0) ** 2) / (2 * sigma**2)).astype(np.float32)
    there = letterbox.map_to_model(bump)
    my, mx = np.mgrid[: there.shape[0], : there.shape[1]] + 0.5
    inside = bump.sum() > 0.9995 * 2 * np.pi * sigma**2  # a bump cut by the border has its centroid elsewhere
    if inside:
        expected = letterbox.points_to_model([x0, y0])
        centroid = np.array([(mx * there).sum(), (my * there).sum()]) / there.sum()
        assert np.abs(centroid - expected).max() < 1
    back = letterbox.map_to_image(there)
    assert back.shape == (height, width)
    by, bx = np.unravel_index(int(back.argmax()), back.shape)
    per_model_pixel = 1 / min(letterbox.scale_xy)
    assert abs(bx + 0.5 - x0) < max(1, per_model_pixel) + 0.5
    assert abs(by + 0.5 - y0) < max(1, per_model_pixel) + 0.5
    if inside:
        centroid = np.array([(xs * back).sum(), (ys * back).sum()]) / back.sum()
        assert np.abs(centroid - (x0, y0)).max() < 1


def test_a_coarse_map_is_laid_over_the_picture_at_its_cells_centres() -> None:
    letterbox = Letterbox.fit((1280, 720), 640, 32)  # 640x360 in 640x384: 12 rows of border above and below
    values = np.zeros((48, 80), np.float32)
    values[10, 30] = 1.0  # the cell's centre is at (244, 84) in the letterbox, (488, 144) in the picture
    image_map = letterbox.map_to_image(values)
    ys, xs = np.mgrid[:720, :1280] + 0.5
    centroid = (xs * image_map).sum() / image_map.sum(), (ys * image_map).sum() / image_map.sum()
    assert np.allclose(centroid, (488, 144), atol=0.5)


def test_borders_never_reach_the_picture() -> None:
    letterbox = Letterbox.fit((1280, 720), 640, 32)
    values = np.zeros((384, 640), np.float32)
    values[: letterbox.pad_top] = 100
    values[letterbox.pad_top + letterbox.resized_wh[1] :] = 100
    assert not letterbox.map_to_image(values).any()


def test_the_letterboxed_picture_equals_ultralytics() -> None:
    from ultralytics.data.augment import LetterBox

    rng = np.random.default_rng(0)
    for width, height in ((810, 1080), (1280, 720), (333, 77), (640, 640), (1, 50)):
        image = rng.integers(0, 256, (height, width, 3), np.uint8)
        ours = Letterbox.fit((width, height), 640, 32).image_to_model(image)
        assert np.array_equal(ours, LetterBox((640, 640), auto=True, stride=32)(image=image))


@given(st.integers(8, 900), st.integers(8, 900))
@settings(max_examples=25)
def test_the_square_letterbox_is_that_of_ultralytics(wide: int, tall: int) -> None:
    from ultralytics.data.augment import LetterBox

    image = np.random.default_rng(0).integers(0, 255, (tall, wide, 3), np.uint8)
    ours = Letterbox.square((wide, tall), 320).image_to_model(image)
    assert np.array_equal(ours, LetterBox((320, 320), auto=False)(image=image))


def test_bars_finer_than_a_pixel_are_averaged_where_shrinking_is_smooth_and_beat_where_it_is_not():
    bars = np.zeros((64, 1280, 3), np.uint8)
    bars[:, ::4] = 255
    letterbox = Letterbox.fit((1280, 64), 320)
    row = letterbox.pad_top + 2
    assert np.all(abs(replace(letterbox, smooth=True).image_to_model(bars)[row].astype(int) - 64) <= 1)
    assert np.all(letterbox.image_to_model(bars)[row] == 0)


def test_enlarging_is_the_same_smooth_or_not():
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    letterbox = Letterbox.fit((60, 40), 320)
    assert np.array_equal(
        replace(letterbox, smooth=True).image_to_model(image), letterbox.image_to_model(image)
    )


def test_the_border_is_grey_and_the_input_untouched() -> None:
    image = np.full((100, 200, 3), 7, np.uint8)
    boxed = Letterbox.fit((200, 100), 320, 64).image_to_model(image)
    assert (boxed[0] == PAD_GREY).all()
    assert (image == 7).all()


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="10x20 given to a letterbox for"):
        Letterbox.fit((20, 10), 320).image_to_model(np.zeros((20, 10, 3), np.uint8))


@pytest.mark.parametrize("bad", [(0, 10), (10, 0), (-1, 5)])
def test_sizes_below_one_are_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Letterbox.fit(bad, 320)


@given(sizes, imgszs, st.data())
@settings(max_examples=300)
def test_boxes_in_a_centre_crop_go_there_and_back_within_one_pixel(
    image_wh: tuple[int, int], imgsz: int, data: st.DataObject
) -> None:
    crop = CentreCrop.cut(image_wh, imgsz)
    corners = data.draw(st.lists(st.floats(0, 1), min_size=4, max_size=4))
    x, y = sorted(corners[:2]), sorted(corners[2:])
    left, top, right, bottom = crop.seen_xyxy.astype(float)
    wide, tall = right - left, bottom - top
    box = np.array([left + x[0] * wide, top + y[0] * tall, left + x[1] * wide, top + y[1] * tall])
    there = crop.boxes_to_model(box)
    tolerance = 1e-3 * max(1, *crop.scale_xy)
    assert (there >= -tolerance).all()
    assert (there <= np.array(crop.model_wh * 2) + tolerance).all()
    assert np.abs(crop.boxes_to_image(there)[0] - box).max() < 1


@given(sizes, imgszs)
@settings(max_examples=300)
def test_a_centre_crop_is_the_square_middle_of_the_picture(image_wh: tuple[int, int], imgsz: int) -> None:
    crop = CentreCrop.cut(image_wh, imgsz)
    side = -(-imgsz // 32) * 32
    assert crop.model_wh == (side, side)
    assert min(crop.resized_wh) == side
    left, top, right, bottom = crop.seen_xyxy
    per_model_pixel = 1 / min(crop.scale_xy)
    assert abs((left + right) / 2 - image_wh[0] / 2) <= per_model_pixel
    assert abs((top + bottom) / 2 - image_wh[1] / 2) <= per_model_pixel
    assert abs((right - left) - (bottom - top)) <= 2 * per_model_pixel
    assert abs((right - left) - min(image_wh)) <= per_model_pixel


@given(st.tuples(st.integers(16, 900), st.integers(16, 900)), st.sampled_from([64, 224]))
@settings(max_examples=60)
def test_a_map_over_a_centre_crop_is_nothing_outside_of_it_and_itself_inside(
    image_wh: tuple[int, int], side: int
) -> None:
    crop = CentreCrop.cut(image_wh, side)
    laid = crop.map_to_image(np.full((7, 7), 3, np.float32))
    assert laid.shape == image_wh[::-1]
    left, top, right, bottom = crop.seen_xyxy
    ys, xs = np.mgrid[: image_wh[1], : image_wh[0]] + 0.5
    inside = (xs >= left) & (xs < right) & (ys >= top) & (ys < bottom)
    assert np.allclose(laid[inside], 3)
    assert not laid[~inside].any()


@given(st.tuples(st.integers(60, 1200), st.integers(60, 1200)), st.floats(0.3, 0.7), st.floats(0.3, 0.7))
@settings(max_examples=60)
def test_a_bump_in_a_centre_crop_goes_there_and_back_within_one_pixel(
    image_wh: tuple[int, int], fx: float, fy: float
) -> None:
    crop = CentreCrop.cut(image_wh, 224)
    left, top, right, bottom = crop.seen_xyxy.astype(float)
    x0, y0 = left + fx * (right - left), top + fy * (bottom - top)
    ys, xs = np.mgrid[: image_wh[1], : image_wh[0]] + 0.5
    bump = np.exp(-((xs - x0) ** 2 + (ys - y0) ** 2) / (2 * (min(image_wh) / 20) ** 2)).astype(np.float32)
    there = crop.map_to_model(bump)
    assert there.shape == (224, 224)
    my, mx = np.mgrid[:224, :224] + 0.5
    centroid = np.array([(mx * there).sum(), (my * there).sum()]) / there.sum()
    assert np.abs(centroid - crop.points_to_model([x0, y0])).max() < 1
    back = crop.map_to_image(there)
    centroid = np.array([(xs * back).sum(), (ys * back).sum()]) / back.sum()
    assert np.abs(centroid - (x0, y0)).max() < 1


def test_the_centre_crop_equals_ultralytics_pixel_for_pixel() -> None:
    import torchvision.transforms as T
    from PIL import Image
    from ultralytics.data.augment import classify_transforms

    rng = np.random.default_rng(0)
    for width, height in ((810, 1080), (1280, 720), (333, 77), (224, 224), (224, 301), (31, 50), (1, 3)):
        image = rng.integers(0, 256, (height, width, 3), np.uint8)
        resize_and_cut = T.Compose(classify_transforms(224).transforms[:2])
        theirs = np.asarray(resize_and_cut(Image.fromarray(image)))
        assert np.array_equal(CentreCrop.cut((width, height), 224).image_to_model(image), theirs)


def test_a_letterbox_sees_all_of_the_picture_and_a_crop_its_middle() -> None:
    assert Letterbox.fit((1280, 720), 640).seen_xyxy.tolist() == [0, 0, 1280, 720]
    assert CentreCrop.cut((448, 224), 224).seen_xyxy.tolist() == [112, 0, 336, 224]


@pytest.mark.parametrize("bad", [(0, 10), (10, -3)])
def test_a_centre_crop_of_nothing_is_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        CentreCrop.cut(bad, 224)


@pytest.mark.parametrize("image_wh", [(1280, 720), (97, 300), (640, 640)])
def test_stretching_is_what_ultralytics_does_for_rt_detr(image_wh: tuple[int, int]) -> None:
    from ultralytics.data.augment import LetterBox

    image = np.random.default_rng(0).integers(0, 256, (image_wh[1], image_wh[0], 3), np.uint8)
    letterbox = Letterbox.stretch(image_wh, 330, 32)
    assert letterbox.model_wh == letterbox.resized_wh == (352, 352)
    theirs = LetterBox((352, 352), auto=False, scale_fill=True)(image=image)
    assert np.array_equal(letterbox.image_to_model(image), theirs)
    box = np.array([[10, 20, 90, 60]], np.float32)
    assert np.allclose(letterbox.boxes_to_image(letterbox.boxes_to_model(box)), box, atol=1e-3)
    assert letterbox.map_to_image(np.ones((11, 11), np.float32)).shape == image.shape[:2]
    with pytest.raises(ValueError, match="sizes must be at least 1"):
        Letterbox.stretch((0, 5), 320)


def test_overlap_is_intersection_over_union_of_each_with_each() -> None:
    ours = np.array([[0, 0, 2, 2], [5, 5, 5, 9]], np.float32)
    theirs = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [2, 2, 3, 3], [0, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(overlaps(ours, theirs), [[1, 2 / 6, 0, 0], [0, 0, 0, 0]], atol=1e-6)
    assert overlaps(ours[:0], theirs).shape == (0, 4)


@given(sizes, sizes)
def test_what_is_fitted_fills_one_side_of_its_room_and_keeps_its_shape(size_wh, room_wh):
    wide, tall = fitted_wh(size_wh, room_wh)
    assert wide <= room_wh[0]
    assert tall <= room_wh[1]
    assert wide == room_wh[0] or tall == room_wh[1]
    scale = min(room / size for room, size in zip(room_wh, size_wh, strict=True))
    assert abs(wide - max(1, size_wh[0] * scale)) < 0.5 + 1e-6
    assert abs(tall - max(1, size_wh[1] * scale)) < 0.5 + 1e-6


@pytest.mark.parametrize("grey", [0, PAD_GREY])
@pytest.mark.parametrize("size", [(160, 120), (322, 120), (60, 200)])
def test_pictures_are_fitted_without_changing_their_shape(size, grey):
    shown = fitted_into(np.full((size[1], size[0], 3), 200, np.uint8), (160, 120), grey)
    assert shown.shape == (120, 160, 3)
    rows, columns = np.nonzero(shown[..., 0] > grey + 50)
    wide, tall = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert wide / tall == pytest.approx(size[0] / size[1], rel=0.05)
    assert abs(columns.min() - (159 - columns.max())) <= 1
    assert set(np.unique(shown)) <= {200, grey}


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.5, 90), st.floats(0.5, 90), st.floats(-7, 7))
def test_corners_of_rotated_boxes_are_those_of_ultralytics(
    x: float, y: float, width: float, height: float, angle: float
) -> None:
    import torch
    from ultralytics.utils.ops import xywhr2xyxyxyxy

    box = np.float32([[x, y, width, height, angle]])
    ours, theirs = corners_of_rotated(box)[0], xywhr2xyxyxyxy(torch.from_numpy(box))[0].numpy()
    apart = np.linalg.norm(ours[:, None] - theirs[None], axis=-1)
    assert apart.min(1).max() < 1e-3
    assert apart.min(0).max() < 1e-3
    sides = np.linalg.norm(ours - np.roll(ours, -1, 0), axis=1)
    np.testing.assert_allclose(sides, [width, height, width, height], atol=1e-3)


def test_corners_go_round_from_the_top_left() -> None:
    upright = corners_of_rotated([[10, 20, 8, 4, 0]])[0]
    np.testing.assert_allclose(upright, [[6, 18], [14, 18], [14, 22], [6, 22]])
    turned = corners_of_rotated([[10, 20, 8, 4, np.pi / 2]])[0]  # clockwise: what was left is on top
    np.testing.assert_allclose(turned, [[12, 16], [12, 24], [8, 24], [8, 16]], atol=1e-5)


def disc_on_cells(letterbox: Letterbox, x: float, y: float, radius: float) -> np.ndarray:
    """How deep each cell of a stride-4 map lies in a circle of the picture, in pixels; negative outside of it."""
    rows, columns = np.mgrid[: letterbox.model_wh[1] // 4, : letterbox.model_wh[0] // 4]
    middles = letterbox.points_to_image(np.stack((columns, rows), -1) * 4 + 2)
    return (radius - np.linalg.norm(middles - (x, y), axis=-1)).astype(np.float32)


@given(
    st.tuples(st.integers(200, 900), st.integers(200, 900)),
    st.sampled_from([320, 640]),
    st.tuples(st.floats(0.3, 0.7), st.floats(0.3, 0.7)),
)
@settings(max_examples=40)
def test_the_outline_of_a_circle_is_where_the_circle_is(
    image_wh: tuple[int, int], imgsz: int, middle: tuple[float, float]
) -> None:
    letterbox = Letterbox.fit(image_wh, imgsz, 32)
    (x, y), radius = np.multiply(middle, image_wh), 0.25 * min(image_wh)
    (ring,) = letterbox.outlines_to_image(disc_on_cells(letterbox, x, y, radius), (0, 0, *image_wh))
    assert ring.dtype == np.float32
    cell = 4 / min(letterbox.scale_xy)
    inside = ((ring > 0.6) & (ring < np.subtract(image_wh, 0.6))).all(
        1
    )  # (the picture's edge cuts off the rest)
    assert abs(np.linalg.norm(ring[inside] - (x, y), axis=1) - radius).max() < 1 + 0.5 * cell
    sides = np.ptp(ring, axis=0)
    whole = [x - radius > 1, y - radius > 1, x + radius < image_wh[0] - 1, y + radius < image_wh[1] - 1]
    if all(whole):
        np.testing.assert_allclose(sides, 2 * radius, atol=2 + cell)


def test_an_outline_is_cropped_to_the_box() -> None:
    letterbox = Letterbox.fit((400, 300), 320, 32)
    full = np.ones((letterbox.model_wh[1] // 4, letterbox.model_wh[0] // 4), np.float32)
    (ring,) = letterbox.outlines_to_image(full, (10.2, 20, 50, 60.7))
    np.testing.assert_array_equal(ring.min(0), [11.5, 20.5])  # middles of the first pixels and the last
    np.testing.assert_array_equal(ring.max(0), [49.5, 60.5])


def test_a_hole_is_a_ring_of_its_own_and_nothing_has_none() -> None:
    letterbox = Letterbox.fit((400, 300), 320, 32)
    disc, hole = (disc_on_cells(letterbox, 200, 150, radius) for radius in (100, 40))
    rings = letterbox.outlines_to_image(np.minimum(disc, -hole), (0, 0, 400, 300))
    assert sorted(round(float(np.ptp(ring[:, 0])), -1) for ring in rings) == [80, 200]
    assert letterbox.outlines_to_image(-np.ones_like(disc), (0, 0, 400, 300)) == ()
    for empty in ((50, 50, 50, 90), (90, 90, 50, 50), (500, 10, 600, 20)):
        assert letterbox.outlines_to_image(disc, empty) == ()


def test_keypoints_come_back_with_their_confidence_inside_the_picture() -> None:
    letterbox = Letterbox.fit((400, 300), 320, 32)
    x, y = letterbox.points_to_model([[100, 50]])[0]
    points = np.float32([[[x, y, 0.7], [-900, 9000, 0.2]]])
    found = letterbox.keypoints_to_image(points)
    np.testing.assert_allclose(found, [[[100, 50, 0.7], [0, 300, 0.2]]], atol=1e-3)
    assert points[0, 1, 0] == -900, "what was given is not changed"


def test_rotated_boxes_keep_their_angle() -> None:
    letterbox = Letterbox.fit((400, 300), 320, 32)
    x, y = letterbox.points_to_model([[100, 50]])[0]
    found = letterbox.rotated_to_image([[x, y, 80, 40, 0.3]])
    np.testing.assert_allclose(found, [[100, 50, 100, 50, 0.3]], atol=1e-3)
