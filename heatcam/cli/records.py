"""Conversion of a command that takes records of options to one that takes each option by itself, as typer needs it."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

import typer

from heatcam.cli.groups import GROUP_OF
from heatcam.cli.help import Group
from heatcam.cli.options import CHOICES, OPTIONS
from heatcam.options import names_in

_LONGEST_CHOICE = 40  # letters of the values that help shows after an option; longer ones are in its text


_MODELS = "model", "models"  # options that name checkpoints
#: The option beside them that names code whose layers a checkpoint may use.
TrustOption = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="FILE.py|PACKAGE",
        help="Your own code, whose layers the model needs: it is run, and these are allowed. May be given several times.",
        rich_help_panel=Group.MODEL,
    ),
]
TRUST = inspect.Parameter("trust", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=TrustOption)


def with_option_records(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command that takes records (``LookOptions``) in one that takes their fields as options (``--alpha``, ...)."""
    hints = get_type_hints(command, include_extras=True)
    own = list(inspect.signature(command, eval_str=True).parameters.values())
    records = {p.name: hints[p.name] for p in own if hints[p.name] in OPTIONS}
    flat = [p for p in own if p.name not in records]
    offered = {name: offered_fields(kind) for name, kind in records.items()}
    flat += [option.parameter() for options in offered.values() for option in options]
    takes_a_model = any(param.name in _MODELS for param in flat)
    flat += [TRUST] if takes_a_model else []

    @functools.wraps(command)
    def run(**values: Any) -> None:
        if takes_a_model:
            trust_code(values.pop(TRUST.name))
        made = {
            name: kind(**{option.name: option.value_of(values.pop(option.name)) for option in offered[name]})
            for name, kind in records.items()
        }
        command(**values, **made)

    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in flat}
    return run


def trust_code(specs: list[str] | None) -> None:
    """Trust the code that ``--trust`` names, for the whole program; see ``heatcam.models.trust``."""
    if specs:
        from heatcam.models import trust  # noqa: PLC0415 (not for help)

        trust(specs)


@dataclasses.dataclass(frozen=True)
class OfferedField:
    """A field of a record as an option of typer, and the conversion of the option's value to the field's.

    Attributes:
        kind: the record.
        name: of the field, and of the option.
        type_of: the option's type.
        default: of that type.
        value_of: converts a value of that type to the field's own.
    """

    kind: type
    name: str
    type_of: Any
    default: Any
    value_of: Callable[[Any], Any]

    def parameter(self) -> inspect.Parameter:
        """Return the parameter of a command."""
        described: Any = Annotated[self.type_of, _described(self.kind, self.name, self.type_of)]
        return inspect.Parameter(
            self.name, inspect.Parameter.KEYWORD_ONLY, default=self.default, annotation=described
        )


def offered_fields(kind: type) -> list[OfferedField]:
    """Return the fields of a record that are options, in the order of the help."""
    types, own = get_type_hints(kind), {f.name: f for f in dataclasses.fields(kind)}
    return [_offered(kind, own[name], types[name]) for name in OPTIONS[kind]]


def _offered(kind: type, of: dataclasses.Field[Any], type_of: Any) -> OfferedField:
    looks, default = of.metadata.get("offered"), cast(Any, of.default)
    choices = CHOICES.get(of.name, looks and looks.choices)
    if choices is not None and type_of == tuple[str, ...]:
        return OfferedField(kind, of.name, _several(choices), None, _values)
    if choices is not None:
        return OfferedField(kind, of.name, choices, choices(default), lambda choice: choice.value)
    if looks is not None and looks.commas:
        return OfferedField(kind, of.name, str, ",".join(default), names_in)
    if type_of == tuple[str, ...]:
        return OfferedField(kind, of.name, list[str] | None, None, lambda texts: tuple(texts or ()))
    return OfferedField(kind, of.name, type_of, default, lambda value: value)


def _several(kind: Any) -> Any:
    """Return the type of an option that takes choices of this kind several times."""
    return list[kind] | None


def _values(chosen: list[Any] | None) -> tuple[str, ...]:
    """Return the values of choices that may be given several times."""
    return tuple(choice.value for choice in chosen or ())


def _described(kind: type, name: str, type_of: Any) -> Any:
    """Return an option with its group in the help, and the name of its value there."""
    option = copy.copy(OPTIONS[kind][name])
    option.rich_help_panel = option.rich_help_panel or GROUP_OF[kind]
    option.metavar = option.metavar or value_words(type_of)
    return option


def value_words(type_of: Any) -> str | None:
    """Return the name, in the help, of an option's value of this type; None for a switch, which has no value."""
    (plain,) = [t for t in get_args(type_of) if t is not type(None)][:1] or [type_of]
    if plain is bool:
        return None
    if get_origin(plain) is list:
        return value_words(get_args(plain)[0])
    if isinstance(plain, type) and issubclass(plain, Enum):
        choices = "|".join(str(choice.value) for choice in plain)
        return choices if len(choices) <= _LONGEST_CHOICE else "NAME"
    return {int: "N", float: "NUMBER", Path: "FILE"}.get(plain, "TEXT")
