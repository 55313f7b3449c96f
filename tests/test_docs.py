"""What is written is true: every command, option and key stands in the docs, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from heatcam.cli.app import app

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COMMANDS_PAGE = ROOT / "docs" / "commands.md"
GROUP = typer.main.get_command(app)


def section_of(command: str) -> str:
    """The part of the commands page about one command."""
    page = COMMANDS_PAGE.read_text("utf-8")
    found = re.search(rf"^## heatcam {command}$(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found, f"docs/commands.md has no section '## heatcam {command}'; write it with: make docs"
    return " ".join(found.group(1).split())


@pytest.mark.parametrize("command", sorted(GROUP.commands))
def test_every_command_and_option_stands_on_the_commands_page(command: str) -> None:
    section = section_of(command)
    params = GROUP.commands[command].params
    missing = [
        name
        for p in params
        for name in (*p.opts, *p.secondary_opts)
        if name.startswith("--") and name not in section
    ]
    assert missing == []
    unsaid = [p.name for p in params if getattr(p, "help", None) and " ".join(p.help.split()) not in section]
    assert unsaid == []


@pytest.mark.parametrize("command", sorted(GROUP.commands))
def test_every_command_has_an_example_and_the_readme_shows_it(command: str) -> None:
    assert f"heatcam {command}" in (GROUP.commands[command].epilog or "")
    assert f"heatcam {command}" in README.read_text("utf-8")


def test_the_readme_has_the_windows_keys() -> None:
    from heatcam.sinks.keys import DEFAULT_KEYS

    assert DEFAULT_KEYS.as_markdown() in README.read_text("utf-8")


def test_the_readme_gives_each_dependency_its_reason() -> None:
    block = re.search(
        r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text("utf-8"), re.M | re.S
    )
    names = re.findall(r'"([a-z0-9-]+)', block.group(1))
    readme = README.read_text("utf-8")
    assert len(names) >= 10
    assert [name for name in names if f"| `{name}` |" not in readme] == []


@pytest.mark.parametrize("page", [README, *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")) + re.findall(
        r'src="([^"]+)"', page.read_text("utf-8")
    )
    local = [t for t in targets if not t.startswith(("http://", "https://", "mailto:"))]
    assert [t for t in local if not (page.parent / t).exists()] == []


def test_no_page_names_a_flag_that_does_not_exist() -> None:
    known = {o for c in GROUP.commands.values() for p in c.params for o in (*p.opts, *p.secondary_opts)}
    known |= {o for p in GROUP.params for o in p.opts} | {
        "--help",
        "--install-completion",
        "--show-completion",
    }
    for page in (README, *(ROOT / "docs").glob("*.md")):
        lines = [line for line in page.read_text("utf-8").splitlines() if "heatcam " in line]
        used = {
            flag
            for line in lines
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line.split("pip install")[0])
        }
        assert used <= known, page.name
