"""Maps in rows: what is lost, and what is refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.batch import unpack_map
from heatcam.batch.packing import MAP_COLUMNS, pack_map
from heatcam.errors import UnreadableInputError
from heatcam.frames import SaliencyMap
from heatcam.geometry import CentreCrop, Letterbox

BOX = Letterbox.fit((100, 50), 64)


def saliency(values: object, letterbox: Letterbox = BOX) -> SaliencyMap:
    return SaliencyMap(np.array(values, np.float32), letterbox, "live", "3:Conv", "logits", 0.25)


@given(
    seed=st.integers(0, 2**32 - 1),
    exponent=st.integers(-30, 30),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_a_cell_keeps_three_digits_however_large_or_small_the_map_is(
    seed: int, exponent: int, shape: tuple[int, int]
) -> None:
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32) * np.float32(
        10.0**exponent
    )
    again = unpack_map(pack_map(saliency(values))).values
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, values, rtol=2**-11 * 1.01, atol=3.1e-8 * np.abs(values).max())


def test_what_a_map_is_made_of_comes_back() -> None:
    again = unpack_map(pack_map(saliency([[1.0, -0.5], [0.0, 0.25]])))
    assert again.values.tolist() == [[1.0, -0.5], [0.0, 0.25]]
    assert (again.letterbox, again.method, again.layer, again.unit) == (BOX, "live", "3:Conv", "logits")
    assert again.full_heat == 0.25
    assert again.in_image().shape == (50, 100)


def test_a_classifiers_crop_stays_one() -> None:
    crop = CentreCrop.cut((100, 50), 64)
    again = unpack_map(pack_map(saliency([[1.0]], crop))).letterbox
    assert type(again) is CentreCrop
    assert again == crop


def test_a_map_without_evidence_is_all_zeros() -> None:
    packed = pack_map(saliency(np.zeros((3, 4))))
    assert set(packed) == set(MAP_COLUMNS)
    assert packed["map_scale"] == 0.0
    assert not unpack_map(packed).values.any()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"map": None, "reason": "no gradient"}, "no map \\(no gradient\\)"),
        ({"map_codec": "zstd float8"}, "zstd float8"),
        ({"map": b"abc"}, "damaged"),
        ({"map": zlib.compress(b"\0" * 6)}, "another number of cells"),
        ({"map": zlib.compress(b"\0" * (1 << 24))}, "another number of cells"),
        ({"map_width": 0}, "2 x 0 cells"),
        ({"map_width": 1 << 40}, "cells"),
        ({"map_facts": "{}"}, "damaged"),
    ],
)
def test_other_rows_are_refused_in_one_line(changes: dict[str, object], problem: str) -> None:
    packed = pack_map(saliency([[1.0, -0.5], [0.0, 0.25]]))
    with pytest.raises(UnreadableInputError, match=problem) as refused:
        unpack_map(packed | changes)
    assert "\n" not in str(refused.value)
