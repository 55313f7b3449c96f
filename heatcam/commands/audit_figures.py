"""Stages of ``heatcam audit`` that try context, count figures, and compare with a previous audit.

Each takes the run, puts what it found into it, and says nothing on its own but how far it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars

from heatcam.audit import (
    AuditTables,
    TriedObject,
    changes_document,
    changes_of,
    figures_document,
    figures_of,
    questions_of,
    read_audit,
    read_settings,
    settings_words,
)
from heatcam.commands.audit_tries import ProberOf, TryPlan, answers_to_come, run_tries, tries_to_make
from heatcam.commands.terminal import Terminal
from heatcam.errors import HeatcamError
from heatcam.runtime import say_doing
from heatcam.sources import read_picture

if TYPE_CHECKING:
    from heatcam.commands.audit_run import AuditRun

_SAID_EVERY_S = 0.5


def wants_tries(run: AuditRun) -> bool:
    """Return True if context is to be tried."""
    return run.choice.tries > 0


def is_against(run: AuditRun) -> bool:
    """Return True if there is a previous audit to compare with."""
    return run.choice.against is not None


def try_context(run: AuditRun) -> None:
    """Ask what the model still finds without background and without object, and keep each answer as it comes.

    What an earlier run has answered is not asked again.
    """
    plan = TryPlan(run.choice.tries, run.choice.seed, run.choice.match_iou)
    tried = tries_to_make(run.store.table(), _pictures(run), plan)
    left = _unanswered(tried, run.store.tries())
    progress = _Progress(answers_to_come(left))
    for answer in run_tries(_probers(run), left, _reader(run), plan, _teller(run.terminal)):
        run.store.put_tries([asdict(answer)])
        progress.step()


def _probers(run: AuditRun) -> ProberOf:
    """Return what gives the model for a picture, with the geometry that its objects were found with."""
    from heatcam.saliency import Prober  # noqa: PLC0415 (torch: loaded by now)

    def prober_of(name: str) -> Prober:
        letterbox = run.letterboxes.get(name)
        return Prober(run.explainer if letterbox is None else run.explainer.with_fit(lambda _: letterbox))

    return lru_cache(maxsize=1)(prober_of)  # (objects come in the order of pictures)


def count_figures(run: AuditRun) -> None:
    """Put the figures into the run: ``made`` has them, ``documents`` their plain values, ``lines`` their summary."""
    figures = figures_of(run.store.table(), run.store.tries(), _pictures(run), run.choice.seed)
    run.made["figures"] = figures
    run.documents["figures"] = figures_document(figures)
    run.lines += figures.lines


def compare_audits(run: AuditRun) -> None:
    """Put the changes since a previous audit into the run, likewise.

    Raises:
        UnreadableInputError: that is no finished audit, or it is broken.
    """
    if run.choice.against is None:
        return
    before = read_audit(run.choice.against)
    now = AuditTables(run.store.table(), _pictures(run), run.store.tries())
    changes = changes_of(str(run.choice.against), before, now, run.choice.seed)
    otherwise = settings_words(read_settings(run.choice.against), run.settings)
    changes = replace(changes, lines=(*changes.lines[:1], *otherwise, *changes.lines[1:]))
    run.made["changes"] = changes
    run.documents["changes"] = changes_document(changes)
    run.lines += changes.lines


def _pictures(run: AuditRun) -> tuple[str, ...]:
    """Return the names of the pictures that could be read, in their order."""
    read = run.store.images().filter(polars.col("error").is_null())
    return tuple(read["image"].to_list())


def _reader(run: AuditRun) -> Callable[[str], Any]:
    return lambda name: read_picture(run.files[name])


def _teller(terminal: Terminal) -> Callable[[HeatcamError], None]:
    return lambda error: terminal.note(f"left out: {error}")


def _unanswered(tried: Sequence[TriedObject], answers: polars.DataFrame) -> tuple[TriedObject, ...]:
    """Return the objects whose questions are not all answered."""
    known = {(number, question) for number, question in answers.select("number", "question").iter_rows()}
    return tuple(
        each
        for each in tried
        if any((each.number, question.value) not in known for question in questions_of(each))
    )


class _Progress:
    """Tells how many answers there are, and how long the others will take, in the terminal's status line.

    Args:
        total: answers to come.
    """

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._started = time.perf_counter()
        self._said_at = self._started

    def step(self) -> None:
        """Count one answer."""
        self._done += 1
        now = time.perf_counter()
        if now - self._said_at >= _SAID_EVERY_S:
            self._said_at = now
            left_s = (now - self._started) / self._done * (self._total - self._done)
            say_doing(f"trying context: {self._done:,} of {self._total:,}, {_time(left_s)} left")


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
