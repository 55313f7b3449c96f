"""The page in a browser: ten thousand objects, sorted, filtered, opened, flagged and taken away; by mouse and by keys."""

from __future__ import annotations

import base64
import csv
import io
import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars
import pytest

from heatcam.audit.page import writing
from heatcam.audit.page.writing import AuditPage, write_page
from tests.audit.page.made_up import (
    made_up_objects,
    made_up_page,
    made_up_parts,
    table_of,
)

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install -y chromium")

MANY = 10_000
MISTAKES = ("class", "location", "both", "duplicate", "background", "missed")
EVIL = "<img src=x onerror=alert(1)>'; touch /tmp/x\u202e\x1b[31m\"$(id)"
MOST_NODES = 1500  # of the page's, whatever it shows: less than a sixth of its objects
WIDTHS = ((390, 844), (820, 1180), (1440, 900), (2560, 1440))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, polars.DataFrame]:
    """A page of ten thousand objects, whose sheets are all the same: to draw them takes long."""
    folder = tmp_path_factory.mktemp("many")
    page = made_up_page(MANY)
    parts = made_up_parts(range(1, 101))
    same = [
        base64.b64encode(data).decode()
        for data in (writing.draw_sheet(parts.thumbs_jpeg), writing.pack_maps(parts.own, parts.signed))
    ]

    def sheet(number: int, *_: object) -> Iterator[str]:
        for kind, data in zip(("thumbs", "maps"), same, strict=True):
            yield f'<script type="text/plain" id="{kind}-{number}">{data}</script>\n'

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "_sheet", sheet)
        write_page(folder / "index.html", page)
    return folder / "index.html", page.table


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, polars.DataFrame]:
    """A page of three hundred objects, with pictures of their own."""
    folder, page = tmp_path_factory.mktemp("some"), made_up_page(300)
    write_page(folder / "index.html", page)
    return folder / "index.html", page.table


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A browser of its own for each test, which fails if a script of the page did, or if the page asked for anything."""
    opened, errors = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True), []
    opened.set_default_timeout(30_000)
    opened.on("weberror", lambda error: errors.append(str(error.error)))
    opened.on("console", lambda line: errors.append(line.text) if is_error(line) else None)
    opened.on("request", lambda asked: errors.append(asked.url) if not is_local(asked.url) else None)
    opened.on("dialog", lambda dialog: errors.append(dialog.message))
    yield opened
    opened.close()
    assert errors == []


def is_error(line: Any) -> bool:
    """True for an error but a crop that does not lie beside the page, or what a slow browser says of these tests' own reading."""
    allowed = ("ERR_FILE_NOT_FOUND", "Multiple readback operations")
    return line.type in ("error", "warning") and not any(words in line.text for words in allowed)


def is_local(address: str) -> bool:
    return address.startswith(("data:", "blob:")) or (
        address.startswith("file:") and (".html" in address or "/crops/" in address)
    )


def opened(context: Any, path: Path, fragment: str = "") -> Any:
    page = context.new_page()
    page.goto(path.as_uri() + fragment)
    page.wait_for_selector("body[data-ready]")
    return page


@pytest.fixture
def gallery(context: Any, many: tuple[Path, polars.DataFrame]) -> Any:
    page = opened(context, many[0], "#objects?kind=all")
    page.wait_for_selector(".tile")
    return page


def few(folder: Path, **given: Any) -> Path:
    write_page(folder / "index.html", made_up_page(**given))
    return folder / "index.html"


def nodes(page: Any) -> int:
    count: int = page.evaluate("document.getElementsByTagName('*').length")
    return count - page.evaluate("document.querySelectorAll('script').length")


def tiles(page: Any) -> list[str]:
    """Titles of the tiles in the window's neighbourhood, in their order."""
    titles: list[str] = page.eval_on_selector_all(".tile", "all => all.map((one) => one.title)")
    return titles


def count(page: Any) -> int:
    return int("".join(filter(str.isdigit, page.inner_text("#count"))))


def painted(page: Any, selector: str = ".tile canvas") -> None:
    """Wait until every such canvas has a picture on it."""
    page.wait_for_function(
        """selector => { const all = [...document.querySelectorAll(selector)]; return all.length && all.every((one) =>
        one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some((value) => value)); }""",
        arg=selector,
    )


