"""Overlay: draws heat, boxes and text over the frame. Maps are scaled for display here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.measures import RegionFinder
from heatcam.overlay.asked_marks import NOTHING_MARKED, AskedMarks
from heatcam.overlay.blend import blend
from heatcam.overlay.colour_bar import colour_bar_box, draw_colour_bar
from heatcam.overlay.cover_marks import draw_cover_outlines
from heatcam.overlay.focus import heat_shown, valid_focus
from heatcam.overlay.heat import Pixels
from heatcam.overlay.labels import draw_boxes
from heatcam.overlay.legend import Legend, legend_of
from heatcam.overlay.options import OverlayOptions, Status, named_look
from heatcam.overlay.place_marks import draw_place_marks, labels_of
from heatcam.overlay.topline import draw_status, top_line_box
from heatcam.text import printable

__all__ = ["OverlayOptions", "Status", "draw", "draw_marks", "draw_status", "render"]


def render(
    explanation: Explanation,
    *,
    colormap: str = "turbo",
    renorm: str = "box",
    alpha: float = 0.7,
    boxes: bool = True,
    colour_bar: bool = True,
    focus: int | None = None,
) -> Uint8Array:
    """Draw an explanation over its picture: heat, boxes with labels, colour bar.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     explanation = heatcam.load("markers").explain(next(iter(source)))
    >>> picture_bgr = heatcam.render(explanation, colormap="viridis")
    >>> picture_bgr.shape, picture_bgr.dtype.name
    ((720, 1280, 3), 'uint8')

    Args:
        explanation: detections and maps of one frame; without a map only boxes are drawn.
        colormap: ``turbo``, ``inferno``, ``viridis``, ``magma`` or ``jet``.
        renorm: scope of the heat's scale: each ``box``, each ``region`` of evidence, the whole ``frame``, or ``fixed``,
            the same in every picture of a model.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        boxes: draw boxes and labels, and masks, keypoints and rotated boxes where the model finds them.
        colour_bar: draw the colour bar with its caption.
        focus: index of the one detection whose heat is shown; None shows all.

    Returns:
        uint8 ``(H, W, 3)``, BGR, in the frame's own resolution: a new picture.

    Raises:
        UsageError: ``colormap`` or ``renorm`` is unknown, or ``alpha`` is outside ``[0, 1]``.
    """
    return draw(explanation, named_look(colormap, renorm, alpha, boxes, colour_bar), focus=focus)


def draw(
    explanation: Explanation,
    options: OverlayOptions,
    status: Status | None = None,
    *,
    smoothed: Explanation | None = None,
    scales: Sequence[float] | None = None,
    focus: int | None = None,
    finder: RegionFinder | None = None,
    marks: AskedMarks = NOTHING_MARKED,
) -> Uint8Array:
    """Draw the frame with its heat, boxes, colour bar and top line.

    Args:
        explanation: detections and maps of one frame; without a map only boxes are drawn.
        options: drawing options.
        status: content of the top line; None draws no top line (``draw_status`` draws it later).
        smoothed: the same explanation with temporally smoothed maps, which the heat is drawn from; numbers and marks come from
            ``explanation``.
        scales: the evidence that is full heat, as ``scales_of`` gives it; None takes this picture's own.
        focus: index of the one detection whose heat is shown, from its own map if there is one; its box stands out, the others
            are thin and have no labels. None, or an index out of range, shows all.
        finder: keeps the regions of a map that is drawn again, where they are the scope of the scale; None finds them now, by
            ``options.region_share``.
        marks: of what was asked about the frame, in its pixels; labels of boxes avoid theirs. Boxes that covers let vanish or
            appear are drawn as such.

    Returns:
        uint8 ``(H, W, 3)``, BGR, in the frame's own resolution: a new picture, the frame is not changed.
    """
    picture: Uint8Array = explanation.frame.image_bgr.copy()
    focus = valid_focus(focus, len(explanation.detections))
    shown, legend = smoothed or explanation, None
    if shown.saliency is not None:
        finder = finder or RegionFinder(options.region_share)
        heat = heat_shown(shown, shown.saliency, options.renorm, scales, focus, finder)
        blend(picture, heat.values, options.colormap, options.alpha)
        about = explanation.question.about if explanation.question else ""
        source = (
            "" if status is not None or options.clear_top else source_words(explanation, heat.saliency.method)
        )
        own = shown.object_maps if focus is None else ()
        legend = legend_of(heat.saliency, options.renorm, heat.scales, about, source, own)
    draw_marks(picture, explanation, options, status, legend, focus, marks)
    return picture


def source_words(explanation: Explanation, method: str) -> str:
    """Return model and method of the map, for a picture without a top line."""
    return " · ".join(part for part in (printable(explanation.model), printable(f"{method} map")) if part)


def draw_marks(
    picture: Uint8Array,
    explanation: Explanation,
    options: OverlayOptions,
    status: Status | None,
    legend: Legend | None,
    focus: int | None = None,
    marks: AskedMarks = NOTHING_MARKED,
    colours: Uint8Array | None = None,
) -> None:
    """Draw boxes, shapes and labels, colour bar and top line; ``picture`` is changed in place.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR, the frame with its heat.
        explanation: detections and maps of the frame.
        options: drawing options.
        status: content of the top line; None draws none.
        legend: text of the colour bar; None, if there is no heat, draws none.
        focus: index of the one detection that stands out; None for all alike.
        marks: of what was asked about the frame, in the picture's pixels.
        colours: of the bar, from low to high: uint8 ``(1, n, 3)``, BGR; None for those of ``options.colormap``.
    """
    size_wh = explanation.frame.size_wh
    keep_clear: list[Pixels] = []
    if options.hud and legend is not None:
        keep_clear.append(colour_bar_box(size_wh, legend))
    if options.hud and status is not None:
        keep_clear.append(top_line_box(size_wh))
    if options.clear_top > 0:
        keep_clear.append((0, 0, size_wh[0], min(options.clear_top, size_wh[1])))
    covers = marks.covers
    if covers is not None:
        keep_clear += draw_cover_outlines(picture, covers, options.clear_top)
    labels = labels_of(marks.place, size_wh, keep_clear)
    if options.boxes:
        draw_boxes(
            picture,
            explanation.detections,
            (*keep_clear, *(label for mark, label in zip(marks.place, labels, strict=True) if mark.label)),
            explanation.low_evidence,
            focus,
            None if explanation.saliency is None else explanation.question,
            None if covers is None else covers.effect,
        )
    draw_place_marks(picture, marks.place, labels)
    if options.hud and legend is not None:
        draw_colour_bar(picture, options.colormap, legend, colours)
    if options.hud and status is not None:
        draw_status(picture, status, len(explanation.detections))
