"""Where covers lie from frame to frame: they stay, or follow the object that they were drawn on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.frames import Explanation
from heatcam.live.cover_paths import CoverPaths, moved_with
from heatcam.live.objects import FIRST_OWN
from heatcam.live.questions import CoverStroke
from tests.live.streams import frame, seen

Box = tuple[float, float, float, float]
FIRST: Box = (40, 30, 80, 70)
LEFT_HALF: Box = (40, 30, 60, 70)


def at(index: int, *boxes: Box, tracks: tuple[int, ...] | None = None, name: str = "thing") -> Explanation:
    found = seen(frame(index), boxes)
    own = replace(
        found.detections,
        track_ids=None if tracks is None else np.array(tracks),
        class_names=(name,) * len(boxes),
    )
    return replace(found, detections=own)


def following(track_id: int = FIRST_OWN) -> CoverStroke:
    return CoverStroke(LEFT_HALF, 1, track_id, FIRST, "thing")


def lies(paths: CoverPaths, stroke: CoverStroke, of: Explanation, *, still: bool = False) -> list[float]:
    (box,) = paths.places([stroke], of, still=still)
    return [float(side) for side in box]


def test_a_cover_without_an_object_stays() -> None:
    paths, stroke = CoverPaths(), CoverStroke(LEFT_HALF)
    for index, box in enumerate([FIRST, (60, 30, 100, 70)]):
        assert lies(paths, stroke, at(index, box)) == list(LEFT_HALF)


def test_a_cover_moves_and_grows_with_its_objects_box() -> None:
    paths, stroke = CoverPaths(), following()
    assert lies(paths, stroke, at(0, FIRST)) == pytest.approx(LEFT_HALF)
    assert lies(paths, stroke, at(1, (50, 30, 90, 70))) == pytest.approx((50, 30, 70, 70))
    assert lies(paths, stroke, at(2, (50, 30, 110, 90))) == pytest.approx((50, 30, 80, 90))


def test_a_cover_stays_where_it_was_while_its_object_is_undetected_and_goes_on_with_it() -> None:
    paths, stroke = CoverPaths(), following()
    lies(paths, stroke, at(0, (50, 30, 90, 70)))
    for index in range(1, 30):
        assert lies(paths, stroke, at(index)) == pytest.approx((50, 30, 70, 70))
    assert lies(paths, stroke, at(30, (52, 30, 92, 70))) == pytest.approx((52, 30, 72, 70))


def test_an_object_is_found_by_its_track_however_far_it_has_gone() -> None:
    paths, stroke = CoverPaths(), following(7)
    far, near = (110, 60, 150, 100), FIRST
    assert lies(paths, stroke, at(0, near, far, tracks=(3, 7))) == pytest.approx((110, 60, 130, 100))
    gone = at(1, (110, 60, 150, 100), tracks=(3,))
    assert lies(paths, stroke, gone) == pytest.approx((110, 60, 130, 100)), "another track is another object"
    untracked = at(2, (112, 60, 152, 100), tracks=(0,))
    assert lies(paths, stroke, untracked) == pytest.approx((112, 60, 132, 100))


def test_without_tracks_only_a_box_of_its_class_that_overlaps_is_the_object() -> None:
    paths, stroke = CoverPaths(), following()
    lies(paths, stroke, at(0, FIRST))
    assert lies(paths, stroke, at(1, (45, 30, 85, 70), name="other")) == pytest.approx(LEFT_HALF)
    assert lies(paths, stroke, at(2, (75, 30, 115, 70))) == pytest.approx(LEFT_HALF)
    two = at(3, (60, 30, 100, 70), (44, 30, 84, 70))
    assert lies(paths, stroke, two) == pytest.approx((44, 30, 64, 70))


def test_an_earlier_frame_that_is_shown_again_has_the_cover_where_it_was_and_moves_no_later_one() -> None:
    paths, stroke = CoverPaths(), following()
    boxes = [(40.0 + 12 * n, 30.0, 80.0 + 12 * n, 70.0) for n in range(5)]
    for index, box in enumerate(boxes):
        lies(paths, stroke, at(index, box))
    assert lies(paths, stroke, at(1, (48, 28, 93, 73)), still=True) == pytest.approx((52, 30, 72, 70))
    assert lies(paths, stroke, at(5, (98, 30, 138, 70))) == pytest.approx((98, 30, 118, 70))


def test_a_stroke_that_is_taken_back_is_forgotten() -> None:
    paths = CoverPaths()
    lies(paths, following(), at(0, (55, 30, 95, 70)))
    assert len(paths.places([], at(1), still=False)) == 0
    assert lies(paths, following(), at(2)) == pytest.approx(LEFT_HALF)


sides = st.tuples(st.floats(0, 200), st.floats(0, 200), st.floats(1, 100), st.floats(1, 100))


@given(sides, sides, sides)
def test_what_moves_there_and_back_is_where_it_was(box: Box, before: Box, now: Box) -> None:
    corners = [np.array((x, y, x + w, y + h), np.float32) for x, y, w, h in (box, before, now)]
    there = moved_with(corners[0].tolist(), corners[1], corners[2])
    assert moved_with(there, corners[2], corners[1]) == pytest.approx(corners[0].tolist(), rel=1e-2, abs=0.1)
