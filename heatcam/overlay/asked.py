"""Picture of a frame that was asked about: what speaks for and against the class at a place, in the place of the heat."""

from __future__ import annotations

from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.measures import NOTHING
from heatcam.overlay.asked_marks import NOTHING_MARKED, AskedMarks
from heatcam.overlay.colour_bar import colour_bar_box
from heatcam.overlay.drawing import draw_marks
from heatcam.overlay.heat import Pixels
from heatcam.overlay.legend import Legend, number
from heatcam.overlay.options import OverlayOptions
from heatcam.overlay.resized import over_size
from heatcam.overlay.signed import draw_signed, signed_scale
from heatcam.overlay.strips import difference_row
from heatcam.probing import ClassEvidence
from heatcam.text import printable


def draw_evidence(
    explanation: Explanation,
    evidence: ClassEvidence,
    options: OverlayOptions,
    marks: AskedMarks = NOTHING_MARKED,
    focus: int | None = None,
) -> Uint8Array:
    """Draw a frame without its colours, with a signed map in diverging ones, its bar, boxes, and the marks of the place.

    Args:
        explanation: the frame, and the boxes that were kept; its heat is not drawn.
        evidence: for and against the class, of the same frame at any size.
        options: drawing options; colour map, opacity and scope of the scale have no effect.
        marks: of the place, and of covers, in the frame's pixels.
        focus: index of the one detection that stands out; None for all alike.

    Returns:
        uint8 ``(H, W, 3)``, BGR, of the frame's size: a new picture.
    """
    size_wh = explanation.frame.size_wh
    saliency = over_size(evidence.saliency, size_wh)
    scale = signed_scale([saliency])
    picture = draw_signed(explanation.frame.image_bgr, saliency, scale, (0, 0, *size_wh), size_wh)
    legend = _legend(evidence, scale)
    draw_marks(picture, explanation, options, None, legend, focus, marks, difference_row())
    return picture


def evidence_bar_box(evidence: ClassEvidence, size_wh: tuple[int, int]) -> Pixels:
    """Return the rectangle of the colour bar that ``draw_evidence`` draws in a picture of this width and height."""
    return colour_bar_box(size_wh, _legend(evidence, signed_scale([evidence.saliency])))


def _legend(evidence: ClassEvidence, scale: float) -> Legend:
    """Return what the colours mean; of a low one that it means nothing."""
    name = printable(evidence.class_name)
    caption = f"low evidence for {name}: a map of nothing" if evidence.low else f"against and for {name}"
    if scale <= NOTHING:
        return Legend(caption, caption, "against", "for")
    full = number(scale)
    return Legend(caption, f"for {name}", f"-{full}", f"+{full}", f"{evidence.saliency.unit}/cell")
