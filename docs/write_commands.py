"""Writes ``commands.md`` from the command line itself: ``make docs``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import typer

from heatcam.cli.app import app
from heatcam.cli.help import by_group, default_of, example_of, names_of


def main() -> None:
    """One section a command: what it does, an example, its options."""
    group = typer.main.get_command(app)
    pages = ["# Commands\n\nWritten by `make docs` from the commands' own `--help`.\n"]
    pages += [_section(name, command) for name, command in group.commands.items()]
    (Path(__file__).parent / "commands.md").write_text("\n".join(pages), "utf-8")


def _section(name: str, command: typer.core.TyperCommand) -> str:
    groups = "\n".join(_group(heading, params) for heading, params in by_group(command.params))
    example = example_of(command)
    return f"## heatcam {name}\n\n{command.help}\n\n```bash\n{example}\n```\n\n| | |\n|---|---|\n{groups}\n"


def _group(heading: str, params: list[typer.core.TyperOption]) -> str:
    return "\n".join([f"| **{heading}** | |", *map(_row, params)])


def _row(param: typer.core.TyperOption) -> str:
    flags = [f"`{name}`" for name in (*param.opts, *param.secondary_opts)]
    names = ", ".join(flags) if param.opts[0].startswith("-") else f"`{names_of(param)}`"
    kind = type(param.default)
    choices = [f"`{choice.value}`" for choice in kind] if issubclass(kind, Enum) else []
    offered = f" One of {', '.join(choices)}." if choices else ""
    default = f" Default `{default_of(param)}`." if default_of(param) else ""
    return f"| {names} | {' '.join((param.help or '').split())}{offered}{default} |"


if __name__ == "__main__":
    main()
