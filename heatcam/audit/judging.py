"""Judgement of rules about an audit, by the intervals of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from heatcam.audit.changing import AuditTables
from heatcam.audit.columns import ObjectColumns, columns_of
from heatcam.audit.context import context_of
from heatcam.audit.distributions import found_of, precision_of
from heatcam.audit.figures import ContextFigures, Estimate
from heatcam.audit.objects import ObjectKind
from heatcam.audit.resampling import PictureDraws
from heatcam.audit.separation import low_share

_TRUE = ObjectKind.TRUE.value
_RIGHT = (_TRUE, ObjectKind.UNLABELLED.value)


class RuleOutcome(Enum):
    """Judgement of a rule."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Condition:
    """A bound.

    Attributes:
        above: True if numbers have to be above it.
        bound: the number.
        text: as it was written.
    """

    above: bool
    bound: float
    text: str

    def holds(self, value: float) -> bool:
        """Return True on the right side of the bound, and on it unless that is ``>`` or ``<``."""
        if value == self.bound:
            return "=" in self.text
        return (value > self.bound) is self.above


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        class_name: None for all classes together.
        metric: one of ``METRICS``.
        condition: its bound.
    """

    class_name: str | None
    metric: str
    condition: Condition


@dataclass(frozen=True)
class Judgement:
    """A rule, judged.

    Attributes:
        rule: the rule.
        outcome: ``pass`` where the whole interval is on the right side, ``fail`` where all of it is on the wrong one.
        found: the number with its interval.
        words: one line.
    """

    rule: Rule
    outcome: RuleOutcome
    found: Estimate
    words: str


@dataclass(frozen=True, eq=False)
class _Audited:
    """Base of the metrics: columns of the objects, resamples of the pictures, context by class."""

    columns: ObjectColumns
    draws: PictureDraws
    context: dict[str | None, ContextFigures]

    def mean(self, number: str, class_name: str | None) -> Estimate:
        """Return the mean of a number over true detections; of data without labels over all."""
        columns = self.columns
        own = columns.of_class(class_name) & columns.of_kinds(*_RIGHT) & columns.known(number)
        return self.draws.mean(columns.per_picture(own, columns.number(number)), columns.per_picture(own))

    def tried(self, name: str, class_name: str | None) -> Estimate:
        """Return a number of the context tries."""
        figures = self.context.get(class_name)
        found: Estimate = getattr(figures, name) if figures else Estimate(None, None, None, 0)
        return found


def _mean_of(number: str) -> Callable[[_Audited, str | None], Estimate]:
    return lambda audited, class_name: audited.mean(number, class_name)


def _tried(name: str) -> Callable[[_Audited, str | None], Estimate]:
    return lambda audited, class_name: audited.tried(name, class_name)


def _low_evidence(audited: _Audited, class_name: str | None) -> Estimate:
    columns = audited.columns
    return low_share(columns, columns.of_class(class_name) & columns.of_kinds(*_RIGHT))


#: What rules can be about, and how it is estimated for a class, or for all for None.
METRICS: dict[str, Callable[[_Audited, str | None], Estimate]] = {
    "precision": lambda audited, class_name: precision_of(audited.columns, class_name),
    "found": lambda audited, class_name: found_of(audited.columns, class_name),
    "confidence": _mean_of("confidence"),
    "energy_in_box": _mean_of("energy_in_box"),
    "enrichment": _mean_of("enrichment"),
    "evidence": _mean_of("evidence"),
    "low_evidence": _low_evidence,
    "without_background": _tried("without_background"),
    "background_blurred": _tried("background_blurred"),
    "background_swapped": _tried("background_swapped"),
    "object_needed": _tried("object_needed"),
}
#: Metrics that need tries.
TRIED = frozenset({"without_background", "background_blurred", "background_swapped", "object_needed"})


def judge_rules(rules: Sequence[Rule], audit: AuditTables, seed: int = 0) -> tuple[Judgement, ...]:
    """Judge rules by the intervals of their numbers.

    A rule passes where its whole 95 % interval is on the right side of the bound, and fails where all of it is on the wrong
    side: then more pictures would hardly change it. Between, and without an interval, it is undecided.

    Args:
        rules: the rules.
        audit: tables of the audit.
        seed: of the intervals' resamples.
    """
    columns = columns_of(audit.objects, audit.pictures)
    context = {each.class_name: each for each in context_of(audit.objects, audit.tries)}
    audited = _Audited(columns, PictureDraws(len(columns.pictures), seed), context)
    return tuple(_judgement(rule, METRICS[rule.metric](audited, rule.class_name)) for rule in rules)


def _judgement(rule: Rule, found: Estimate) -> Judgement:
    outcome = _outcome(rule.condition, found)
    return Judgement(rule, outcome, found, _words(rule, outcome, found))


def _outcome(condition: Condition, found: Estimate) -> RuleOutcome:
    if found.low is None or found.high is None or not np.isfinite([found.low, found.high]).all():
        return RuleOutcome.UNDECIDED
    held = {condition.holds(found.low), condition.holds(found.high)}
    if len(held) > 1:
        return RuleOutcome.UNDECIDED
    return RuleOutcome.PASS if held.pop() else RuleOutcome.FAIL


def _words(rule: Rule, outcome: RuleOutcome, found: Estimate) -> str:
    name = "all classes" if rule.class_name is None else rule.class_name
    return f"{name}: {rule.metric} {rule.condition.text}: {outcome.value}, {_seen(rule, found)}"


def _seen(rule: Rule, found: Estimate) -> str:
    unit = "tries" if rule.metric in TRIED else "objects"
    if found.value is None:
        return f"there are no {unit}"
    ends = (
        ", no interval: too few pictures"
        if found.low is None or found.high is None
        else f" [{found.low:.3f}, {found.high:.3f}]"
    )
    return f"it is {found.value:.3f}{ends}, {found.n:,} {unit}"
