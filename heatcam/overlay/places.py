"""Picture of places that were asked about: the box that was nearly found, and what speaks for and against its class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatcam.frames import Candidates
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import NOTHING
from heatcam.overlay.columns import BACKGROUND, beside, framed, gap_px
from heatcam.overlay.diverging import end_colours
from heatcam.overlay.heat import Pixels, pixel_boxes
from heatcam.overlay.labels import class_colour
from heatcam.overlay.legend import number
from heatcam.overlay.lines import draw_box
from heatcam.overlay.place_marks import PLACE, SUPPRESSOR
from heatcam.overlay.sides import Marked, draw_labels
from heatcam.overlay.signed import cut_out, draw_signed, part_around, signed_scale
from heatcam.overlay.strips import ColumnBar, ColumnCaption, difference_row
from heatcam.overlay.text import Colour
from heatcam.probing import (
    ClassEvidence,
    PlaceAnswer,
    PlaceEvidence,
    Verdict,
    remarks_on,
    score_words,
    verdict_words,
)
from heatcam.text import printable

MOST_PLACES = 8  # in one picture
NARROWEST, WIDEST = 480, 1280  # pixels of a column
_LOW: Colour = SUPPRESSOR
_NEUTRAL: Colour = (200, 200, 200)


def draw_places(
    image_bgr: Uint8Array,
    answers: Sequence[PlaceAnswer],
    evidence: Sequence[PlaceEvidence],
    candidates: Candidates,
) -> Uint8Array:
    """Draw a row for each place: on the left the class that is missed, on the right the one that it was taken for.

    Both maps of a row have one scale. The place is outlined, its candidate dashed, and a box that suppresses it is amber.

    Args:
        image_bgr: the picture, uint8 ``(H, W, 3)``, not changed.
        answers: about places; the first ``MOST_PLACES`` are drawn.
        evidence: of each.
        candidates: of the picture.

    Returns:
        uint8 ``(H, W, 3)``, BGR, a new picture.
    """
    rows = [
        draw_place(image_bgr, answer, own, candidates, n + 1 if len(answers) > 1 else 0)
        for n, (answer, own) in enumerate(zip(answers, evidence, strict=True))
    ]
    rows = rows[:MOST_PLACES]
    gap = np.full((gap_px(rows[0]), rows[0].shape[1], 3), BACKGROUND, np.uint8)
    return np.concatenate([part for row in rows for part in (gap, row)][1:])


def draw_place(
    image_bgr: Uint8Array,
    answer: PlaceAnswer,
    evidence: PlaceEvidence,
    candidates: Candidates,
    place: int = 0,
) -> Uint8Array:
    """Draw one place's row; see ``draw_places``.

    Args:
        image_bgr: the picture, uint8 ``(H, W, 3)``, not changed.
        answer: about the place.
        evidence: there.
        candidates: of the picture.
        place: its number; 0 for none.
    """
    image_wh = image_bgr.shape[1], image_bgr.shape[0]
    wide = min(max(image_wh[0], NARROWEST), WIDEST)
    part = part_around(_shown_boxes(answer), image_wh, wide)
    size_wh = wide, max(1, round(wide * (part[3] - part[1]) / (part[2] - part[0])))
    of_class = [each for each in (evidence.own, evidence.rival) if each is not None]
    scale = signed_scale([each.saliency for each in of_class])
    columns = [_column(image_bgr, answer, each, scale, part, size_wh) for each in of_class]
    if len(columns) < 2:
        columns.append(_plain_column(image_bgr, answer, evidence, candidates, part, size_wh))
    number_of = f"#{place} " if place else ""
    return beside(columns, (f"{number_of}{verdict_words(answer)}", *remarks_on(answer)))


def _column(
    image_bgr: Uint8Array,
    answer: PlaceAnswer,
    of_class: ClassEvidence,
    scale: float,
    part: Pixels,
    size_wh: tuple[int, int],
) -> Uint8Array:
    """Draw one class's map with the boxes, caption and bar."""
    picture = draw_signed(image_bgr, of_class.saliency, scale, part, size_wh)
    _mark(picture, answer, of_class.class_name, part, is_low=bool(of_class.low))
    name, unit = printable(of_class.class_name), f"{of_class.saliency.unit}/cell"
    caption = ColumnCaption(
        "low" if of_class.low else "±",
        _LOW if of_class.low else end_colours()[1],
        f"for and against {name}",
        ("low evidence, a map of nothing: " if of_class.low else "")
        + f"{of_class.speaks_for:.1f} for, {of_class.speaks_against:.1f} against, in {of_class.saliency.unit}",
    )
    full = number(scale) if scale > NOTHING else ""
    bar = ColumnBar(
        difference_row(),
        f"-{full}" if full else "",
        "0",
        f"+{full} {unit}" if full else "",
        "against",
        f"for {name}",
    )
    return framed(picture, caption, bar)


