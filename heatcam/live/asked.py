"""The place that is asked about, as it is shown: its marks in the picture and the lines of its panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from heatcam.enums import ComparedView
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.questions import Box, FrameAnswers, PlaceReply
from heatcam.live.state import WindowState
from heatcam.overlay import LIGHT, Colour, PanelLine, PlaceMark, doubted, place_marks, quiet
from heatcam.probing import (
    ClassEvidence,
    PlaceAnswer,
    PlaceEvidence,
    Verdict,
    place_row,
    remarks_on,
    score_words,
    verdict_words,
)
from heatcam.text import printable

MOST_LIKELY = 4  # classes that are listed
MOST_SAVED = 20  # in a document
ONE_MODEL = "two models are shown; press v until one is, then it can be asked"
_WITH_THRESHOLDS = (Verdict.BELOW_THRESHOLD, Verdict.SUPPRESSED)  # (whose words name them)


@dataclass(frozen=True, eq=False)
class AskedPlaceShown:
    """The place that is asked about, as far as the frame's answer has come.

    Attributes:
        box_xyxy: in frame pixels.
        reply: the answer; None while it has not come.
        reason: why there is none, in one line; "" if there is one, or it is to come.
    """

    box_xyxy: Box
    reply: PlaceReply | None
    reason: str = ""

    @property
    def answer(self) -> PlaceAnswer | None:
        """The answer itself; None while there is none."""
        return None if self.reply is None else self.reply.answer

    @property
    def evidence(self) -> ClassEvidence | None:
        """Evidence for and against the class; None where it is not mapped."""
        found = None if self.reply is None else self.reply.evidence
        return None if found is None else found.own

    def marks(self) -> tuple[PlaceMark, ...]:
        """Return the marks in frame pixels."""
        return place_marks(self.box_xyxy, self.answer, is_low=bool(self.evidence and self.evidence.low))

    def lines(self) -> list[PanelLine]:
        """Return the lines of the panel, the verdict first."""
        if self.reason:
            return [PanelLine("no answer about this place", importance=9), doubted(self.reason, 8), _KEYS]
        if self.reply is None or self.answer is None:
            return [PanelLine("asking about this place ...")]
        verdict, words = verdict_words(self.answer).split(": ", 1)
        colour = _FOUND if self.answer.verdict is Verdict.FOUND else LIGHT
        return [
            PanelLine(verdict, colour=colour, importance=9),
            PanelLine(words, importance=8),
            *(doubted(text, 5) for text in remarks_on(self.answer)),
            *_candidate_lines(self.answer),
            *_evidence_lines(self.reply),
            *_likely_lines(self.reply, self.answer),
            quiet(f"the answer took {self.reply.cost_ms:.0f} ms", 1),
            _KEYS,
        ]


_FOUND: Colour = (190, 230, 120)
_KEYS = quiet("W next class, Esc ends it", 3)


def asked_shown(entry: HistoryEntry, state: WindowState) -> AskedPlaceShown | None:
    """Return the place that is asked about with the entry's answer; None if none is asked about.

    The answer about the class before stays until that about the next one has come.
    """
    place, answers = state.questions.place, entry.answers
    if place is None:
        return None
    if state.compared.explained is ComparedView.BOTH:
        return AskedPlaceShown(place.box_xyxy, None, ONE_MODEL)
    asked = answers.asked.place
    if asked is None or asked.box_xyxy != place.box_xyxy:
        return AskedPlaceShown(place.box_xyxy, None)
    reply = answers.place
    return AskedPlaceShown(place.box_xyxy, reply, answers.reason or ("" if reply is None else reply.reason))


def asked_row(answers: FrameAnswers) -> dict[str, Any]:
    """Return what was asked about a frame and answered, as plain values for a document; empty where nothing was asked."""
    place, reply = answers.asked.place, answers.place
    if place is None:
        return {}
    reason = answers.reason or ("" if reply is None else reply.reason)
    if reply is None or reply.answer is None:
        return {"place": {"at_xyxy": list(place.box_xyxy), "reason": reason}}
    likely = [
        {"class_name": each.class_name, "confidence": round(each.confidence, 6)}
        for each in reply.likely[:MOST_SAVED]
    ]
    evidence = reply.evidence or PlaceEvidence(None, None, "not mapped while frames run")
    row = place_row(reply.answer, evidence)
    return {"place": {**row, "likely": likely, "cost_ms": round(reply.cost_ms, 2)}}


def _candidate_lines(answer: PlaceAnswer) -> list[PanelLine]:
    """Return the numbers of the candidate, and the thresholds that would keep it where the verdict does not name them."""
    best, needs = answer.candidate, answer.needs
    stride = f", stride {best.stride}" if best.stride else ""
    numbers = f"confidence {score_words(best.confidence)}, logit {best.logit:.1f}, IoU {best.iou:.2f}{stride}"
    lines = [PanelLine(numbers, importance=4)]
    wanted = [("conf", needs.conf), ("iou", needs.iou)]
    said = ", ".join(f"--{name} {value:g}" for name, value in wanted if value is not None)
    if said and answer.verdict not in _WITH_THRESHOLDS:
        lines.append(PanelLine(f"to be kept it needs {said}", importance=4))
    return lines


def _evidence_lines(reply: PlaceReply) -> list[PanelLine]:
    """Return how much speaks for and against the class; nothing where that was not asked for."""
    if reply.evidence is None:
        return []
    own = reply.evidence.own
    if own is None:
        return [doubted(f"no map: {reply.evidence.reason}", 4)]
    said = f"evidence {own.speaks_for:.1f} for, {own.speaks_against:.1f} against, in {own.saliency.unit}"
    return [doubted(f"{said}; low: a map of nothing", 4)] if own.low else [PanelLine(said, importance=4)]


def _likely_lines(reply: PlaceReply, answer: PlaceAnswer) -> list[PanelLine]:
    """Return the likeliest classes there, and the one that is asked about with its rank."""
    ranks = [each.class_id for each in reply.likely]
    own = ranks.index(answer.place.class_id) if answer.place.class_id in ranks else 0
    shown = sorted({*range(min(MOST_LIKELY, len(ranks))), own})
    if own >= MOST_LIKELY:
        shown.remove(MOST_LIKELY - 1)
    rows = []
    for n in shown:
        each = reply.likely[n]
        name, is_own = printable(each.class_name), n == own
        rows.append(
            PanelLine(
                f"{n + 1}. {name}",
                score_words(each.confidence),
                is_chosen=is_own,
                importance=6 if is_own else 2,
            )
        )
    return (
        [quiet(f"likeliest of {len(ranks)} classes, in any box there", 2), *rows] if len(ranks) > 1 else rows
    )
