"""The command itself, in a browser and over HTTP: what a user does on a day, and what is left when the day is over."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.serving import free_port
from tests.web.test_page import CHROMIUM, FIVE, analyze, is_error, pause, pixels, status, write_picture

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install -y chromium"),
    pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal"),
]

ROOT = Path(__file__).parents[2]
_STARTS_S, _ENDS_S = 90, 20


class Served:
    """``heatcam serve`` with a home, a temporary folder and a current folder of its own.

    Attributes:
        folder: holds these three, and nothing else that the command may write to.
        address: as it was printed.
    """

    def __init__(self, folder: Path, logs: Path) -> None:
        self.folder, self._logs, self.address = folder, logs, ""
        self._words = (
            "--model",
            "markers",
            "--device",
            "cpu",
            "--backend",
            "torch",
            "--host",
            "0.0.0.0",
            "--port",
            str(free_port()),
        )
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("home", "tmp", "current"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def start(self, *words: str) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # (a shell in the background ignores it)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEATCAM", "XDG"))}
        own = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp"), "PYTHONPATH": str(ROOT)}
        with self._logs.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "heatcam", "serve", *self._words, *words],
                env={**kept, **own, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
                cwd=self.folder / "current",
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.address = self._printed(r"http://\S+")
        until(self._answers)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(self.bare + "v2/health/live").status_code == 200
        return False

    @property
    def bare(self) -> str:
        return self.address.partition("#")[0]

    @property
    def token(self) -> str:
        return self.address.partition("#token=")[2]

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def said(self) -> str:
        return self._logs.read_text()

    def _printed(self, pattern: str) -> str:
        until(lambda: re.search(pattern, self.said))
        return re.search(pattern, self.said)[0]  # type: ignore[index]

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def interrupt(self) -> int:
        """Press Ctrl-C; returns the exit code."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(_ENDS_S)

    def files(self) -> set[str]:
        """All that is there now, but the caches and the settings that ultralytics makes for itself."""
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if not path.is_dir()}
        kept = ("home/.cache/heatcam/", "home/.config/heatcam/ultralytics/")
        return {path for path in found if not path.startswith(kept)}


def until(holds: Any, within_s: float = _STARTS_S) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("own"), tmp_path_factory.mktemp("logs") / "log")
    served.start()
    yield served
    served.kill()


@pytest.fixture(scope="module")
def page(service: Served) -> Iterator[Any]:
    """One page for all tests; an error in its scripts fails the last of them."""
    errors: list[str] = []
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(30_000)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", lambda line: errors.append(line.text) if is_error(line) else None)
        opened = context.new_page()
        opened.errors = errors
        opened.goto(service.address)
        opened.wait_for_selector("body[data-ready]")
        opened.wait_for_selector('#stage[data-phase="running"]', timeout=_STARTS_S * 1000)
        yield opened
        browser.close()


def test_another_address_is_shown_with_a_token_once_and_nothing_is_told_without_it(service: Served) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#token=[\w-]{32,}", service.address)
    assert service.said.count(service.token) == 1
    assert httpx.get(service.bare + "live").status_code == 401
    assert httpx.get(service.bare + "live", headers=service.bearer).status_code == 200


def test_the_heat_goes_off_and_on_while_it_runs(page: Any) -> None:
    with_heat = pause(page)
    page.click("#heat")
    page.wait_for_function(
        "before => document.getElementById('canvas').toDataURL() !== before", arg=with_heat
    )
    page.wait_for_selector('dd:text-is("[NORMAL]")')
    assert status(page)["phase"] == "running"
    page.click("#heat")
    page.wait_for_selector('dd:text-is("[HEATMAP]")')


def test_a_click_focuses_an_object(page: Any) -> None:
    seen = status(page)["detections"][0]
    x1, y1, x2, y2 = seen["box_xyxy"]
    canvas = page.locator("#canvas").bounding_box()
    page.locator("#canvas").click(
        position={"x": canvas["width"] * (x1 + x2) / 2, "y": canvas["height"] * (y1 + y2) / 2}
    )
    page.wait_for_selector('#objects button[aria-pressed="true"]')
    assert status(page)["state"]["focus"] == seen["object_id"]
    before = pixels(page)
    page.keyboard.press("Escape")
    page.locator("#canvas").click(position={"x": 3, "y": 3})
    page.wait_for_function("before => document.getElementById('canvas').toDataURL() !== before", arg=before)


def test_an_upload_shows_all_five_images(page: Any, tmp_path: Path) -> None:
    analyze(page, write_picture(tmp_path))
    page.wait_for_function(
        "() => [...document.querySelectorAll('#result-all img')].filter((one) => one.naturalWidth > 0).length === 5"
    )
    shown = page.eval_on_selector_all("#result-all img", "found => found.map((image) => image.dataset.view)")
    assert sorted(shown) == sorted(FIVE)
    page.click("#tab-live")


def test_a_reload_keeps_the_state(page: Any) -> None:
    page.check("#controls input[value=viridis]", force=True)
    until(lambda: status(page)["state"]["colormap"] == "viridis")
    page.reload()
    page.wait_for_selector('#stage[data-phase="running"]')
    page.wait_for_selector("#controls input[value=viridis]:checked", state="attached")
    assert status(page)["state"]["paused"]


def test_killed_and_started_again_it_is_missed_and_comes_back_still_signed_in(
    page: Any, service: Served
) -> None:
    token = service.token
    service.kill()
    page.wait_for_selector('#cover h2:text-is("The server is gone")')
    service.start("--token", token)
    page.wait_for_selector('#link[data-state="open"]')
    page.wait_for_selector('.notice:has-text("Connected again")')
    page.wait_for_selector('#stage[data-phase="running"]')
    page.wait_for_selector("#cover", state="hidden")
    assert page.is_hidden("#sign-in")
    assert page.errors == []


def test_ctrl_c_ends_it_whoever_is_there_and_nothing_is_left(page: Any, service: Served) -> None:
    """A browser, a reader of MJPEG and an upload are open, one recording is made and another one finished."""
    page.click("#record")
    page.wait_for_selector('#record[aria-pressed="true"]')
    page.wait_for_timeout(500)
    page.click("#record")
    page.wait_for_selector("#recordings li")
    page.click("#record")
    page.wait_for_selector('#record[aria-pressed="true"]')
    assert any("heatcam-serve-" in path for path in service.files())
    with reading(service, "GET /stream.mjpg"), reading(service, "POST /analyze", b"Content-Length: 9999"):
        until(lambda: status(page)["viewers"] == 2)
        began = time.monotonic()
        code = service.interrupt()
    assert (code, time.monotonic() - began < 12) == (130, True)
    assert service.said.count(service.token) == 1
    assert "Traceback" not in service.said and "Error" not in service.said, service.said
    assert service.files() == set()
    assert page.errors == []


@contextlib.contextmanager
def reading(service: Served, asked: str, more: bytes = b"X: y") -> Iterator[None]:
    """A program that has sent a request, or begun to."""
    host = service.bare.removeprefix("http://").rstrip("/")
    name, port = host.split(":")
    with socket.create_connection((name, int(port))) as opened:
        opened.sendall(
            f"{asked} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.token}\r\n".encode()
        )
        opened.sendall(more + b"\r\n\r\n" + b"\xff\xd8")
        yield
