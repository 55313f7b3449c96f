"""What is shipped: the files belong together, keep their promises, and work on pictures nobody trained on."""

import hashlib
import json

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load
from ultralytics.nn.tasks import DetectionModel

import heatcam
from heatcam.sources.demo import MARKER_CLASSES, DemoScene
from training import card, exporting
from training.fitting import architecture
from training.measuring import iou
from training.photographs import judged_photographs, read_photograph


@pytest.fixture(scope="module")
def facts():
    return json.loads((exporting.EMBEDDED / "markers.json").read_text())


@pytest.fixture(scope="module")
def explainer():
    return heatcam.load("markers").explainer


def test_the_weights_are_small_half_precision_and_the_ones_that_were_measured(facts):
    weights = (exporting.EMBEDDED / "markers.safetensors").read_bytes()
    assert len(weights) <= 6_000_000
    assert hashlib.sha256(weights).hexdigest() == facts["sha256"]
    assert {tensor.dtype for tensor in load(weights).values()} <= {torch.float16, torch.int64}
    assert list(facts["names"].values()) == list(MARKER_CLASSES)


def test_the_weights_fit_the_architecture_exactly(facts):
    network = DetectionModel(facts["architecture"], ch=3, nc=len(MARKER_CLASSES), verbose=False)
    network.load_state_dict(load((exporting.EMBEDDED / "markers.safetensors").read_bytes()), strict=True)


def test_the_model_finds_what_the_project_promises(facts):
    metrics = facts["metrics"]
    assert metrics["held_out_scenes"] == 500
    assert metrics["map50"] >= 0.90


def test_no_photograph_without_markers_raised_an_alarm(facts):
    photographs = facts["metrics"]["photographs"]
    assert photographs["judged"] >= 20
    assert photographs["alarms_at_0.5"] == 0


def test_the_card_shows_the_numbers_of_the_json(facts):
    text = (exporting.EMBEDDED / "CARD.md").read_text()
    metrics = facts["metrics"]
    assert f"**mAP50 {metrics['map50']:.3f}**" in text
    for name in metrics["photographs"]["surest"]:
        assert name in text
    for name, row in metrics["recall_by_size"].items():
        assert " | ".join([name, *(f"{found} / {total}" for found, total in row.values())]) in text


@pytest.mark.parametrize(
    "name",
    [
        "bus.jpg",
        "zidane.jpg",
        "coffee.png",
        "page.png",
        "astronaut.png",
        "chelsea.png",
        "motorcycle_left.png",
        "coins.png",
    ],
)
def test_photographs_without_markers_give_no_detection(explainer, name):
    path = next(path for path in judged_photographs() if path.name == name)
    found = explainer.explain(read_photograph(path), with_map=False).detections
    assert [c for c in found.confidences if c >= 0.5] == []


def test_the_markers_of_the_demo_scene_are_found(explainer):
    scene, found, wanted = DemoScene(seed=0), 0, 0
    for frame_index in range(0, 900, 90):
        rendered = scene.render(frame_index)
        detections = explainer.explain(rendered.image_bgr, with_map=False).detections
        for truth in rendered.boxes:
            overlap = iou(np.array([truth.box_xyxy]), detections.boxes_xyxy.astype(float).reshape(-1, 4))[0]
            same = np.array([name == truth.class_name for name in detections.class_names], bool)
            found += bool(((overlap > 0.5) & same).any())
            wanted += 1
    assert wanted > 40
    assert found >= 0.9 * wanted


def test_an_export_is_what_was_trained_in_half_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "EMBEDDED", tmp_path)
    torch.manual_seed(1)
    trained = DetectionModel(architecture(), ch=3, nc=len(MARKER_CLASSES), verbose=False).eval()
    torch.save({"model": None, "ema": trained}, tmp_path / "last.pt")
    facts = json.loads(exporting.export(tmp_path / "last.pt", 320, {"seed": 4}).read_text())
    assert facts["trained_with"]["seed"] == 4
    shipped = DetectionModel(facts["architecture"], ch=3, nc=len(MARKER_CLASSES), verbose=False).eval()
    shipped.load_state_dict(load((tmp_path / "markers.safetensors").read_bytes()))
    picture = torch.from_numpy(cv2.resize(np.eye(8, dtype=np.float32), (96, 96)))[None, None].repeat(
        1, 3, 1, 1
    )
    with torch.inference_mode():
        assert torch.allclose(trained(picture)[0], shipped(picture)[0], rtol=0.02, atol=0.1)


def test_a_card_is_written_from_the_facts(tmp_path, monkeypatch, facts):
    monkeypatch.setattr(card, "EMBEDDED", tmp_path)
    facts = {**facts, "metrics": {**facts["metrics"], "map50": 0.123}}
    text = card.write_card(facts, (exporting.EMBEDDED / "markers.safetensors").read_bytes()).read_text()
    assert "**mAP50 0.123**" in text
    assert "AGPL-3.0" in text
    assert "{" not in text
