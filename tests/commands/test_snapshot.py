"""``heatcam snapshot`` from its command line to its files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result
from ultralytics.utils import ASSETS

from heatcam.cli.app import app
from heatcam.saliency.explainer import Explainer
from heatcam.sources.demo.scene import DemoScene
from tests.commands.fake_explainer import FakeExplainer
from tests.commands.programs import heatcam
from tests.nets import class_checkpoint


@pytest.fixture(scope="module")
def scene_png(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "scene.png"
    cv2.imwrite(str(path), DemoScene(size_wh=(960, 540)).render(30).image_bgr)
    return path


def test_a_picture_comes_out_at_its_own_resolution_with_heat_on_it(scene_png: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = heatcam("snapshot", scene_png, "-o", out)
    before, after = cv2.imread(str(scene_png)), cv2.imread(str(out))
    assert after.shape == before.shape
    changed = (np.abs(after.astype(int) - before).max(2) > 30).mean()
    assert 0.02 < changed < 0.6
    assert "out.png" in result.stdout
    assert "qr-code" in result.stdout


@pytest.fixture(scope="module")
def documented(scene_png: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The scene with its document on standard output, made once."""
    out = tmp_path_factory.mktemp("documented") / "out.png"
    return heatcam("snapshot", scene_png, "-o", out, "--model", "markers", "--json", "-")


def test_a_named_model_needs_no_hint(documented: Result) -> None:
    assert "built-in model" not in documented.stderr
    assert "markers on cpu" in documented.stderr


def test_a_photograph_without_a_model_gets_a_true_class_and_one_line_of_who_named_it(tmp_path: Path) -> None:
    """As a newcomer starts it: nothing but a photograph."""
    photograph = ASSETS / "bus.jpg"
    result = CliRunner().invoke(app, ["snapshot", str(photograph), "-o", str(tmp_path / "out.png")])
    assert result.exit_code == 0, result.output
    assert result.stdout.rstrip().endswith("1 minibus")
    assert result.stderr.count("using the built-in model 'everyday'") == 1
    assert "nothing found" not in result.stderr
    assert cv2.imread(str(tmp_path / "out.png")).shape == (1080, 810, 3)


def test_where_nothing_is_found_it_is_said_what_would_find_more(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((64, 64, 3), 128, np.uint8))
    result = heatcam("snapshot", tmp_path / "grey.png", "-o", tmp_path / "out.png")
    assert (
        "nothing found: --conf 0.1 shows what it is less sure of; --model everyday names 1,000 everyday things"
        in " ".join(result.stderr.split())
    )


def test_json_on_standard_output_is_one_document_and_nothing_else(
    scene_png: Path, documented: Result
) -> None:
    document = json.loads(documented.stdout)
    (image,) = document["images"]
    assert image["path"] == str(scene_png)
    assert image["size_wh"] == [960, 540]
    assert {"class_name", "confidence", "box_xyxy", "energy_in_box", "low_evidence"} <= set(
        image["detections"][0]
    )
    assert any(0 < d["energy_in_box"] <= 1 for d in image["detections"])


def test_detections_lie_where_the_markers_are(documented: Result) -> None:
    found = json.loads(documented.stdout)["images"][0]["detections"]
    overlaps = [
        max(
            (iou(truth.box_xyxy, d["box_xyxy"]) for d in found if d["class_name"] == truth.class_name),
            default=0,
        )
        for truth in DemoScene(size_wh=(960, 540)).boxes(30)
    ]
    assert len(overlaps) == 5
    assert all(overlap > 0.6 for overlap in overlaps)


def test_a_classifiers_classes_come_out_with_the_regions_that_speak_for_them(
    scene_png: Path, tmp_path: Path
) -> None:
    model, out = class_checkpoint(tmp_path), tmp_path / "out.png"
    result = heatcam("snapshot", scene_png, "-m", model, "-o", out, "--conf", "0", "--json", "-")
    (image,) = json.loads(result.stdout)["images"]
    assert image["map_error"] is None
    assert sorted(d["class_name"] for d in image["detections"]) == list("abcde")
    assert sum(d["confidence"] for d in image["detections"]) == pytest.approx(1, abs=1e-3)
    assert all(0.2 < d["energy_in_box"] <= 1 for d in image["detections"])
    lefts, rights = zip(*((d["box_xyxy"][0], d["box_xyxy"][2]) for d in image["detections"]), strict=True)
    assert min(lefts) >= 201  # of 960 pixels the network sees the middle 540, to one of its 64 pixels
    assert max(rights) <= 759
    before, after = cv2.imread(str(scene_png)), cv2.imread(str(out))
    assert after.shape == before.shape
    assert (after[100:-100, 220:740] != before[100:-100, 220:740]).any()


