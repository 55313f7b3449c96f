"""The page's files hold all they need, allow nothing from elsewhere, and keep to the window's keys and to readable colours."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import heatcam
from heatcam.sinks import DEFAULT_KEYS
from heatcam.sinks.keys import Action

PAGE = Path(next(iter(heatcam.__path__))) / "web" / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
STYLES = sorted(PAGE.glob("*.css"))
HTML = (PAGE / "index.html").read_text("utf-8")


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.loose: list[tuple[str, str]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and data.strip():
            self.loose.append((self._inside, data))


def elements() -> _Elements:
    read = _Elements()
    read.feed(HTML)
    return read


def test_a_strict_policy_refuses_nothing_of_the_page() -> None:
    """No script and no style stands in the page itself."""
    read = elements()
    assert read.loose == []
    assert {
        name for _, attrs in read.found for name in attrs if name.startswith("on") or name == "style"
    } == set()
    assert not any(tag in ("iframe", "object", "embed", "base", "style") for tag, _ in read.found)


def test_every_file_that_is_named_is_there() -> None:
    named = [attrs.get("src") or attrs.get("href") or "" for _, attrs in elements().found]
    static = [name.removeprefix("static/") for name in named if name.startswith("static/")]
    imports = [
        name for script in SCRIPTS for name in re.findall(r'from "\./([^"]+)"', script.read_text("utf-8"))
    ]
    assert static and imports
    assert {name for name in static + imports if not (PAGE / name).is_file()} == set()
    used = {*static, *imports, "docs.css"}  # (that of the page of the operations)
    assert {path.name for path in PAGE.iterdir()} - used == {"index.html"}


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="i-([a-z]+)"', HTML))
    texts = [HTML, *(script.read_text("utf-8") for script in SCRIPTS)]
    pattern = r'(?:#i-|icon\("|[bB]utton\(")([a-z]+)"'
    assert {name for text in texts for name in re.findall(pattern, text)} - drawn == set()


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES, PAGE / "index.html"], ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    outside = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", path.read_text("utf-8"))
    assert [address for address in outside if "w3.org" not in address] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_text_never_becomes_html(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function", text
    )
    assert len(text.splitlines()) < 250


def test_addresses_are_relative_so_that_the_service_may_live_under_a_path() -> None:
    for script in SCRIPTS:
        assert not re.findall(r'(?:ask|send|download|address|post)\(\s*["`]/', script.read_text("utf-8")), (
            script.name
        )


#: Keys that end the program, compare two models, or ask the picture with the mouse: the page has none of these.
WINDOW_ONLY = (
    *(Action.QUIT, Action.LEAVE, Action.NEXT_COMPARED, Action.ASK_PLACE, Action.NEXT_ASKED_CLASS),
    *(Action.COVER_PLACE, Action.NEXT_FILL, Action.UNDO_COVER, Action.CHANGE_PROMPT, Action.SHOW_EXAMPLE),
)


def test_the_page_has_the_windows_keys() -> None:
    names = {" ": "Space", "ArrowLeft": "Left", "ArrowRight": "Right", "ArrowUp": "Up", "ArrowDown": "Down"}
    table = (PAGE / "keys.js").read_text("utf-8").split("return [", 1)[1].split("\n  ];")[0]
    rows = [
        re.findall(r'"([^"]+)"', row) for row in re.findall(r"^\s+\[(\[[^ ].*?\]), ", table, re.MULTILINE)
    ]
    here = {names.get(key, key) for row in rows for key in row}
    window: set[str] = set()
    for binding in DEFAULT_KEYS:
        if binding.action not in WINDOW_ONLY:
            window |= {binding.label} if binding.label in names.values() else set(map(chr, binding.codes))
    assert here == {names.get(key, key) for key in window}


def test_the_page_never_speaks_of_a_diagnosis() -> None:
    words = HTML + "".join(script.read_text("utf-8") for script in SCRIPTS)
    assert not re.search(r"diagnos|\bAI\b|artificial", words)


TOKENS = {
    name: (light, dark or light)
    for name, light, dark in re.findall(
        r"--([a-z-]+): (?:light-dark\()?(#[0-9a-f]{6})(?:, (#[0-9a-f]{6})\))?;",
        (PAGE / "tokens.css").read_text("utf-8"),
    )
}
#: Text and what it stands on, which WCAG 2.2 AA asks a contrast of 4.5 of.
TEXTS = [
    *((ink, paper) for ink in ("ink", "soft") for paper in ("paper", "card", "raised")),
    *(("accent", paper) for paper in ("paper", "card", "raised", "tint")),
    ("on-accent", "accent"), ("warn-ink", "warn"), ("alarm-ink", "alarm"), ("bad", "paper"), ("bad", "card"),
    ("on-stage", "stage"), ("soft-on-stage", "stage"),
]  # fmt: skip
#: Edges of fields, switches and sliders, and dots that say something: 3.
SHAPES = [(edge, paper) for edge in ("edge", "accent", "good", "bad") for paper in ("paper", "card")]


def contrast(one: str, other: str) -> float:
    """Contrast of two ``#rrggbb`` after WCAG 2.2."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_measure_of_contrast_is_the_standards() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_edges_stand_out(theme: int) -> None:
    weak = {
        (one, other): round(found, 2)
        for pairs, least in ((TEXTS, 4.5), (SHAPES, 3.0))
        for one, other in pairs
        if (found := contrast(TOKENS[one][theme], TOKENS[other][theme])) < least
    }
    assert weak == {}
