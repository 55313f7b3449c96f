"""Strip below a picture: a column for each channel of the file, up for evidence and down for what speaks against the objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import channel_shares
from heatcam.overlay.columns import BACKGROUND
from heatcam.overlay.diverging import diverging_table
from heatcam.overlay.panels import EDGE, QUIET, small_px
from heatcam.overlay.text import LIGHT, Colour, fitted, line_height, text_width, write

_COLUMNS_PX = 4.0  # height of the columns, in font sizes
_AGAINST, _FOR = 64, 446  # of the diverging colours: light enough on the dark strip
_GAP = 0.25  # share of a column that is left free


@dataclass(frozen=True)
class _Chart:
    """Places of the chart's parts on the strip, in pixels.

    Attributes:
        size: font size.
        edges: left edge of each column, and the right edge of the last.
        top, bottom: of the columns.
        zero: row of the axis.
        per_share: pixels of a share of 1.
    """

    size: int
    edges: tuple[int, ...]
    top: int
    bottom: int
    zero: int
    per_share: float

    def middle(self, number: int) -> int:
        """Return the middle of a column."""
        return (self.edges[number] + self.edges[number + 1]) // 2


def with_channel_bars(picture: Uint8Array, evidence: Float32Array) -> Uint8Array:
    """Put a strip with the evidence by channel, of all objects together, below a picture.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR; not changed.
        evidence: float32 ``(N, channels)``, signed, one row an object.

    Returns:
        uint8 ``(H + strip, W, 3)``, a new picture.
    """
    size_wh = picture.shape[1], picture.shape[0]
    size = small_px(size_wh)
    tall = 3 * line_height(size) + round(_COLUMNS_PX * size) + size
    strip = np.full((tall, size_wh[0], 3), BACKGROUND, np.uint8)
    shares = channel_shares(evidence.sum(0)) if len(evidence) else None
    _title(strip, evidence, shares, size)
    if shares is not None:
        chart = _chart(strip, shares, size)
        _axis(strip, chart)
        for number, share in enumerate(shares.tolist()):
            _column(strip, chart, number, share)
        _numbers(strip, chart, len(shares))
    return np.concatenate((picture, strip))


def _title(strip: Uint8Array, evidence: Float32Array, shares: Float32Array | None, size: int) -> None:
    objects = f"{len(evidence)} object{'s' * (len(evidence) != 1)}"
    of = f"of {objects}, gradient x input" if shares is not None else "no objects"
    room = strip.shape[1] - size
    write(strip, fitted(f"evidence by channel {of}", size, room), size // 2, size // 4, size, QUIET)


def _chart(strip: Uint8Array, shares: Float32Array, size: int) -> _Chart:
    """Lay out the columns: the axis stands where the largest of both sides have the same scale."""
    line = line_height(size)
    left, right = size // 2, strip.shape[1] - size // 2
    widest = 6 * size * len(shares)  # few channels make no walls
    edges = np.linspace(left, min(right, left + widest), len(shares) + 1).round().astype(int)
    highest, lowest = max(float(shares.max()), 0.0), max(float(-shares.min()), 0.0)
    top, bottom = size // 4 + 2 * line, strip.shape[0] - size // 2 - line
    bottom -= line if lowest > 0 else 0  # (the values of columns that hang down)
    per_share = (bottom - top) / max(highest + lowest, 1e-9)
    return _Chart(size, tuple(edges.tolist()), top, bottom, top + round(highest * per_share), per_share)


def _axis(strip: Uint8Array, chart: _Chart) -> None:
    strip[chart.zero : chart.zero + max(1, chart.size // 14), chart.edges[0] : chart.edges[-1]] = EDGE


def _column(strip: Uint8Array, chart: _Chart, number: int, share: float) -> None:
    """Draw one column, with its share where there is room for it."""
    left, right = chart.edges[number], chart.edges[number + 1]
    gap = round(_GAP * (right - left) / 2)
    end = chart.zero - round(share * chart.per_share)
    colour = diverging_table()[_FOR if share > 0 else _AGAINST]
    first, last = sorted((chart.zero, end))
    strip[first : max(last, first + 1), left + gap : max(right - gap, left + gap + 1)] = colour
    text = f"{100 * share:+.0f} %" if abs(share) >= 0.005 else "0 %"
    if text_width(text, chart.size) <= right - left:
        top = first - line_height(chart.size) if share >= 0 else last
        _centred(strip, text, chart.middle(number), top, chart.size, LIGHT)


def _numbers(strip: Uint8Array, chart: _Chart, count: int) -> None:
    """Write the channels' numbers from 1 below the columns: each, or every so many as have room."""
    widest = text_width(f" {count} ", chart.size)
    column = (chart.edges[-1] - chart.edges[0]) / count
    step = max(1, int(np.ceil(widest / max(column, 1e-9))))
    top = strip.shape[0] - chart.size // 2 - line_height(chart.size)
    for number in range(0, count, step):
        _centred(strip, str(number + 1), chart.middle(number), top, chart.size, QUIET)


def _centred(strip: Uint8Array, text: str, middle: int, top: int, size: int, colour: Colour) -> None:
    write(strip, text, middle - text_width(text, size) // 2, top, size, colour)
