"""Layout of the help: the usual case first, then options in groups.

typer's own groups are drawn by rich, which takes 120 ms to load; these are plain lines.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from typer.core import TyperCommand, TyperGroup

EXAMPLE = "Example: "  # beginning of an epilog
_LONGEST_NAME = 26  # letters of an option with its value; the text of longer ones begins on the next line


class Group(str, Enum):
    """A heading in a command's help, in their order."""

    SOURCE = "Source"
    MODEL = "Model"
    MAP = "Map"
    LOOK = "Look"
    WINDOW = "Window"
    SERVICE = "Service"
    MEASURING = "Measuring"
    OUTPUT = "Output"
    FINDINGS = "Findings"
    HELP = "Help"


class Kind(str, Enum):
    """A heading in the list of commands, in their order."""

    SEE = "See what a detector sees"
    CHOOSE = "What there is to choose from"
    MEASURE = "Measure"
    MEND = "Mend"


class HeatcamCommand(TyperCommand):
    """A command whose help begins with its example and has its options in groups."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write how the command is mostly called, and how else."""
        write_usage(formatter, f"{ctx.command_path} {' '.join(pieces_of(self.params))}", example_of(self))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section per group, with all texts in one column."""
        groups = list(by_group(self.get_params(ctx)))
        names = [names_of(param) for _, params in groups for param in params]
        width = max(len(name) for name in names if len(name) <= _LONGEST_NAME)
        for heading, params in groups:
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), text) for name, text in map(row, params)], width)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write nothing: the example stands at the top."""


class GroupedHelp(TyperGroup):
    """The program, whose help has its commands in groups."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the usual call of the program, then the general one."""
        write_usage(formatter, f"{ctx.command_path} COMMAND ...", example_of(self))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands first, each with its whole summary, then the options."""
        for kind in Kind:
            rows = [
                (name, summary_of(command))
                for name, command in self.commands.items()
                if command.rich_help_panel == kind and not command.hidden  # type: ignore[attr-defined]
            ]
            with formatter.section(kind.value):
                formatter.write_dl(rows)
        with formatter.section("Options, before the command"):
            formatter.write_dl([row(param) for param in self.get_params(ctx)])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write where to find the rest of the help."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(f"`{ctx.command_path} COMMAND --help` says all about one.")


def example_of(command: Any) -> str:
    """Return the usual call of a command, from its epilog."""
    return str(command.epilog or "").removeprefix(EXAMPLE)


def summary_of(command: Any) -> str:
    """Return the first sentence of a command's help, without its full stop."""
    first, _, _ = inspect.cleandoc(command.help or "").partition("\n\n")
    return " ".join(first.split()).partition(". ")[0].rstrip(".")


def write_usage(formatter: Any, every_case: str, usual_case: str) -> None:
    """Write the usual call of a command, then the general one."""
    formatter.write(f"Usage: {usual_case or every_case}\n")
    if usual_case:
        formatter.write(f"   or: {every_case}\n")


def pieces_of(params: Iterable[Any]) -> Iterator[str]:
    """Yield the parts after a command's name: options, and each argument, in brackets where it is optional."""
    yield "[OPTIONS]"
    for param in params:
        if param.param_type_name == "argument":
            name = str(param.metavar or param.name.upper())
            yield (name if param.required else f"[{name}]") + "..." * (param.nargs == -1)


def by_group(params: Iterable[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each heading with its arguments and options, arguments first; those without a group are under the last."""
    shown = [param for param in params if not param.hidden]
    shown.sort(key=lambda param: param.param_type_name != "argument")
    for group in Group:
        members = [param for param in shown if (param.rich_help_panel or Group.HELP) == group]
        if members:
            yield group.value, members


def row(param: Any) -> tuple[str, str]:
    """Return an option's line in the help: its names with their value, and its text."""
    return names_of(param), f"{' '.join((param.help or '').split())}{_default_words(param)}"


def names_of(param: Any) -> str:
    """Return an option's names: ``-o, --output PATH``, ``--boxes/--no-boxes`` or ``SOURCE``."""
    if param.param_type_name == "argument":
        return f"{param.metavar or param.name.upper()}{'...' if param.nargs == -1 else ''}"
    names = ", ".join(sorted(param.opts, key=len))
    switched_off = "".join(f"/{name}" for name in param.secondary_opts)
    return f"{names}{switched_off}{f' {param.metavar}' if param.metavar else ''}"


def default_of(param: Any) -> str:
    """Return an option's default in words; "" where it has none, or its help text says it."""
    default = getattr(param.default, "value", param.default)
    if default is None or default == "" or callable(default) or param.required:
        return ""
    if isinstance(default, bool):
        return "on" if default and param.secondary_opts else ""
    return str(default)


def _default_words(param: Any) -> str:
    default = default_of(param)
    return f"  [default: {default}]" if default else ""
