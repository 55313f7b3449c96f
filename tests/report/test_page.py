"""The page holds all it needs, says what there is to say, and lets no name out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from heatcam.report import RunStatistics, document_of, page_of
from heatcam.report.words import clock, number, percent
from tests.report.runs import FACTS, frame_of, run_of

EVIL = "</script <!--<script>alert(1)</script>\"'&amp;</title>"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install -y chromium")


_VOID = {"meta", "link", "img", "br"}


class _Elements(HTMLParser):
    """Elements, their attributes and texts, and whether each was closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


def a_run(names: tuple[str, str] = ("dog", "cat"), count: int = 45, **facts: object) -> RunStatistics:
    draws = np.random.default_rng(0)
    frames = [
        frame_of(n, draws.random((2, 3, 3)), names=names, tracks=(1, 2), low=(False, True))
        for n in range(count)
    ]
    return run_of(frames, replace(FACTS, tracker="bytetrack", **facts))  # type: ignore[arg-type]


_MAP = [[1, 2], [3, 4]]
_MAKE: dict[str, Callable[[], RunStatistics]] = {
    "nothing detected": lambda: run_of(frame_of(n) for n in range(5)),
    "a single frame": lambda: run_of([frame_of(0, [_MAP])]),
    "no maps": lambda: run_of(frame_of(n, names=("dog",), error="no gradient") for n in range(30)),
    "no tracks": lambda: run_of((frame_of(n, [_MAP]) for n in range(20)), replace(FACTS, tracker="botsort")),
    "no evidence": lambda: run_of(frame_of(n, [[[-1, 0], [0, 0]]]) for n in range(20)),
    "pictures": lambda: run_of(
        (frame_of(n, [_MAP]) for n in range(20)), replace(FACTS, is_slideshow=True), is_slideshow=True
    ),
    "all": a_run,
}


@cache
def odd(kind: str) -> RunStatistics:
    return _MAKE[kind]()


SAID = {
    "nothing detected": "None of the 5 frames shows anything that tiny detects above confidence 0.25",
    "a single frame": "One frame: there is no course of time to draw.",
    "no maps": "No heat map could be made: no gradient.",
    "no tracks": "No object was seen in two frames in a row",
    "no evidence": "No object has evidence for its class anywhere in the frame.",
    "pictures": "Heat in each picture, per class",
    "all": "Half of all heat lies in",
}


@pytest.mark.parametrize("kind", _MAKE)
def test_every_run_has_a_page_that_is_whole_and_says_what_there_is(kind: str) -> None:
    page = page_of(odd(kind))
    assert _Elements(page).open == []
    assert SAID[kind] in " ".join(page.split())
    assert "nan" not in page.split("<script")[0].lower()


def test_nothing_is_loaded_from_anywhere() -> None:
    page = page_of(a_run())
    elements = _Elements(page)
    loaded = [
        value
        for _, attrs in elements.found
        for name, value in attrs.items()
        if name in ("src", "href", "srcset")
    ]
    assert len(loaded) > 2
    assert [value for value in loaded if not (value or "").startswith("data:")] == []
    assert re.findall(r"@import|url\(|fetch\(|XMLHttpRequest|sendBeacon|WebSocket|new Image", page) == []
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {
        "https://github.com/leeoniya/uPlot"
    }  # (a comment)


def test_the_policy_allows_the_pages_own_script_alone() -> None:
    elements = _Elements(page_of(a_run()))
    (policy,) = [a["content"] or "" for t, a in elements.found if t == "meta" and a.get("http-equiv")]
    assert "default-src 'none'" in policy
    script = elements.texts["script"][-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy


def test_names_from_outside_stay_text() -> None:
    page = page_of(a_run((EVIL, "\x1b[31m\u202eb"), source=EVIL, model=EVIL, notes=(EVIL,)))
    elements = _Elements(page)
    assert [tag for tag, _ in elements.found].count("script") == 2  # the data and the page's own
    assert "alert(1)" not in "".join(elements.texts["script"][1:])
    assert elements.texts["h1"] == [EVIL]
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert not set("<>&") & set(
        elements.texts["script"][0]
    )  # (Python's parser ends a script later than a browser)
    data = json.loads(elements.texts["script"][0])
    assert data["source"] == EVIL
    assert data["classes"][0]["name"] == EVIL


def test_the_pages_numbers_are_the_documents() -> None:
    run = a_run()
    elements = _Elements(page_of(run))
    assert json.loads(elements.texts["script"][0]) == json.loads(json.dumps(document_of(run)))


def test_the_document_has_no_number_that_json_has_not() -> None:
    for kind in _MAKE:
        json.dumps(document_of(odd(kind)), allow_nan=False)


def test_the_licence_of_what_is_inside_stands_in_the_page_and_beside_it() -> None:
    page = page_of(a_run())
    assert "uPlot 1.6.32, © Leon Sorokin, MIT licence" in page
    assert "(v1.6.32)" in page
    assert "MIT License" in (
        Path(page_of.__code__.co_filename).parent / "page" / "uPlot-LICENSE.txt"
    ).read_text("utf-8")


def test_the_page_stays_small_enough_for_a_mail() -> None:
    assert len(page_of(a_run())) < 250_000


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0.0123, 1.234, 12.34, 1234.5, -0.5, None)] == [
        *("0.012", "1.23", "12.3", "1234", "−0.500", "–"),
    ]
    assert [clock(seconds) for seconds in (0, 4.25, 59.96, 3725)] == [
        "0:00.0",
        "0:04.2",
        "1:00.0",
        "1:02:05.0",
    ]
    assert percent(0.083) == "8\N{NO-BREAK SPACE}%"


@in_a_browser
@pytest.mark.parametrize("kind", ["all", "no maps", "nothing detected"])
def test_a_browser_draws_it_and_asks_for_nothing(kind: str, tmp_path: Path) -> None:
    """Its own log of what it loads has the file alone, and its console no word."""
    page, log = tmp_path / "page.html", tmp_path / "net.json"
    page.write_text(page_of(odd(kind)), "utf-8")
    command = [
        *(
            str(CHROMIUM),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--dump-dom",
        ),
        *(f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000", f"--log-net-log={log}"),
        *(
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--disable-background-networking",
            "--window-size=800,900",
        ),
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=True)
    charts = {"all": 3, "no maps": 1, "nothing detected": 0}[kind]
    assert f'data-drawn="{charts}"' in done.stdout
    assert done.stdout.count("<canvas") == charts
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
