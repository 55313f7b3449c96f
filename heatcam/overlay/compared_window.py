"""Two models' pictures for the window: each with its own colour bar in the picture, and their difference with one of its own."""

from __future__ import annotations

from collections.abc import Sequence

from heatcam.comparison import ComparedFrame, scales_of_both
from heatcam.geometry import Uint8Array
from heatcam.measures import NOTHING
from heatcam.overlay.colour_bar import colour_bar_box, draw_colour_bar
from heatcam.overlay.comparison import unit_of
from heatcam.overlay.difference import LEAST_ALPHA, difference_of, draw_difference
from heatcam.overlay.heat import Pixels
from heatcam.overlay.legend import Legend, number
from heatcam.overlay.options import OverlayOptions
from heatcam.overlay.sides import draw_pair_boxes, draw_side
from heatcam.overlay.strips import difference_row

_DIFFERENCE = Legend(
    "difference of heat, each by its full heat", "more in B", "more in B", "more in A", tells_end=True
)


def draw_model(
    comparison: ComparedFrame, side: str, numbers: Sequence[int], look: OverlayOptions
) -> Uint8Array:
    """Draw one model's heat and boxes, scaled by its own full heat, with its colour bar.

    Args:
        comparison: of one frame, in the pixels of the picture.
        side: ``a`` or ``b``.
        numbers: a number for each of its objects.
        look: colours and what is drawn; the scope of the scale has no effect.

    Returns:
        uint8 ``(H, W, 3)``, BGR, of the frame's size: a new picture.
    """
    scale = scales_of_both(comparison)[side == "b"]
    top = (number(scale), unit_of(comparison, side)) if scale > NOTHING else ("", "")
    legend = Legend("evidence, full heat of this model", "evidence", "0", *top)
    has_heat = any(getattr(each, f"map_{side}") is not None for each in comparison.objects)
    keep_clear = _kept_clear(comparison, look, legend if has_heat else None)
    explanation = comparison.a if side == "a" else comparison.b
    colours = look.colormap, look.alpha, look.boxes
    image = explanation.frame.image_bgr
    picture = draw_side(image, comparison.objects, numbers, explanation, side, scale, colours, keep_clear)
    if look.hud and has_heat:
        draw_colour_bar(picture, look.colormap, legend)
    return picture


def draw_models_difference(
    comparison: ComparedFrame, numbers: Sequence[int], look: OverlayOptions
) -> Uint8Array:
    """Draw A's heat minus B's with both models' boxes, and its colour bar: see ``draw_model``."""
    frame, objects = comparison.a.frame, comparison.objects
    difference = difference_of(objects, scales_of_both(comparison), frame.size_wh)
    picture = draw_difference(frame.image_bgr, difference, max(look.alpha, LEAST_ALPHA))
    if look.boxes:
        draw_pair_boxes(picture, objects, numbers, _kept_clear(comparison, look, _DIFFERENCE))
    if look.hud:
        draw_colour_bar(picture, look.colormap, _DIFFERENCE, difference_row())
    return picture


def _kept_clear(comparison: ComparedFrame, look: OverlayOptions, legend: Legend | None) -> list[Pixels]:
    """Return the rectangles that labels avoid: the rows of the top line, and the colour bar."""
    wide, tall = size_wh = comparison.a.frame.size_wh
    top: list[Pixels] = [(0, 0, wide, min(look.clear_top, tall))] if look.clear_top > 0 else []
    return top + ([colour_bar_box(size_wh, legend)] if look.hud and legend is not None else [])
