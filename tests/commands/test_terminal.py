"""The one door to the terminal: whatever is said arrives as it was meant, in every locale, into a pipe and past a bar."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal, summary
from heatcam.runtime.doing import say_doing
from tests.test_house import MODULES, room

HOSTILE = "\x1b[2J\x1b]0;t\x07 \x9b2J \u202e\nheatcam: forged [bold]b[/] :dog: caf\udce9"
SHOWN = r"\x1b[2J\x1b]0;t\x07 \x9b2J \u202e\nheatcam: forged [bold]b[/] :dog: caf" + "\ufffd"


def in_memory(*, drawn: bool = False) -> Terminal:
    """A terminal whose consoles are made as rich makes them, markup and emoji codes read."""
    console = Console(file=io.StringIO(), width=300, force_terminal=drawn, color_system=None, soft_wrap=True)
    return Terminal(console, console)


def test_notes_results_and_errors_show_hostile_text_as_it_is() -> None:
    terminal = in_memory()
    terminal.note(HOSTILE)
    terminal.result(HOSTILE)
    terminal.error(HOSTILE)
    assert terminal.results.file.getvalue() == f"{SHOWN}\n{SHOWN}\nheatcam: {SHOWN}\n"


def test_tables_show_hostile_cells_as_they_are_drawn_or_not() -> None:
    for drawn in (False, True):
        terminal = in_memory(drawn=drawn)
        show_table(terminal, ("name", "n"), [(HOSTILE, 1)], numbers=("n",))
        written = terminal.results.file.getvalue()
        assert SHOWN in written
        assert "\x1b[2J" not in written


def test_columns_stand_in_line_behind_wide_letters() -> None:
    terminal = in_memory()
    show_table(terminal, ("name", "n"), [("行人", 1), ("car", 2)], numbers=("n",))
    assert terminal.results.file.getvalue().splitlines() == ["name  n", "行人  1", "car   2"]


def test_bars_and_status_lines_show_hostile_names_as_they_are() -> None:
    terminal = in_memory(drawn=True)
    with terminal.progress("frames") as progress:
        progress.add_task(HOSTILE, total=1, rate=1.0)
        progress.refresh()
    with terminal.status(HOSTILE):
        pass
    written = terminal.notes.file.getvalue()
    assert SHOWN in written  # of the status line
    assert f"{SHOWN[:17]}…" in written  # of the bar
    assert "\x1b]0;" not in written
    assert "\x1b[2J" not in written


def test_questions_show_hostile_names_as_they_are() -> None:
    asked: list[str] = []
    terminal = Terminal(confirm=lambda question: not asked.append(question))
    assert terminal.confirm is not None
    assert terminal.confirm(HOSTILE)
    assert asked == [SHOWN]


def test_a_result_stands_above_the_bar_and_leaves_none_behind() -> None:
    written = io.StringIO()
    screen = Console(file=written, width=100, force_terminal=True, color_system=None)
    results = Console(file=(apart := io.StringIO()), width=100, force_terminal=True, color_system=None)
    terminal = Terminal(results, screen)
    with terminal.progress("pictures") as progress:
        progress.add_task("snapshot", total=3, rate=0.0)
        for name in ("a.png", "b.png"):
            progress.refresh()
            terminal.result(name)
    assert apart.getvalue() == ""  # else the bar, which knows nothing of it, would stay where it is
    before, _, _ = written.getvalue().partition("a.png")
    assert before.rstrip("\r\n").endswith(
        "\x1b[2K"
    )  # the bar's line is cleared before the result takes its place


def test_results_go_to_a_pipe_although_a_bar_is_drawn() -> None:
    screen = Console(file=io.StringIO(), width=100, force_terminal=True)
    piped = Console(file=io.StringIO())
    terminal = Terminal(piped, screen)
    with terminal.progress("pictures"):
        terminal.result("a.png")
    assert piped.file.getvalue() == "a.png\n"


def test_documents_are_valid_whatever_the_names_are(tmp_path: Path) -> None:
    terminal = in_memory()
    terminal.document({"path": HOSTILE, "share": float("nan"), "all": (float("inf"), 1.5)}, "-")
    terminal.document({"path": HOSTILE}, str(tmp_path / "names.json"))
    text = terminal.results.file.getvalue()
    text.encode("utf-8")
    assert "\x1b" not in text
    assert json.loads(text) == {"path": HOSTILE, "share": None, "all": [None, 1.5]}
    assert json.loads((tmp_path / "names.json").read_text("utf-8")) == {"path": HOSTILE}


SAY_ALL = (
    "import json, sys; from heatcam.commands.terminal import Terminal; from heatcam.commands.tables import show_table\n"
    f"t = Terminal(); text = {HOSTILE + ' 行人'!a}\n"
    "t.note(text); t.result(text); t.error(text); show_table(t, ('n',), [(text,)], ())\n"
    "t.document({'name': text}, '-')"
)
LOCALES = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "C"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"PYTHONIOENCODING": "utf-8:strict"},
    {"PYTHONIOENCODING": "latin-1:strict"},
]


@pytest.mark.parametrize("locale", LOCALES, ids=lambda env: "+".join(f"{k}={v}" for k, v in env.items()))
def test_in_no_locale_does_saying_it_fail(locale: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAY_ALL], capture_output=True, check=False, env={**os.environ, **locale}
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"\x1b" not in done.stdout + done.stderr
    result, _, cell, *document = done.stdout.split(b"\n")
    assert result == cell
    assert json.loads(b"\n".join(document).decode("utf-8"))["name"] == HOSTILE + " 行人"


def test_without_a_reader_the_work_goes_on_without_a_word(tmp_path: Path) -> None:
    """``heatcam snapshot ... | head -1``: the pictures are still wanted."""
    code = (
        "from heatcam.commands.terminal import Terminal; t = Terminal()\n"
        "for n in range(5000): t.result('x' * 100)\n"
        f"open({str(tmp_path / 'done')!r}, 'w').close()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.close()
        said = child.stderr.read()
        assert child.wait(60) == 0
    assert said == b""
    assert (tmp_path / "done").exists()


def test_nobody_else_speaks_to_the_terminal() -> None:
    """Consoles are printed to by the door and the tables alone, and nobody else makes one."""

    def bypasses(path: Path) -> bool:
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
        prints = any(
            node.attr in {"print", "out", "status", "log"}
            and isinstance(node.value, ast.Attribute)
            and node.value.attr in {"notes", "results"}
            for node in attributes
        )
        return prints or any(isinstance(node, ast.Name) and node.id == "Console" for node in nodes)

    speaking = {str(path.relative_to(path.parents[1])) for path in MODULES if bypasses(path)}
    assert speaking == {"commands/tables.py", "commands/terminal.py"}
    assert {room(path) for path in MODULES if "typer.echo" in path.read_text("utf-8")} == {"cli"}


def test_what_is_being_done_follows_on_a_terminal_and_is_one_line_in_a_pipe() -> None:
    drawn, piped = in_memory(drawn=True), in_memory()
    until_s = time.monotonic() + 20
    with drawn.status("loading [model].pt"):
        say_doing("proving the gradient")
        while "proving" not in drawn.notes.file.getvalue() and time.monotonic() < until_s:
            time.sleep(0.01)  # (drawn twelve times a second)
    assert "proving the gradient" in drawn.notes.file.getvalue()
    with piped.status("loading [model].pt"):
        say_doing("proving the gradient")
    assert piped.notes.file.getvalue() == "loading [model].pt\n"


def test_long_work_on_one_picture_says_how_many_objects_are_done() -> None:
    terminal = in_memory(drawn=True)
    with terminal.objects() as on_object:
        on_object(40, 300)
        time.sleep(0.2)
    with terminal.progress("pictures") as progress:
        progress.add_task("snapshot", total=2, rate=0.0)
        with terminal.objects() as on_object:
            on_object(41, 300)
            progress.refresh()
        assert progress.tasks[0].description == "snapshot"
    written = terminal.notes.file.getvalue()
    assert "object 40 of 300" in written
    assert "object 41 of 300" in written
    piped = in_memory()
    with piped.objects() as on_object:
        on_object(1, 2)
    assert piped.notes.file.getvalue() == ""


def in_plain(written: str) -> list[str]:
    """What was written, without its colours and movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "\n").splitlines()


@pytest.mark.parametrize("width", [80, 60])
def test_a_bar_is_one_line_whatever_its_name(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with Terminal(console, console).progress("pictures") as progress:
        progress.add_task("holiday " * 20, total=120, rate=12.4)
        progress.refresh()
        drawn = [line for line in in_plain(console.file.getvalue()) if line.strip()]
    assert all(line.startswith("holiday") for line in drawn)
    assert max(map(len, drawn)) <= width
    assert all("0/120" in line and "12.4 pictures/s" in line for line in drawn)


def test_the_summary_counts_and_divides() -> None:
    assert summary(12, "pictures", 30, 4.0) == "12 pictures, 30 objects, 4.0 s (3.0 pictures/s)"
    assert summary(1, "frames", 1, 0.0).startswith("1 frames, 1 object, 0.0 s")
