"""Figures of a sheet: the picture with heat, and beside or below it the plain one with numbered boxes, colour bar and facts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heatcam.errors import ViewError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array, fitted_wh
from heatcam.overlay import (
    OverlayOptions,
    Pixels,
    Stroke,
    at_size,
    draw,
    draw_shape,
    line_height,
    object_colour,
    pixel_boxes,
    place_label,
    text_colour_on,
    text_width,
    write,
)
from heatcam.text import printable
from heatcam.views.legend_strip import draw_legend, heat_of_view, legend_of_view, strip_height
from heatcam.views.paper import WHITE_PAPER, write_left, write_lines

_GAP = 44
_WIDE, _TALL = (
    2.1,
    0.62,
)  # width over height from which the plain picture stands below, and below which facts stand beside
_FACTS_WIDE = 24  # font sizes, of facts beside two tall pictures
_LEAST, _MOST = 640, 1560  # pixels of the height of the picture with heat, unless the page has more room
_FACT_LINES = 6
_MANY = 20  # objects, from which on their numbers are smaller


@dataclass(frozen=True)
class FiguresPlan:
    """Places of the figures, from the top-left corner of all.

    Attributes:
        hero_wh: size of the picture with heat, which stands in that corner.
        plain: rectangle of the plain picture.
        facts_xy: corner of colour bar and facts.
        height: of all.
    """

    hero_wh: tuple[int, int]
    plain: Pixels
    facts_xy: tuple[int, int]
    height: int


def plan_figures(frame_wh: tuple[int, int], wide: int, room: int, size: int) -> FiguresPlan:
    """Plan the figures: side by side and equally high, or of a wide picture one above the other.

    Args:
        frame_wh: width and height of the frame in pixels.
        wide: pixels that all may be wide.
        room: pixels that all may be high; they need 640 at least.
        size: font size of colour bar and facts in pixels.
    """
    most = min(max(room, _LEAST), _MOST)
    words = strip_height(size) + size // 2 + _FACT_LINES * line_height(size)
    aspect = frame_wh[0] / frame_wh[1]
    if aspect > _WIDE:
        hero = fitted_wh(frame_wh, (wide, most - words - _GAP))
        plain = fitted_wh(frame_wh, ((wide - _GAP) // 2, words))
        top = hero[1] + _GAP
        return FiguresPlan(hero, (0, top, plain[0], top + plain[1]), (plain[0] + _GAP, top), top + words)
    if aspect < _TALL:
        room_wide = (wide - _FACTS_WIDE * size) // 2 - _GAP
        hero = fitted_wh(frame_wh, (room_wide, max(most, words)))
        left, facts_left = hero[0] + _GAP, 2 * (hero[0] + _GAP)
        return FiguresPlan(hero, (left, 0, left + hero[0], hero[1]), (facts_left, 0), max(hero[1], words))
    # as wide as makes the plain picture, with colour bar and facts below it, as high
    both = round((wide - _GAP + (words + _GAP // 2) * aspect) / 2)
    hero = fitted_wh(frame_wh, (both, most))
    left = hero[0] + _GAP
    plain = fitted_wh(frame_wh, (wide - left, max(200, max(hero[1], _LEAST) - words - _GAP // 2)))
    facts = left, plain[1] + _GAP // 2
    return FiguresPlan(hero, (left, 0, left + plain[0], plain[1]), facts, max(hero[1], facts[1] + words))


def draw_figures(
    sheet: Uint8Array,
    place: tuple[int, int, int],
    plan: FiguresPlan,
    explanation: Explanation,
    look: OverlayOptions,
    size: int,
) -> None:
    """Draw the figures, in place.

    Args:
        sheet: uint8 ``(H, W, 3)``, BGR.
        place: left, top and right in pixels.
        plan: what goes where from there.
        explanation: detections and maps of one frame.
        look: drawing options.
        size: font size in pixels.
    """
    left, top, right = place
    x1, y1, x2, y2 = plan.plain
    _lay(sheet, (left, top), _with_heat(explanation, look, plan.hero_wh))
    _lay(sheet, (left + x1, top + y1), _numbered(explanation, (x2 - x1, y2 - y1), size))
    corner = left + plan.facts_xy[0], top + plan.facts_xy[1]
    _draw_facts(sheet, (*corner, right, top + plan.height), explanation, look, size)


def _lay(sheet: Uint8Array, corner: tuple[int, int], picture: Uint8Array) -> None:
    left, top = corner
    sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture


def _with_heat(explanation: Explanation, look: OverlayOptions, size_wh: tuple[int, int]) -> Uint8Array:
    """Draw heat over the picture, without marks: the numbered boxes are beside it."""
    return draw(at_size(explanation, size_wh), replace(look, boxes=False, hud=False))


def _numbered(explanation: Explanation, size_wh: tuple[int, int], size: int) -> Uint8Array:
    """Draw the picture with its boxes and, on each, the number that its tile and its row in the table have."""
    shown = at_size(explanation, size_wh)
    picture: Uint8Array = shown.frame.image_bgr.copy()
    found = shown.detections
    boxes = pixel_boxes(found.boxes_xyxy, picture.shape)
    low = explanation.low_evidence or (False,) * len(found)
    size = round((0.66 if len(found) > _MANY else 0.84) * size)
    for n in reversed(range(len(found))):
        draw_shape(picture, found, n, boxes[n], Stroke(object_colour(found, n), low[n]))
    taken: list[Pixels] = []
    for n in range(len(found)):
        taken.append(place_label(str(n + 1), boxes[n], size_wh, taken, size))
    for n in reversed(range(len(found))):
        left, top, right, bottom = taken[n]
        colour = object_colour(found, n)
        picture[top:bottom, left:right] = colour
        write(picture, str(n + 1), left + size // 2, top, size, text_colour_on(colour))
    return picture


def _draw_facts(
    sheet: Uint8Array, place: Pixels, explanation: Explanation, look: OverlayOptions, size: int
) -> None:
    """Draw the colour bar, and below it what was explained by what; lines that do not fit are left out."""
    left, top, right, bottom = place
    try:
        legend = legend_of_view(explanation, look, heat_of_view(explanation, look))
    except ViewError as error:
        top = write_lines(sheet, str(error), left, top, right, size, WHITE_PAPER.warns)
    else:
        draw_legend(sheet, (left, top, right), replace(legend, source=""), look, size, WHITE_PAPER)
        top += strip_height(size)
    top += size // 2
    facts = _facts(explanation)
    column = left + max(text_width(name, size) for name, _ in facts) + size
    for name, text in facts:
        lines = min(3, (bottom - top) // line_height(size))
        if lines < 1:
            return
        write_left(sheet, name, left, top, right, size, WHITE_PAPER.quiet)
        top = write_lines(sheet, printable(text), column, top, right, size, WHITE_PAPER.ink, lines)


def _facts(explanation: Explanation) -> list[tuple[str, str]]:
    """Return names and values, the most important first."""
    saliency, question, low = explanation.saliency, explanation.question, explanation.low_evidence
    wide, tall = explanation.frame.size_wh
    facts = [("model", explanation.model or "not known"), ("picture", f"{wide} x {tall} pixels")]
    if saliency is not None:
        about = question.about if question else "each object's own class"
        facts += [("method", f"{saliency.method}, in {saliency.unit}"), ("evidence for", about)]
    if low:
        facts.append(("low evidence", f"{sum(low)} of {len(low)} objects"))
    if saliency is not None:
        facts.append(("layer", saliency.layer.replace("+", " + ")))
    return facts
