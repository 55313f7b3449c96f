"""Black boxes from the command line: who maps them, who draws their boxes, who refuses, in one line each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from heatcam.cli.app import app
from heatcam.commands.by_masks import masked_explainer
from heatcam.commands.options import ModelChoice
from heatcam.commands.snapshot_options import TrialChoice
from heatcam.errors import UsageError
from heatcam.evaluation import EvalPlan
from heatcam.frames import Frame
from heatcam.options import USUAL_MASKS, ExplainOptions
from heatcam.saliency import build_explainer
from heatcam.sources.demo.scene import DemoScene
from tests.blackbox.files import metadata, picture, raw_boxes, write_onnx


def heatcam(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_onnx(tmp_path / "tiny.onnx", [raw_boxes(8)], metadata())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), picture())
    return path


def test_a_snapshot_is_made_by_masks_and_says_what_it_cost(model: Path, photo: Path) -> None:
    out = photo.with_name("out.png")
    words = ("snapshot", photo, "--model", model, "-o", out, "--method", "drise", "--trials", 70)
    done = heatcam(*words, "--json", "-", "--npz")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["method"], document["unit"]) == ("drise", "score")
    found = document["images"][0]["detections"]
    assert len(found) > 0 and all(one["trials"] == 70 and one["seconds"] > 0 for one in found)
    assert "only its predictions are known" in done.stderr
    drawn = heatcam("redraw", f"{out}.npz", "-o", photo.with_name("again.png"))
    assert drawn.exit_code == 0, drawn.output
    assert np.array_equal(cv2.imread(str(out)), cv2.imread(str(photo.with_name("again.png"))))


def test_without_a_method_a_black_box_gets_the_hierarchical_one(model: Path, photo: Path) -> None:
    done = heatcam("snapshot", photo, "--model", model, "--json", "-", "-o", photo.with_name("o.png"))
    assert done.exit_code == 0, done.output
    assert "maps are made by masks (--method hierarchical; or drise)" in done.stderr
    assert json.loads(done.stdout)["method"] == "hierarchical"


def test_a_recording_has_the_boxes_and_says_why_there_is_no_heat(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    done = heatcam("record", "demo", "--model", model, "-o", out, "--max-frames", 2, "--json", "-")
    assert done.exit_code == 0, done.output
    assert out.stat().st_size > 0
    assert json.loads(done.stdout)["errors"] == [
        "a black box has no gradients; heatcam snapshot maps pictures by masks"
    ]


@pytest.mark.parametrize("command", ["serve", "eval", "batch", "layers", "compare"])
def test_others_refuse_black_boxes_in_one_line(command: str, model: Path, photo: Path) -> None:
    places = {
        "serve": ["demo", "--model", model],
        "eval": [photo, "--model", model],
        "batch": [photo, "-o", photo.with_name("out"), "--model", model],
        "layers": [model],
        "compare": [photo, "--model", "markers", "--model", model],
    }
    done = heatcam(command, *places[command])
    assert done.exit_code == 2
    assert "is a black box, and this needs a .pt file's network; give its .pt original" in done.output
    assert done.output.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["record", "demo", "--max-frames", "1", "--method", "drise"],
            "--method drise takes a minute a picture",
        ),
        (["snapshot", "a.png", "--method", "drise", "--quality", "fine"], "and --quality is for"),
        (["snapshot", "a.png", "--method", "drise", "--why", "cat"], "and --why is for"),
        (["snapshot", "a.png", "--trials", "60"], "--trials is for --quality true and --method drise"),
    ],
    ids=str,
)
def test_what_masks_cannot_do_is_refused(words: list[str], said: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), picture())
    words = [str(tmp_path / "a.png") if word == "a.png" else word for word in words]
    out = tmp_path / ("out.mp4" if words[0] == "record" else "out.png")
    done = heatcam(*words, "--model", "markers", "-o", out)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_so_many_masks_are_made_at_most() -> None:
    assert TrialChoice().count(ModelChoice(method="drise")) == USUAL_MASKS
    assert TrialChoice(70).count(ModelChoice(method="hierarchical")) == 70


def test_the_arbiter_judges_any_network(tmp_path: Path) -> None:
    """The built-in detector in torch, by its own forward pass: masks say that what it finds is in the box."""
    explainer = build_explainer("markers", None, ExplainOptions(imgsz=320, conf=0.5, backend="torch"))
    frame = Frame(DemoScene((640, 360)).render(0).image_bgr, 0, 0.0, 0.0)
    seen = masked_explainer(explainer, "hierarchical", 60).explain(frame)
    assert len(seen.object_maps) == len(seen.detections) > 0
    (own, box) = seen.object_maps[0], seen.detections.boxes_xyxy[0]
    heat = own.in_image().clip(0)
    left, top, right, bottom = (round(float(side)) for side in box)
    inside = heat[top:bottom, left:right].mean()
    assert inside > 2 * heat.mean()


def test_eval_never_judges_masks_by_their_own_infill() -> None:
    EvalPlan(methods="fine,drise,hierarchical").require_valid()
    with pytest.raises(UsageError, match="'drise' is made by trials under 'blur' and is never judged by it"):
        EvalPlan(methods="fine,drise", infill="blur").require_valid()
    made: Any = EvalPlan(methods="drise").tried()
    assert [(one.name, one.infill) for one in made] == [("drise", "blur")]
