"""Answers about places in words, for the terminal, the picture and the window's panel."""

from __future__ import annotations

from collections.abc import Callable

from heatcam.probing.covers import CoverEffect, ObjectEffect
from heatcam.probing.verdicts import PlaceAnswer, Verdict
from heatcam.text import printable

MOST_OBJECTS = 6  # in words about one cover


def verdict_words(answer: PlaceAnswer) -> str:
    """Return the verdict with its numbers, in one line: ``below-threshold: dog 0.18 at IoU 0.82; --conf 0.179 keeps it``."""
    return f"{answer.verdict.value}: {_SAID[answer.verdict](answer)}"


def remarks_on(answer: PlaceAnswer) -> tuple[str, ...]:
    """Return what else is known of the place, each in a few words; empty for nothing."""
    said = []
    if answer.too_small:
        said.append("too small for the finest stride: smaller than one of its cells")
    if answer.cut:
        said.append("cut by the letterbox: it reaches the edge of what the network sees")
    if answer.noise_logit is None:
        said.append("no noise level: nothing is left of the picture to measure it on")
    return tuple(said)


def score_words(confidence: float) -> str:
    """Return a confidence with two decimals, or two digits where that would say too little: ``0.87``, ``0.0031``."""
    return f"{confidence:.2f}" if confidence >= 0.1 else f"{confidence:.2g}"


def _found(answer: PlaceAnswer) -> str:
    return f"{_named(answer)}, IoU {answer.candidate.iou:.2f}"


def _below(answer: PlaceAnswer) -> str:
    at = f"{_named(answer)} at IoU {answer.candidate.iou:.2f}"
    if answer.beyond_max_det:
        return f"{at}; stronger boxes fill --max-det"
    return f"{at}; {_thresholds(answer)}"


def _suppressed(answer: PlaceAnswer) -> str:
    by = answer.suppressed_by
    if by is None:
        return _named(answer)
    return (
        f"{_named(answer)} by a box of {score_words(by.confidence)}, IoU {by.iou:.2f}; {_thresholds(answer)}"
    )


def _misplaced(answer: PlaceAnswer) -> str:
    said = f"{_named(answer)} has IoU {answer.candidate.iou:.2f} with the place"
    if not answer.wrong_sides:
        return said
    wrong = answer.wrong_sides[0]
    ways = ("left", "right") if wrong.side in ("left", "right") else ("up", "down")
    return f"{said}; its {wrong.side} side is {abs(wrong.off_px):.0f} px too far {ways[wrong.off_px > 0]}"


def _other_class(answer: PlaceAnswer) -> str:
    rival = answer.taken_for
    if rival is None:
        return _named(answer)
    name = printable(rival.class_name)
    return f"{_named(answer)}, taken for {name} {score_words(rival.confidence)} by {rival.ahead:.1f} logits"


def _not_seen(answer: PlaceAnswer) -> str:
    noise = answer.noise_logit
    said = f"the best box there has {_named(answer)}"
    return said if noise is None else f"{said}, logit {answer.candidate.logit:.1f}; noise reaches {noise:.1f}"


def _named(answer: PlaceAnswer) -> str:
    return f"{printable(answer.place.class_name)} {score_words(answer.candidate.confidence)}"


def _thresholds(answer: PlaceAnswer) -> str:
    """Return the options that would keep it: ``--conf 0.179 and --iou 0.75 keep it``."""
    needs = answer.needs
    options = [] if needs.conf is None else [f"--conf {needs.conf:g}"]
    options += [] if needs.iou is None else [f"--iou {needs.iou:g}"]
    return (
        f"{' and '.join(options)} keep{'s' * (len(options) == 1)} it" if options else "no threshold keeps it"
    )


_SAID: dict[Verdict, Callable[[PlaceAnswer], str]] = {
    Verdict.FOUND: _found,
    Verdict.BELOW_THRESHOLD: _below,
    Verdict.SUPPRESSED: _suppressed,
    Verdict.MISPLACED: _misplaced,
    Verdict.OTHER_CLASS: _other_class,
    Verdict.NOT_SEEN: _not_seen,
}


def cover_words(effect: CoverEffect) -> tuple[str, ...]:
    """Return what a cover changed, in a line, then a line for each of the objects that changed most."""
    count = len(effect.objects)
    first = (
        f"{len(effect.vanished) or 'none'} of {count} box{'es' * (count != 1)} vanished, "
        f"{len(effect.appeared) or 'none'} appeared"
    )
    changed = sorted(effect.objects, key=lambda own: -abs(own.logit_before - own.logit_after))
    return first, *(_object_words(own, effect) for own in changed[:MOST_OBJECTS])


def percent(share: float | None) -> str | None:
    """Return a share in words, ``61 %``; None for none."""
    return None if share is None else f"{round(100 * share)} %"


def _object_words(own: ObjectEffect, effect: CoverEffect) -> str:
    kept = own.detection_after
    now = (
        f"gone ({score_words(own.confidence_after)} at its anchor)"
        if kept is None
        else score_words(float(effect.after.confidences[kept]))
    )
    said = f"{printable(own.class_name)} {score_words(own.confidence_before)} to {now}"
    if own.evidence_share is not None:
        said += f"; evidence under the cover {percent(own.evidence_share)}"
    return said if own.logit_lost is None else f"{said}, logit lost {percent(own.logit_lost)}"
