"""Maps of tiles become one map: without edges, on one scale, with the evidence of all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures import peak_of
from heatcam.overlay.heat import laid_over, smoothed
from heatcam.overlay.part_heat import heat_in_rows
from heatcam.tiling.coarse import CoarseMap
from heatcam.tiling.map_store import MapStore
from heatcam.tiling.objects import cut_to_box
from heatcam.tiling.percentile import peak_of_all
from heatcam.tiling.plan import plan_tiles
from heatcam.tiling.stitching import StitchedMap
from heatcam.tiling.weights import StitchWeights

LETTERBOX = Letterbox.fit((320, 320), 320)


def a_map(values: np.ndarray) -> SaliencyMap:
    return SaliencyMap(values.astype(np.float32), LETTERBOX, "live", "3:x")


def test_maps_that_are_all_alike_stitch_to_the_same_everywhere() -> None:
    plan = plan_tiles((700, 500), 320, 0.2)
    with MapStore() as maps:
        for number in range(len(plan)):
            maps.put(number, np.full((40, 40), 3.0, np.float32))
        rows = StitchedMap(plan, maps, LETTERBOX).rows(100, 437)
    assert rows.shape == (337, 700)
    np.testing.assert_allclose(rows, 3.0, atol=1e-4)


def test_rows_do_not_depend_on_how_many_are_asked_for() -> None:
    plan, random = plan_tiles((700, 500), 320, 0.3), np.random.default_rng(0)
    with MapStore() as maps:
        for number in range(len(plan)):
            maps.put(number, random.random((40, 40)).astype(np.float32))
        stitched = StitchedMap(plan, maps, LETTERBOX)
        whole, parts = (
            stitched.rows(0, 500),
            [stitched.rows(top, min(top + 97, 500)) for top in range(0, 500, 97)],
        )
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=0.02)
    assert np.abs(np.diff(whole, axis=1)).max() < 0.3  # (no step at a tile's edge: values are from 0 to 1)


def test_the_coarse_map_holds_the_evidence_of_all_tiles_each_place_once() -> None:
    plan = plan_tiles((1152, 640), 320, 0.2)
    coarse = CoarseMap(plan, StitchWeights(plan))
    for tile in plan:
        coarse.add(tile, a_map(np.ones((40, 40))))
    saliency = coarse.saliency()
    assert saliency is not None and saliency.letterbox.image_wh == (1152, 640)
    cells = 1152 * 640 / 64
    assert saliency.values.sum() == pytest.approx(cells, rel=0.01)
    inner = saliency.values[2:-2, 2:-2]
    assert inner.min() > 0.7 * inner.mean() and inner.max() < 1.3 * inner.mean()


@given(
    st.lists(
        arrays.arrays(np.float32, st.integers(0, 40), elements=st.floats(-10, 1000, width=32)), max_size=5
    )
)
def test_the_percentile_of_pieces_is_that_of_all_at_once(pieces) -> None:
    assert peak_of_all(lambda: iter(pieces)) == peak_of(np.concatenate([*pieces, np.zeros(0, np.float32)]))


def test_maps_come_back_from_the_file_in_any_order() -> None:
    with MapStore() as maps:
        maps.put(3, np.arange(6, dtype=np.float32).reshape(2, 3))
        maps.put(1, np.zeros((1, 1), np.float32))
        assert maps.get(3).tolist() == [[0, 1, 2], [3, 4, 5]]
        assert maps.get(0) is None
        assert list(maps.numbers) == [3, 1]


@given(st.integers(0, 250), st.integers(0, 250), st.integers(5, 70), st.integers(5, 70), st.integers(1, 60))
def test_heat_of_a_map_that_is_cut_to_its_box_and_drawn_in_bands_is_that_of_the_whole(
    x, y, wide, tall, band
) -> None:
    own = a_map(np.random.default_rng(x).random((40, 40)))
    box = np.float32([x, y, x + wide, y + tall])
    expected = laid_over(smoothed(own.values), LETTERBOX, (x, y, x + wide, y + tall), 0.7)
    heat, cut = np.zeros((320, 320), np.uint8), cut_to_box(own, box)
    assert cut.values.size <= own.values.size
    for top in range(0, 320, band):
        laid, (x1, y1, x2, y2) = heat_in_rows(cut, box, 0.7, (top, top + band))
        if laid.size:
            heat[y1:y2, x1:x2] = laid
    full, _ = heat_in_rows(own, box, 0.7, (0, 320))
    np.testing.assert_array_equal(heat[y : y + tall, x : x + wide], full)
    assert full.shape == expected.shape
