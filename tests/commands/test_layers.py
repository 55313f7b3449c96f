"""``heatcam layers`` from its command line to its lines."""

from __future__ import annotations

import copy
import io
import json
import re
from pathlib import Path

import pytest
import torch
from rich.console import Console
from ultralytics.nn.tasks import YOLOEModel

from heatcam.commands import layers as command
from heatcam.commands.terminal import Terminal
from heatcam.models import official
from tests.commands.programs import heatcam
from tests.engine.test_gradient_check import Detaching, with_layer
from tests.models.test_checkpoint import RunsACommand, saved
from tests.nets import class_checkpoint, fresh_network
from tests.query_nets import query_network


def test_the_embedded_model_is_listed_at_its_own_size_with_what_the_maps_come_from() -> None:
    result = heatcam("layers")
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == list(command.HEADINGS)
    assert [int(line.split()[0]) for line in lines] == list(range(24))
    assert lines[0].split() == ["0", "Conv", "picture", "2", "8", "8x160x160", "224"]
    assert lines[16].split(maxsplit=7)[-1] == "live, fine, head input"
    assert lines[23].split() == ["23", "Detect", "16,", "19,", "22", "-", "-", "9x2100", "266623"]
    assert "using the built-in model 'markers'" in result.stderr
    assert "model markers, 320 px, 24 layers, " in result.stderr
    assert "marks say" not in result.stderr


def test_the_document_has_the_layers_and_nothing_else_is_on_standard_output() -> None:
    document = json.loads(heatcam("layers", "markers", "--imgsz", "90", "--json", "-").stdout)
    assert (document["model"], document["imgsz"], document["explainable"]) == ("markers", 96, True)
    assert document["layers"][16] == {
        "index": 16,
        "type": "C3k2",
        "from": [15],
        "stride": 8,
        "channels": 32,
        "output_shape": [32, 12, 12],
        "parameters": 8024,
        "marks": ["live", "fine", "head input"],
    }
    head = document["layers"][-1]
    assert (head["from"], head["stride"], head["channels"], head["marks"]) == ([16, 19, 22], None, None, [])
    assert document["layers"][0]["from"] == []


def test_a_checkpoint_is_listed_at_the_size_it_was_trained_with(tmp_path: Path) -> None:
    network = fresh_network("yolov8n", fused=False, seed=4)
    network.task = "detect"
    document = json.loads(heatcam("layers", saved(network, tmp_path / "mine.pt"), "--json", "-").stdout)
    assert (document["model"], document["imgsz"], document["explainable"]) == ("mine", 256, True)
    assert [row["index"] for row in document["layers"] if "live" in row["marks"]] == [12, 15]


def test_a_classifier_is_listed_with_what_its_maps_come_from(tmp_path: Path) -> None:
    result = heatcam("layers", class_checkpoint(tmp_path, "yolo11n-cls"), "--json", "-")
    document = json.loads(result.stdout)
    assert (document["imgsz"], document["explainable"]) == (64, True)
    marks = {row["index"]: row["marks"] for row in document["layers"] if row["marks"]}
    assert marks == {4: ["fine"], 6: ["live", "fine"], 9: ["live", "fine", "head input"]}
    assert "marks say" not in result.stderr


@pytest.mark.parametrize(
    ("build", "yaml", "inputs", "said"),
    [
        (YOLOEModel, "yoloe-v8n", [15, 18, 21], "finds what it is prompted for, and carries no prompts"),
    ],
)
def test_what_cannot_be_explained_is_listed_all_the_same(
    build: type[torch.nn.Module], yaml: str, inputs: list[int], said: str, tmp_path: Path
) -> None:
    path = saved(build(f"{yaml}.yaml", nc=3, verbose=False), tmp_path / "other.pt")
    result = heatcam("layers", path, "--imgsz", "160", "--json", "-")
    document = json.loads(result.stdout)
    assert not document["explainable"]
    assert [row["index"] for row in document["layers"] if "head input" in row["marks"]] == inputs
    assert said in result.stderr
    assert "the marks say what would be chosen" in result.stderr


def test_rt_detr_is_listed_as_explainable(tmp_path: Path) -> None:
    path = saved(copy.deepcopy(query_network(fused=False)), tmp_path / "queries.pt")
    document = json.loads(heatcam("layers", path, "--imgsz", "96", "--json", "-").stdout)
    assert document["explainable"]
    assert [row["index"] for row in document["layers"] if "live" in row["marks"]] == [11, 15]


def test_a_layer_that_cuts_the_graph_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ULTRALYTICS_SAFE_LOAD", "0")  # (the restricted loader refuses foreign layers anyway)
    path = saved(with_layer(18, Detaching()), tmp_path / "cut.pt")
    result = heatcam("layers", path, "--imgsz", "96", "--json", "-")
    assert not json.loads(result.stdout)["explainable"]
    assert "layer 18:Detaching lets no gradient through" in result.stderr


def test_a_checkpoint_that_would_run_something_is_refused_here_too(tmp_path: Path) -> None:
    marker, path = tmp_path / "ran", tmp_path / "evil.pt"
    torch.save({"model": RunsACommand(marker)}, path)
    result = heatcam("layers", path, exit_code=2)
    assert re.search(r"evil.pt was refused: loading it would run (posix|nt)\.system", result.stderr)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.pt"], "gone.pt does not exist; check the path"),
        (["model.onnx"], "is neither 'markers' nor 'everyday' nor a .pt file"),
        (["markers", "--imgsz", "7"], "imgsz is 7; give a number of pixels from 32 to 4096"),
        (["yolo26n.pt"], "is not here and heatcam downloads nothing unasked"),
    ],
)
def test_wrong_input_is_one_line_with_exit_code_two(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    result = heatcam("layers", *words, exit_code=2)
    (line,) = result.stderr.splitlines()
    assert line.startswith("heatcam: ")
    assert said in line


def test_published_weights_are_offered_as_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATCAM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(official, "download", asked.append)
    memory = Console(file=io.StringIO())
    with pytest.raises(command.ModelError):  # the fake brings nothing
        command.show_layers("yolo26n.pt", None, None, Terminal(memory, memory, confirm=lambda _: True))
    assert asked == ["yolo26n.pt"]


def test_on_a_terminal_it_is_a_drawn_table() -> None:
    memory = Console(file=io.StringIO(), width=110, force_terminal=True, color_system=None)
    command.show_layers("markers", 64, None, Terminal(memory, Console(file=io.StringIO())))
    drawn = memory.file.getvalue()
    assert "───" in drawn
    assert re.search(r"^ +23 +Detect +16, 19, 22 +- +- +9x84 +266623 *$", drawn, re.M)
