"""The page in a browser: what a user does on it, and what it says when the server does not answer."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from heatcam.sources import DemoScene
from tests.web.serving import ServedProcess

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install -y chromium")

FAKE = ["tests.web.fake_service", "--size", "480x270", "--rate", "4"]
#: Modules to run, with their arguments; each takes ``--port`` too.
SERVERS = {"stand-in": FAKE}
FIVE = ["overlay", "heatmap", "boxes", "regions", "original"]
PHONE, TABLET, DESKTOP = (390, 844), (820, 1180), (1440, 900)


@pytest.fixture(scope="module", params=list(SERVERS.values()), ids=list(SERVERS))
def service(request: pytest.FixtureRequest) -> Iterator[ServedProcess]:
    """The server; its live view shows the demo scene."""
    served = ServedProcess(request.param)
    served.start()
    yield served
    served.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A browser of its own for each test, which fails if a script of the page did."""
    opened, errors = browser.new_context(viewport={"width": 1440, "height": 900}), []
    opened.set_default_timeout(30_000)
    opened.on("weberror", lambda error: errors.append(str(error.error)))
    opened.on("console", lambda line: errors.append(line.text) if is_error(line) else None)
    yield opened
    opened.close()
    assert errors == []


#: With the stand-in too only in the long runs: ``test_whole_service`` does the same with the real server.
twice = pytest.mark.soak


def is_error(line: Any) -> bool:
    """True for an error but a refused request, which the browser notes whatever the page does with it."""
    refused = re.search(r"Failed to load resource|WebSocket connection to .* failed", line.text)
    return line.type in ("error", "warning") and not refused


def opened(context: Any, service: ServedProcess, *, running: bool = True, fragment: str = "") -> Any:
    """The page, with the live view running."""
    page = context.new_page()
    page.goto(service.address + fragment)
    page.wait_for_selector("body[data-ready]")
    if running:
        run(page)
    return page


def run(page: Any) -> None:
    page.wait_for_selector('#link[data-state="open"]')
    if page.get_attribute("#stage", "data-phase") in ("stopped", "failed", "ended"):
        page.click("#start")
    page.wait_for_selector('#stage[data-phase="running"]')


def change(page: Any, **state: Any) -> None:
    """Change the state at the server, as another program would."""
    page.evaluate(
        "state => fetch('live/state', {method: 'PATCH', headers: {'Content-Type': 'application/json'}, body: state})",
        json.dumps(state),
    )


