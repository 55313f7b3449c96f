"""Options that a record's fields describe themselves: in the help with their words, and back in the record as its own type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from heatcam.cli.app import app
from heatcam.cli.groups import GROUP_OF
from heatcam.cli.help import Group, HeatcamCommand, by_group, names_of
from heatcam.cli.options import OPTIONS, _offered
from heatcam.cli.records import with_option_records
from heatcam.commands.options import ModelChoice
from heatcam.options import ExplainOptions, OfferedAs, _option

EXPLAINING = ("live", "snapshot", "record")
OFFERED: dict[str, OfferedAs] = {
    of.name: of.metadata["offered"] for of in fields(ExplainOptions) if "offered" in of.metadata
}
COMMANDS = typer.main.get_command(app).commands


class Shape(str, Enum):
    ROUND = "round"
    SQUARE = "square"


@dataclass(frozen=True, kw_only=True)
class MadeUp(ExplainOptions):
    """The options of an explanation and four more, one of which nobody is offered."""

    shape: str = _option("round", help="What the map looks like.", shapes_the_map=True, choices=Shape)
    places: tuple[str, ...] = _option((), help="Look here.", metavar="PLACES", commas=True)
    words: tuple[str, ...] = _option((), help="Say this.", metavar="WORD")
    depth: int | None = _option(None, help="How deep to look.")
    inner: int = 7


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[typer.Typer, list[MadeUp]]]:
    """A command that takes ``MadeUp``, and what it was called with."""
    monkeypatch.setitem(OPTIONS, MadeUp, _offered(MadeUp))
    monkeypatch.setitem(GROUP_OF, MadeUp, Group.MODEL)
    own, called = typer.Typer(rich_markup_mode=None), list[MadeUp]()

    @own.command(cls=HeatcamCommand, epilog="Example: look")
    @with_option_records
    def look(made: MadeUp) -> None:
        called.append(made)

    yield own, called


def run(own: typer.Typer, *words: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(own, words, env={"COLUMNS": "100"})
    assert result.exit_code == exit_code, result.output
    return result


def as_paragraph(result: Result) -> str:
    return " ".join(result.stdout.split())


@pytest.mark.parametrize("command", EXPLAINING)
def test_every_field_that_is_offered_is_an_option_with_its_words_under_its_heading(command: str) -> None:
    groups: dict[str, dict[str, Any]] = {
        heading: {param.name: param for param in params}
        for heading, params in by_group(COMMANDS[command].params)
    }
    page = "".join(
        CliRunner().invoke(app, [command, "--help"]).stdout.split()
    )  # (lines break at hyphens too)
    assert {"method", "conf", "classes", "layers"} < OFFERED.keys()
    for name, looks in OFFERED.items():
        param = groups["Map" if looks.shapes_the_map else "Model"][name]
        assert param.opts == [f"--{name.replace('_', '-')}"]
        assert "".join(looks.help.split()) in page
        assert looks.metavar in names_of(param)


def test_a_field_that_describes_no_option_is_none() -> None:
    inner = {of.name for of in fields(ExplainOptions)} - OFFERED.keys()
    assert inner == {"pictures"}
    assert not inner & {param.name for command in EXPLAINING for param in COMMANDS[command].params}


def test_the_commands_have_the_fields_in_the_order_in_which_they_stand() -> None:
    names = [param.name for param in COMMANDS["snapshot"].params if param.name in OFFERED]
    assert names == list(OFFERED)


def test_a_field_that_is_added_to_a_record_is_offered_with_its_words(
    made_up: tuple[typer.Typer, list[MadeUp]],
) -> None:
    own, called = made_up
    page = as_paragraph(run(own, "--help"))
    head, _, of_the_map = page.partition("Map:")
    assert "--shape round|square What the map looks like. [default: round]" in of_the_map
    assert "--places PLACES Look here." in head
    assert "--depth N How deep to look." in head
    assert "--method" in of_the_map
    assert "inner" not in page
    run(own, "--depth", "3", "--shape", "square", "--conf", "0.5")
    assert called == [MadeUp(depth=3, shape="square", conf=0.5)]


def test_nothing_that_is_given_leaves_the_records_own_values(
    made_up: tuple[typer.Typer, list[MadeUp]],
) -> None:
    own, called = made_up
    run(own)
    assert called == [MadeUp()]


def test_a_choice_is_one_of_its_values_whatever_the_letters_and_comes_as_text(
    made_up: tuple[typer.Typer, list[MadeUp]],
) -> None:
    own, called = made_up
    run(own, "--shape", "SQUARE", "--quality", "Fine")
    assert (called[0].shape, called[0].quality) == ("square", "fine")
    assert not isinstance(called[0].shape, Enum)
    refused = run(own, "--shape", "oval", exit_code=2)
    assert "'oval' is not one of 'round', 'square'" in refused.output
    assert len(called) == 1


def test_texts_with_commas_come_in_one_and_are_taken_apart(
    made_up: tuple[typer.Typer, list[MadeUp]],
) -> None:
    own, called = made_up
    run(own, "--places", "left, top right,,", "--layers", "12,15")
    assert (called[0].places, called[0].layers) == (("left", "top right"), ("12", "15"))


def test_texts_without_commas_come_each_behind_an_option_of_its_own_as_they_are(
    made_up: tuple[typer.Typer, list[MadeUp]],
) -> None:
    own, called = made_up
    run(own, "--words", "one, two", "--words", "three", "--classes", "cat,dog")
    assert (called[0].words, called[0].classes) == (("one, two", "three"), ("cat,dog",))


def test_what_the_command_line_gives_is_what_the_explainer_takes() -> None:
    given = {"conf": 0.5, "layers": ("12",), "quality": "fine", "why": "cat", "target": "box", "max_det": 3}
    assert ModelChoice(**given, model="markers").explain_options(2) == ExplainOptions(**given, pictures=2)  # type: ignore[arg-type]
