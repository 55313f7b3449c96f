"""Class names of a model, from any form that checkpoints have them in."""

from __future__ import annotations

import logging
from typing import Any

from heatcam.models.limits import MOST_CLASSES, MOST_NAME_LENGTH, refuse, shown

logger = logging.getLogger(__name__)


def class_names_of(names: Any, count: int | None, title: str) -> dict[int, str]:
    """Return one name for each class id; ``class7`` where there is none.

    Args:
        names: as the checkpoint has them: a list, a dict from ids to names, or one from names to ids; None for none.
        count: number of classes of the head; None where it is not known.
        title: the model's name, for the log.

    Raises:
        UnfitError: they are not names, too many or too long.
    """
    found = _numbered(names)
    if any(len(name) > MOST_NAME_LENGTH for name in found.values()):
        refuse(f"has a class name of {max(map(len, found.values()))} characters")
    if count is None:
        return found
    named = {number: found.get(number) or f"class{number}" for number in range(count)}
    if found and set(found) != set(named):
        logger.warning(
            "%s has %d classes and names for %d: those without one are numbered",
            title,
            count,
            len(set(found) & set(named)),
        )
    return named


def _numbered(names: Any) -> dict[int, str]:
    if names is None:
        return {}
    if isinstance(names, list | tuple):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        refuse(f"has class names in a {type(names).__name__} instead of a list")
    if len(names) > MOST_CLASSES:
        refuse(f"has names for {len(names)} classes, more than {MOST_CLASSES}")
    if names and all(
        isinstance(key, str) and _number(key) is None and _number(value) is not None
        for key, value in names.items()
    ):
        names = {number: name for name, number in names.items()}
    numbers = [_number(key) for key in names]
    if None in numbers:
        refuse(f"numbers its classes with {shown(list(names)[numbers.index(None)])!r}, which is no number")
    if not all(name is None or isinstance(name, str | int | float) for name in names.values()):
        refuse("has class names that are no text")
    return {
        number: "" if name is None else str(name)
        for number, name in zip(numbers, names.values(), strict=True)
        if number is not None
    }


def _number(value: Any) -> int | None:
    """Read a class's number, also from text; None for anything else."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 10 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
