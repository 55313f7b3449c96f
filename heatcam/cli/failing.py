"""Conversion of exceptions to messages and exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from heatcam.cli.help import GroupedHelp
from heatcam.cli.usage import Misused, is_call_for_help, misuse_words, unknown_command_words
from heatcam.errors import HeatcamError, UsageError
from heatcam.runtime import stopping


class HeatcamGroup(GroupedHelp):
    """The one place that turns exceptions into messages and exit codes."""

    def make_context(self, info_name: Any, args: list[str], *others: Any, **more: Any) -> Any:
        """Parse the options before the command's name, and ``--verbose`` anywhere."""
        if "--verbose" in args:
            from heatcam.commands import before_the_command  # noqa: PLC0415 (rich)

            args = before_the_command(args)
        with self._in_words():
            return super().make_context(info_name, args, *others, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an expected failure is one line on standard error, ``--debug`` shows its traceback."""
        with self._in_words(ctx):
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first word names."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise UsageError(unknown_command_words(args[0], self.commands))
        return super().resolve_command(ctx, args)

    @contextmanager
    def _in_words(self, ctx: Any = None) -> Iterator[None]:
        try:
            yield
        except HeatcamError as error:
            if ctx is not None and ctx.params.get("debug"):
                raise
            _stop(str(error), error.exit_code)
        except Misused as error:
            if is_call_for_help(error):
                raise
            _stop(misuse_words(error, ctx and ctx.invoked_subcommand, self.commands), 2)
        except (KeyboardInterrupt, typer.Abort):
            stopping.say()
            raise typer.Exit(stopping.exit_code()) from None


def _stop(line: str, exit_code: int) -> NoReturn:
    from heatcam.commands import Terminal  # noqa: PLC0415 (rich: a third of what `--help` takes)

    Terminal().error(line)
    raise typer.Exit(exit_code)