def status(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("fetch('live').then((answer) => answer.json())")
    return found


def pixels(page: Any) -> str:
    text: str = page.evaluate("document.getElementById('canvas').toDataURL('image/png')")
    return text


def pause(page: Any) -> str:
    """Pause the live view; returns the picture, when it stays."""
    change(page, paused=True, focus=None)
    before = ""
    for _ in range(50):
        page.wait_for_timeout(150)
        if (now := pixels(page)) == before:
            return now
        before = now
    raise AssertionError("the paused picture never stays")


def write_picture(folder: Path, name: str = "street.png") -> Path:
    """A picture in which the built-in model finds objects."""
    path = folder / name
    assert cv2.imwrite(str(path), DemoScene((640, 360)).render(0).image_bgr)
    return path


def analyze(page: Any, path: Path) -> None:
    page.click("#tab-analyze")
    page.set_input_files("#choose", path)
    page.wait_for_selector(f'#result .head h2:text-is("{path.name}")')


@twice
def test_the_heat_goes_off_and_on_while_it_runs(context: Any, service: ServedProcess) -> None:
    page = opened(context, service)
    change(page, heatmap=True)
    with_heat = pause(page)
    page.keyboard.press("h")
    page.wait_for_selector('dd:text-is("[NORMAL]")')
    page.wait_for_function(
        "before => document.getElementById('canvas').toDataURL() !== before", arg=with_heat
    )
    assert status(page)["state"]["heatmap"] is False
    page.click("#heat")
    page.wait_for_selector('dd:text-is("[HEATMAP]")')
    assert page.get_attribute("#heat", "aria-pressed") == "true"
    assert page.get_attribute("#stage", "data-phase") == status(page)["phase"] == "running"


def test_pictures_keep_coming_and_stop_when_they_are_stopped(context: Any, service: ServedProcess) -> None:
    page = opened(context, service)
    change(page, paused=False)
    drawn = int(page.get_attribute("#canvas", "data-drawn"))
    page.wait_for_function("n => Number(document.getElementById('canvas').dataset.drawn) > n + 3", arg=drawn)
    page.click("#start")
    page.wait_for_selector('#cover h2:text-is("Stopped")')
    assert status(page)["phase"] == "stopped"
    run(page)


@twice
def test_a_click_on_an_object_shows_its_own_map_and_one_beside_it_all(
    context: Any, service: ServedProcess
) -> None:
    page = opened(context, service)
    pause(page)
    seen = status(page)["detections"]
    x1, y1, x2, y2 = seen[0]["box_xyxy"]
    canvas = page.locator("#canvas").bounding_box()
    at = {"x": canvas["width"] * (x1 + x2) / 2, "y": canvas["height"] * (y1 + y2) / 2}
    page.locator("#canvas").click(position=at)
    page.wait_for_selector('#objects button[aria-pressed="true"]')
    assert status(page)["state"]["focus"] == seen[0]["object_id"]
    page.locator("#canvas").click(position={"x": 3, "y": 3})
    page.wait_for_selector('#objects button[aria-pressed="true"]', state="detached")
    assert status(page)["state"]["focus"] is None


def test_objects_are_chosen_from_their_list_by_keyboard(context: Any, service: ServedProcess) -> None:
    page = opened(context, service)
    pause(page)
    page.wait_for_selector("#objects li:nth-child(2) button")
    page.locator("#objects button[tabindex='0']").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.wait_for_selector("#objects li:nth-child(2) button[aria-pressed='true']")
    page.keyboard.press("n")
    page.wait_for_function("() => document.querySelectorAll('#objects [aria-pressed=true]').length < 2")
    page.click("text=Show all objects again")
    page.wait_for_selector('#objects button[aria-pressed="true"]', state="detached")


def test_an_upload_shows_five_pictures_and_the_findings(
    context: Any, service: ServedProcess, tmp_path: Path
) -> None:
    page = opened(context, service)
    analyze(page, write_picture(tmp_path))
    page.wait_for_function(
        "() => [...document.querySelectorAll('#result-all img')].filter((one) => one.naturalWidth > 0).length === 5"
    )
    shown = page.eval_on_selector_all("#result-all img", "found => found.map((image) => image.dataset.view)")
    assert sorted(shown) == sorted(FIVE)
    page.focus("#result-tab-all")
    page.keyboard.press("End")
    assert page.is_visible("#result-findings h3:text-is('Objects')")
    with page.expect_download() as saved:
        page.click("#save-json")
    document = json.loads(Path(saved.value.path()).read_text("utf-8"))
    assert document["schema"].startswith("heatcam/findings/")
    assert "images" not in document["images"][0]
    page.click("#result-tab-overlay")
    page.click("#result-overlay .zoom")
    assert page.is_visible("#large img")
    page.keyboard.press("Escape")


def test_a_refused_picture_leaves_a_calm_line_and_the_page_as_it_was(
    context: Any, service: ServedProcess, tmp_path: Path
) -> None:
    page = opened(context, service)
    bad = tmp_path / "bad.jpg"
    bad.write_text("this is no picture")
    page.click("#tab-analyze")
    page.set_input_files("#choose", bad)
    page.wait_for_selector(".notice.problem")
    assert page.is_visible("#choose-button") and not page.is_visible("#drop .busy")
    page.click(".notice.problem button")
    assert page.locator(".notice.problem").count() == 0


def test_a_picture_on_its_way_can_be_cancelled_and_a_lost_one_is_told(
    context: Any, service: ServedProcess, tmp_path: Path
) -> None:
    page = opened(context, service)
    page.click("#tab-analyze")
    page.route("**/analyze*", lambda route: None)
    page.set_input_files("#choose", write_picture(tmp_path))
    page.wait_for_selector("#drop[aria-busy=true] .spinner")
    page.keyboard.press("Enter")  # the focus is on Cancel
    page.wait_for_selector("#drop .busy", state="hidden")
    assert page.locator(".notice").count() == 0
    page.unroute("**/analyze*")
    page.route("**/analyze*", lambda route: route.abort())
    page.click("text=Analyze again")
    page.wait_for_selector('.notice.problem:has-text("does not answer")')


def test_a_reload_keeps_the_state_of_both_sides(context: Any, service: ServedProcess, tmp_path: Path) -> None:
    page = opened(context, service)
    page.check("input[value=magma] >> visible=true", force=True)
    page.wait_for_function("async () => (await (await fetch('live')).json()).state.colormap === 'magma'")
    page.check("#theme input[value=dark]", force=True)
    page.click("#card-detection summary >> nth=0")
    page.click("#tab-analyze")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.get_attribute("#tab-analyze", "aria-selected") == "true"
    assert page.get_attribute("html", "data-theme") == "dark"
    page.click("#tab-live")
    page.wait_for_selector('#stage[data-phase="running"]')
    assert page.get_attribute("#card-detection", "open") is None
    assert page.is_checked("#controls input[value=magma]")
    change(page, colormap="turbo")


def test_two_tabs_show_the_same(context: Any, service: ServedProcess) -> None:
    one, other = opened(context, service), opened(context, service)
    change(one, boxes=True, alpha=0.7)
    switch = "label:has-text('Boxes and labels') input"
    one.wait_for_selector(f"{switch}:checked")
    one.bring_to_front()
    one.keyboard.press("b")
    one.keyboard.press("+")
    other.wait_for_selector(f"{switch}:not(:checked)")
    other.wait_for_selector("output:text-is('80 %')")
    change(one, boxes=True, alpha=0.7)
    one.wait_for_selector(f"{switch}:checked")


@twice
def test_a_server_that_is_killed_is_missed_and_found_again(context: Any, service: ServedProcess) -> None:
    page = opened(context, service)
    service.kill()
    page.wait_for_selector('#cover h2:text-is("The server is gone")')
    assert "not connected" in page.inner_text("#link")
    service.start()
    page.wait_for_selector('#link[data-state="open"]')
    page.wait_for_selector('.notice:has-text("Connected again")')
    run(page)
    page.wait_for_selector("#cover", state="hidden")


def test_what_is_said_for_a_while_does_not_move_the_picture(context: Any, service: ServedProcess) -> None:
    def places() -> list[Any]:
        found = []
        for width, height in (PHONE, TABLET, DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            found.append(page.locator("#picture").bounding_box())
        return found

    page = opened(context, service)
    page.wait_for_selector("#note", state="hidden")
    before = places()
    change(page, alpha=0.5)
    page.wait_for_selector("#note:has-text('opacity'), #note:has-text('alpha')")
    assert places() == before
    change(page, alpha=0.7)


def test_a_recording_is_made_listed_and_deleted(context: Any, service: ServedProcess) -> None:
    page = opened(context, service)
    before = page.locator("#picture").bounding_box()
    page.keyboard.press("R")
    page.wait_for_selector('#record[aria-pressed="true"]')
    page.wait_for_selector("#rolling:has-text('Recording 0:0')")
    assert page.locator("#picture").bounding_box() == before
    page.wait_for_timeout(600)
    page.keyboard.press("R")
    page.wait_for_selector("#rolling", state="hidden")
    page.wait_for_selector("#recordings li")
    with page.expect_download() as saved:
        page.click("#recordings >> text=Download")
    assert Path(saved.value.path()).stat().st_size > 0
    page.click("#recordings [aria-label^=Delete]")
    page.wait_for_selector("#card-recordings", state="hidden")


def test_a_snapshot_is_saved_by_its_key(context: Any, service: ServedProcess) -> None:
    page = opened(context, service)
    with page.expect_download() as saved:
        page.keyboard.press("s")
    assert saved.value.suggested_filename.endswith(".png")
    assert cv2.imread(str(saved.value.path())) is not None


def test_keys_leave_fields_alone_and_can_be_switched_off(context: Any, service: ServedProcess) -> None:
    page = opened(context, service)
    change(page, heatmap=True)
    page.wait_for_selector("#heat[aria-pressed=true]")
    page.focus("#controls select")
    page.keyboard.press("h")
    page.keyboard.press("Control+h")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.keyboard.press("h")
    page.uncheck("#keys input")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.wait_for_timeout(300)
    assert status(page)["state"]["heatmap"] is True


READABLE = """() => {
  const rgba = (text) => { const v = text.match(/[\\d.]+/g).map(Number); return v.length > 3 ? v : [...v, 1]; };
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3]));
  const light = (rgb) => { const l = rgb.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
  const behind = (node) => { const layers = [];
    for (let one = node; one; one = one.parentElement) layers.push(rgba(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]); };
  const weak = [];
  for (const node of document.querySelectorAll("body *")) {
    const says = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    const box = node.getBoundingClientRect();
    if (!says || !box.width || node.closest(".spoken, .skip, [hidden], option, noscript, .cover")) continue;
    if (!node.checkVisibility({visibilityProperty: true}) || node.closest(".actions[data-running=false]")) continue;
    const [one, other] = [behind(node), over(rgba(getComputedStyle(node).color), behind(node))].map(light).sort();
    const contrast = (other + 0.05) / (one + 0.05);
    if (contrast < 4.5) weak.push([node.tagName, node.className, node.textContent.trim().slice(0, 40), contrast.toFixed(2)]);
  }
  return weak;
}"""
NAMELESS = """() => [...document.querySelectorAll("button, input, select, summary, a, canvas, img, fieldset")]
  .filter((node) => node.checkVisibility() && !node.closest("[aria-hidden=true]") && !node.hasAttribute("alt"))
  .filter((node) => !(node.textContent.trim() || node.getAttribute("aria-label") || node.labels?.[0]?.textContent.trim()))
  .map((node) => node.outerHTML.slice(0, 120))"""
BESIDE = """() => [...document.querySelectorAll("body *")].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width && box.right > innerWidth + 1 && !node.closest(".spoken, .wide, .tabs, .sprite, .objects, .skip");
  }).map((node) => [node.tagName, node.className, node.id])"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_is_readable_named_and_inside_the_screen(
    context: Any, service: ServedProcess, tmp_path: Path, theme: str
) -> None:
    page = opened(context, service)
    page.emulate_media(color_scheme=theme)
    page.wait_for_selector("#objects li")
    look(page, "live")
    pause(page)
    look(page, "paused")
    analyze(page, write_picture(tmp_path))
    page.click("#card-options summary") if page.get_attribute("#card-options", "open") is None else None
    for tab in ("all", "overlay", "findings"):
        page.click(f"#result-tab-{tab}")
        look(page, tab)


def look(page: Any, name: str) -> None:
    """Read the page at the size of a phone, a tablet and a desk."""
    assert page.evaluate(READABLE) == [], name
    assert page.evaluate(NAMELESS) == [], name
    for width, height in (PHONE, TABLET, DESKTOP):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        assert page.evaluate(BESIDE) == [], (name, width)


def test_every_button_is_reached_by_tab_and_the_focus_is_seen(context: Any, service: ServedProcess) -> None:
    page = opened(context, service)
    pause(page)
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(70):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const node = document.activeElement, style = getComputedStyle(node.closest('label') ?? node);"
            " return [node.id || node.name || node.textContent.trim().slice(0, 30), node.matches('input[type=radio]')"
            " || parseFloat(style.outlineWidth) > 1 || parseFloat(getComputedStyle(node).outlineWidth) > 1]; }"
        )
        assert found[1], found
        reached.add(found[0])
    assert {"tab-live", "start", "heat", "snapshot", "record", "keys-button", "theme"} <= reached


def test_words_of_others_stay_words(context: Any, service: ServedProcess, tmp_path: Path) -> None:
    """The stand-in finds an object that is called like an element in a picture of this name."""
    if service_is_real(service):
        pytest.skip("needs the stand-in's class names")
    page = opened(context, service)
    analyze(page, write_picture(tmp_path, "crowd <i>.png"))
    page.click("#result-tab-findings")
    assert page.locator("th:text-is('<b>not bold</b>')").count() > 1
    assert page.locator("#result b, #result i:not(.bar)").count() == 0


def service_is_real(service: ServedProcess) -> bool:
    return service.command != FAKE


def test_a_token_in_the_fragment_signs_in_and_is_gone_from_the_address(context: Any) -> None:
    served = ServedProcess([*FAKE, "--token", "let me in"])
    served.start()
    try:
        page = opened(context, served, running=False, fragment="#token=let%20me%20in")
        assert page.url == served.address
        context.clear_cookies()
        page.goto("about:blank")
        page.goto(served.address + "#token=wrong")
        page.wait_for_selector("#token")
        assert page.url == served.address and "not that of this server" in page.inner_text("#token-wrong")
        page.fill("#token", "let me in")
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-ready]")
        page.wait_for_selector('#link[data-state="open"]')
        assert page.is_hidden("#sign-in")
    finally:
        served.kill()
