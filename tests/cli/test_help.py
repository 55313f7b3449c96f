"""Help: the usual case first, options in groups, whole summaries, nothing that a command does not use."""

from __future__ import annotations

import re

import pytest
import typer
from typer.testing import CliRunner

from heatcam.cli.app import app
from heatcam.cli.groups import GROUP_OF
from heatcam.cli.help import Group, example_of, summary_of
from heatcam.cli.options import OPTIONS

COMMANDS = typer.main.get_command(app).commands


def help_of(*command: str, columns: int = 80) -> list[str]:
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": str(columns)})
    assert result.exit_code == 0
    return result.stdout.splitlines()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_begins_with_the_usual_case(command: str) -> None:
    first, second, *_ = help_of(command)
    assert first == f"Usage: {example_of(COMMANDS[command])}"
    assert second.startswith(f"   or: heatcam {command} [OPTIONS]")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_stands_once_under_a_heading_of_the_groups(command: str) -> None:
    lines = help_of(command)
    headings = [line.rstrip(":") for line in lines if re.fullmatch(r"[A-Z]\w+:", line)]
    order = [group.value for group in Group]
    assert headings == sorted(headings, key=order.index)
    shown = [line.split()[0].rstrip(",") for line in lines if re.match(r"  -", line)]
    options = [min(param.opts, key=len) for param in COMMANDS[command].params if param.opts[0][0] == "-"]
    assert sorted(name.partition("/")[0] for name in shown) == sorted([*options, "-h"])


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("command", ["", *sorted(COMMANDS)])
def test_help_fits_its_terminal_and_speaks_no_python(command: str, columns: int) -> None:
    lines = help_of(*command.split(), columns=columns)
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if re.search(r"<|list\[|<=|float range|\.\.\.\.", line)]


def test_no_summary_in_the_list_of_commands_is_cut() -> None:
    page = " ".join(" ".join(help_of()).split())
    for name, command in COMMANDS.items():
        assert f" {name} {summary_of(command)} " in page
        assert not summary_of(command).endswith(("...", "."))
        assert len(summary_of(command)) < 75


def test_an_option_is_in_the_help_of_those_that_use_it_alone() -> None:
    users = {
        option: {
            name
            for name, command in COMMANDS.items()
            if option in {o for p in command.params for o in p.opts}
        }
        for option in ("--smooth", "--npz", "--view", "--start", "--codec", "--every", "--why", "--output")
    }
    assert users == {
        "--smooth": {"live", "record", "serve"},
        "--npz": {"snapshot"},
        "--view": {"snapshot", "redraw"},
        "--start": {"live", "record", "compare", "serve", "stats", "drift"},
        "--codec": {"record"},
        "--every": {"live", "stats", "drift"},
        "--why": {"live", "snapshot", "record", "compare", "serve", "stats", "drift", "batch"},
        "--output": {
            "snapshot",
            "redraw",
            "record",
            "compare",
            "stats",
            "missed",
            "cover",
            "audit",
            "check",
            "export",
            "batch",
        },
    }
    assert "Of other sources the recording gets it" in " ".join(" ".join(help_of("record")).split())
    assert "recording" not in " ".join(help_of("snapshot"))


def test_every_record_of_options_has_a_group() -> None:
    assert set(GROUP_OF) == set(OPTIONS)
