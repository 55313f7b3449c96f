"""Rings of masks as flat arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.sinks.nested_arrays import flattened, nested_again


@given(lengths=st.lists(st.lists(st.integers(3, 6), max_size=3), max_size=4))
def test_they_come_back_as_they_were(lengths):
    draw = np.random.default_rng(1)
    nested = [[draw.random((length, 2), np.float32) for length in own] for own in lengths]
    parts = flattened("rings", nested)
    again = nested_again(parts["rings"], parts["rings_lengths"], parts["rings_counts"], 3)
    assert [[ring.tolist() for ring in own] for own in again] == [
        [ring.tolist() for ring in own] for own in nested
    ]


@pytest.mark.parametrize(
    ("points", "lengths", "counts"),
    [
        ((6, 3), [6], [1]),
        ((6, 2), [2, 4], [2]),
        ((6, 2), [3], [1]),
        ((6, 2), [3, 3], [1]),
        ((6, 2), [3, 3], [3, -1]),
        ((6, 2), [9, -3], [2]),
        ((0, 2), [2**62, 2**62], [2]),
    ],
)
def test_numbers_that_do_not_belong_together_are_refused(points, lengths, counts):
    with pytest.raises(ValueError, match="do not belong together"):
        nested_again(np.zeros(points, np.float32), np.array(lengths), np.array(counts), 3)