def test_of_ten_thousand_objects_only_those_near_the_window_are_elements(gallery: Any) -> None:
    assert count(gallery) == MANY
    seen = set(tiles(gallery))
    for place in (2_000, 5_000, 7_500, MANY - 1):
        gallery.evaluate("share => scrollTo(0, share * document.documentElement.scrollHeight)", place / MANY)
        gallery.wait_for_function(
            "place => [...document.querySelectorAll('.tile')].some((one) => Math.abs(one.dataset.place - place) < 60)",
            arg=place,
        )
        assert 20 < len(tiles(gallery)) < 120
        assert nodes(gallery) < MOST_NODES
        seen |= set(tiles(gallery))
    assert len(seen) > 150
    painted(gallery)


def test_the_end_of_the_page_is_the_last_object(gallery: Any) -> None:
    gallery.focus("#grid")
    gallery.keyboard.press("End")
    gallery.wait_for_selector(f"#tile-{MANY - 1}")
    seen = gallery.evaluate(
        "(() => { const { top, bottom } = document.querySelector('#tile-9999').getBoundingClientRect(); "
        "return top >= 0 && bottom <= innerHeight; })()"
    )
    assert seen
    gallery.keyboard.press("Home")
    gallery.wait_for_selector("#tile-0")
    assert gallery.get_attribute("#grid", "aria-activedescendant") == "tile-0"


NUMBERS = {
    "evidence": polars.col("evidence"),
    "outside": 1 - polars.col("energy_in_box"),
    "confidence": polars.col("confidence"),
    "size": ((polars.col("x2") - polars.col("x1")) * (polars.col("y2") - polars.col("y1"))).sqrt(),
}


def test_objects_are_sorted_by_each_number_both_ways(gallery: Any, many: Any) -> None:
    for name, expression in NUMBERS.items():
        values = many[1].select(expression.alias("value"))["value"]
        gallery.select_option("#sort", name)
        ends = []
        for _ in range(2):
            ends.append(shown_number(gallery, 0))
            gallery.click("#turn")
        wanted = [values.min(), values.max()]
        assert ends == pytest.approx(wanted if name == "evidence" else wanted[::-1], rel=0.02, abs=0.006), (
            name
        )


def shown_number(page: Any, place: int) -> float:
    """The number that objects are sorted by, as a tile's title has it."""
    words = page.get_attribute(f"#tile-{place}", "title").rsplit(" ", 1)[1]
    value, _, unit = words.partition("\u00a0")
    return float(value) / (100 if unit == "%" else 1)


def test_filters_narrow_what_is_shown_and_stand_in_the_address(gallery: Any, many: Any) -> None:
    table = many[1]
    gallery.check('input[name="kind"][value="mistakes"]')
    wrong = table.filter(polars.col("kind").is_in(MISTAKES))
    assert count(gallery) == wrong.height
    told = gallery.text_content('.filters option[value="dog"]')
    gallery.select_option(".filters select >> nth=0", "dog")
    dogs = wrong.filter((polars.col("class_name") == "dog") | (polars.col("label_class_name") == "dog"))
    assert count(gallery) == dogs.height
    assert "class=dog" in gallery.url
    of_dogs = table.filter((polars.col("class_name") == "dog") | (polars.col("label_class_name") == "dog"))
    assert "".join(filter(str.isdigit, told)) == str(of_dogs.height)
    gallery.reload()
    gallery.wait_for_selector(".tile")
    assert count(gallery) == dogs.height
    gallery.fill('.filters input[type="search"]', "00012")
    named = dogs.filter(polars.col("image").str.contains("00012", literal=True))
    gallery.wait_for_function(
        "wanted => document.getElementById('count').textContent.startsWith(wanted)", arg=f"{named.height} "
    )
    gallery.click("text=Clear filters")
    assert count(gallery) == MANY


def test_a_range_keeps_the_objects_between_its_ends(gallery: Any, many: Any) -> None:
    low, high = '[aria-label="Confidence, least"]', '[aria-label="Confidence, most"]'
    gallery.eval_on_selector(low, "one => { one.value = 90; one.dispatchEvent(new Event('input')); }")
    assert count(gallery) == pytest.approx(MANY / 10, abs=30)
    gallery.eval_on_selector(high, "one => { one.value = 20; one.dispatchEvent(new Event('input')); }")
    assert gallery.input_value(high) == "90"  # the ends do not pass one another
    assert gallery.get_attribute(low, "aria-valuetext").startswith("0.")


