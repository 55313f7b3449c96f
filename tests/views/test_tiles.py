"""A tile of one object."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatcam.overlay import OverlayOptions, object_colour, text_width
from heatcam.views import tiles
from heatcam.views.paper import DARK_PAPER
from heatcam.views.tiles import numbers_of, object_picture, surroundings
from tests.views.scenes import asked_for_a_truck, seen, without_a_map


@given(
    frame=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    corners=st.lists(st.floats(0, 1), min_size=4, max_size=4),
    aspect=st.floats(0.3, 3),
)
def test_the_cut_out_lies_in_the_frame_and_holds_the_box(frame, corners, aspect):
    wide, tall = frame
    x1, x2 = sorted(corner * wide for corner in corners[:2])
    y1, y2 = sorted(corner * tall for corner in corners[2:])
    left, top, right, bottom = surroundings((x1, y1, x2, y2), frame, aspect)
    assert 0 <= left < right <= wide
    assert 0 <= top < bottom <= tall
    assert left <= x1 + 1
    assert x2 - 1 <= right
    assert top <= y1 + 1
    assert y2 - 1 <= bottom


@given(aspect=st.floats(0.4, 2.5))
def test_in_the_middle_of_a_large_frame_it_has_the_aspect_that_is_wanted(aspect):
    left, top, right, bottom = surroundings((2000, 2000, 2100, 2200), (4000, 4000), aspect)
    assert abs((right - left) / (bottom - top) - aspect) < 0.02 * aspect


def test_only_its_own_heat_is_on_it():
    explanation = replace(seen(), frame=replace(seen().frame, image_bgr=np.full((240, 320, 3), 90, np.uint8)))
    look = OverlayOptions(boxes=False)
    first = object_picture(explanation, 0, (200, 150), look, DARK_PAPER)
    x1, y1, x2, y2 = surroundings(explanation.detections.boxes_xyxy[0], (320, 240), 200 / 150)
    middle = first[round((80 - y1) * 150 / (y2 - y1)), round((70 - x1) * 200 / (x2 - x1))]
    assert abs(int(middle.max()) - 90) > 30
    assert (first == 90).all(-1).any()  # around the box it is cold


def test_a_rotated_box_and_the_outline_of_a_mask_are_drawn_where_they_are():
    explanation = replace(
        seen(1), frame=replace(seen(1).frame, image_bgr=np.full((240, 320, 3), 90, np.uint8))
    )
    ring = np.float32([[40, 40], [100, 40], [100, 120], [40, 120]])
    x1, y1, x2, y2 = surroundings(explanation.detections.boxes_xyxy[0], (320, 240), 400 / 300)
    for shapes in ({"mask_polygons": ((ring,),)}, {"rotated_xywhr": np.float32([[70, 80, 60, 80, 0]])}):
        shown = replace(explanation, detections=replace(explanation.detections, **shapes))
        picture = object_picture(shown, 0, (400, 300), OverlayOptions(alpha=0), DARK_PAPER)
        row, column = round((80 - y1) * 300 / (y2 - y1)), round((40 - x1) * 400 / (x2 - x1))
        near = picture[row, column - 3 : column + 4].astype(int)
        assert (abs(near - object_colour(explanation.detections, 0)).max(-1) < 12).any()


def test_numbers_are_those_of_its_own_map():
    said = numbers_of(seen(), 1)
    assert (said.name, said.score, said.unit, said.is_low) == ("thing", "0.30", "logits", True)
    assert 90 <= int(said.energy_in_box.removesuffix(" %")) <= 100
    assert float(said.evidence) == seen().object_maps[1].values.sum()


def test_without_its_own_map_they_are_not_known():
    said = numbers_of(without_a_map(), 0)
    assert (said.energy_in_box, said.evidence) == ("", "")


def test_with_a_question_the_class_asked_about_comes_first():
    said = numbers_of(asked_for_a_truck(), 0)
    assert (said.name, said.score) == ("truck (bus 0.90)", "0.03")


@given(room=st.integers(0, 400))
def test_the_words_below_it_fit_its_width_unless_not_even_the_shortest_do(room):
    text = tiles._fitting_numbers(numbers_of(seen(), 0), 14, room)
    assert text_width(text, 14) <= room or " · " not in text
