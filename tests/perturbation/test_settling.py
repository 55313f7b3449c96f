"""Maps that more trials no longer move, and scores that are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from heatcam.errors import MapError
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation import ObjectTrials, Settling, Subject, refine
from heatcam.perturbation.settling import alike


def subject() -> Subject:
    """A square of 96 pixels, whose left third is what counts and whose prior says so."""
    clear = np.full((96, 96, 3), 200, np.uint8)
    prior = np.zeros((1, 96, 96), np.float32)
    prior[0, :, :32] = 1
    box = np.array([0, 0, 96, 96], np.float32)
    return Subject(clear, np.zeros_like(clear), (slice(0, 96), slice(0, 96)), prior, box, 0)


def left_third(pictures: Uint8Array, _boxes: Float32Array, _classes: Sequence[int]) -> Float32Array:
    return np.asarray(pictures[:, :, :32].mean((1, 2, 3)) / 255, np.float32)


def trials_until_settled(score: object, most: int = 600) -> tuple[int, Settling]:
    tried, settling = ObjectTrials(subject()), Settling()
    for _ in refine([tried], score, most, 8):  # type: ignore[arg-type]
        if settling.look(tried):
            break
    return tried.trials, settling


def test_a_clear_object_is_settled_soon_but_not_by_random_sets_alone() -> None:
    trials, settling = trials_until_settled(left_third)
    assert 100 < trials <= 250
    assert settling.is_settled


def test_scores_that_are_noise_are_not_settled_before_those_that_are_not() -> None:
    rng = np.random.default_rng(0)
    noise = lambda pictures, *_: rng.random(len(pictures), np.float32)  # noqa: E731
    trials, _ = trials_until_settled(noise, 300)
    assert trials > trials_until_settled(left_third)[0]


def test_scores_that_are_all_the_same_make_a_flat_map_that_is_settled() -> None:
    trials, settling = trials_until_settled(lambda pictures, *_: np.full(len(pictures), 0.5, np.float32))
    assert settling.is_settled
    assert trials <= 250


def test_maps_are_alike_by_their_correlation() -> None:
    one = np.array([[0, 1], [2, 3]], np.float32)
    assert alike(one, 5 * one + 2) == pytest.approx(1)
    assert alike(one, -one) == pytest.approx(-1)
    flat = np.zeros_like(one)
    assert (alike(flat, flat), alike(one, flat)) == (1, 0)


@pytest.mark.parametrize("given", [[np.nan] * 8, [7.0] * 8, [-1.0] * 8, [0.5] * 7, [[0.5]] * 8])
def test_what_cannot_be_scores_makes_no_map(given: list[float]) -> None:
    with pytest.raises(MapError, match="from 0 to 1"):
        list(refine([ObjectTrials(subject())], lambda *_: np.array(given, np.float32), 8, 8))
