"""Colour bar on paper, beside the heat instead of over it: its caption, and the values at its ends."""

from __future__ import annotations

import cv2
import numpy as np

from heatcam.errors import ViewError
from heatcam.frames import Explanation, SaliencyMap
from heatcam.geometry import Uint8Array
from heatcam.measures import RegionFinder
from heatcam.overlay import (
    Heat,
    Legend,
    OverlayOptions,
    colour_table,
    heat_shown,
    legend_of,
    line_height,
    source_words,
    text_width,
)
from heatcam.views.paper import Paper, write_left, write_right


def require_map(explanation: Explanation) -> SaliencyMap:
    """Return the map of all objects.

    Raises:
        ViewError: there is none.
    """
    if explanation.saliency is None:
        why = f" ({explanation.map_error})" if explanation.map_error else ""
        raise ViewError(f"there is no heat map{why}")
    return explanation.saliency


def heat_of_view(explanation: Explanation, look: OverlayOptions) -> Heat:
    """Return the heat of all objects.

    Raises:
        ViewError: there is no map.
    """
    finder = RegionFinder(look.region_share)
    return heat_shown(explanation, require_map(explanation), look.renorm, None, None, finder)


def legend_of_view(explanation: Explanation, look: OverlayOptions, heat: Heat) -> Legend:
    """Return the legend of the heat, with model and method."""
    about = explanation.question.about if explanation.question else ""
    source = source_words(explanation, heat.saliency.method)
    return legend_of(heat.saliency, look.renorm, heat.scales, about, source)


def strip_height(size: int) -> int:
    """Return the height in pixels of a legend at font size ``size``: two lines."""
    return 2 * line_height(size)


def draw_legend(
    picture: Uint8Array,
    place: tuple[int, int, int],
    legend: Legend,
    look: OverlayOptions,
    size: int,
    paper: Paper,
) -> None:
    """Draw a legend on paper, in place: the caption above, the bar between its two values below.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        place: left, top and right in pixels; it is ``strip_height(size)`` high.
        legend: its text.
        look: has the colours.
        size: font size in pixels.
        paper: colours of text.
    """
    left, top, right = place
    end = left + write_left(picture, legend.caption, left, top, right, size, paper.ink)
    if text_width(legend.source, size) <= right - end - size:
        write_right(picture, legend.source, end, top, right, size, paper.quiet)
    top += line_height(size)
    first = left + write_left(picture, legend.low, left, top, right, size, paper.ink) + size // 2
    last = right - write_right(picture, legend.top, first, top, right, size, paper.ink) - size // 2
    if last > first:
        high = max(4, round(0.6 * size))
        middle = top + round(0.8 * size)  # of small letters
        row = cv2.resize(colour_table(look.colormap)[None], (last - first, 1), interpolation=cv2.INTER_LINEAR)
        picture[middle - high // 2 : middle - high // 2 + high, first:last] = np.asarray(row, np.uint8)
