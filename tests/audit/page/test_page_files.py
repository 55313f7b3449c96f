"""The page is whole in itself, allows nothing from elsewhere, and lets no name out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars
import pytest

from heatcam.audit.page.columns import columns_of
from heatcam.audit.page.plain import plain
from heatcam.audit.page.writing import SCRIPTS, STYLES, write_page
from heatcam.audit.sprites import with_places
from heatcam.errors import SinkError
from tests.audit.page.made_up import made_up_objects, made_up_page, made_up_parts, table_of
from tests.web.test_page_files import TOKENS, contrast

FILES = Path(write_page.__code__.co_filename).with_name("files")
EVIL = "</script><!--<script>alert(1)</script>\"'&amp;</title>$data\x1b[31m\u202eb"


class _Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = f"{tag} {dict(attrs).get('id') or ''}".strip()

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data


def written(folder: Path, **given: object) -> str:
    write_page(folder / "index.html", made_up_page(**given))  # type: ignore[arg-type]
    return (folder / "index.html").read_text("utf-8")


def evil_page(folder: Path) -> str:
    objects = made_up_objects(30, classes=("dog", EVIL))
    table = table_of(objects).with_columns(polars.lit(EVIL).alias("image"))
    return written(folder, objects=objects, table=table, title=EVIL, head={EVIL: EVIL}, root=EVIL)


def test_nothing_is_loaded_from_anywhere(tmp_path: Path) -> None:
    page = written(tmp_path)
    loaded = [
        value or ""
        for _, attrs in _Elements(page).found
        for name, value in attrs.items()
        if name in ("src", "href", "srcset")
    ]
    assert [value for value in loaded if not value.startswith(("data:", "#"))] == []
    assert re.findall(r"@import|url\(|fetch\(|XMLHttpRequest|sendBeacon|WebSocket|import\(", page) == []
    assert re.findall(r"https?://[^\s\"']+", page) == ["http://www.w3.org/2000/svg"]


def test_the_policy_allows_the_pages_own_script_and_style_alone(tmp_path: Path) -> None:
    elements = _Elements(written(tmp_path))
    (policy,) = [
        attrs["content"] or "" for tag, attrs in elements.found if tag == "meta" and "http-equiv" in attrs
    ]
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(elements.texts[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; img-src data: blob: file: 'self';")
    assert not any(name.startswith("on") or name == "style" for _, attrs in elements.found for name in attrs)


def test_names_from_outside_stay_text(tmp_path: Path) -> None:
    page = evil_page(tmp_path)
    elements = _Elements(page)
    assert [dict(attrs).get("id") for tag, attrs in elements.found if tag == "script"] == [
        *("data", None, "thumbs-0", "maps-0"),
    ]
    assert page.count("<script>alert") == 0
    assert "\x1b" not in page and "\u202e" not in page
    data = json.loads(elements.texts["script data"])
    assert "\x1b" not in data["title"]
    assert (
        data["table"]["raw"][data["table"]["images"][0]] == EVIL
    )  # as it was written, for files and commands


def test_nothing_in_the_pages_json_can_end_its_element(tmp_path: Path) -> None:
    assert not set("<>&") & set(_Elements(evil_page(tmp_path)).texts["script data"])


def test_the_page_holds_its_objects_and_their_sheets(tmp_path: Path) -> None:
    elements = _Elements(written(tmp_path, count=230))
    assert [name for name in elements.texts if name.startswith("script thumbs")] == [
        f"script thumbs-{n}" for n in range(3)
    ]
    assert len(json.loads(elements.texts["script data"])["table"]["number"]) == 230


def test_of_very_many_objects_mistakes_come_onto_the_page_first(tmp_path: Path) -> None:
    page = made_up_page(300)
    assert write_page(tmp_path / "a.html", page, most=40) == 40
    table = json.loads(_Elements((tmp_path / "a.html").read_text("utf-8")).texts["script data"])["table"]
    kinds = {table["kinds"][at] for at in table["kind"]}
    assert len(table["number"]) == 40
    assert not kinds & {"true", "loose", "ignored"}


def test_parts_are_asked_for_a_hundred_at_a_time(tmp_path: Path) -> None:
    asked = []

    def parts(numbers: list[int]) -> object:
        asked.append(len(numbers))
        return made_up_parts(numbers[::-1])  # (in any order)

    written(tmp_path, count=230, parts=parts)
    assert asked == [100, 100, 30]


def test_an_audit_without_objects_has_a_page_too(tmp_path: Path) -> None:
    page = written(tmp_path, objects=[], figures=None, clusters=None, changes=None)
    assert json.loads(_Elements(page).texts["script data"])["table"]["number"] == []


def test_a_page_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "index.html"
    target.write_text("before")

    def broken(numbers: list[int]) -> object:
        raise SinkError("the store is damaged")

    with pytest.raises(SinkError):
        write_page(target, made_up_page(parts=broken))  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert target.read_text() == "before"


def test_every_script_and_style_of_the_page_is_in_it() -> None:
    assert {path.stem for path in FILES.glob("*.js")} == set(SCRIPTS)
    assert {path.stem for path in FILES.glob("*.css")} == set(STYLES)
    assert len(SCRIPTS) == len(set(SCRIPTS))


@pytest.mark.parametrize("path", sorted(FILES.glob("*.js")), ids=lambda path: path.name)
def test_text_never_becomes_html(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function", text
    )
    assert len(text.splitlines()) < 250


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="i-([a-z]+)"', (FILES / "index.html").read_text("utf-8")))
    texts = [path.read_text("utf-8") for path in FILES.glob("*.*")]
    named = {name for text in texts for name in re.findall(r'(?:"#i-|icon\("|[bB]utton\(")([a-z]+)"', text)}
    assert named and named - drawn == set()


MIXES = [("accent", 0.46), ("good", 0.36)]  # of the matrix's cells at most, over "raised"


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_numbers_in_the_matrix_stand_out(theme: int) -> None:
    """The colours themselves are those of the live view's page, which has its own test."""
    for name, most in MIXES:
        assert f"var(--{name}) calc({100 * most:.0f}% * var(--share))" in (FILES / "overview.css").read_text()
        mixed = [
            round(most * int(TOKENS[name][theme][at : at + 2], 16) + (1 - most) * int(TOKENS["raised"][theme][at : at + 2], 16))
            for at in (1, 3, 5)
        ]  # fmt: skip
        assert contrast(TOKENS["ink"][theme], "#{:02x}{:02x}{:02x}".format(*mixed)) >= 4.5, name


def test_columns_are_short_and_hold_what_the_table_holds() -> None:
    table = with_places(table_of(made_up_objects(50)))
    columns = json.loads(json.dumps(columns_of(table), allow_nan=False))
    for at, row in enumerate(table.to_dicts()):
        assert columns["images"][columns["image"][at]] == row["image"]
        assert columns["classes"][columns["class"][at]] == row["class_name"]
        assert columns["kinds"][columns["kind"][at]] == row["kind"]
        assert columns["box"][at] == pytest.approx([row["x1"], row["y1"], row["x2"], row["y2"]], abs=0.051)
        assert columns["evidence"][at] == pytest.approx(row["evidence"], rel=1e-3)
        label = row["label_class_name"]
        assert (columns["classes"][columns["label_class"][at]] if label else None) == label
        assert (columns["label_box"][at] is None) == (label is None)


def test_what_is_not_finite_is_null_on_the_page() -> None:
    assert plain({"a": float("nan"), "b": (float("inf"), 1 / 3)}) == {"a": None, "b": [None, 0.33333]}
    assert base64.b64decode(plain(np.array([[0.0, 0.5, 1.0]]))) == bytes([0, 128, 255])
