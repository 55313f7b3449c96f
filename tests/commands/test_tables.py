"""Tables: drawn for people, plain lines for programs."""

from __future__ import annotations

import io

from rich.console import Console

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal

HEADINGS = ("index", "from", "rate")
ROWS = [(0, "[2, 3]", None), (10, "picture", 1.5)]


def shown(*, on_a_terminal: bool) -> str:
    console = Console(
        file=io.StringIO(), width=40, force_terminal=on_a_terminal, soft_wrap=True, color_system=None
    )
    show_table(Terminal(console, console), HEADINGS, ROWS, numbers={"index", "rate"})
    return console.file.getvalue()


def test_into_a_pipe_go_aligned_lines_and_nothing_else() -> None:
    assert shown(on_a_terminal=False).splitlines() == [
        "index  from     rate",
        "    0  [2, 3]      -",
        "   10  picture   1.5",
    ]


def test_lines_into_a_pipe_are_never_wrapped() -> None:
    console = Console(file=io.StringIO(), width=10, soft_wrap=True)
    show_table(Terminal(console, console), ("paper",), [("a line wider than this console",)], numbers=())
    assert console.file.getvalue().splitlines() == ["paper", "a line wider than this console"]


def test_where_it_is_narrow_sentences_break_and_names_stay_whole() -> None:
    console = Console(file=io.StringIO(), width=50, force_terminal=True, color_system=None)
    row = ("gradcam-elementwise", "sum over channels of positive A * G", "Selvaraju et al., ICCV 2017")
    show_table(Terminal(console, console), ("name", "formula", "paper"), [row], numbers=())
    shown = console.file.getvalue()
    assert max(map(len, shown.splitlines())) <= 50
    assert [line.split() for line in shown.splitlines()[:2]] == [["name"], ["gradcam-elementwise"]]
    assert row[1] in " ".join(shown.split())
    assert row[2] in " ".join(shown.split())


def test_on_a_terminal_it_is_a_drawn_table_with_the_same_words() -> None:
    drawn = shown(on_a_terminal=True)
    assert "───" in drawn
    for words in (HEADINGS, ("0", "[2, 3]", "-"), ("10", "picture", "1.5")):
        assert any(line.split() == " ".join(words).split() for line in drawn.splitlines())


def test_where_it_is_a_little_narrow_its_columns_are_closer_and_names_of_several_words_stay_in_their_row() -> (
    None
):
    console = Console(file=io.StringIO(), width=26, force_terminal=True, color_system=None)
    show_table(
        Terminal(console, console),
        ("class", "labels", "recall"),
        [("dining table", 12, 0.5)],
        {"labels", "recall"},
    )
    assert console.file.getvalue().splitlines() == [
        "class         labels  recall",
        "dining table      12     0.5",
    ]
    console = Console(file=io.StringIO(), width=40, force_terminal=True, color_system=None)
    show_table(
        Terminal(console, console), ("rule", "found", "95 %"), [("a", "x", "0.746 to 0.869 and on")], ()
    )
    assert "───" in console.file.getvalue()
