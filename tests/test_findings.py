"""Numbers of attention, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.findings import energy_in_box
from heatcam.frames import SaliencyMap
from heatcam.geometry import Letterbox


def plain_map(values: np.ndarray) -> SaliencyMap:
    """A map whose cells are the picture's pixels."""
    height, width = values.shape
    return SaliencyMap(
        values.astype(np.float32),
        Letterbox((width, height), (width, height), (width, height), 0, 0),
        "live",
        "0",
    )


def test_energy_is_the_share_of_positive_evidence_inside() -> None:
    values = np.zeros((4, 4))
    values[1, 1], values[3, 3], values[0, 0] = 3.0, 1.0, -5.0
    assert energy_in_box(plain_map(values), np.float32([0, 0, 2, 2])) == pytest.approx(0.75)
    assert energy_in_box(plain_map(values), np.float32([0, 0, 4, 4])) == pytest.approx(1.0)
    assert energy_in_box(plain_map(values), np.float32([2, 0, 4, 2])) == 0


def test_a_map_without_evidence_has_no_share() -> None:
    assert energy_in_box(plain_map(np.full((3, 3), -1.0)), np.float32([0, 0, 3, 3])) is None
