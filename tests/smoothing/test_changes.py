"""What counts as a change: large at once, or there in two frames and beyond the track's own noise."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.geometry import Float32Array
from heatcam.smoothing.changes import (
    CHANGE,
    LEAST_NOISE,
    OUTLIER,
    RENEWED,
    USUAL,
    BoxChanges,
    Noise,
    changes_between,
)
from tests.smoothing.streams import spot

HERE, THERE = spot(25, 28), spot(35, 42)


def seen(shown: Float32Array, last: Float32Array, new: Float32Array, level: float = 0.05) -> BoxChanges:
    return changes_between(shown, last, new, Noise(level))


def test_nothing_in_common_is_a_change_everywhere_at_once() -> None:
    change = seen(HERE, HERE, spot(60, 60))
    assert change.at_once.min() == 1
    assert change.confirmed.max() == 0


def test_what_appears_in_one_part_is_a_change_there_at_once() -> None:
    change = seen(HERE, HERE, HERE + THERE)
    assert change.at_once[42, 35] == 1
    assert change.at_once[28, 25] < 0.01


def test_half_as_much_evidence_is_a_change_when_a_second_frame_confirms_it() -> None:
    first, second = seen(HERE, HERE, 0.5 * HERE), seen(HERE, 0.5 * HERE, 0.5 * HERE)
    assert first.at_once.max() == first.confirmed.max() == second.at_once.max() == 0
    assert second.confirmed[28, 25] == 1


def test_one_odd_frame_and_two_that_disagree_confirm_nothing() -> None:
    assert seen(HERE, 3 * HERE, HERE).confirmed.max() == 0
    assert seen(HERE, 0.5 * HERE, 1.5 * HERE).confirmed.max() == 0
    assert seen(HERE, 0.5 * HERE, 1.5 * HERE).shared == pytest.approx(0, abs=1e-6)


def test_what_is_usual_on_a_track_is_no_change_there() -> None:
    walking, still = (seen(HERE, 0.5 * HERE, 0.5 * HERE, level) for level in (0.15, 0.05))
    assert walking.confirmed.max() == 0
    assert still.confirmed.max() == 1


def test_maps_without_evidence_are_alike() -> None:
    nothing = np.zeros_like(HERE)
    change = seen(nothing, nothing, nothing)
    assert change.at_once.max() == change.confirmed.max() == change.shared == 0


def test_noise_is_a_mean_at_first_and_then_forgets() -> None:
    noise = Noise()
    assert noise.mean == USUAL
    for n in range(9):
        noise = noise.after(0.1)
        assert noise.mean == pytest.approx((USUAL + 0.1 * (n + 1)) / (n + 2))
    for _ in range(20):
        noise = noise.after(0.1)
    assert noise.after(0.2).mean == pytest.approx(noise.mean + RENEWED * (0.2 - noise.mean))


def test_a_change_does_not_pass_for_noise_afterwards() -> None:
    quiet = Noise(0.06, frames=50)
    assert quiet.after(1.0).mean == pytest.approx(0.06 + RENEWED * (OUTLIER - 1) * 0.06)
    assert 0.5 / quiet.after(1.0).unit > CHANGE


def test_a_still_without_noise_has_a_unit_too() -> None:
    assert Noise(0, frames=50).unit == LEAST_NOISE > 0
