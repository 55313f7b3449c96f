"""The strip of evidence by channel: below the picture, up and down, for any number of channels and any size."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.overlay.channel_bars import with_channel_bars
from heatcam.overlay.diverging import diverging_table

FOR, AGAINST = diverging_table()[446], diverging_table()[64]


def strip_of(evidence: list[list[float]], size_wh: tuple[int, int] = (640, 360)) -> np.ndarray:
    picture = np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)
    drawn = with_channel_bars(
        picture, np.array(evidence, np.float32).reshape(len(evidence), len(evidence[0]) if evidence else 4)
    )
    assert np.array_equal(drawn[: size_wh[1]], picture)
    return drawn[size_wh[1] :]


def pixels_of(strip: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return (strip == colour).all(2)


def test_columns_are_as_high_as_their_share_and_hang_down_where_it_is_negative() -> None:
    strip = strip_of([[3, 1, -1], [3, 1, -1]])
    ups, downs = pixels_of(strip, FOR), pixels_of(strip, AGAINST)
    heights = ups.sum(0)
    assert abs(heights.max() - 3 * heights[heights > 0].min()) <= 3
    assert np.nonzero(downs)[0].min() >= np.nonzero(ups)[0].max()
    assert np.nonzero(downs)[1].min() > np.nonzero(ups)[1].max()


@pytest.mark.parametrize("size_wh", [(64, 48), (320, 240), (3840, 2160), (100, 2000)])
@pytest.mark.parametrize("channels", [1, 4, 12, 200, 512])
def test_any_number_of_channels_fits_any_picture(channels: int, size_wh: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(size=(3, channels)).tolist()
    strip = strip_of(values, size_wh)
    assert strip.shape[1] == size_wh[0]
    assert pixels_of(strip, FOR).any() or pixels_of(strip, AGAINST).any()
    assert (strip[-2:] == strip[0, 0]).all()  # nothing is cut off


@pytest.mark.parametrize("evidence", [[], [[0, 0, 0, 0]]])
def test_without_evidence_there_are_no_columns(evidence: list[list[float]]) -> None:
    strip = strip_of(evidence)
    assert not pixels_of(strip, FOR).any()
    assert not pixels_of(strip, AGAINST).any()
