"""Cells and boxes, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures.evidence import boxes_in_cells, cells_in_box, cells_touched, decided, undecided_share


@pytest.mark.parametrize(
    ("box_cells", "rows", "columns"),
    [
        ((1.0, 2.0, 3.0, 4.0), (2, 4), (1, 3)),
        ((1.2, 2.9, 1.4, 3.1), (2, 4), (1, 2)),
        ((2.0, 2.0, 2.0, 2.0), (2, 3), (2, 3)),
        ((-5.0, -2.5, 1.5, 0.5), (0, 1), (0, 2)),
        ((-9.0, -9.0, -8.0, -8.0), (0, 1), (0, 1)),
        ((4.5, 5.0, 99.0, 99.0), (5, 6), (4, 8)),
        ((8.0, 6.0, 9.0, 9.0), (5, 6), (7, 8)),
    ],
)
def test_a_box_touches_at_least_one_cell_and_none_beyond_the_map(
    box_cells: tuple[float, ...], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    assert cells_touched((6, 8), box_cells) == (slice(*rows), slice(*columns))


def test_boxes_are_counted_in_cells_from_the_letterboxs_corner() -> None:
    letterbox = Letterbox.fit((640, 320), 640, 128)  # 32 model pixels of border above
    np.testing.assert_allclose(boxes_in_cells((48, 80), letterbox, [[0, 0, 64, 32]]), [[0, 4, 8, 8]])


def test_a_box_that_begins_left_of_the_picture_has_the_cells_that_are_there() -> None:
    values = np.arange(48, dtype=np.float32).reshape(6, 8)
    letterbox = Letterbox((8, 6), (8, 6), (8, 6), 0, 0)
    np.testing.assert_array_equal(cells_in_box(values, letterbox, [-3, 1, 2, 2]), values[1:2, 0:2])


def test_values_within_their_deviation_are_not_decided_and_others_lose_its_share() -> None:
    letterbox = Letterbox((4, 1), (4, 1), (4, 1), 0, 0)
    values, deviation = np.float32([[1, 2, -4, 0]]), np.float32([[1, 1, 2, 0]])
    tried = SaliencyMap(values, letterbox, "true", "output", "score", trials=9, deviation=deviation)
    np.testing.assert_allclose(decided(tried), [[0, 1.5, -3, 0]])
    assert undecided_share(tried) == pytest.approx(0.5)
    gradient = SaliencyMap(values, letterbox, "live", "15:C2f")
    assert decided(gradient) is values
