"""Maps that know nothing: where each of them is hot."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.evaluation.controls import CONTROLS, PLAIN_BOX, Scene

BOX = np.array([20, 10, 60, 40], np.float32)
CELL = np.array([32, 16, 48, 32], np.float32)


def scene(seed: int = 0) -> Scene:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, 30:] = 200  # one edge, at x = 30
    return Scene(picture, BOX, CELL, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CONTROLS)
def test_every_control_is_a_map_over_the_letterbox_and_never_negative(name: str) -> None:
    values = CONTROLS[name](scene())
    assert values.shape == (64, 96)
    assert values.dtype == np.float32
    assert values.min() >= 0
    assert values.max() > 0


@pytest.mark.parametrize("name", [PLAIN_BOX, "control: edges in box"])
def test_what_is_called_in_box_is_nothing_outside(name: str) -> None:
    values = CONTROLS[name](scene()).copy()
    values[10:40, 20:60] = 0
    assert not values.any()


def test_the_plain_box_is_flat() -> None:
    assert np.unique(CONTROLS[PLAIN_BOX](scene())).tolist() == [0, 1]


def test_edges_are_hot_where_the_picture_changes() -> None:
    values = CONTROLS["control: edges in box"](scene())
    assert abs(int(values[25].argmax()) - 30) <= 1


def test_the_bell_is_hottest_in_the_middle_and_falls_by_its_deviation() -> None:
    values = CONTROLS["control: box gaussian"](scene())
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert row in (24, 25)
    assert column in (39, 40)
    assert values[24, 49] / values[24, 39] == pytest.approx(np.exp(-(9.5**2 - 0.5**2) / 200), rel=1e-3)


def test_one_cell_is_one_cell() -> None:
    values = CONTROLS["control: one cell"](scene())
    assert values.sum() == 16 * 16
    assert values[16:32, 32:48].all()


def test_noise_is_the_same_for_the_same_object_and_another_for_another() -> None:
    noise = CONTROLS["control: random"]
    assert np.array_equal(noise(scene(1)), noise(scene(1)))
    assert not np.array_equal(noise(scene(1)), noise(scene(2)))
