"""Numbers panel: a table of each object's evidence numbers, and facts about the frame."""

from __future__ import annotations

from collections.abc import Sequence

from heatcam.frames import LOGITS, Explanation
from heatcam.geometry import Uint8Array
from heatcam.measures import evidence_share, share_of_all
from heatcam.overlay.card_table import CardTable, TableRow, draw_table, table_of
from heatcam.overlay.focus import valid_focus
from heatcam.overlay.heat import Pixels
from heatcam.overlay.labels import object_colour, object_name
from heatcam.overlay.legend import number
from heatcam.overlay.panels import (
    QUIET,
    corners_of,
    covered_px,
    is_small,
    lay_card,
    least_covering,
    small_px,
)
from heatcam.overlay.text import LIGHT, Colour, fitted, line_height, text_width, write
from heatcam.overlay.topline import top_line_box

_WIDEST = 0.72  # of the picture
_NARROW = 22  # font sizes; a picture narrower than that gives the panel its full width
_END_IN_SMALL = 0.58  # of a small picture's height; the graphs have the rest below
_DOUBTED: Colour = (90, 190, 255)
_NONE = "-"


def draw_numbers(
    picture: Uint8Array,
    explanation: Explanation,
    focus: int | None = None,
    keep_clear: Sequence[Pixels] = (),
) -> Pixels | None:
    """Draw the panel at the right, below the top line, in place; in another corner if it would cover ``keep_clear``.

    It has a line for each object as far as there is room, the focused one first, then by confidence: name with track number,
    confidence, energy in box, evidence, and enrichment. Without maps of their own, objects have only the share of all evidence
    that lies in their box; in narrow pictures columns are left out from the right. Low evidence is amber.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        explanation: detections and raw maps, not smoothed ones.
        focus: index of the focused detection; None, or an index out of range, for none.
        keep_clear: rectangles of the focused object, in pixels. The panel has fewer lines if it would cover them otherwise.

    Returns:
        The panel's rectangle; None if there is no room for one.
    """
    height, width = picture.shape[:2]
    size = small_px((width, height))
    line_px, top = line_height(size), top_line_box((width, height))[3] + size // 2
    small = is_small((width, height))
    lines = (round(_END_IN_SMALL * height if small else height) - top - 2 * size) // line_px
    room = max(round(_WIDEST * width), min(width - size, _NARROW * size)) - size
    if lines < 2 or room < 12 * size:
        return None
    facts = _facts(explanation)[: 1 if small else max(1, lines - 3)]
    focus = valid_focus(focus, len(explanation.detections))
    space = size // 2, top, width - size // 2, height - size // 2
    for most in dict.fromkeys((lines - len(facts) - 2, 1)):
        table = _table(explanation, focus, size, room, most)
        note = _note(explanation, len(table.rows))
        wide = max(table.wide(size), *(min(room, text_width(text, size)) for text in (*facts, note)))
        tall = (len(facts) + bool(table.rows) + len(table.rows) + bool(note)) * line_px + size
        card = least_covering(corners_of(space, wide + size, tall, "ne nw sw se"), keep_clear)
        if not covered_px(card, keep_clear):
            break
    lay_card(picture, card)
    x, y = card[0] + size // 2, card[1] + size // 2
    for text in facts:
        write(picture, fitted(text, size, wide), x, y, size, QUIET)
        y += line_px
    y = draw_table(picture, table, x, x + wide, y, size)
    write(picture, fitted(note, size, wide), x, y, size, QUIET)
    return card


def _facts(explanation: Explanation) -> list[str]:
    """Return the lines about the frame: index, time, size, and the times of its stages."""
    frame, timings = explanation.frame, explanation.timings
    width, height = frame.size_wh
    spent = f"prepare {timings.prepare_ms:.0f}, forward {timings.forward_ms:.0f}"
    spent += f", map {timings.map_ms:.0f} ms" if timings.map_ms > 0 else " ms"
    return [f"frame {frame.frame_index}, {frame.pts_s:.2f} s, {width}x{height}", spent]


def _note(explanation: Explanation, shown: int) -> str:
    """Return a line about what is missing, and why: objects without room, or maps; "" for nothing."""
    found = len(explanation.detections)
    if not found:
        return "nothing detected"
    if shown < found:
        return f"and {found - shown} more"
    if explanation.map_error:
        return explanation.map_error
    if explanation.saliency is None:
        return "no heat map, no numbers of it"
    return "" if explanation.object_maps else "in box: of the evidence of all"


def _table(explanation: Explanation, focus: int | None, size: int, room: int, most: int) -> CardTable:
    """Return at most ``most`` rows, the one in focus first, then by confidence, with as many columns as fit."""
    found = explanation.detections
    order = sorted(range(len(found)), key=lambda n: (n != focus, -float(found.confidences[n])))
    shown = order[: max(0, most)]
    headings, texts = _columns(explanation, shown)
    low = explanation.low_evidence or (False,) * len(found)
    rows = [
        TableRow(
            object_name(found, n), cells, object_colour(found, n), _DOUBTED if low[n] else LIGHT, n == focus
        )
        for n, cells in zip(shown, texts, strict=True)
    ]
    return table_of(headings, rows, size, room)


def _columns(explanation: Explanation, which: Sequence[int]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the headings, the most important first, and the texts below them for the objects ``which``."""
    found, maps, saliency = explanation.detections, explanation.object_maps, explanation.saliency
    confidences = [f"{found.confidences[n]:.2f}" for n in which]
    if maps:
        seen = [evidence_share(maps[n], found.boxes_xyxy[n]) for n in which]
        unit = maps[0].unit if maps[0].unit != LOGITS else "logits"
        return ("conf", "in box", unit, "enriched"), [
            (
                confidence,
                _percent(own.energy_in_box),
                number(own.evidence) if own.evidence > 0 else "0",
                _NONE if own.enrichment is None else f"{own.enrichment:.1f}x",
            )
            for confidence, own in zip(confidences, seen, strict=True)
        ]
    if saliency is None:
        return ("conf",), [(confidence,) for confidence in confidences]
    shares = [share_of_all(saliency, found.boxes_xyxy[n]) for n in which]
    return ("conf", "in box"), list(zip(confidences, map(_percent, shares), strict=True))


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.0f} %"
