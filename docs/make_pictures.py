"""Makes every picture of README and docs by the command that stands there: ``make docs``, or ``python docs/make_pictures.py``.

Pictures of a COCO model need one: ``--coco yolov8n.pt``. Without it they stay as they are. The curves of ``faithfulness*.png``
are measurements, made by the commands above them in ``faithfulness.md``. Those of an audit render its scenes, audit them and take
minutes; ``--audit FOLDER`` shows one that is there.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray
from typer.testing import CliRunner

import heatcam
from heatcam.cli.app import app
from heatcam.enums import Layout
from heatcam.frames import Frame
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.renderer import Renderer
from heatcam.live.state import WindowState
from heatcam.overlay import Status
from heatcam.sinks.keys import DEFAULT_KEYS
from heatcam.sources.demo.__main__ import write_samples
from heatcam.sources.demo.backdrop import photograph_paths
from heatcam.sources.demo.scene import DemoScene

DOCS = Path(__file__).parent
PICTURES = DOCS / "pictures"
COCO = DOCS.parents[1] / "shared" / "models" / "yolov8n-coco.pt"
COCO_NAME = "yolov8n.pt"  # as the commands in the docs call it
_QUALITY = 84


@dataclass(frozen=True)
class AuditView:
    """What is seen of an audit's page.

    Attributes:
        address: behind the ``#``.
        scheme: ``dark`` or ``light``.
        size_wh: of the window.
        opens: the first object is opened.
    """

    address: str
    scheme: Literal["dark", "light"] = "dark"
    size_wh: tuple[int, int] = (1440, 900)
    opens: bool = False


@dataclass(frozen=True)
class DocPicture:
    """A picture, and the command that makes it.

    Attributes:
        name: the file in ``docs/pictures``.
        command: as it stands in the docs; ``-o`` is added.
        page: the file that shows both, from the project's root.
        longest: longer side in pixels, to which it is shrunk.
        view: of the page of an audit; None for other commands.
    """

    name: str
    command: str
    page: str = "docs/reading-heatmaps.md"
    longest: int = 640
    view: AuditView | None = None

    @property
    def needs_coco(self) -> bool:
        """Whether a COCO model is needed, which heatcam does not bring."""
        return COCO_NAME in self.command


_FOOLED = "heatcam snapshot {} --model yolov8n.pt {}"
_AUDIT = "heatcam audit scenes/data.yaml -o audit/"
_FALSE_MATRICES = "objects?kind=false&class=data-matrix&sort=size&down=1"
ALL = (
    DocPicture("bus.jpg", "heatcam snapshot bus.jpg", "README.md", 1000),
    DocPicture("demo.jpg", "heatcam snapshot demo-1.jpg --model markers", "README.md", 1000),
    DocPicture("window.jpg", "heatcam live --source demo", "README.md", 1400),
    DocPicture("page.jpg", "heatcam serve", "README.md", 1340),
    DocPicture("zidane.jpg", "heatcam snapshot zidane.jpg --model yolov8n.pt", "README.md", 800),
    DocPicture("cat.jpg", "heatcam snapshot cat.png --quality fine", "README.md"),
    DocPicture("fooled-1-box.jpg", _FOOLED.format("bus.jpg", "--renorm box")),
    DocPicture("fooled-1-fixed.jpg", _FOOLED.format("bus.jpg", "--renorm fixed")),
    DocPicture("fooled-2-fine.jpg", _FOOLED.format("cat.png", "--quality fine --renorm frame")),
    DocPicture("fooled-2-gradcam.jpg", _FOOLED.format("cat.png", "--method gradcam --renorm frame")),
    DocPicture("fooled-3-frame.jpg", _FOOLED.format("zidane.jpg", "--renorm frame")),
    DocPicture("fooled-3-own.jpg", _FOOLED.format("zidane.jpg", "--renorm box")),
    DocPicture("fooled-4-cat.jpg", "heatcam snapshot cat.png --model yolov8n.pt"),
    DocPicture("fooled-4-truck.jpg", _FOOLED.format("cat.png", "--why truck")),
    DocPicture("fooled-5-class.jpg", _FOOLED.format("cat.png", "--quality fine")),
    DocPicture("fooled-5-box.jpg", _FOOLED.format("cat.png", "--quality fine --target box")),
    DocPicture("audit.jpg", _AUDIT, "README.md", 1200, AuditView("objects?kind=mistakes&sort=evidence")),
    DocPicture(
        "audit-overview.jpg", _AUDIT, "docs/auditing.md", 1200, AuditView("overview", "light", (1440, 1560))
    ),
    DocPicture(
        "audit-class.jpg", _AUDIT, "docs/auditing.md", 1200, AuditView(_FALSE_MATRICES, size_wh=(1280, 860))
    ),
    DocPicture(
        "audit-object.jpg",
        _AUDIT,
        "docs/auditing.md",
        1200,
        AuditView(_FALSE_MATRICES, "light", (1280, 820), opens=True),
    ),
)


def main() -> None:
    """Read the command line and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="pictures to make; all if left out")
    parser.add_argument("--audit", type=Path, help="the audit of scenes/data.yaml, where it is made already")
    parser.add_argument("--coco", type=Path, default=COCO, help="a COCO model such as yolov8n.pt")
    given = parser.parse_args()
    coco = given.coco if given.coco.is_file() else None
    wanted = [one for one in ALL if not given.names or one.name in given.names]
    made_audit = given.audit.resolve() if given.audit else None
    with inputs(coco):
        if made_audit is not None:
            Path("audit").symlink_to(made_audit, target_is_directory=True)
        for one in wanted:
            if one.needs_coco and coco is None:
                sys.stdout.write(f"{one.name} needs a COCO model: --coco yolov8n.pt\n")
                continue
            (PICTURES / one.name).write_bytes(encoded(made(one)))
            sys.stdout.write(
                f"{one.name}  {(PICTURES / one.name).stat().st_size // 1024} kB  {one.command}\n"
            )


