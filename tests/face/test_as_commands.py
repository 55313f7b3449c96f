"""Python and the command line give the same, with a real model; and so does each form of a picture."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import heatcam
from heatcam.sources.demo import DemoScene
from tests.commands.programs import heatcam as command


@pytest.fixture(scope="module")
def model() -> heatcam.Model:
    return heatcam.load("markers", device="cpu")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("still") / "still.png"
    cv2.imwrite(str(path), DemoScene().render(30).image_bgr)
    return path


def test_explain_is_snapshot(model: heatcam.Model, path: Path, tmp_path: Path) -> None:
    given = ("--model", "markers", "--device", "cpu", "--backend", "torch", "--images", "original")
    command("snapshot", path, *given, "--json", tmp_path / "a.json", "-o", tmp_path / "a.png")
    theirs = json.loads((tmp_path / "a.json").read_text("utf-8"))
    explanation = model.explain(path)
    ours = explanation.to_dict(images=["original"])
    (row,), (told,) = ours.pop("images"), theirs.pop("images")
    assert ours == theirs
    both = (row.keys() & told.keys()) - {"timings"}
    assert both == told.keys() - {"timings", "output", "views"}
    assert {name: row[name] for name in both} == {name: told[name] for name in both}
    assert np.array_equal(cv2.imread(str(tmp_path / "a.png")), explanation.render())


def test_every_form_of_a_picture_gives_the_same_explanation(model: heatcam.Model, path: Path) -> None:
    expected, bgr = model.explain(path), cv2.imread(str(path))
    as_torch = torch.from_numpy(bgr[..., ::-1].copy()).permute(2, 0, 1)
    for image in (str(path), bgr, Image.open(path), as_torch, as_torch[None].float() / 255):
        found = model.explain(image)
        assert np.array_equal(found.detections.boxes_xyxy, expected.detections.boxes_xyxy)
        assert np.array_equal(found.saliency.values, expected.saliency.values)
        assert len(found.object_maps) == len(expected.object_maps) > 0