def test_keys_walk_open_turn_flag_and_close(gallery: Any) -> None:
    gallery.focus("#grid")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Enter"):
        gallery.keyboard.press(key)
    title = gallery.get_attribute("#tile-1", "title").split(";")[0]
    assert gallery.get_attribute("#detail .frame", "aria-label").startswith(title)
    assert ", 2 of 10" in gallery.inner_text("#detail .of")
    gallery.keyboard.press("ArrowRight")
    assert ", 3 of 10" in gallery.inner_text("#detail .of")
    gallery.keyboard.press("f")
    assert gallery.get_attribute("#detail .flag", "aria-pressed") == "true"
    gallery.keyboard.press("2")
    assert gallery.get_attribute("#detail .frame", "aria-label").endswith("for and against")
    gallery.keyboard.press("Escape")
    assert not gallery.is_visible("#detail")
    assert gallery.evaluate("document.activeElement.id") == "grid"
    assert gallery.get_attribute("#grid", "aria-activedescendant") == "tile-2"
    assert "flagged" in gallery.get_attribute("#tile-2", "class")
    gallery.keyboard.press("f")
    assert "flagged" not in gallery.get_attribute("#tile-2", "class")


def test_the_keys_are_told(gallery: Any) -> None:
    gallery.keyboard.press("?")
    told = gallery.inner_text("#keys")
    assert "flag, or take the flag away" in told and "[object" not in told
    assert gallery.locator("#keys kbd").count() >= 12


#: The name of what has the focus, and if that is to be seen: an outline, or of the grid its tile's frame.
FOCUSED = """(() => {
    const one = document.activeElement, radio = one.matches("input[type=radio]") ? one.closest("label") : one;
    const tile = one.id === "grid" && document.querySelector("#tile-0 canvas");
    const isSeen = tile ? getComputedStyle(tile).boxShadow.includes("5px") : getComputedStyle(radio).outlineStyle !== "none";
    return [one.id || one.getAttribute("aria-label") || one.tagName, isSeen];
})()"""


def test_tab_reaches_what_can_be_used_and_shows_where_it_is(gallery: Any) -> None:
    reached = []
    while len(reached) < 40 and (not reached or reached[-1][0] != "grid"):
        gallery.keyboard.press("Tab")
        reached.append(gallery.evaluate(FOCUSED))
    assert {"flags-button", "Confidence, least", "sort", "turn", "grid"} <= {name for name, _ in reached}
    assert [name for name, is_seen in reached if not is_seen] == []


def flag_first(page: Any, number: int) -> list[int]:
    """Flag the first objects, and return their numbers."""
    page.focus("#grid")
    flagged = []
    for place in range(number):
        page.keyboard.press("f")
        page.keyboard.press("Enter")
        flagged.append(int(page.inner_text("#detail .of").split()[1].rstrip(",")))
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowRight")
        assert page.get_attribute(f"#tile-{place}", "aria-label").endswith("flagged")
    return flagged


def exported(page: Any, name: str) -> str:
    with page.expect_download() as saved:
        page.click(f'[data-export="{name}"]')
    return Path(saved.value.path()).read_text("utf-8")


def test_flags_stay_in_the_browser_and_are_taken_away_in_three_forms(
    gallery: Any, many: Any, tmp_path: Path
) -> None:
    pycocotools = pytest.importorskip("pycocotools.coco")
    flagged = flag_first(gallery, 4)
    gallery.reload()
    gallery.wait_for_selector(".tile")
    gallery.click("#flags-button")
    rows = {row["number"]: row for row in many[1].filter(polars.col("number").is_in(flagged)).to_dicts()}
    assert set(exported(gallery, "files").split()) == {row["image"] for row in rows.values()}
    text = exported(gallery, "coco")
    coco = json.loads(text)
    (tmp_path / "flags.json").write_text(text)
    assert sorted(pycocotools.COCO(str(tmp_path / "flags.json")).getAnnIds()) == sorted(flagged)
    assert {one["id"] for one in coco["annotations"]} == set(flagged)
    for one in coco["annotations"]:
        row = rows[one["id"]]
        assert one["bbox"] == pytest.approx(
            [row["x1"], row["y1"], row["x2"] - row["x1"], row["y2"] - row["y1"]], abs=0.11
        )
        (image,) = [each for each in coco["images"] if each["id"] == one["image_id"]]
        assert (image["file_name"], image["width"]) == (row["image"], row["image_wide"])
        assert {"id": one["category_id"], "name": row["class_name"]} in coco["categories"]
    lines = list(csv.DictReader(io.StringIO(exported(gallery, "labels"))))
    assert {(int(line["number"]), line["kind"], line["class"]) for line in lines} == {
        (n, row["kind"], row["class_name"]) for n, row in rows.items()
    }
    gallery.click("text=Show them")
    assert count(gallery) == 4


