"""The pictures of README and docs are what the commands beside them make."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/reading-heatmaps.md", "docs/faithfulness.md", "docs/auditing.md")
#: Made as measurements, by the commands above them on the page.
MEASURED = {"faithfulness.png", "faithfulness-infills.png"}
MOST_BYTES = 200_000


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "make_pictures.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_pictures"] = module  # (dataclasses look their module up)
    spec.loader.exec_module(module)
    return module


make_pictures = _script()
#: One of a photograph, one of the demo scene, one of the window; all others in `make soak`.
QUICK = ("cat.jpg", "demo.jpg", "window.jpg")


def look_alike(ours: NDArray[np.uint8], kept: NDArray[np.uint8]) -> bool:
    """Whether two pictures differ by no more than processors, JPEG and printed milliseconds make them differ."""
    if ours.shape != kept.shape:
        return False
    apart = np.abs(ours.astype(int) - kept).max(2)
    return bool(apart.mean() < 6 and (apart > 60).mean() < 0.01)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(one, id=one.name, marks=() if one.name in QUICK else pytest.mark.soak)
        for one in make_pictures.ALL
    ],
)
def test_a_picture_is_what_its_command_makes(one) -> None:
    if one.view is not None:
        pytest.skip("its scenes depend on the photographs that are installed, and it shows when it was made")
    if one.needs_coco and not make_pictures.COCO.is_file():
        pytest.skip("needs the shared COCO checkpoint: ../shared/models/yolov8n-coco.pt beside the project")
    with make_pictures.inputs(make_pictures.COCO if one.needs_coco else None):
        made = cv2.imdecode(
            np.frombuffer(make_pictures.encoded(make_pictures.made(one)), np.uint8), cv2.IMREAD_COLOR
        )
    kept = cv2.imread(str(make_pictures.PICTURES / one.name))
    assert look_alike(made, kept), f"python docs/make_pictures.py {one.name}"


def test_pictures_that_are_of_something_else_do_not_look_alike() -> None:
    cat, truck = (
        cv2.imread(str(make_pictures.PICTURES / f"fooled-4-{name}.jpg")) for name in ("cat", "truck")
    )
    assert look_alike(cat, cat)
    assert not look_alike(cat, truck)
    assert not look_alike(cat, cat[:-1])


def test_every_picture_that_is_shown_has_its_command_beside_it_and_is_small() -> None:
    shown = {
        (page, Path(link).name)
        for page in PAGES
        for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / page).read_text("utf-8"))
    }
    assert shown - {(one.page, one.name) for one in make_pictures.ALL} == {
        ("docs/faithfulness.md", name) for name in MEASURED
    }
    for one in make_pictures.ALL:
        assert (one.page, one.name) in shown
        assert one.command in (ROOT / one.page).read_text("utf-8"), one.command
        assert (make_pictures.PICTURES / one.name).stat().st_size < MOST_BYTES, one.name
    assert {path.name for path in make_pictures.PICTURES.iterdir()} == {name for _, name in shown}
