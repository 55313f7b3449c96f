"""A map that goes along with its boxes between two maps."""

import numpy as np

from heatcam.live.propagation import propagate_map
from tests.live.streams import BOX, frame, seen


def moved(box, dx, dy):
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def peak(saliency):
    return np.unravel_index(saliency.values.argmax(), saliency.values.shape)


def test_evidence_moves_as_its_box_moved():
    mapped = seen(frame(0))
    found = seen(frame(1), (moved(BOX, 16, 8),), heat=False)
    carried = propagate_map(found, mapped)
    row, column = peak(mapped.saliency)
    assert peak(carried.saliency) == (row + 1, column + 2)
    assert carried.saliency.values.max() == mapped.saliency.values.max()
    assert carried.frame is found.frame


def test_an_object_that_is_new_has_no_evidence_yet():
    found = seen(frame(1), (BOX, (0.0, 0.0, 24.0, 24.0)), heat=False)
    carried = propagate_map(found, seen(frame(0)))
    assert carried.saliency.values[:3, :3].max() == 0
    assert carried.saliency.values.max() > 0


def test_an_object_of_another_class_is_another_object():
    mapped = seen(frame(0), (BOX,))
    other = seen(
        frame(1), ((0.0, 0.0, 8.0, 8.0), BOX), heat=False
    )  # classes 0 and 1: the box is of class 1 now
    assert propagate_map(other, mapped).saliency.values.max() == 0


def test_what_lay_outside_of_the_boxes_is_not_carried():
    mapped = seen(frame(0))
    mapped.saliency.values[0, 0] = 5.0
    carried = propagate_map(seen(frame(1), heat=False), mapped)
    assert carried.saliency.values[0, 0] == 0


def test_each_object_keeps_its_own_map_where_there_were_some():
    from dataclasses import replace

    mapped = seen(frame(0))
    mapped = replace(mapped, object_maps=(mapped.saliency,), low_evidence=(True,))
    carried = propagate_map(seen(frame(1), heat=False), mapped)
    assert len(carried.object_maps) == 1
    assert carried.low_evidence == (True,)


def test_without_a_map_to_carry_the_frame_stays_as_it_is():
    found = seen(frame(1), heat=False)
    assert propagate_map(found, seen(frame(0), heat=False)) is found