def test_a_cell_of_the_matrix_shows_its_objects_and_going_back_returns(context: Any, some: Any) -> None:
    page = opened(context, some[0])
    cell = page.locator(".matrix td.wrong button").first
    wanted = int(cell.get_attribute("aria-label").rsplit(" ", 1)[1])
    cell.click()
    page.wait_for_selector(".tile")
    assert count(page) == wanted
    page.click(".chip")
    assert count(page) == 300
    page.go_back()
    page.wait_for_selector(".matrix")


def test_each_kind_and_class_and_cluster_leads_to_its_objects(context: Any, some: Any) -> None:
    page, table = opened(context, some[0]), some[1]
    page.click(".kind-row >> text=Duplicate")
    assert count(page) == table.filter(polars.col("kind") == "duplicate").height
    page.goto(some[0].as_uri() + "#clusters")
    page.locator(".cluster .primary").first.click()
    assert count(page) == table.filter(polars.col("cluster") == 1).height
    page.goto(some[0].as_uri() + "#changes")
    page.locator(".tiles .linked").first.click()
    assert count(page) > 0


def test_a_set_in_the_address_is_known_before_its_view_was_seen(context: Any, some: Any) -> None:
    page = opened(context, some[0], "#objects?kind=all&set=cause-dog")
    assert count(page) == 4
    assert "dog lost without background" in page.inner_text(".chip")


def test_an_object_shows_its_numbers_verdict_neighbours_and_command(context: Any, some: Any) -> None:
    path, _ = some
    page = opened(context, path, "#objects?kind=missed")
    page.locator(".tile").first.click()
    painted(page, "#detail .looks canvas")
    assert "The best candidate has confidence 0.12, below the threshold of 0.25." in page.inner_text(
        ".verdict"
    )
    words = shlex.split(page.inner_text("#detail code"))
    assert words[:2] == ["heatcam", "missed"] and words[2].startswith("/data/street/images/val/")
    assert len(words[words.index("--at") + 1].split(",")) == 4
    assert words[-2:] == ["-m", "yolov8n.pt"]
    page.keyboard.press("Escape")
    page.goto(path.as_uri() + "#objects?kind=all&cluster=1")
    page.wait_for_selector(".tile")
    page.locator(".tile").first.click()
    assert "In the same cluster (1, " in page.inner_text("#detail .nears")
    before = page.inner_text("#detail .of").split(",")[0]
    page.locator("#detail .nears .thumb").first.click()
    assert page.inner_text("#detail .of").split(",")[0] != before


def test_the_crop_beside_the_page_is_shown_and_the_thumbnail_where_there_is_none(
    context: Any, tmp_path: Path
) -> None:
    path = few(tmp_path, count=40)
    (tmp_path / "crops").mkdir()
    for number in range(1, 41, 2):
        (tmp_path / "crops" / f"{number:06d}.jpg").write_bytes(made_up_parts([number]).crops_jpeg[0])
    page = opened(context, path, "#objects?kind=all")
    page.locator(".tile").first.click()
    found = set()
    for _ in range(8):
        number = int(page.inner_text("#detail .of").split()[1].rstrip(","))
        kind = "#detail .frame img" if number % 2 else "#detail .frame canvas.thumbnail"
        page.wait_for_selector(kind)
        if number % 2:
            page.wait_for_function("document.querySelector('#detail .frame img').naturalWidth === 320")
        else:
            painted(page, kind)
        found.add(number % 2)
        page.keyboard.press("ArrowRight")
    assert found == {0, 1}


QUOTES = 'it\'s $(id) `id` "a b"; exit'


def hostile(folder: Path) -> Path:
    """Names with and without signs that cannot be seen: a shell needs them quoted in different ways."""
    names = (EVIL, QUOTES)
    objects = made_up_objects(60, classes=("dog", EVIL))
    named = [replace(one, image=f"{names[one.image_id % 2]}/{one.image_id}.jpg") for one in objects]
    return few(folder, objects=named, title=EVIL, head={EVIL: EVIL}, root="/data/it's")


