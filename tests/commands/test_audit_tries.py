"""Context tries of an audit, with something in the model's place that looks at one pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from heatcam.audit import TriedObject, Try
from heatcam.audit.context import context_of
from heatcam.audit.tries import tries_table
from heatcam.commands.audit_tries import TryPlan, answers_to_come, run_tries, tries_to_make
from heatcam.errors import UnreadableInputError
from heatcam.frames import Candidates
from tests.audit.tables import made, table_of
from tests.probing.scenes import BOX, CAT, DOG, candidates

MARK = slice(0, 6)


class FakeProber:
    """Finds a dog in BOX where a pixel is red: the mark's in a corner of the picture, or the object's middle."""

    def __init__(self, looks_at: tuple[int, int], conf: float = 0.25) -> None:
        self.looks_at, self.conf, self.asked = looks_at, conf, 0

    def candidates(self, image: Any, near_xyxy: Any) -> Candidates:
        self.asked += 1
        assert near_xyxy.shape == (1, 4)
        red = image[self.looks_at].astype(int)
        sees = red[2] > 200 and red[:2].max() < 60
        return candidates([(BOX, {DOG: 2.0 if sees else -1.5})], conf=self.conf)


def pictures(count: int = 12) -> dict[str, Any]:
    """Dogs in BOX with a mark in the corner, each with another grey around; and one picture without either."""
    found = {}
    for n in range(count):
        image = np.full((320, 320, 3), 60 + 10 * n, np.uint8)
        image[112:208, 112:208] = image[MARK, MARK] = (0, 0, 255)
        found[f"{n}.jpg"] = image
    return found | {"empty.jpg": np.full((200, 300, 3), 128, np.uint8)}


def tried_with(prober: FakeProber, images: dict[str, Any], plan: TryPlan = TryPlan()) -> Any:  # noqa: B008
    names = [name for name in images if name != "empty.jpg"]
    table = table_of(*(made("true", "dog", name, BOX, class_id=DOG) for name in names))
    tried = tries_to_make(table, list(images), plan)
    answers = list(run_tries(lambda _: prober, tried, images.__getitem__, plan))  # type: ignore[arg-type]
    assert len(answers) == answers_to_come(tried) == prober.asked
    return context_of(table, tries_table(answers))[1]


def test_a_model_that_looks_at_the_mark_in_the_corner_is_caught() -> None:
    figures = tried_with(FakeProber((2, 2)), pictures())
    assert figures.tries == 12
    assert (figures.without_background.value, figures.background_swapped.value) == (0, 0)
    assert figures.object_needed.value == 0
    assert set(figures.caused_by_background) == set(range(1, 13))


def test_a_model_that_looks_at_the_object_is_not() -> None:
    figures = tried_with(FakeProber((125, 125)), pictures())
    assert (figures.without_background.value, figures.object_needed.value) == (1, 1)
    assert figures.caused_by_background == ()


def test_an_answer_has_the_confidence_of_the_best_box_on_the_object_kept_or_not() -> None:
    images = pictures(1)
    tried = TriedObject(1, "0.jpg", DOG, "dog", BOX, None)
    plan = TryPlan()
    blurred, blank = run_tries(lambda _: FakeProber((125, 125)), [tried], images.__getitem__, plan)  # type: ignore[arg-type]
    assert blurred == Try(1, "background_blurred", True, pytest.approx(1 / (1 + np.exp(-2)), abs=1e-6))
    assert not blank.kept
    assert 0.1 < blank.confidence < 0.25
    (cat, _) = run_tries(
        lambda _: FakeProber((125, 125)), [replace(tried, class_id=CAT)], images.__getitem__, plan
    )  # type: ignore[arg-type]
    assert not cat.kept
    far = replace(tried, box_xyxy=(0.0, 0.0, 64.0, 64.0))
    assert [
        each.confidence
        for each in run_tries(lambda _: FakeProber((125, 125)), [far], images.__getitem__, plan)
    ] == [0, 0]  # type: ignore[arg-type]


def test_the_plan_may_ask_for_more_confidence_than_the_model_does() -> None:
    images = pictures(1)
    tried = [TriedObject(1, "0.jpg", DOG, "dog", BOX, None)]
    kept = [
        next(
            run_tries(lambda _: FakeProber((125, 125), 0.001), tried, images.__getitem__, TryPlan(conf=conf))
        ).kept  # type: ignore[arg-type]
        for conf in (None, 0.5, 0.9)
    ]
    assert kept == [True, True, False]


def test_pictures_that_cannot_be_read_leave_their_questions_out() -> None:
    images = pictures(2)
    told: list[str] = []

    def read(name: str) -> Any:
        if name in ("1.jpg", "empty.jpg"):
            raise UnreadableInputError(name)
        return images[name]

    table = table_of(*(made("true", "dog", name, BOX, class_id=DOG) for name in ("0.jpg", "1.jpg")))
    tried = tries_to_make(table, list(images), TryPlan())
    answers = list(
        run_tries(
            lambda _: FakeProber((125, 125)), tried, read, TryPlan(), lambda error: told.append(error.problem)
        )  # type: ignore[arg-type]
    )
    assert [(each.number, each.question) for each in answers] == [
        (1, "background_blurred"),
        (1, "object_blurred"),
    ]
    assert told == ["empty.jpg", "1.jpg"]


def test_no_tries_are_none() -> None:
    assert tries_to_make(table_of(made("true")), ["a.jpg"], TryPlan(0)) == ()
