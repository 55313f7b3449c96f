"""From a command that takes whole records of options to one that takes each option by itself, as typer wants it."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

from heatcam.cli.options import GROUP_OF, OPTIONS

_LONGEST_CHOICE = 40  # letters of the values that help shows behind an option; longer ones stand in its text


def with_option_records(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes whole records (``Look``) as one that takes their fields as options (``--alpha``, ...)."""
    hints = get_type_hints(command, include_extras=True)
    own = list(inspect.signature(command, eval_str=True).parameters.values())
    records = {p.name: hints[p.name] for p in own if hints[p.name] in OPTIONS}
    flat = [p for p in own if p.name not in records]
    for kind in records.values():
        types = get_type_hints(kind)
        flat += [
            inspect.Parameter(
                f.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=f.default,
                annotation=Annotated[types[f.name], _described(kind, f.name, types[f.name])],
            )
            for f in dataclasses.fields(kind)
        ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        made = {
            name: kind(**{f.name: values.pop(f.name) for f in dataclasses.fields(kind)})
            for name, kind in records.items()
        }
        command(**values, **made)

    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in flat}
    return run


def _described(kind: type, name: str, type_of: Any) -> Any:
    """An option with its group in the help, and what its value is called there."""
    option = copy.copy(OPTIONS[kind][name])
    option.rich_help_panel = option.rich_help_panel or GROUP_OF[kind]
    option.metavar = option.metavar or value_words(type_of)
    return option


def value_words(type_of: Any) -> str | None:
    """What the value of an option of this type is called in the help; None for a switch, which has none."""
    (plain,) = [t for t in get_args(type_of) if t is not type(None)][:1] or [type_of]
    if plain is bool:
        return None
    if isinstance(plain, type) and issubclass(plain, Enum):
        choices = "|".join(str(choice.value) for choice in plain)
        return choices if len(choices) <= _LONGEST_CHOICE else "NAME"
    return {int: "N", float: "NUMBER", Path: "FILE"}.get(plain, "TEXT")
