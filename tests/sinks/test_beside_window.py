"""Sinks beside the window: found by their option, refused at once, opened for the run, closed at its end."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from heatcam.cli import groups
from heatcam.cli import options as cli_options
from heatcam.cli.records import offered_fields
from heatcam.commands import live
from heatcam.commands.live import LiveOptions, run_live
from heatcam.commands.options import Extent, FilmChoice, LookOptions, ModelChoice, MotionOptions, WindowChoice
from heatcam.commands.refusals import before_live
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.live import Session
from heatcam.sinks.beside_window import sink_option
from tests.live.streams import FakeViewer


@dataclass(frozen=True, kw_only=True)
class MadeUp(WindowChoice):
    """The window with two sinks beside it."""

    log: str = sink_option("made_up_log", help="Write a line for each picture.", metavar="FILE")
    every: int = 1
    port: int | None = sink_option("made_up_log", None, help="Send it there, 0 to a free one.")


class Log:
    """Notes what is done with it."""

    def __init__(self, value: Any, done: list[str]) -> None:
        self.value, self._done = value, done

    def __enter__(self) -> Log:
        self._done.append(f"open {self.value}")
        return self

    def __exit__(self, *_: object) -> None:
        self._done.append(f"close {self.value}")

    def take(self, picture: object, explanation: object) -> None:
        self._done.append(f"take {self.value}")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the sinks of ``MadeUp`` were told."""
    module, notes = ModuleType("heatcam.sinks.made_up_log"), list[str]()

    def open_sink(value: Any) -> Log:
        if value == "none/log":
            raise UsageError("there is no folder none", "make it first")
        return Log(value, notes)

    vars(module)["open_sink"] = open_sink
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return notes


def test_only_the_sinks_that_are_asked_for_are_made_and_none_is_opened(done: list[str]) -> None:
    assert MadeUp().sinks() == ()
    assert [sink.value for sink in MadeUp(port=80, log="a").sinks()] == ["a", 80]
    assert [sink.value for sink in MadeUp(every=3, port=0).sinks()] == [0]
    assert done == []


def test_they_are_open_for_the_run_and_closed_also_when_it_fails(done: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt), MadeUp(log="a", port=2).opened_sinks() as sinks:
        assert [sink.value for sink in sinks] == ["a", 2]
        raise KeyboardInterrupt
    assert done == ["open a", "open 2", "close 2", "close a"]


def test_a_refused_one_is_refused_before_anything_is_loaded_or_opened(done: list[str]) -> None:
    with pytest.raises(UsageError, match="there is no folder none; make it first"):
        before_live("demo", ModelChoice(), MadeUp(log="none/log"))
    with pytest.raises(UsageError), MadeUp(port=2, log="none/log").opened_sinks():
        pytest.fail("was opened")
    assert done == []


def test_the_window_hands_its_pictures_to_them(
    done: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handed_on(self: Session) -> None:
        for sink in self.parts.sinks:
            sink.take(None, None)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "run", handed_on)
    monkeypatch.setattr(live, "Viewer", lambda *_, **__: SilentViewer())
    options = LiveOptions(LookOptions(), MotionOptions(), Extent(), MadeUp(log="a"), FilmChoice())
    run_live("demo", ModelChoice(model="markers"), options, Terminal())
    assert done == ["open a", "take a", "close a"]


class SilentViewer(FakeViewer):
    def __enter__(self) -> SilentViewer:
        return self

    def __exit__(self, *_: object) -> None: ...


def test_their_options_stand_with_the_outputs_in_the_words_of_their_fields(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = cli_options._offered(MadeUp, cli_options.Group.OUTPUT)
    monkeypatch.setitem(cli_options.OPTIONS, MadeUp, own)
    monkeypatch.setitem(groups.GROUP_OF, MadeUp, cli_options.Group.WINDOW)
    log, port = offered_fields(MadeUp)
    assert (log.name, log.type_of, log.default) == ("log", str, "")
    (told,) = log.parameter().annotation.__metadata__
    assert (told.help, told.metavar, told.rich_help_panel) == (
        "Write a line for each picture.",
        "FILE",
        cli_options.Group.OUTPUT,
    )
    assert (port.name, port.type_of, port.default, port.value_of(3)) == ("port", int | None, None, 3)
