"""The service's answers beside those of ``heatcam snapshot`` for the same picture and options."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.served_models import ServedModels
from heatcam.commands.terminal import Terminal
from heatcam.sources import open_source
from tests.commands.programs import heatcam
from tests.web.tiny import Service

_OWN = ("path", "output", "views", "timings", "classes")
VIEWS = "original,overlay,heatmap,boxes,regions"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "scene.png"
    with open_source("demo") as source:
        cv2.imwrite(str(path), next(iter(source)).image_bgr)
    return path


@pytest.fixture(scope="module")
def models() -> Iterator[ServedModels]:
    choice = ModelChoice(device="cpu")
    yield ServedModels(["markers", "everyday"], choice, LookOptions(), MotionOptions(), Terminal())


def served(models: ServedModels, data: bytes, **query: Any) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        service = Service(models)
        async with service.client:
            response = await service.analyze(data, **query)
            assert response.status_code == 200, response.text
            return dict(response.json())

    return asyncio.run(run())


def snapshot(path: Path, folder: Path, *words: object) -> dict[str, Any]:
    target = folder / "out.json"
    heatcam("snapshot", path, "--device", "cpu", "-o", folder / "out.png", "--json", target, *words)
    return dict(json.loads(target.read_text()))


def alike(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what differs by nature: names, files, times, and of a classifier what only the service tells."""
    (image,) = document["images"]
    rest = {key: value for key, value in image.items() if key not in _OWN}
    return {**document, "images": [rest]}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"views": VIEWS}, ["--images", VIEWS]),
        (
            {
                "conf": 0.1,
                "iou": 0.3,
                "region_share": 0.5,
                "views": "",
                "foreground": "auto",
            },
            [
                "--conf",
                0.1,
                "--iou",
                0.3,
                "--region-share",
                0.5,
                "--foreground",
                "auto",
            ],
        ),
        (
            {"model": "everyday", "conf": 0.05, "views": "overlay", "colormap": "magma", "alpha": 0.5},
            [
                "--model",
                "everyday",
                "--conf",
                0.05,
                "--images",
                "overlay",
                "--colormap",
                "magma",
                "--alpha",
                0.5,
            ],
        ),
    ],
    ids=["as usual", "options", "classifier"],
)
def test_answers_equal_those_of_snapshot(
    models: ServedModels, scene: Path, tmp_path: Path, query: dict[str, Any], words: list[object]
) -> None:
    answer, written = served(models, scene.read_bytes(), **query), snapshot(scene, tmp_path, *words)
    if "foreground" in query:  # what snapshot says of it is a note
        answer["images"][0]["warnings"].remove("no subject on a plain background was found")
    assert alike(answer) == alike(written)
    if query.get("model") == "everyday":
        best = answer["images"][0]["classes"]
        assert len(best) == 5 and best[0]["class_name"] == answer["images"][0]["detections"][0]["class_name"]


def test_a_class_that_the_model_lacks_and_a_layer_that_it_lacks_are_problems(
    models: ServedModels, scene: Path
) -> None:
    async def run() -> None:
        service = Service(models)
        async with service.client:
            for query in ({"classes": "dog"}, {"layers": "99"}, {"why": "dog"}, {"target": "mask"}):
                response = await service.analyze(scene.read_bytes(), **query)
                assert response.status_code == 422, (query, response.text)
                assert "; " in response.json()["detail"]

    asyncio.run(run())
