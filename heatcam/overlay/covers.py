"""Picture of a cover: the evidence before it, and what the model still sees after it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatcam.enums import Renorm
from heatcam.frames import Explanation
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.overlay.colour_bar import bar_row
from heatcam.overlay.columns import beside, framed
from heatcam.overlay.cover_marks import COVER, GONE
from heatcam.overlay.drawing import draw
from heatcam.overlay.heat import Pixels, pixel_boxes
from heatcam.overlay.labels import label_words, object_colour
from heatcam.overlay.lines import draw_box
from heatcam.overlay.options import OverlayOptions
from heatcam.overlay.resized import at_size
from heatcam.overlay.sides import Marked, draw_labels, draw_marked
from heatcam.overlay.strips import ColumnBar, ColumnCaption
from heatcam.overlay.text import Colour
from heatcam.probing import CoverEffect, cover_words
from heatcam.text import printable

NARROWEST, WIDEST = 480, 1600  # pixels of a column
_BEFORE: Colour = (200, 200, 200)
_BAR_COLOURS = 256
_SCOPES = {
    Renorm.BOX: "scaled in each box",
    Renorm.REGION: "scaled in each region",
    Renorm.FRAME: "scaled over the frame",
    Renorm.FIXED: "one scale for this model",
}


def draw_cover(
    before: Explanation, after: Explanation, effect: CoverEffect, options: OverlayOptions | None = None
) -> Uint8Array:
    """Draw the picture before and after a cover beside each other.

    The cover is outlined in amber, dashed where it is yet to be laid; boxes that vanished are dashed in red where they were.

    Args:
        before: of the picture.
        after: of the covered picture.
        effect: of the cover, on both.
        options: look of heat and boxes.

    Returns:
        uint8 ``(H, W, 3)``, BGR, a new picture.
    """
    look = options or OverlayOptions()
    wide = min(max(before.frame.size_wh[0], NARROWEST), WIDEST)
    size_wh = wide, max(1, round(before.frame.size_wh[1] * wide / before.frame.size_wh[0]))
    scale = np.tile(np.divide(size_wh, before.frame.size_wh), 2).astype(np.float32)
    gone = _vanished(effect, scale, size_wh) if look.boxes else []
    bar = ColumnBar(
        bar_row(look.colormap, _BAR_COLOURS), "low", "", "high", f"evidence, {_SCOPES[look.renorm]}"
    )
    columns = []
    for number, (name, each, colour, also) in enumerate(
        (("before", before, _BEFORE, []), ("covered", after, COVER, gone)), 1
    ):
        shown = at_size(each, size_wh)
        picture = draw(shown, replace(look, clear_top=0, hud=False, boxes=False))
        marked = [*(_kept(shown) if look.boxes else []), *also]
        _draw_marked_around(
            picture, marked, pixel_boxes(effect.covers_xyxy * scale, picture.shape), on_top=number == 1
        )
        caption = ColumnCaption(str(number), colour, name, f"{len(each.detections)} kept")
        has_bar = look.hud and each.saliency is not None
        columns.append(framed(picture, caption, bar if has_bar else None))
    return beside(columns, cover_words(effect))


def _draw_marked_around(
    picture: Uint8Array, marked: list[Marked], covers: list[Pixels], *, on_top: bool
) -> None:
    """Draw covers below the boxes, or dashed on top of them, where they are yet to be laid; in place."""
    if not on_top:
        for box in covers:
            draw_box(picture, box, COVER)
    draw_marked(picture, marked)
    if on_top:
        for box in covers:
            draw_box(picture, box, COVER, dashed=True)
        draw_labels(picture, marked)


def _kept(shown: Explanation) -> list[Marked]:
    """Return the kept boxes with their labels, in the pixels of the column."""
    found, low = shown.detections, shown.low_evidence
    boxes = pixel_boxes(found.boxes_xyxy, shown.frame.image_bgr.shape)
    return [
        Marked(
            boxes[n],
            "".join(label_words(found, n, None)) + (" low" if low and low[n] else ""),
            object_colour(found, n),
            (found, n),
        )
        for n in range(len(found))
    ]


def _vanished(effect: CoverEffect, scale: Float32Array, size_wh: tuple[int, int]) -> list[Marked]:
    """Return the boxes that vanished, in the pixels of the column."""
    found, own = effect.before, {each.detection: each for each in effect.objects}
    boxes = pixel_boxes(found.boxes_xyxy * scale, size_wh[::-1])
    return [
        Marked(boxes[n], f"{printable(found.class_names[n])} gone {own[n].confidence_after:.2f}", GONE)
        for n in effect.vanished
    ]
