"""View of the regions: outlines of the places that hold the evidence, with their rank and their share of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from heatcam.errors import ViewError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.measures import Region, find_regions
from heatcam.overlay import (
    Colour,
    OverlayOptions,
    Pixels,
    colour_table,
    fitted,
    font_px,
    line_height,
    place_label,
    shade,
    source_words,
    text_colour_on,
    text_width,
    write,
)
from heatcam.views.legend_strip import require_map
from heatcam.views.paper import DARK_PAPER

_TINT = 0.22  # weight of a region's colour inside its outline
_PALEST = 0.3  # place in the colormap of a region that holds next to nothing; the first stands at its hot end
_DARK: Colour = (20, 20, 20)


def draw_regions(explanation: Explanation, look: OverlayOptions) -> Uint8Array:
    """Draw the outlines of the regions of the map of all objects over the frame, in the colours of their shares.

    A label says each region's rank and its share of the evidence. ``look.hud`` False leaves out the line that sums them up.

    Raises:
        ViewError: there is no map, or no evidence in it.
    """
    saliency = require_map(explanation)
    regions = find_regions(saliency, look.region_share)
    if not regions:
        raise ViewError("the map has no region of evidence")
    picture: Uint8Array = explanation.frame.image_bgr.copy()
    colours = [_colour(region, regions[0], look) for region in regions]
    for region, colour in reversed(list(zip(regions, colours, strict=True))):
        _outline(picture, region, colour)
    taken: list[Pixels] = []
    if look.hud:
        words = _sum_of(regions), source_words(explanation, saliency.method)
        taken.append(_write_sum(picture, [text for text in words if text]))
    _label_all(picture, regions, colours, taken)
    return picture


def _colour(region: Region, first: Region, look: OverlayOptions) -> Colour:
    """Return the colour of a region's share, relative to that of the first, BGR."""
    place = _PALEST + (1 - _PALEST) * region.share / first.share
    blue, green, red = colour_table(look.colormap)[round(255 * min(1.0, place))].tolist()
    return blue, green, red


def _outline(picture: Uint8Array, region: Region, colour: Colour) -> None:
    """Tint a region and draw its outline with a dark edge, in place."""
    points = np.rint(region.polygon_xy - 0.5).astype(np.int32)[None]
    left, top, right, bottom = (int(side) for side in region.box_xyxy)
    part = picture[top:bottom, left:right]
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillPoly(mask, [points[0] - (left, top)], 255)
    tinted = cv2.addWeighted(part, 1 - _TINT, np.full_like(part, colour), _TINT, 0)
    np.copyto(part, np.asarray(tinted, np.uint8), where=mask[..., None] > 0)
    line = max(2, round(font_px(picture.shape[1], picture.shape[0]) / 8))
    for paint, thick in ((_DARK, line + 2), (colour, line)):
        cv2.polylines(picture, points, True, paint, thick, cv2.LINE_AA)


def _label_all(
    picture: Uint8Array, regions: Sequence[Region], colours: Sequence[Colour], taken: list[Pixels]
) -> None:
    """Write each region's rank and share beside it, in place; the first are placed first and drawn last."""
    size_wh = picture.shape[1], picture.shape[0]
    size, labels = font_px(*size_wh), []
    for rank, (region, colour) in enumerate(zip(regions, colours, strict=True), start=1):
        text = f"{rank} · {percent(region.share)}"
        taken.append(place_label(text, _top_of(region, text_width(text, size) + size, size), size_wh, taken))
        labels.append((text, taken[-1], colour))
    for text, (left, top, right, bottom), colour in reversed(labels):
        picture[top:bottom, left:right] = colour
        write(picture, fitted(text, size, right - left), left + size // 2, top, size, text_colour_on(colour))


def _top_of(region: Region, wide: int, size: int) -> Pixels:
    """Return a rectangle below a region's highest point, as wide as its label: the corners of its own box may be far from it."""
    x, y = (int(value) for value in region.polygon_xy[region.polygon_xy[:, 1].argmin()])
    return x - wide // 2, y, x - wide // 2 + wide, y + 2 * line_height(size)


def percent(share: float) -> str:
    """Format a share in whole percent; ``<1 %`` for one that would round to none."""
    return f"{100 * share:.0f} %" if share > 0.005 or not share else "<1 %"


def _sum_of(regions: Sequence[Region]) -> str:
    """Return in words what all regions hold together."""
    count = f"{len(regions)} regions hold" if len(regions) > 1 else "1 region holds"
    return f"{count} {percent(min(1.0, sum(region.share for region in regions)))} of the evidence"


def _write_sum(picture: Uint8Array, lines: Sequence[str]) -> Pixels:
    """Write lines on a shaded rectangle at the bottom right, in place, and return it."""
    height, width = picture.shape[:2]
    size = max(10, round(0.85 * font_px(width, height)))
    margin = size // 2
    wide = min(max(text_width(line, size) for line in lines) + size, max(1, width - 2 * margin))
    left, top = width - margin - wide, max(0, height - margin - len(lines) * line_height(size))
    box = left, top, width - margin, height - margin
    shade(picture, *box)
    for number, line in enumerate(lines):
        colour = DARK_PAPER.quiet if number else DARK_PAPER.ink
        write(
            picture,
            fitted(line, size, wide - size),
            left + size // 2,
            top + number * line_height(size),
            size,
            colour,
        )
    return box
