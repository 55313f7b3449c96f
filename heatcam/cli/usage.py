"""Messages for invalid command lines: one line with a suggestion, where typer itself prints four."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from heatcam.cli.help import example_of, names_of
from heatcam.text import did_you_mean

#: Base class of typer's errors about a command line, whichever click it is built on.
Misused: Any = typer.BadParameter.__mro__[1]
#: The command for a file with this suffix.
_COMMAND_OF = {
    ".jpg": "snapshot",
    ".jpeg": "snapshot",
    ".png": "snapshot",
    ".mp4": "record",
    ".mov": "record",
    ".pt": "layers",
}


def is_call_for_help(error: Exception) -> bool:
    """Return True if the command line is empty, so that the help is printed."""
    return type(error).__name__ == "NoArgsIsHelpError"


def misuse_words(error: Any, invoked: str | None, commands: Mapping[str, Any]) -> str:
    """Return one line with the fault of a command line and a suggestion.

    Args:
        error: the error that typer raised.
        invoked: the command's name; None where the fault comes before it.
        commands: all commands by name.
    """
    command = commands.get(invoked or "") or (error.ctx and error.ctx.command)
    if type(error).__name__ == "MissingParameter" and command is not None:
        return f"{names_of(error.param)} is missing; for example: {example_of(command)}"
    said = error.format_message().replace("Value error, ", "").split(" (Possible options")[0].rstrip(".")
    meant = _meant(error, command, commands)
    help_of = f"`heatcam {invoked} --help`" if invoked in commands else "`heatcam --help`"
    return f"{said[:1].lower()}{said[1:]}; {meant + ' ' if meant else ''}{help_of} lists the options"


def _meant(error: Any, command: Any, commands: Mapping[str, Any]) -> str:
    """Return a suggestion, where one can be guessed; else ""."""
    if type(error).__name__ == "NoSuchOption":
        users = [f"`{name}`" for name, other in commands.items() if error.option_name in options_of(other)]
        if users:
            return f"only {' and '.join(users)} {'takes' if len(users) == 1 else 'take'} it;"
        return did_you_mean(error.option_name, options_of(command) if command is not None else [])
    param = getattr(error, "param", None)
    if param is not None and isinstance(param.default, Enum):
        wrong = str(error.message).partition("'")[2].partition("'")[0]
        return did_you_mean(wrong, [choice.value for choice in type(param.default)])
    return ""


def options_of(command: Any) -> list[str]:
    """Return the names of a command's options, ``--no-boxes`` included."""
    names = [name for param in command.params for name in (*param.opts, *param.secondary_opts)]
    return [name for name in names if name.startswith("-")]


def unknown_command_words(word: str, commands: Mapping[str, Any]) -> str:
    """Return the message for an unknown command, with a suggestion."""
    suited = _COMMAND_OF.get(Path(word).suffix.lower(), "snapshot" if Path(word).is_dir() else "")
    if suited:
        return f"there is no command {word!r}; did you mean: heatcam {suited} {word}"
    meant = did_you_mean(word, commands)
    return f"there is no command {word!r}; {meant + ' ' if meant else ''}`heatcam --help` lists the commands"
