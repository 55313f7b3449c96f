"""Covers as the window shows them: laid over the frame, outlined with their numbers, and told of on a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.live.cover_reply import NO_PLACES, CoverReply
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.questions import FrameAnswers
from heatcam.live.state import WindowState
from heatcam.overlay import (
    CoverCard,
    CoverMarks,
    Pixels,
    View,
    draw_cover_card,
    moved,
)
from heatcam.probing import cover_row, foretold_row, laid


def covers_on(entry: HistoryEntry, state: WindowState) -> CoverReply | None:
    """Return the answer about the covers on a frame; None where none lies any more, or it has not come yet."""
    return entry.answers.cover if state.questions.strokes else None


def with_covers(explanation: Explanation, reply: CoverReply | None) -> Explanation:
    """Return an explanation whose picture has the covers in it: the pixels that the model saw."""
    if reply is None or not reply.patches:
        return explanation
    frame = explanation.frame
    return replace(explanation, frame=replace(frame, image_bgr=laid(frame.image_bgr, reply.patches)))


def cover_marks(entry: HistoryEntry, state: WindowState, size_wh: tuple[int, int]) -> CoverMarks | None:
    """Return the covers on a frame with what they change, in the pixels of a picture of another size; None without any.

    Covers that were drawn since the frame was answered wait where they were drawn.
    """
    strokes, reply = state.questions.strokes, covers_on(entry, state)
    if not strokes:
        return None
    numbers = () if reply is None else reply.numbers
    waiting = [own for own in strokes if own.number not in numbers]
    boxes = [*([] if reply is None else reply.places_xyxy), *(own.box_xyxy for own in waiting)]
    frame_wh = entry.explanation.frame.size_wh
    scale_xy = size_wh[0] / frame_wh[0], size_wh[1] / frame_wh[1]
    was_seen = reply is not None and bool(reply.patches)
    effect = None if reply is None else reply.effect
    return CoverMarks(
        (*numbers, *(own.number for own in waiting)),
        np.array(boxes, np.float32).reshape(-1, 4) * np.array(scale_xy * 2, np.float32),
        None if effect is None else replace(effect, after=moved(effect.after, scale_xy)),
        (*(not was_seen for _ in numbers), *(True for _ in waiting)),
    )


def draw_card(
    picture: Uint8Array,
    entry: HistoryEntry,
    state: WindowState,
    focus: int | None,
    keep_clear: Sequence[Pixels],
    beside: Sequence[Pixels],
) -> Pixels | None:
    """Draw the card about the covers, in place; return its rectangle, None where there is none."""
    reply, answers = covers_on(entry, state), entry.answers
    strokes = state.questions.strokes
    if reply is None and strokes and answers.asked.strokes and answers.reason:
        reply = CoverReply(
            tuple(own.number for own in strokes), NO_PLACES, state.questions.fill, reason=answers.reason
        )
    return None if reply is None else draw_cover_card(picture, _card(reply), focus, keep_clear, beside)


def places_shown(view: View, entry: HistoryEntry, state: WindowState) -> list[Pixels]:
    """Return the covers' rectangles in the picture, in pixels."""
    reply = covers_on(entry, state)
    return [] if reply is None else [box for own in reply.places_xyxy.tolist() for box in view.boxes_of(own)]


def covers_row(answers: FrameAnswers) -> dict[str, Any]:
    """Return what is known of a frame's covers, as plain values for a document; empty where none lies."""
    reply = answers.cover
    if reply is None:
        return {}
    row = {
        "fill": reply.fill.value,
        "numbers": list(reply.numbers),
        "at_xyxy": [[round(side, 2) for side in box] for box in reply.places_xyxy.tolist()],
        "effect": None if reply.effect is None else cover_row(reply.effect),
        "foretold": foretold_row(reply.foretold) | {"maps": reply.maps or None},
        "cover_ms": round(reply.cost_ms, 1),
        "reason": reply.reason or None,
    }
    return {"cover": row}


def _card(reply: CoverReply) -> CoverCard:
    return CoverCard(
        len(reply.numbers),
        reply.fill,
        reply.effect,
        reply.foretold,
        reply.maps,
        reply.cost_ms,
        reply.reason,
    )
