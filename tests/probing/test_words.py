"""Answers in words and as rows of the document, and the evidence beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from heatcam.errors import MapError
from heatcam.frames import Candidates, SaliencyMap
from heatcam.probing import (
    PlaceAnswer,
    Verdict,
    ask_places,
    evidence_of,
    place_row,
    remarks_on,
    verdict_words,
)
from tests.probing.scenes import BOX, CAT, DOG, LETTERBOX, QUIET, candidates, place

NEIGHBOUR = BOX[0] + 24, BOX[1], BOX[2] + 24, BOX[3]
SCENES = {
    Verdict.FOUND: ([(BOX, {DOG: 2.0})], {}),
    Verdict.BELOW_THRESHOLD: ([(BOX, {DOG: -1.5})], {}),
    Verdict.SUPPRESSED: ([(BOX, {DOG: 0.5}), (NEIGHBOUR, {DOG: 3.0})], {"iou": 0.5}),
    Verdict.MISPLACED: ([((112, 112, 312, 208), {DOG: 2.0})], {}),
    Verdict.OTHER_CLASS: ([(BOX, {DOG: -1.0, CAT: 1.5})], {}),
    Verdict.NOT_SEEN: ([(BOX, {DOG: QUIET})], {}),
}
WORDS = {
    Verdict.FOUND: "found: dog 0.88, IoU 1.00",
    Verdict.BELOW_THRESHOLD: "below-threshold: dog 0.18 at IoU 1.00; --conf 0.182 keeps it",
    Verdict.SUPPRESSED: "suppressed: dog 0.62 by a box of 0.95, IoU 0.60; --iou 0.6001 keeps it",
    Verdict.MISPLACED: "misplaced: dog 0.88 has IoU 0.48 with the place; its right side is 104 px too far right",
    Verdict.OTHER_CLASS: "other-class: dog 0.27, taken for cat 0.82 by 2.5 logits",
}


def answer_of(verdict: Verdict) -> tuple[PlaceAnswer, Candidates]:
    placed, options = SCENES[verdict]
    everything = candidates(placed, **options)
    others = [place(DOG, NEIGHBOUR)] if verdict is Verdict.SUPPRESSED else []
    answer = ask_places([place(), *others], everything)[0]
    assert answer.verdict is verdict
    return answer, everything


class FakeAsker:
    """Answers every anchor with a map of one cell for and one against; fails where it is told to."""

    def __init__(self, low: bool | None = None, fails: str = "") -> None:
        self.asked: list[tuple[int, int]] = []
        self._low, self._fails = low, fails

    def candidates(self, image: np.ndarray) -> Candidates:
        return candidates()

    def evidence_at(
        self, _image: np.ndarray, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[tuple[SaliencyMap, ...], tuple[bool, ...]]:
        if self._fails:
            raise MapError(self._fails)
        self.asked += zip(anchors, class_ids, strict=True)
        values = np.zeros((20, 20), np.float32)
        values[8, 8], values[9, 9] = 2.0, -3.0
        maps = tuple(SaliencyMap(values * (1 + c), LETTERBOX, "hirescam", "1:x") for c in class_ids)
        return maps, () if self._low is None else (self._low,) * len(anchors)


IMAGE = np.zeros((320, 320, 3), np.uint8)


@pytest.mark.parametrize("verdict", WORDS, ids=lambda v: v.value)
def test_each_verdict_is_said_with_its_numbers(verdict: Verdict) -> None:
    assert verdict_words(answer_of(verdict)[0]) == WORDS[verdict]


def test_not_seen_is_said_with_the_noise() -> None:
    said = verdict_words(answer_of(Verdict.NOT_SEEN)[0])
    assert said.startswith("not-seen: the best box there has dog ")
    assert "logit -" in said
    assert "; noise reaches -8" in said


def test_names_from_others_are_made_printable() -> None:
    everything = candidates([(BOX, {DOG: 2.0})])
    everything.class_names[DOG] = "d\x1b[31mog"
    try:
        own = place()
        answer = ask_places([type(own)(own.box_xyxy, DOG, "d\x1b[31mog")], everything)[0]
        assert "\x1b" not in verdict_words(answer)
    finally:
        everything.class_names[DOG] = "dog"


def test_remarks_name_small_and_cut_places() -> None:
    small = ask_places([place(DOG, (0, 0, 12, 12))], candidates())[0]
    assert [words.split(":")[0] for words in remarks_on(small)] == [
        "too small for the finest stride",
        "cut by the letterbox",
    ]
    assert remarks_on(answer_of(Verdict.FOUND)[0]) == ()


def test_both_classes_are_mapped_at_the_candidate_in_one_pass() -> None:
    answer, _ = answer_of(Verdict.OTHER_CLASS)
    asker = FakeAsker(low=True)
    (found,) = evidence_of([answer], asker, IMAGE)
    assert asker.asked == [(answer.candidate.anchor, DOG), (answer.candidate.anchor, CAT)]
    assert found.own is not None
    assert (found.own.speaks_for, found.own.speaks_against, found.own.low) == (4.0, 6.0, True)
    assert found.rival is not None
    assert (found.rival.class_name, found.rival.speaks_for) == ("cat", 2.0)


def test_a_map_that_fails_leaves_the_verdict_and_says_why() -> None:
    answer, _ = answer_of(Verdict.FOUND)
    found = evidence_of([answer, answer], FakeAsker(fails="no gradient there"), IMAGE)
    assert [each.reason for each in found] == ["no gradient there"] * 2
    row = place_row(answer, found[0])
    assert row["evidence_for"] is row["evidence_against"] is row["low_evidence"] is None
    assert row["map_error"] == "no gradient there"
    assert evidence_of([], FakeAsker(fails="x"), IMAGE) == ()


@pytest.mark.parametrize("verdict", list(Verdict), ids=lambda v: v.value)
def test_rows_have_what_the_contract_names(verdict: Verdict) -> None:
    answer, _ = answer_of(verdict)
    row = place_row(answer, evidence_of([answer], FakeAsker(), IMAGE)[0])
    assert set(row) >= {
        *("at_xyxy", "class_name", "verdict", "candidate", "needs", "suppressed_by", "rivals"),
        *("evidence_for", "evidence_against", "low_evidence"),
    }
    assert row["verdict"] == verdict.value
    assert set(row["candidate"]) == {"confidence", "logit", "box_xyxy", "iou", "anchor", "stride"}
    assert set(row["needs"]) == {"conf", "iou"}
    assert {"class_name", "confidence"} <= set(row["rivals"][0])
    assert (row["suppressed_by"] is not None) == (verdict is Verdict.SUPPRESSED)
    assert row["evidence_against"] > row["evidence_for"] > 0
    assert row["low_evidence"] is None
