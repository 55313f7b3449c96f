"""Each object is kept once: from the tile that shows it whole, or put together of its parts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatcam.tiling.merging import WHOLE_PICTURE, merge
from heatcam.tiling.plan import plan_tiles
from tests.tiling.made import seen_by

PLAN = plan_tiles((1152, 640), 640, 0.2)  # two tiles, which share the pixels from 512 to 640


def boxes(objects) -> list[tuple[float, ...]]:
    return [tuple(own.box_xyxy.tolist()) for own in merge(objects, PLAN).objects]


def test_objects_of_one_tile_stay_as_they_are_however_much_they_overlap() -> None:
    same = [seen_by(PLAN, 0, (10, 10, 90, 90), 0.9), seen_by(PLAN, 0, (12, 10, 92, 90), 0.8)]
    assert boxes(same) == [(10, 10, 90, 90), (12, 10, 92, 90)]


def test_an_object_that_two_tiles_show_whole_is_one() -> None:
    seen = [seen_by(PLAN, 0, (530, 50, 600, 120), 0.7), seen_by(PLAN, 1, (531, 50, 601, 120), 0.8)]
    assert boxes(seen) == [(531, 50, 601, 120)]


def test_a_cut_object_loses_against_the_same_one_seen_whole_however_sure_its_tile_is() -> None:
    seen = [seen_by(PLAN, 0, (480, 50, 700, 120), 0.99), seen_by(PLAN, 1, (513, 50, 700, 120), 0.3)]
    merged = merge(seen, PLAN)
    assert [own.tile for own in merged.objects] == [1]
    assert (merged.joined, merged.left_out) == (0, 1)


def test_what_a_tile_cuts_is_left_out_where_the_neighbour_shows_all_of_it_and_finds_nothing() -> None:
    assert boxes([seen_by(PLAN, 0, (600, 50, 700, 120))]) == []


def test_an_object_that_no_tile_shows_whole_is_put_together() -> None:
    seen = [seen_by(PLAN, 0, (300, 50, 900, 220), 0.6), seen_by(PLAN, 1, (300, 52, 900, 218), 0.8)]
    merged = merge(seen, PLAN)
    (one,) = merged.objects
    assert tuple(one.box_xyxy.tolist()) == (300, 50, 900, 220)
    assert float(one.found.confidences[0]) == np.float32(0.8)
    assert one.parts == (0, 1) and merged.joined == 1 and merged.left_out == 0
    assert one.row.box_xyxy == (300, 50, 900, 220)


def test_parts_that_do_not_agree_where_both_tiles_see_them_stay_two_objects() -> None:
    seen = [seen_by(PLAN, 0, (300, 50, 900, 220)), seen_by(PLAN, 1, (300, 300, 900, 500))]
    assert len(boxes(seen)) == 2


def test_classes_are_apart() -> None:
    seen = [seen_by(PLAN, 0, (530, 50, 600, 120)), seen_by(PLAN, 1, (530, 50, 600, 120), class_id=1)]
    assert len(boxes(seen)) == 2


def test_an_object_found_in_the_whole_picture_takes_the_place_of_its_parts_but_not_of_whole_ones() -> None:
    parts = [seen_by(PLAN, 0, (100, 50, 1000, 600)), seen_by(PLAN, 1, (100, 50, 1000, 600))]
    whole = seen_by(PLAN, WHOLE_PICTURE, (105, 55, 1005, 605), 0.3)
    assert [own.tile for own in merge([*parts, whole], PLAN).objects] == [WHOLE_PICTURE]
    small, coarse = (
        seen_by(PLAN, 0, (10, 10, 300, 300), 0.4),
        seen_by(PLAN, WHOLE_PICTURE, (20, 20, 310, 310), 0.9),
    )
    assert [own.tile for own in merge([small, coarse], PLAN).objects] == [0]


def test_a_small_object_before_a_larger_one_of_its_class_stays() -> None:
    seen = [seen_by(PLAN, 0, (200, 50, 635, 500)), seen_by(PLAN, 1, (530, 100, 600, 160))]
    assert len(boxes(seen)) == 2


@given(st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 1000)), max_size=8, unique=True), st.data())
def test_objects_no_larger_than_what_tiles_share_are_found_once_each_wherever_they_lie(corners, data) -> None:
    """Whichever tiles see them, whole or cut: the result is that of one pass."""
    plan = plan_tiles((1500, 1100), 320, 0.25)
    apart = [
        c
        for n, c in enumerate(corners)
        if all(max(abs(c[0] - o[0]), abs(c[1] - o[1])) > 90 for o in corners[:n])
    ]
    true = [(x, y, x + data.draw(st.integers(8, 60)), y + data.draw(st.integers(8, 60))) for x, y in apart]
    seen = []
    for number, tile in enumerate(plan):
        for box in true:
            if (
                min(box[2], tile.right) - max(box[0], tile.left) > 2
                and min(box[3], tile.bottom) - max(box[1], tile.top) > 2
            ):
                seen.append(seen_by(plan, number, box))
    assert sorted(tuple(own.box_xyxy.tolist()) for own in merge(seen, plan).objects) == sorted(true)
