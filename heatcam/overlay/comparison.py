"""Picture of a comparison: columns for A, for B and for the signed difference, each with a caption above and a bar below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heatcam.comparison import ComparedFrame, ComparedObject, scales_of_both
from heatcam.enums import Colormap
from heatcam.frames import SaliencyMap
from heatcam.geometry import Uint8Array
from heatcam.measures import NOTHING
from heatcam.overlay.colour_bar import bar_row
from heatcam.overlay.difference import LEAST_ALPHA, difference_of, draw_difference
from heatcam.overlay.diverging import end_colours
from heatcam.overlay.legend import number
from heatcam.overlay.resized import at_size, moved, over_size
from heatcam.overlay.sides import draw_pair_boxes, draw_side
from heatcam.overlay.strips import (
    ColumnBar,
    ColumnCaption,
    bar_px,
    caption_px,
    difference_row,
    draw_bar,
    draw_caption,
)
from heatcam.overlay.text import Colour, font_px
from heatcam.text import printable

LONGEST = 3840  # pixels of the three columns together: no screen has more
LONGEST_VIDEO = 1920  # the same where every frame is drawn and encoded
NARROWEST = 320  # pixels of one column: smaller frames are enlarged, for text to fit
_BACKGROUND = 24  # grey of the strips
_NEUTRAL: Colour = (200, 200, 200)
_BAR_COLOURS = 256


@dataclass(frozen=True)
class ComparisonLook:
    """Look of a comparison's picture.

    Attributes:
        names: what A and B are, for people: the model, and what else differs.
        same_scale: one scale for both instead of each model's own.
        colormap: colours of the heat of A and B.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        boxes: draw boxes and labels.
        bars: draw the colour bars.
        longest: width of the three columns together at most, in pixels.
    """

    names: tuple[str, str] = ("", "")
    same_scale: bool = False
    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    boxes: bool = True
    bars: bool = True
    longest: int = LONGEST


def draw_comparison(comparison: ComparedFrame, numbers: Sequence[int], look: ComparisonLook) -> Uint8Array:
    """Draw A, B and the difference beside each other.

    Args:
        comparison: of one frame.
        numbers: a number for each of its objects, the same in all three columns.
        look: names, colours and what is drawn.

    Returns:
        uint8 ``(H, W, 3)``, BGR, a new picture; both sides are even, as video needs them, and depend on the frame's size alone.
    """
    size_wh = column_wh(comparison.a.frame.size_wh, look.longest)
    scales = scales_of_both(comparison, same=look.same_scale)
    columns = draw_columns(resized_comparison(comparison, size_wh), numbers, look, scales)
    captions, bars = _captions(comparison, look), _bars(comparison, look, scales)
    strips = [
        _with_strips(column, caption, bar if look.bars else None)
        for column, caption, bar in zip(columns, captions, bars, strict=True)
    ]
    gap = np.full((strips[0].shape[0], _gap_px(size_wh), 3), _BACKGROUND, np.uint8)
    return _even(np.concatenate((strips[0], gap, strips[1], gap, strips[2]), axis=1))


def draw_columns(
    comparison: ComparedFrame, numbers: Sequence[int], look: ComparisonLook, scales: tuple[float, float]
) -> tuple[Uint8Array, Uint8Array, Uint8Array]:
    """Draw the three columns without captions and bars: uint8 ``(H, W, 3)`` BGR of the frame's size, new pictures.

    Args:
        comparison: of one frame.
        numbers: a number for each of its objects.
        look: colours and what is drawn.
        scales: the evidence per cell that is full heat in A and in B.
    """
    frame, objects = comparison.a.frame, comparison.objects
    colours = look.colormap, look.alpha, look.boxes
    a = draw_side(frame.image_bgr, objects, numbers, comparison.a, "a", scales[0], colours)
    b = draw_side(frame.image_bgr, objects, numbers, comparison.b, "b", scales[1], colours)
    both = draw_difference(
        frame.image_bgr, difference_of(objects, scales, frame.size_wh), max(look.alpha, LEAST_ALPHA)
    )
    if look.boxes:
        draw_pair_boxes(both, objects, numbers)
    return a, b, both


def column_wh(frame_wh: tuple[int, int], longest: int = LONGEST) -> tuple[int, int]:
    """Return width and height of a column for a frame of this size: its own, but for very large and very small ones.

    Args:
        frame_wh: width and height of the frame in pixels.
        longest: width of three columns together at most.
    """
    wide = min(max(frame_wh[0], NARROWEST), (longest - 2 * _gap_px(frame_wh)) // 3)
    return wide, max(1, round(frame_wh[1] * wide / frame_wh[0]))


def resized_comparison(comparison: ComparedFrame, size_wh: tuple[int, int]) -> ComparedFrame:
    """Return a comparison in the pixels of another picture size; the maps' values are shared.

    Args:
        comparison: in the frame's own pixels.
        size_wh: width and height in pixels, of the frame's aspect ratio but for rounding.
    """
    frame_wh = comparison.a.frame.size_wh
    if frame_wh == size_wh:
        return comparison
    scale = np.tile(np.divide(size_wh, frame_wh), 2)

    def resized(each: ComparedObject) -> ComparedObject:
        return replace(
            each,
            box_a_xyxy=(each.box_a_xyxy * scale).astype(np.float32),
            box_b_xyxy=(each.box_b_xyxy * scale).astype(np.float32),
            map_a=_over(each.map_a, size_wh),
            map_b=_over(each.map_b, size_wh),
        )

    a, b = at_size(comparison.a, size_wh), comparison.b
    b = replace(b, frame=a.frame, detections=moved(b.detections, (float(scale[0]), float(scale[1]))))
    return ComparedFrame(a, b, tuple(map(resized, comparison.objects)))


def _over(saliency: SaliencyMap | None, size_wh: tuple[int, int]) -> SaliencyMap | None:
    return None if saliency is None else over_size(saliency, size_wh)


def _captions(
    comparison: ComparedFrame, look: ComparisonLook
) -> tuple[ColumnCaption, ColumnCaption, ColumnCaption]:
    of_b, of_a = end_colours()
    names = [printable(name) for name in look.names]
    found = [
        (comparison.a, len(comparison.only_a)),
        (comparison.b, len(comparison.only_b)),
    ]
    details = [
        f"{_counted(len(each.detections))}"
        + (f", {alone} only here" if alone else "")
        + (f"; no map: {printable(each.map_error)}" if each.map_error else "")
        for each, alone in found
    ]
    return (
        ColumnCaption("A", of_a, names[0], details[0]),
        ColumnCaption("B", of_b, names[1], details[1]),
        ColumnCaption("A - B", _NEUTRAL, "difference of heat", "numbers: rank correlation of the two maps"),
    )


def _counted(count: int) -> str:
    return f"{count} object{'s' * (count != 1)}"


def _bars(
    comparison: ComparedFrame, look: ComparisonLook, scales: tuple[float, float]
) -> tuple[ColumnBar, ColumnBar, ColumnBar]:
    names = [printable(name) for name in look.names]
    row = bar_row(look.colormap, _BAR_COLOURS)
    units = [unit_of(comparison, side) for side in ("a", "b")]
    said = "evidence, one scale for both" if look.same_scale else "evidence, full heat of this model"
    own = [
        ColumnBar(row, "0", "", f"{number(scale)} {unit}" if scale > NOTHING else "", said)
        for scale, unit in zip(scales, units, strict=True)
    ]
    full = f"{number(scales[0])} {units[0]}" if look.same_scale and scales[0] > NOTHING else "full heat"
    short = full.split(maxsplit=1)[0] if look.same_scale and scales[0] > NOTHING else "full heat"
    ends = ColumnBar(difference_row(), f"-{short}", "0", f"+{full}", f"B: {names[1]}", f"A: {names[0]}")
    return own[0], own[1], ends


def unit_of(comparison: ComparedFrame, side: str) -> str:
    """Return the unit of a side's maps per cell: of ``a`` or ``b``; "" where it has none."""
    maps = [getattr(each, f"map_{side}") for each in comparison.objects]
    return next((f"{own.unit}/cell" for own in maps if own is not None), "")


def _with_strips(column: Uint8Array, caption: ColumnCaption, bar: ColumnBar | None) -> Uint8Array:
    """Put a caption above a column, and a bar below it unless there is none."""
    height, width = column.shape[:2]
    size_wh = width, height
    above = np.full((caption_px(size_wh), width, 3), _BACKGROUND, np.uint8)
    draw_caption(above, caption, size_wh)
    if bar is None:
        return np.concatenate((above, column))
    below = np.full((bar_px(size_wh), width, 3), _BACKGROUND, np.uint8)
    draw_bar(below, bar, size_wh)
    return np.concatenate((above, column, below))


def _even(picture: Uint8Array) -> Uint8Array:
    """Add a row and a column where a side is odd."""
    height, width = picture.shape[:2]
    added = ((0, height % 2), (0, width % 2), (0, 0))
    return np.pad(picture, added, constant_values=_BACKGROUND)


def _gap_px(size_wh: tuple[int, int]) -> int:
    """Return the width of the gap between two columns."""
    return 2 * max(2, round(font_px(*size_wh) / 6))