def iou(a: tuple[float, ...], b: list[float]) -> float:
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, w) * max(0.0, h)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def test_what_is_there_is_never_replaced_unasked(
    scene_png: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heatcam.commands.snapshot.start_any_explainer", lambda *_, **__: FakeExplainer())
    out = tmp_path / "out.png"
    out.write_bytes(b"mine")
    result = heatcam("snapshot", scene_png, "-o", out, exit_code=2)
    assert out.read_bytes() == b"mine"
    assert "--overwrite" in result.stderr
    heatcam("snapshot", scene_png, "-o", out, "--overwrite")
    assert cv2.imread(str(out)) is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing.jpg", "-o", "x.png"], "there is no file nothing.jpg"),
        ([], "give pictures or --camera"),
        (["PICTURE", "-o", "x.png", "--model", "gone.pt"], "gone.pt does not exist"),
        (["PICTURE", "-o", "x.png", "--device", "cuda:7"], "is not there; use one of"),
        (["PICTURE", "-o", "x.png", "--classes", "zebra"], "no class 'zebra'"),
        (["PICTURE", "-o", "x.png", "--conf", "7"], "conf is 7.0; give a number from 0 to 1"),
        (["PICTURE", "-o", "x.gifx"], "cannot tell the format"),
    ],
)
def test_wrong_input_is_one_line_with_exit_code_two(
    words: list[str], said: str, scene_png: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = heatcam("snapshot", *[scene_png if w == "PICTURE" else w for w in words], exit_code=2)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("heatcam: ")]
    assert said in line
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.glob("x.*"))


def test_another_method_gives_another_picture(scene_png: Path, tmp_path: Path, documented: Result) -> None:
    """What each of them makes is in ``tests/saliency/methods``."""
    live = json.loads(documented.stdout)["images"][0]["output"]
    heatcam("snapshot", scene_png, "-o", tmp_path / "other.png", "--method", "gradcam")
    assert Path(live).read_bytes() != (tmp_path / "other.png").read_bytes()


def test_the_look_can_be_chosen(scene_png: Path, tmp_path: Path) -> None:
    heatcam("snapshot", scene_png, "-o", tmp_path / "bare.png", "--no-boxes", "--no-hud", "--alpha", "0")
    assert np.array_equal(cv2.imread(str(scene_png)), cv2.imread(str(tmp_path / "bare.png")))


def test_debug_shows_where_it_failed(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from heatcam.cli.app import app
    from heatcam.errors import UnreadableInputError

    result = CliRunner().invoke(app, ["--debug", "snapshot", "nothing.jpg"])
    assert isinstance(result.exception, UnreadableInputError)


def test_help_and_version_answer() -> None:
    assert "snapshot" in heatcam("--help").stdout
    assert heatcam("--version").stdout.startswith("heatcam ")


def test_nothing_is_compiled_or_warmed_up_for_one_picture(
    scene_png: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heatcam.engine.backends._openvino", lambda *_: pytest.fail("compiled"))
    monkeypatch.setattr(Explainer, "warm_up", lambda *_: pytest.fail("warmed up"))
    result = heatcam("snapshot", scene_png, "-o", tmp_path / "out.png")
    assert "(torch)" in result.stderr


def test_npz_writes_the_raw_maps_beside_the_picture_and_replaces_nothing(
    scene_png: Path, tmp_path: Path
) -> None:
    heatcam("snapshot", scene_png, "-o", tmp_path / "out.png", "--npz")
    raw = np.load(tmp_path / "out.png.npz")
    assert raw["saliency"].shape == (540, 960)
    assert len(raw["object_maps"]) == len(raw["boxes_xyxy"]) > 0
    (tmp_path / "out.png").unlink()
    result = heatcam("snapshot", scene_png, "-o", tmp_path / "out.png", "--npz", exit_code=2)
    assert "out.png.npz exists already" in result.stderr
    assert not (tmp_path / "out.png").exists()


def test_a_folder_of_one_picture_goes_to_a_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slash says so; it once got lost between the command line and the names."""
    monkeypatch.setattr("heatcam.commands.snapshot.start_any_explainer", lambda *_, **__: FakeExplainer())
    (tmp_path / "in").mkdir()
    picture = np.zeros((64, 64, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "in" / "a.png"), picture)
    result = CliRunner().invoke(app, ["snapshot", f"{tmp_path}/in", "-o", f"{tmp_path}/heat/"])
    assert result.exit_code == 0, result.output
    assert [p.name for p in (tmp_path / "heat").iterdir()] == ["a.png"]
