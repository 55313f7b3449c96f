from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatcam.geometry import Float32Array
from heatcam.smoothing.changes import Noise
from heatcam.smoothing.content import patch_of
from heatcam.smoothing.track_state import LEVEL_FRAMES, LEVEL_FRAMES_AGAIN, TrackState, averaged
from tests.smoothing.streams import spot

BOX = np.array([20, 20, 40, 50], np.float32)
HERE = spot(28, 30)


def memory(values: Float32Array, level: int = 0, scale: float = 1.0) -> TrackState:
    patch = patch_of(values.astype(np.float32), BOX)
    return TrackState(patch, patch, scale, class_id=0, level=level)


def shown(one: TrackState) -> float:
    return float(one.patch.values.sum() / HERE[one.patch.place].sum())


def test_a_new_object_is_shown_as_it_is() -> None:
    now = memory(HERE)
    assert averaged(None, now, 0.9) is now


def test_content_and_scale_are_averaged() -> None:
    one = averaged(memory(HERE, scale=1.0), memory(0.9 * HERE, scale=0.9), 0.8)
    assert shown(one) == pytest.approx(0.98, abs=1e-3)
    assert one.scale == pytest.approx(0.9 ** (1 - 0.8**0.5), rel=1e-3)
    assert one.raw.values.sum() == pytest.approx(0.9 * HERE[one.raw.place].sum(), rel=1e-3)


def test_a_confirmed_change_is_shown_and_takes_the_scale_along() -> None:
    quiet = replace(memory(HERE, scale=1.0), noise=Noise(0.05, 50))
    first = averaged(quiet, memory(0.3 * HERE, scale=0.3), 0.9)
    second = averaged(first, memory(0.3 * HERE, scale=0.3), 0.9)
    assert shown(first) > 0.9
    assert shown(second) == pytest.approx(0.3, abs=0.02)
    assert second.scale < 0.4


def test_with_nothing_kept_each_frame_is_raw() -> None:
    one, rng = None, np.random.default_rng(0)
    for _ in range(6):
        now = memory(HERE * rng.normal(1, 0.4, HERE.shape), scale=float(rng.uniform(1, 3)))
        one = averaged(one, now, 0)
        np.testing.assert_array_equal(one.patch.values, now.patch.values)
        assert one.scale == now.scale


def test_while_an_object_comes_from_another_level_two_frames_confirm_nothing() -> None:
    quiet = replace(memory(HERE), noise=Noise(0.05, 50))
    for level, follows in ((0, True), (1, False)):
        one = averaged(averaged(quiet, memory(0.4 * HERE, level), 0.9), memory(0.4 * HERE, level), 0.9)
        assert (shown(one) < 0.5) is follows


def test_an_object_between_two_levels_must_stay_longer_from_the_second_time_on() -> None:
    one, level, stays = memory(HERE), 0, []
    for _ in range(3):
        level = 1 - level
        for n in range(1, 40):
            one = averaged(one, memory(HERE, level), 0.9)
            if one.level == level:
                stays.append(n)
                break
    assert stays == [LEVEL_FRAMES, LEVEL_FRAMES_AGAIN, LEVEL_FRAMES_AGAIN]


def test_of_a_box_that_halves_nothing_is_kept_and_of_one_that_breathes_as_much_as_ever() -> None:
    def narrowed(share: float) -> float:
        box = BOX - [0, 0, (1 - share) * 20, 0]
        patch = patch_of((0.9 * HERE).astype(np.float32), box.astype(np.float32))
        one = averaged(memory(1.2 * HERE), TrackState(patch, patch, 1.0, class_id=0, level=0), 0.9)
        return float(np.abs(one.patch.values - patch.values).mean())

    assert narrowed(0.5) == 0
    assert narrowed(0.8) > 0.04
