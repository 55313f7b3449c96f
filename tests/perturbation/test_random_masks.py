"""Maps by random masks are the slope of the score over the mask, with an error bar that holds."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.perturbation.masks import MaskedMap, with_sum
from heatcam.perturbation.random_masks import RandomMasks, RunningMean, sameness

SHAPE, GRID, CELL = (12, 18), 6, 3
PLACES = (2, 4), (8, 13)  # far enough from each other to share no cell of the grid


def scores_of(masks: np.ndarray) -> np.ndarray:
    """The score of a detector that needs both places at once."""
    (a, b), (c, d) = PLACES
    return np.asarray(masks[:, a, b] * masks[:, c, d], np.float64)[:, None]


def covariances(place: int, count: int, shift: int) -> np.ndarray:
    """Of a mask at one place of an axis with it at all places, in units of ``p (1 - p)``, by interpolating each point alone."""
    points = np.arange(-(-count // CELL) + 2)
    at = (np.arange(count) + shift) / CELL
    weights = np.array([np.interp(at, points, point) for point in np.eye(len(points))])  # (points, count)
    return np.asarray(weights[:, place] @ weights)


def expected() -> np.ndarray:
    """The exact slope of ``scores_of`` over the mask, averaged over all shifts, for every place."""
    total = np.zeros(SHAPE)
    for down in range(CELL):
        for across in range(CELL):
            for row, column in PLACES:
                own = np.outer(covariances(row, SHAPE[0], down), covariances(column, SHAPE[1], across))
                total += 0.5 * own  # (the other place is shown by half)
    at_itself = np.mean([covariances(0, 9, s)[0] for s in range(CELL)]) ** 2
    return np.asarray(total / CELL**2 / at_itself)


def run(seed: int, masks: int) -> RandomMasks:
    plan = RandomMasks(SHAPE, seed, GRID, settles=False)
    while plan.masks < masks:
        plan.tell(scores_of(plan.ask(25)))
    return plan


def test_the_error_bar_covers_the_exact_slope_in_95_percent_of_seeds() -> None:
    exact = expected()
    inside = []
    for seed in range(60):
        (own,) = run(seed, 200).maps()
        inside.append(np.abs(own.values - exact) <= 1.96 * own.error)
    assert 0.93 <= np.mean(inside) <= 0.97
    assert np.mean(inside, 0).min() > 0.8  # (nowhere is it much too small)


def test_the_map_peaks_at_the_pixels_that_the_score_depends_on() -> None:
    (own,) = run(0, 1500).maps()
    for row, column in PLACES:
        near = own.values[row - 2 : row + 3, column - 2 : column + 3]
        assert near.max() > 0.8 * own.values.max()
    assert own.values[10, 2] < 0.2 * own.values.max()
    top = np.unravel_index(own.values.argmax(), SHAPE)
    assert min(np.hypot(top[0] - r, top[1] - c) for r, c in PLACES) <= 1.5


def test_masks_have_their_mean_and_variance_everywhere() -> None:
    plan = RandomMasks(SHAPE, 3, GRID)
    masks = plan.ask(6000)
    assert masks.shape == (6000, *SHAPE) and masks.min() >= 0 and masks.max() <= 1
    np.testing.assert_allclose(masks.mean(0), 0.5, atol=0.03)
    np.testing.assert_allclose(masks.var(0), plan.variance, rtol=0.1)  # (at the edges too)


def test_seeds_repeat_themselves() -> None:
    one, again, other = (run(seed, 100).maps()[0].values for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_the_mean_by_batches_is_that_of_all_products() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(2, 1, (57, 2)), rng.normal(0, 3, (57, 5))
    mean = RunningMean((2, 5))
    for part in np.split(np.arange(57), [8, 9, 40]):
        mean.add(a[part], b[part])
    every = a[:, :, None] * b[:, None, :]
    np.testing.assert_allclose(mean.mean, every.mean(0))
    np.testing.assert_allclose(mean.error(), every.std(0, ddof=1) / np.sqrt(57))


def test_masks_end_when_others_would_make_the_same_map() -> None:
    clear = RandomMasks(SHAPE, 0, GRID)
    while not clear.is_settled and clear.masks < 5000:
        masks = clear.ask(25)
        clear.tell(with_sum(masks[:, 2, 4].astype(np.float64)[:, None]))
    assert 200 <= clear.masks < 1000
    by_others = RandomMasks(SHAPE, 99, GRID, settles=False)
    while by_others.masks < clear.masks:
        masks = by_others.ask(25)
        by_others.tell(masks[:, 2, 4].astype(np.float64)[:, None])
    alike = np.corrcoef(clear.maps()[0].values.ravel(), by_others.maps()[0].values.ravel())[0, 1]
    assert alike == pytest.approx(0.93, abs=0.05)  # (at 0.9 or above it was to end)
    noise = RandomMasks(SHAPE, 0, GRID)
    rng = np.random.default_rng(5)
    while noise.masks < 800:
        noise.ask(25)
        noise.tell(with_sum(rng.random((25, 1))))
    assert not noise.is_settled


def test_a_flat_map_is_never_the_same_as_another() -> None:
    flat = np.zeros((3, 3), np.float32)
    assert sameness(MaskedMap(flat, flat)) == 0.0


def test_before_enough_masks_there_is_no_map() -> None:
    plan = RandomMasks(SHAPE, 0, GRID)
    assert plan.maps() == () and not plan.is_known
    plan.tell(scores_of(plan.ask(10)))
    assert plan.maps() == ()
