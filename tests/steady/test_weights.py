from __future__ import annotations

import numpy as np
import pytest

from heatcam.steady.weights import (
    ALIKE,
    ANOTHER,
    CONFIRMED,
    MOST_KEPT,
    NOISE,
    kept_share,
    kept_shares,
    running_scale,
)


def test_nothing_is_kept_at_zero_and_never_everything() -> None:
    assert kept_share(0, 0, 0) == 0
    assert kept_share(1, 0, 0) == MOST_KEPT < 1


def test_what_is_alike_keeps_its_share_and_another_scene_keeps_nothing() -> None:
    share = kept_share(0.5, 0, 0)
    assert kept_share(0.5, ALIKE, 1) == share
    assert kept_share(0.5, (ALIKE + ANOTHER) / 2, 1) == pytest.approx(share / 2)
    assert kept_share(0.5, ANOTHER, 1) == kept_share(0.5, 1, 1) == 0


def test_a_change_that_a_second_frame_confirms_is_believed() -> None:
    share = kept_share(0.5, 0, 0)
    assert kept_share(0.5, 0.3, 0.3 / NOISE) == share
    assert kept_share(0.5, 0.3, 0.3 / CONFIRMED) == pytest.approx(0)
    assert kept_share(0.5, 0.3, 0) == 0


def test_a_part_of_a_box_that_is_another_keeps_nothing() -> None:
    apart = np.array([0, ALIKE, (ALIKE + ANOTHER) / 2, 1], np.float32)
    np.testing.assert_allclose(kept_shares(0.6, apart), [0.6, 0.6, 0.3, 0], atol=1e-6)


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
