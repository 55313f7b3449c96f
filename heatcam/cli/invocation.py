"""Facts of a command about its own call: the options that were given, and the terminal that it was called from."""

from __future__ import annotations

import sys
from typing import Any

import typer


def given_options(ctx: typer.Context) -> frozenset[str]:
    """Return the names of the options that were given on the command line."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return frozenset(
        name for name, kind in sources.items() if kind is not None and kind.name == "COMMANDLINE"
    )


def terminal_of(*, says_yes: bool = False) -> Any:
    """Return the terminal; it asks questions only if standard input and standard error are terminals."""
    from heatcam.commands import Terminal  # noqa: PLC0415

    somebody = sys.stdin.isatty() and sys.stderr.isatty()
    return Terminal(
        confirm=(lambda question: typer.confirm(question, err=True)) if somebody else None, says_yes=says_yes
    )
