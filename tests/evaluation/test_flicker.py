from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from heatcam.evaluation.flicker import (
    HeatFrame,
    Motion,
    flicker_of,
    frames_until_shown,
    motion_between,
    moved,
)

SHAPE = (96, 128)
BOX = np.array([20, 20, 60, 60], np.float32)


def still(trusted: bool = True) -> Motion:
    return Motion(np.zeros((*SHAPE, 2), np.float32), np.full(SHAPE, trusted))


def frames(*heats: float, box: np.ndarray = BOX) -> list[HeatFrame]:
    return [HeatFrame(np.full(SHAPE, heat, np.float32), {4: box}) for heat in heats]


def texture() -> np.ndarray:
    soft = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8), (0, 0), 2)
    return cv2.normalize(soft, None, 0, 255, cv2.NORM_MINMAX)


def test_flicker_is_the_mean_change_over_the_mean_heat() -> None:
    assert flicker_of(frames(1, 3, 1, 3), [still()] * 3, 1)[4] == pytest.approx(6 / 7)


def test_flicker_does_not_depend_on_the_unit_of_heat() -> None:
    noise = np.random.default_rng(0).random((6, *SHAPE)).astype(np.float32)
    ours = [HeatFrame(n, {0: BOX}) for n in noise]
    theirs = [HeatFrame(7 * n, {0: BOX}) for n in noise]
    one, other = (flicker_of(each, [still()] * 5)[0] for each in (ours, theirs))
    assert one == pytest.approx(other, rel=1e-4)
    assert one == pytest.approx((1 / 3) / (1 / 2), rel=0.02)  # two numbers in [0, 1] are 1/3 apart


def test_steady_heat_on_a_moving_object_does_not_flicker() -> None:
    """Everything moves by 5 and 3 pixels, found by optical flow; without it the same heat would flicker."""
    large = cv2.resize(texture(), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    pictures = [large[60 - 3 * n : 156 - 3 * n, 70 - 5 * n : 198 - 5 * n] for n in range(4)]
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    heats = [np.exp(-((columns - 35 - 5 * n) ** 2 + (rows - 40 - 3 * n) ** 2) / 72) for n in range(4)]
    shown = [HeatFrame(h, {0: BOX + np.float32([5, 3, 5, 3]) * n}) for n, h in enumerate(heats)]
    motions = [motion_between(a, b) for a, b in pairwise(pictures)]
    assert motions[0].trusted[20:60, 20:60].mean() > 0.9
    assert flicker_of(shown, motions, 1)[0] < 0.05
    assert flicker_of(shown, [still()] * 3, 1)[0] > 0.3


def test_where_the_flow_cannot_be_right_nothing_is_counted() -> None:
    assert flicker_of(frames(1, 3), [still(trusted=False)], 1) == {}
    ground, card = texture(), texture()[::-1, ::-1]
    before, now = ground.copy(), ground.copy()
    before[30:70, 40:80] = now[30:70, 54:94] = card[30:70, 40:80]
    trusted = motion_between(before, now).trusted
    uncovered, on_the_card, untouched = trusted[32:68, 42:52], trusted[40:60, 65:85], trusted[80:, :]
    assert uncovered.mean() < 0.6
    assert min(on_the_card.mean(), untouched.mean()) > 0.8


def test_that_a_box_moves_is_no_flicker() -> None:
    """Heat is cut off at the box; only what lay in both boxes counts."""
    heats = []
    for n in range(6):
        box = BOX + 6 * (n % 2)
        heat = np.zeros(SHAPE, np.float32)
        left, top, right, bottom = box.astype(int)
        heat[top:bottom, left:right] = 1
        heats.append(HeatFrame(heat, {0: box}))
    assert flicker_of(heats, [still()] * 5)[0] == 0


def test_objects_seen_for_too_short_or_cold_ones_are_left_out() -> None:
    assert flicker_of(frames(1, 2, 1), [still()] * 2, least_pairs=3) == {}
    assert flicker_of(frames(0, 0, 0), [still()] * 2, least_pairs=1) == {}


def test_what_moved_is_read_where_it_was() -> None:
    before = np.zeros(SHAPE, np.float32)
    before[40, 50] = 1
    flow = np.zeros((*SHAPE, 2), np.float32)
    flow[...] = (-7, 2)
    assert np.argwhere(moved(before, flow) > 0.5).tolist() == [[38, 57]]


def test_a_change_is_counted_in_frames_and_along_its_own_way() -> None:
    was, will_be = np.array([1.0, 0, 0], np.float32), np.array([0, 1.0, 0], np.float32)
    shown = [was * (1 - share) + will_be * share for share in (0.5, 0.85, 0.95)]
    assert frames_until_shown(shown, was, will_be) == 3
    assert frames_until_shown([one + np.float32([0, 0, 9]) for one in shown], was, will_be) == 3
    assert frames_until_shown(shown[:2], was, will_be) is None
    assert frames_until_shown(shown, was, was) is None
