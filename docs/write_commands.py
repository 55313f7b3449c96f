"""Writes ``commands.md`` from the command line itself: ``make docs``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import typer

from heatcam.cli import app


def main() -> None:
    """One section a command: what it does, an example, its options."""
    group = typer.main.get_command(app)
    pages = ["# Commands\n\nWritten by `make docs` from the commands' own `--help`.\n"]
    pages += [_section(name, command) for name, command in group.commands.items()]
    (Path(__file__).parent / "commands.md").write_text("\n".join(pages), "utf-8")


def _section(name: str, command: typer.core.TyperCommand) -> str:
    rows = "\n".join(_row(param) for param in command.params)
    example = (command.epilog or "").removeprefix("Example: ")
    return f"## heatcam {name}\n\n{command.help}\n\n```bash\n{example}\n```\n\n| | |\n|---|---|\n{rows}\n"


def _row(param: typer.core.TyperOption) -> str:
    flags = [f"`{name}`" for name in (*param.opts, *param.secondary_opts)]
    names = ", ".join(flags) if param.opts[0].startswith("-") else f"`{param.name}`"
    kind = type(param.default)
    choices = [f"`{choice.value}`" for choice in kind] if issubclass(kind, Enum) else []
    offered = f" One of {', '.join(choices)}." if choices else ""
    plain = getattr(param.default, "value", param.default)
    default = f" Default `{plain}`." if plain not in (None, "", False, True) and not callable(plain) else ""
    return f"| {names} | {' '.join((param.help or '').split())}{offered}{default} |"


if __name__ == "__main__":
    main()
