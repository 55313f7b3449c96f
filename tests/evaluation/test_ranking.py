"""Which pixels are taken at which step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.evaluation.choices import FractionsOf
from heatcam.evaluation.ranking import Ranking, ranking_of, window_of, windows_of

HEIGHT, WIDTH = 6, 8
SEEN = np.array([0, 1, 8, 5], np.float32)  # a letterbox with a row of border above and below
sides = st.floats(-4, 12, width=32)


def ranking(box: list[float], of: FractionsOf, fractions=(0.25, 0.5, 1.0), *, whole=False, seed=0) -> Ranking:
    windows = windows_of(np.array(box, np.float32), SEEN, (HEIGHT, WIDTH), of, whole=whole)
    return ranking_of((HEIGHT, WIDTH), *windows, fractions, np.random.default_rng(seed))


def test_fractions_are_of_the_boxs_pixels_or_of_the_letterboxs() -> None:
    assert ranking([2, 1, 6, 5], FractionsOf.BOX).counts == (4, 8, 16)
    assert ranking([2, 1, 6, 5], FractionsOf.PICTURE).counts == (12, 24, 48)
    assert ranking([2, 1, 6, 5], FractionsOf.BOX, whole=True).counts == (4, 8, 16)


def test_a_box_of_few_pixels_is_judged_by_one_of_them_at_least() -> None:
    assert ranking([2, 2, 3, 3], FractionsOf.BOX, (0.0, 0.01, 1.0)).counts == (0, 1, 1)


def test_maps_rank_their_box_and_what_is_outside_comes_last() -> None:
    values = np.arange(HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    quarter, half, every = ranking([2, 1, 6, 5], FractionsOf.BOX).first(values)
    assert np.flatnonzero(quarter).tolist() == [34, 35, 36, 37]  # the lowest of the box's rows
    assert np.flatnonzero(half).tolist() == [26, 27, 28, 29, 34, 35, 36, 37]
    assert every.reshape(HEIGHT, WIDTH)[1:5, 2:6].all()
    assert every.sum() == 16
    (more,) = ranking([2, 1, 6, 5], FractionsOf.PICTURE, (0.5,)).first(values)
    assert more.reshape(HEIGHT, WIDTH)[1:5, 2:6].all()
    assert more.sum() == 24


def test_whole_maps_rank_the_picture_and_the_border_comes_last() -> None:
    border_hot = np.ones((HEIGHT, WIDTH), np.float32)
    border_hot[[0, -1]] = 9
    (shown,) = ranking([2, 1, 6, 5], FractionsOf.PICTURE, (32 / 48,), whole=True).first(border_hot)
    assert shown.reshape(HEIGHT, WIDTH)[1:5].all()


def test_equal_pixels_are_taken_at_random_and_always_the_same_ones() -> None:
    flat = np.zeros((40, 40), np.float32)
    box = np.array([0, 0, 40, 40], np.float32)
    windows = windows_of(box, box, flat.shape, FractionsOf.BOX, whole=False)
    one, again, other = (
        next(ranking_of(flat.shape, *windows, (0.5,), np.random.default_rng(seed)).first(flat)).reshape(
            40, 40
        )
        for seed in (0, 0, 1)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    for half in (one[:20], one[20:], one[:, :20], one[:, 20:]):  # (from the top down it would be 1 and 0)
        assert half.mean() == pytest.approx(0.5, abs=0.06)


def test_equal_pixels_are_each_taken_as_often() -> None:
    flat = np.zeros((HEIGHT, WIDTH), np.float32)
    taken = np.mean(
        [next(ranking([0, 0, 8, 6], FractionsOf.BOX, (0.25,), seed=n).first(flat)) for n in range(2000)], 0
    )
    assert taken == pytest.approx(0.25, abs=0.05)  # (five standard deviations of 2000 draws)


@given(st.tuples(sides, sides, sides, sides), st.floats(0, 1), st.booleans(), st.integers(0, 2**32 - 1))
def test_each_step_takes_its_number_of_the_largest_values(
    box: tuple[float, float, float, float], fraction: float, whole: bool, seed: int
) -> None:
    """Against the definition: nothing that is left in the ranked window is larger than anything taken from it."""
    values = np.random.default_rng(seed).integers(0, 4, (HEIGHT, WIDTH)).astype(np.float32)
    ordered = [min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])]
    for of in FractionsOf:
        own = ranking(ordered, of, (fraction, 1.0), whole=whole, seed=seed)
        assert sorted([*own.ranked, *own.rest]) == list(range(HEIGHT * WIDTH))
        chosen, _ = own.first(values)
        size = HEIGHT * WIDTH
        if of is FractionsOf.BOX:
            rows, columns = window_of(np.array(ordered, np.float32), (HEIGHT, WIDTH))
            size = (rows.stop - rows.start) * (columns.stop - columns.start)
        assert chosen.sum() == max(round(fraction * size), int(fraction > 0))
        flat = values.ravel()[own.ranked]
        taken = chosen[own.ranked]
        if taken.any() and not taken.all():
            assert flat[taken].min() >= flat[~taken].max()
        assert taken.all() or not chosen[own.rest].any()


@given(st.tuples(sides, sides, sides, sides))
def test_a_window_lies_in_the_picture_and_has_a_pixel(box: tuple[float, float, float, float]) -> None:
    rows, columns = window_of(np.array(box, np.float32), (HEIGHT, WIDTH))
    assert 0 <= rows.start < rows.stop <= HEIGHT
    assert 0 <= columns.start < columns.stop <= WIDTH
