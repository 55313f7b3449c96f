"""The overlay: the picture that people see. Scaling a map for display happens here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.overlay.blend import blend
from heatcam.overlay.hud import colour_bar_box, draw_colour_bar, draw_top_line, top_line_box
from heatcam.overlay.labels import draw_boxes
from heatcam.overlay.legend import Legend, legend_of
from heatcam.overlay.options import OverlayOptions, Status
from heatcam.overlay.scales import scales_of
from heatcam.overlay.tone import Pixels, heat_of

__all__ = ["OverlayOptions", "Status", "draw"]


def draw(
    explanation: Explanation,
    options: OverlayOptions,
    status: Status | None = None,
    *,
    steadied: Explanation | None = None,
    scales: Sequence[float] | None = None,
) -> Uint8Array:
    """The frame with its heat, boxes, colour bar and top line.

    Args:
        explanation: what was seen; without a map only boxes are drawn.
        options: the look.
        status: what the top line says; None draws no top line.
        steadied: the same explanation with maps smoothed for the eye, which the heat is drawn from; numbers and marks come from
            ``explanation``.
        scales: the evidence that is full heat, as ``scales_of`` gives it; None takes this picture's own.

    Returns:
        uint8 ``(H, W, 3)``, BGR, in the frame's own resolution: a new picture, the frame is not changed.
    """
    picture: Uint8Array = explanation.frame.image_bgr.copy()
    shown = steadied or explanation
    saliency, legend = shown.saliency, None
    if saliency is not None:
        boxes_xyxy, own = shown.detections.boxes_xyxy, shown.object_maps
        scales = scales_of(saliency, boxes_xyxy, options.renorm, own) if scales is None else scales
        heat = heat_of(saliency, boxes_xyxy, options.renorm, own, scales)
        blend(picture, heat, options.colormap, options.alpha)
        legend = legend_of(saliency, options.renorm, scales)
    draw_marks(picture, explanation, options, status, legend)
    return picture


def draw_marks(
    picture: Uint8Array,
    explanation: Explanation,
    options: OverlayOptions,
    status: Status | None,
    legend: Legend | None,
) -> None:
    """Everything with an edge: boxes and labels, colour bar, top line; ``picture`` is changed in place.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR, the frame with its heat.
        explanation: what was seen.
        options: the look.
        status: what the top line says; None draws none.
        legend: what the colour bar says; None, where there is no heat, draws none.
    """
    size_wh = explanation.frame.size_wh
    keep_clear: list[Pixels] = []
    if options.hud and legend is not None:
        keep_clear.append(colour_bar_box(size_wh, legend))
    if options.hud and status is not None:
        keep_clear.append(top_line_box(size_wh))
    if options.boxes:
        draw_boxes(picture, explanation.detections, tuple(keep_clear), explanation.low_evidence)
    if options.hud and legend is not None:
        draw_colour_bar(picture, options.colormap, legend)
    if options.hud and status is not None:
        draw_top_line(picture, status, len(explanation.detections))