def _plain_column(
    image_bgr: Uint8Array,
    answer: PlaceAnswer,
    evidence: PlaceEvidence,
    candidates: Candidates,
    part: Pixels,
    size_wh: tuple[int, int],
) -> Uint8Array:
    """Draw the picture with what was kept there, where there is no second map."""
    picture, found = cut_out(image_bgr, part, size_wh), candidates.detections
    marked = []
    for n, box in enumerate(found.boxes_xyxy):
        place = _shown(box, part, picture)
        if place[2] > place[0] and place[3] > place[1]:
            label = f"{printable(found.class_names[n])} {found.confidences[n]:.2f}"
            marked.append(Marked(place, label, class_colour(int(found.class_ids[n]))))
    for each in marked:
        draw_box(picture, each.box, each.colour)
    if evidence.own is None:
        draw_box(
            picture, _shown(answer.candidate.box_xyxy, part, picture), class_colour(answer.place.class_id),
            dashed=True,
        )  # fmt: skip
    draw_labels(picture, marked)
    why = f"no map: {printable(evidence.reason)}" if evidence.reason else f"{len(marked)} kept here"
    return framed(picture, ColumnCaption("=", _NEUTRAL, "what was kept", why), None)


def _mark(picture: Uint8Array, answer: PlaceAnswer, class_name: str, part: Pixels, *, is_low: bool) -> None:
    """Draw the place, its candidate and what suppresses it, in place."""
    best, by = answer.candidate, answer.suppressed_by
    place = _shown(np.array(answer.place.box_xyxy, np.float32), part, picture)
    candidate = _shown(best.box_xyxy, part, picture)
    is_own = class_name == answer.place.class_name
    rival = answer.taken_for
    score = best.confidence if is_own or rival is None else rival.confidence
    text = f"{printable(class_name)} {score_words(score)}" + (" low" if is_low else "")
    colour = class_colour(answer.place.class_id if is_own or rival is None else rival.class_id)
    marked = [Marked(candidate, text, colour), Marked(place, "asked here", PLACE)]
    draw_box(picture, place, PLACE)
    if by is not None and answer.verdict is Verdict.SUPPRESSED and is_own:
        stopped = _shown(by.box_xyxy, part, picture)
        draw_box(picture, stopped, SUPPRESSOR)
        marked.append(Marked(stopped, f"kept {score_words(by.confidence)}, IoU {by.iou:.2f}", SUPPRESSOR))
    draw_box(picture, candidate, colour, dashed=True)
    draw_labels(picture, marked)


def _shown_boxes(answer: PlaceAnswer) -> Float32Array:
    """Return the boxes that a place's picture has to show: float32 ``(N, 4)`` in image pixels."""
    boxes = [np.array(answer.place.box_xyxy, np.float32)]
    if answer.verdict is not Verdict.NOT_SEEN:
        boxes.append(answer.candidate.box_xyxy)
    if answer.suppressed_by is not None:
        boxes.append(answer.suppressed_by.box_xyxy)
    return np.stack(boxes)


def _shown(box_xyxy: Float32Array, part: Pixels, picture: Uint8Array) -> Pixels:
    """Convert a box from image pixels to those of a part that is shown."""
    x1, y1, x2, y2 = part
    scale = np.array([picture.shape[1] / (x2 - x1), picture.shape[0] / (y2 - y1)] * 2)
    (shown,) = pixel_boxes(((box_xyxy - np.array([x1, y1] * 2)) * scale).astype(np.float32), picture.shape)
    return shown
