"""Sensitivity to noise and to weights, on maps that are functions one can read."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.evaluation.stability import NOISE_LEVELS, NOISE_SAMPLES, max_sensitivity, rank_similarity

GREY = np.full((6, 8, 3), 100, np.uint8)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_a_map_that_never_changes_is_not_sensitive_and_an_empty_one_has_no_sensitivity() -> None:
    maps = [np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)]
    assert max_sensitivity(lambda picture: maps, GREY, rng()) == [0, None]


def test_it_is_the_largest_relative_change_over_all_noise() -> None:
    seen = []

    def brightness(picture: np.ndarray) -> list[np.ndarray]:
        seen.append(picture)
        return [picture[..., 0].astype(np.float32)]

    (measured,) = max_sensitivity(brightness, GREY, rng())
    assert len(seen) == 1 + NOISE_SAMPLES
    changes = [np.linalg.norm(p[..., 0].astype(float) - 100) / (100 * np.sqrt(48)) for p in seen[1:]]
    assert measured == pytest.approx(max(changes))
    assert min(changes) < max(changes)


def test_noise_stays_within_its_levels_and_does_not_wrap_around() -> None:
    def inside(picture: np.ndarray) -> list[np.ndarray]:
        assert picture.dtype == np.uint8
        assert picture.min() >= 255 - NOISE_LEVELS
        return [np.ones((1, 1), np.float32)]

    max_sensitivity(inside, np.full((6, 8, 3), 255, np.uint8), rng())


def test_captum_measures_the_same() -> None:
    metrics = pytest.importorskip("captum.metrics")
    import torch

    weights = np.random.default_rng(1).random((6, 8, 3)).astype(np.float32)
    source = rng()

    def noisy(inputs: torch.Tensor) -> torch.Tensor:
        noise = source.integers(-NOISE_LEVELS, NOISE_LEVELS + 1, (NOISE_SAMPLES, 6, 8, 3))
        return inputs + torch.from_numpy(noise).float()

    theirs = metrics.sensitivity_max(
        lambda inputs: ((inputs[0] if isinstance(inputs, tuple) else inputs) * torch.from_numpy(weights),),
        torch.from_numpy(GREY).float()[None],
        perturb_func=noisy,
        n_perturb_samples=NOISE_SAMPLES,
    )
    (ours,) = max_sensitivity(lambda picture: [picture * weights], GREY, rng())
    assert ours == pytest.approx(float(theirs), rel=1e-5)


def test_a_map_is_like_itself_at_any_scale_and_sign() -> None:
    values = np.random.default_rng(0).normal(size=(5, 5)).astype(np.float32)
    assert rank_similarity(values, values) == pytest.approx(1)
    assert rank_similarity(values, -3 * values) == pytest.approx(1)


def test_similarity_is_of_ranks() -> None:
    # Ranks 1 2 3 4 against 2 1 4 3: 1 - 6 * 4 / (4 * 15).
    one, other = np.array([[1, 2, 3, 90]], np.float32), np.array([[2, 1, 70, 4]], np.float32)
    assert rank_similarity(one, other) == pytest.approx(0.6)
    assert rank_similarity(one, one[:, ::-1]) == pytest.approx(-1)


def test_a_flat_map_is_like_nothing() -> None:
    assert rank_similarity(np.ones((3, 3), np.float32), np.arange(9, dtype=np.float32).reshape(3, 3)) is None
    assert rank_similarity(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)) is None
