"""Numbers that tell true detections from false ones, and what a rule of low evidence would do."""

from __future__ import annotations

import numpy as np

from heatcam.audit.columns import FALSE, NUMBERS, Mask, ObjectColumns
from heatcam.audit.figures import Estimate, RuleCost, Separation
from heatcam.audit.objects import ObjectKind
from heatcam.audit.resampling import PictureDraws, share_of

TRUE = ObjectKind.TRUE.value


def separation_of(columns: ObjectColumns, draws: PictureDraws) -> tuple[Separation, ...]:
    """Return how well each number tells true from false: over all classes first, then in each class that has both."""
    found = [
        _separation(columns, draws, class_name, number)
        for class_name in (None, *columns.class_names)
        for number in NUMBERS
    ]
    return tuple(each for each in found if each.true and each.false)


def _separation(
    columns: ObjectColumns, draws: PictureDraws, class_name: str | None, number: str
) -> Separation:
    counted = columns.of_class(class_name) & columns.known(number) & columns.of_kinds(TRUE, FALSE)
    is_true = columns.of_kinds(TRUE)[counted]
    true, false = int(is_true.sum()), int((~is_true).sum())
    if not true or not false:
        return Separation(class_name, number, true, false, Estimate(None, None, None, true + false))
    auc = draws.auc(columns.number(number)[counted], is_true, columns.picture[counted])
    return Separation(class_name, number, true, false, auc)


def rule_costs_of(columns: ObjectColumns) -> tuple[RuleCost, ...]:
    """Return what dropping low evidence would catch and cost: over all classes first, then in each that has both."""
    found = [
        RuleCost(
            name,
            low_share(columns, columns.of_class(name) & columns.of_kinds(FALSE)),
            low_share(columns, columns.of_class(name) & columns.of_kinds(TRUE)),
        )
        for name in (None, *columns.class_names)
    ]
    return tuple(each for each in found if each.caught.n and each.cost.n)


def low_share(columns: ObjectColumns, chosen: Mask) -> Estimate:
    """Return the share of some objects with low evidence, of those of which it is known."""
    known = chosen & columns.known("low_evidence")
    low = np.nan_to_num(columns.number("low_evidence"))
    return share_of(columns.per_picture(known, low), columns.per_picture(known))
