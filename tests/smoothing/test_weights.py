from __future__ import annotations

import pytest

from heatcam.smoothing.weights import MOST_KEPT, kept_share, running_scale


def test_nothing_is_kept_at_zero_and_never_everything() -> None:
    assert kept_share(0) == 0
    assert kept_share(0.5) == MOST_KEPT / 2
    assert kept_share(1) == MOST_KEPT < 1


def test_a_scale_rises_faster_than_it_falls_by_factors() -> None:
    up, down = running_scale(1, 4, 0.5), running_scale(4, 1, 0.5)
    assert up == pytest.approx(4**0.5)
    assert down == pytest.approx(4**0.5**0.5)
    assert running_scale(10, 40, 0.5) == pytest.approx(10 * up)


def test_a_scale_that_jumps_up_and_down_settles_high() -> None:
    scale = 1.0
    for now in (1.0, 4.0) * 40:
        scale = running_scale(scale, now, 0.5)
    assert 2.3 < scale < 4  # the mean of the logarithms would be 2


def test_no_evidence_says_nothing_about_the_scale_unless_nothing_is_kept() -> None:
    assert running_scale(3, 0, 0.5) == 3
    assert running_scale(3, 0, 0) == 0
    assert running_scale(0, 3, 0.5) == 3
    assert running_scale(7.3, 7.3, 0.5) == 7.3
    assert running_scale(7.3, 2.1, 0) == 2.1