@contextmanager
def inputs(coco: Path | None) -> Iterator[None]:
    """A folder to work in, with everything that the commands name: photographs, a still of the demo scene, the model."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in photograph_paths():
            shutil.copy(path, folder)
        shutil.copy(Path(skimage.__file__).parent / "data" / "chelsea.png", folder / "cat.png")
        write_samples(folder)
        if coco is not None:
            shutil.copy(coco, folder / COCO_NAME)  # (what is drawn names the file)
        before = Path.cwd()
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def made(one: DocPicture) -> NDArray[np.uint8]:
    """The picture, uint8 BGR, by its command; within ``inputs``.

    Raises:
        RuntimeError: the command failed.
    """
    _program, *words = shlex.split(one.command)
    special = {"live": _window, "serve": _page}
    picture = (
        _audit_page(words, one.view)
        if one.view is not None
        else special.get(words[0], lambda: _snapshot(words))()
    )
    scale = min(1.0, one.longest / max(picture.shape[:2]))
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def encoded(picture: NDArray[np.uint8]) -> bytes:
    """As JPEG."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def _snapshot(words: Sequence[str]) -> NDArray[np.uint8]:
    out = Path(f"made-{os.getpid()}.png")
    result = CliRunner().invoke(app, [*words, "-o", str(out), "--overwrite"])
    if result.exit_code:
        raise RuntimeError(f"{shlex.join(words)}: {result.stderr}")
    return np.asarray(cv2.imread(str(out)), np.uint8)


def _window() -> NDArray[np.uint8]:
    """What the window shows after the keys ``d``, ``i`` and ``a``, by what draws it, but without a display."""
    explainer = heatcam.load("markers").explainer
    painting, state = Renderer(0.9, DEFAULT_KEYS), WindowState(layout=Layout.DUAL, numbers=True, graphs=True)
    scene = DemoScene()
    for frame_index in range(0, 240, 4):
        frame = Frame(
            scene.render(frame_index).image_bgr, frame_index, frame_index / 30, frame_index / 30, "demo"
        )
        explanation = explainer.explain(frame, with_object_maps=True)
        painting.take(explanation, state)
    numbers = tuple(range(1, 1 + len(explanation.detections)))
    took = explanation.timings
    status = Status("HEATMAP", 0.0, took.prepare_ms + took.forward_ms, took.map_ms, model=explainer.title)
    return painting.paint(HistoryEntry(explanation, numbers, ExplainRequest()), state, status).picture


def _audit_page(words: Sequence[str], view: AuditView) -> NDArray[np.uint8]:
    """What a browser shows of an audit's page; the scenes are rendered and audited where that was not done yet."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (of the tests)

    if not Path("audit").exists():
        sys.path.insert(0, str(DOCS.parent))
        from training.dataset import render_dataset  # noqa: PLC0415 (needs its photographs)

        render_dataset(Path("scenes"), "held-out", 300, 7, 320)
        result = CliRunner().invoke(app, list(words))
        if result.exit_code:
            raise RuntimeError(f"{shlex.join(words)}: {result.stderr}")
    wide, tall = view.size_wh
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": wide, "height": tall}, color_scheme=view.scheme)
        page.goto(f"{Path('audit/index.html').resolve().as_uri()}#{view.address}")
        page.wait_for_timeout(2_000)
        if view.opens:
            page.locator(".tile").first.click()
            page.wait_for_timeout(1_500)
        shot = page.screenshot()
        browser.close()
    return np.asarray(cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _page() -> NDArray[np.uint8]:
    """What a browser shows of the service, some seconds after the model is loaded."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (of the tests)

    command = [sys.executable, "-m", "heatcam", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service, sync_playwright() as engine:
        assert service.stdout is not None
        address = service.stdout.readline().strip()
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="dark")
        page.goto(address)
        page.wait_for_selector('#stage[data-phase="running"]', timeout=120_000)
        page.wait_for_timeout(20_000)
        shot = page.screenshot()
        browser.close()
        service.send_signal(signal.SIGINT)
    return np.asarray(cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR), np.uint8)


if __name__ == "__main__":
    main()
