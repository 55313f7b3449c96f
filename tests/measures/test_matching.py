from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from heatcam.geometry import overlaps
from heatcam.measures.matching import REMEMBERED, OverlapTracks, same_objects
from tests.smoothing.streams import seen

LEFT, RIGHT = (0.0, 0.0, 100.0, 100.0), (200.0, 0.0, 300.0, 100.0)


def ids(tracks: OverlapTracks, *boxes: tuple[float, ...], class_ids: list[int] | None = None) -> list[int]:
    return tracks.ids_of(seen(None, boxes, class_ids=class_ids).detections)


def test_an_object_keeps_its_number_while_it_moves_and_the_order_of_boxes_does_not_matter() -> None:
    tracks = OverlapTracks()
    left, right = ids(tracks, LEFT, RIGHT)
    assert left != right
    assert ids(tracks, (230.0, 0.0, 330.0, 100.0), (20.0, 10.0, 120.0, 110.0)) == [right, left]


def test_another_class_at_the_same_place_is_another_object() -> None:
    tracks = OverlapTracks()
    (first,) = ids(tracks, LEFT, class_ids=[3])
    (second,) = ids(tracks, LEFT, class_ids=[4])
    assert first != second


def test_what_jumps_away_is_a_new_object() -> None:
    tracks = OverlapTracks()
    assert ids(tracks, LEFT) != ids(tracks, RIGHT)


def test_an_object_that_is_missed_for_a_moment_keeps_its_number_and_loses_it_later() -> None:
    tracks = OverlapTracks()
    (number,) = ids(tracks, LEFT)
    for _ in range(REMEMBERED):
        ids(tracks)
    assert number in tracks
    assert ids(tracks, LEFT) == [number]
    for _ in range(REMEMBERED + 1):
        ids(tracks)
    assert number not in tracks
    assert ids(tracks, LEFT) != [number]


@given(st.integers(0, 2**31), st.integers(1, 20))
def test_objects_that_stand_apart_are_assigned_as_the_optimum_would(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    corners = np.array([(120.0 * (n % 5), 120.0 * (n // 5)) for n in range(count)])
    before = np.column_stack([corners, corners + rng.uniform(60, 110, (count, 2))]).astype(np.float32)
    order = rng.permutation(count)
    after = (before + rng.uniform(-8, 8, before.shape).astype(np.float32))[order]
    tracks = OverlapTracks()
    first = tracks.ids_of(seen(None, before).detections)
    rows, columns = linear_sum_assignment(overlaps(before, after), maximize=True)
    optimum = {int(column): first[row] for row, column in zip(rows, columns, strict=True)}
    assert tracks.ids_of(seen(None, after).detections) == [optimum[n] for n in range(count)]


def test_no_two_boxes_are_the_same_object_and_the_one_that_overlaps_most_is_it() -> None:
    before = seen(None, [LEFT, RIGHT]).detections
    now = seen(
        None, [(10.0, 0.0, 110.0, 100.0), (2.0, 0.0, 102.0, 100.0), (500.0, 0.0, 600.0, 9.0)]
    ).detections
    assert same_objects(before, now) == [-1, 0, -1]
    assert same_objects(before, before) == [0, 1]
    assert same_objects(seen(None, []).detections, now) == [-1, -1, -1]
