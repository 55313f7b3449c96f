"""Which model is taken where none was named, and what is said of it."""

from __future__ import annotations

import pytest

from heatcam.commands.default_model import HINTS, OTHERS, advice_for_nothing, default_model, with_model
from heatcam.commands.options import ModelChoice
from heatcam.commands.terminal import Terminal
from heatcam.models.finding import WORDS


class Listening(Terminal):
    """A terminal that keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.notes_told: list[str] = []

    def note(self, text: str, *_: object, **__: object) -> None:
        self.notes_told.append(text)


@pytest.mark.parametrize(
    ("source", "model"),
    [
        ("demo", "markers"),
        ("", "everyday"),
        ("0", "everyday"),
        ("holiday.mp4", "everyday"),
        ("demo.mp4", "everyday"),
    ],
)
def test_the_demo_scene_gets_its_markers_and_everything_else_everyday_things(source: str, model: str) -> None:
    terminal = Listening()
    assert default_model(source) == model
    assert with_model(ModelChoice(conf=0.4), source, terminal) == ModelChoice(model=model, conf=0.4)
    assert terminal.notes_told == [HINTS[model]]


def test_a_model_that_was_named_stays_and_nothing_is_said() -> None:
    terminal = Listening()
    choice = ModelChoice(model="mine.pt")
    assert with_model(choice, "demo", terminal) is choice
    assert terminal.notes_told == []


def test_every_built_in_model_is_described_with_what_would_find_more() -> None:
    assert set(HINTS) == set(OTHERS) == set(WORDS)
    for name in WORDS:
        others = [f"--model {other}" for other in WORDS if other != name]
        assert f"'{name}'" in HINTS[name]
        assert all(other in HINTS[name] and other in OTHERS[name] for other in others)
        assert f"--model {name}" not in OTHERS[name]


@pytest.mark.parametrize(
    ("choice", "advice"),
    [
        (ModelChoice(model="everyday"), f"--conf 0.1 shows what it is less sure of; {OTHERS['everyday']}"),
        (ModelChoice(model="everyday", conf=0.05), OTHERS["everyday"]),
        (ModelChoice(model="mine.pt"), "--conf 0.1 shows what it is less sure of"),
        (ModelChoice(model="mine.pt", conf=0.1), "try another --model"),
        (
            ModelChoice(model="mine.pt", classes=("cat,dog",)),
            "leave out --classes to see what else there is than cat,dog",
        ),
    ],
)
def test_what_would_find_more_depends_on_what_was_asked(choice: ModelChoice, advice: str) -> None:
    assert advice_for_nothing(choice) == advice