def test_hostile_names_are_shown_and_do_nothing(context: Any, tmp_path: Path) -> None:
    page = opened(context, hostile(tmp_path))
    for view in ("overview", "clusters", "changes", "objects?kind=true"):
        page.goto((tmp_path / "index.html").as_uri() + f"#{view}")
        page.wait_for_selector("h1", state="attached")
        assert page.locator("img").count() == 0
        assert "\u202e" not in page.content() and "\x1b" not in page.content()
    page.locator(".tile").first.click()
    opening = set()
    for _ in range(12):
        shown = page.inner_text("#detail .path")
        words = words_in_bash(page.inner_text("#detail code").removeprefix("heatcam "))
        assert words[:2] == ["live", "--source"]
        opening.add(words[2].removeprefix("/data/it's/").rsplit("/", 1)[0])
        assert shown.startswith(("<img src=x", QUOTES))
        page.keyboard.press("ArrowRight")
    assert opening == {EVIL, QUOTES}  # the picture as it was written, and nothing was run


def words_in_bash(command: str) -> list[str]:
    said = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, encoding="utf-8", check=True
    )
    return said.stdout.split("\0")


def test_a_spreadsheet_takes_no_exported_name_for_a_formula(context: Any, tmp_path: Path) -> None:
    objects = [
        replace(one, class_name="=1+1", image='@SUM(1),"x".jpg')
        for one in made_up_objects(9, classes=("dog",))
    ]
    page = opened(context, few(tmp_path, objects=objects), "#objects?kind=all")
    flag_first(page, 1)
    page.click("#flags-button")
    (line,) = csv.DictReader(io.StringIO(exported(page, "labels")))
    assert (line["class"], line["image"]) == ("'=1+1", '\'@SUM(1),"x".jpg')
    assert exported(page, "files") == '@SUM(1),"x".jpg\n'


def test_nothing_is_wider_than_the_window(context: Any, some: Any) -> None:
    page = opened(context, some[0])
    for wide, tall in WIDTHS:
        page.set_viewport_size({"width": wide, "height": tall})
        for view in ("overview", "clusters", "changes", "objects"):
            page.click(f'#views a[href="#{view}"]')
            page.wait_for_selector(f"main.view-{view}")
            assert page.evaluate("document.documentElement.scrollWidth") <= wide, view
            assert nodes(page) < 2 * MOST_NODES
        page.locator(".tile").first.click()
        assert page.evaluate("document.getElementById('detail').scrollWidth") <= wide
        page.keyboard.press("Escape")


def test_colours_follow_the_system_and_the_switch(browser: Any, some: Any) -> None:
    context = browser.new_context(color_scheme="dark")
    page = opened(context, some[0])
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.check('#theme input[value="light"]', force=True)
    light = page.evaluate(paper)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert (dark, light) == ("rgb(18, 17, 16)", "rgb(247, 245, 241)")
    assert page.evaluate(paper) == light
    context.close()


def without_labels() -> AuditPage:
    objects = [
        replace(one, kind="unlabelled", label_class_name=None, iou=None) for one in made_up_objects(80)
    ]
    return made_up_page(objects=objects, table=table_of(objects), figures=None, clusters=None, changes=None)


def test_without_labels_objects_are_sorted_by_evidence_and_nothing_is_called_wrong(
    context: Any, tmp_path: Path
) -> None:
    write_page(tmp_path / "index.html", without_labels())
    page = opened(context, tmp_path / "index.html")
    assert "Without labels nothing is right or wrong" in page.inner_text("main")
    assert page.locator("#views a").all_inner_texts() == ["Overview", "Objects"]
    page.click("#views >> text=Objects")
    assert count(page) == 80
    assert page.input_value("#sort") == "evidence"
    assert not {"missed", "mistake"} & set(page.inner_text("main").lower().split())


def test_an_audit_that_found_nothing_opens(context: Any, tmp_path: Path) -> None:
    path = few(tmp_path, objects=[], figures=None, clusters=None, changes=None)
    page = opened(context, path)
    page.click("#views >> text=Objects")
    assert "No object is like this" in page.inner_text("main")
    for key in ("ArrowRight", "Enter", "f", "End"):
        page.keyboard.press(key)
