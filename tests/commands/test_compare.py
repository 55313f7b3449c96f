"""``heatcam compare`` from its command line to its files."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from heatcam.cli.app import app
from heatcam.commands.compare_options import ComparedChoice
from heatcam.commands.compare_sides import side_names
from heatcam.commands.options import ModelChoice
from heatcam.errors import UsageError
from heatcam.frames import AnchorGrid, Detections, Explanation, Frame
from heatcam.geometry import Letterbox
from heatcam.saliency.calibration import Calibration
from heatcam.sources.demo.scene import DemoScene
from tests.commands.fake_explainer import FakeExplainer


class FakeSide(FakeExplainer):
    """A model that finds one thing; of those named ``blind`` nothing."""

    engine = SimpleNamespace(name="fake", device="cpu", target_layer="0:fake")
    class_names = {0: "thing"}  # noqa: RUF012
    calibration = Calibration()
    unit = "logits"

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title

    def explain(self, frame: Frame, **_: Any) -> Explanation:
        found = super().explain(frame)
        if self.title == "blind":
            empty = np.zeros((0, 4), np.float32), np.float32([]), np.int64([]), np.int64([]), ()
            return Explanation(frame, Detections(*empty), found.saliency, model=self.title)
        return Explanation(frame, found.detections, found.saliency, (found.saliency,), model=self.title)

    def may_run_beside(self, other: object) -> bool:
        return other is not self

    def anchor_grid(self, image_wh: tuple[int, int]) -> AnchorGrid:
        return AnchorGrid(Letterbox.fit(image_wh, 64), (8, 16, 32))

    def maps_at(self, image: np.ndarray, anchors: list[int], _class_ids: list[int]) -> tuple[Any, ...]:
        own = super().explain(Frame(image, 0, 0.0, 0.0))
        return (own.saliency,) * len(anchors)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fakes in the place of models: their names are their titles."""
    monkeypatch.setattr("heatcam.commands.refusals.require_model", lambda *_, **__: None)
    monkeypatch.setattr("heatcam.saliency.share_inputs", lambda *_: None)

    def start(choice: ModelChoice, *_: Any) -> tuple[Any, FakeSide]:
        side = FakeSide(str(choice.model))
        return SimpleNamespace(take=lambda _options: side), side

    monkeypatch.setattr("heatcam.commands.compare_sides.start_explainer_cache", start)
    monkeypatch.setattr("heatcam.commands.compare_sides.say_what_runs", lambda *_: None)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(3):
        cv2.imwrite(str(folder / f"{n}.png"), np.full((60, 80, 3), 60 * n, np.uint8))
    return folder


def run(*words: object) -> Any:
    return CliRunner().invoke(app, ["compare", *map(str, words)])


@pytest.mark.usefixtures("fakes")
def test_a_folder_gives_a_picture_each_a_document_and_a_summary_with_intervals(
    photos: Path, tmp_path: Path
) -> None:
    out, document = tmp_path / "out", tmp_path / "out.json"
    result = run(photos, "-m", "one", "-m", "two", "-o", f"{out}/", "--json", document)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == ["0.png", "1.png", "2.png"]
    assert cv2.imread(str(out / "0.png")).shape[1] >= 960
    found = json.loads(document.read_text())
    assert len(found["pairs"]) == found["summary"]["pairs"] == 3
    assert found["only_a"] == found["only_b"] == []
    pair = found["pairs"][0]
    assert pair["path"] == str(photos / "0.png")
    assert pair["a"]["class_name"] == pair["b"]["class_name"] == "thing"
    assert pair["map_correlation"] == pair["top10_overlap"] == pair["iou"] == 1
    assert found["summary"]["map_correlation"]["ci95"] == [1, 1]
    assert [row["output"] for row in found["images"]] == [str(out / f"{n}.png") for n in range(3)]
    assert found["models"]["b"]["model"] == "two"
    assert "3 in both, none only in A, none only in B" in result.output


@pytest.mark.usefixtures("fakes")
def test_what_one_finds_alone_is_told_with_the_others_map(photos: Path, tmp_path: Path) -> None:
    words = (photos / "1.png", "-m", "one", "-m", "blind", "-o", tmp_path / "out.png")
    assert "only in A" in run(*words).output
    found = json.loads(run(*words, "--json", "-", "--overwrite").stdout)
    assert found["pairs"] == found["only_b"] == []
    assert found["only_a"][0]["b"] is None
    assert found["only_a"][0]["other_energy_in_box"] > 0


@pytest.mark.usefixtures("fakes")
def test_a_video_is_recorded_in_three_columns(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    words = ("demo", "-m", "one", "-m", "blind", "--max-frames", 3, "-o", out, "--json", "-")
    result = run(*words)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    film = cv2.VideoCapture(str(out))
    assert film.get(cv2.CAP_PROP_FRAME_WIDTH) > 3 * film.get(cv2.CAP_PROP_FRAME_HEIGHT)
    assert found["video"]["frames_written"] == found["summary"]["pictures"] == 3
    assert [row["frame_index"] for row in found["only_a"]] == [0, 1, 2]
    assert found["summary"]["iou"] == {"mean": None, "n": 0, "ci95": None}


@pytest.mark.usefixtures("fakes")
def test_one_frame_of_something_that_moves_can_be_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    assert run("demo", "-m", "one", "-m", "two", "-o", out).exit_code == 0
    assert cv2.imread(str(out)) is not None
    again = run("demo", "-m", "one", "-m", "two", "-o", out)
    assert again.exit_code == 2
    assert "exists already" in again.output


@pytest.mark.usefixtures("fakes")
def test_one_scale_for_two_units_is_refused(
    photos: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(FakeSide, "unit", property(lambda self: self.title))
    result = run(photos / "0.png", "-m", "one", "-m", "two", "--same-scale", "-o", tmp_path / "a.png")
    assert "no scale in common" in result.output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["-m", "markers"], "nothing to compare"),
        (["-m", "markers", "-m", "everyday", "-m", "markers"], "--model is given 3 times"),
        (["--method", "live", "--method", "fine", "--conf", "2"], "conf is 2"),
        (["-m", "markers", "-m", "missing.pt"], "missing.pt"),
    ],
)
def test_what_cannot_be_compared_is_refused_at_once(words: list[str], problem: str) -> None:
    result = run("demo", *words)
    assert problem in result.output


def test_each_of_the_five_may_be_given_twice_and_the_rest_is_shared() -> None:
    a, b = ComparedChoice(
        model=("a.pt", "b.pt"), layers=("9,15", "15"), method=("gradcam",), conf=0.5, device="cpu"
    ).sides()
    assert (a.model, a.layers, a.method, a.conf) == ("a.pt", ("9", "15"), "gradcam", 0.5)
    assert (b.model, b.layers, b.method, b.conf) == ("b.pt", ("15",), "gradcam", 0.5)
    assert a.device == b.device == "cpu"
    with pytest.raises(UsageError):
        ComparedChoice(model=("a.pt",), quality=("fine",)).sides()


def test_the_sides_are_named_by_what_tells_them_apart() -> None:
    first, second = ModelChoice(model="runs/one/best.pt"), ModelChoice(model="runs/two/best.pt")
    assert side_names((first, second), ("model",), ("best", "best")) == ("one/best.pt", "two/best.pt")
    live, fine = ModelChoice(model="a.pt"), ModelChoice(model="a.pt", quality="fine", layers=("9", "15"))
    assert side_names((live, fine), ("quality", "layers"), ("a", "a")) == ("a · live · ", "a · fine · 9,15")


def test_the_embedded_model_finds_the_same_twice_with_maps_that_are_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """End to end, with the model that comes along: one network, its live map and its fine one."""
    monkeypatch.setattr("heatcam.saliency.factory.calibrate", lambda *_: 0.0)  # (many seconds)
    scene, out = tmp_path / "scene.png", tmp_path / "out.png"
    cv2.imwrite(str(scene), DemoScene(size_wh=(640, 360)).render(30).image_bgr)
    words = ("-m", "markers", "--backend", "torch", "-o", out, "--json", "-")
    found = json.loads(run(scene, *words, "--quality", "live", "--quality", "fine").stdout)
    assert found["pairs"]
    assert found["only_a"] == found["only_b"] == []
    for pair in found["pairs"]:
        assert pair["iou"] == 1
        assert pair["confidence_difference"] == pytest.approx(0, abs=1e-4)
    assert 0.2 < found["summary"]["map_correlation"]["mean"] < 0.99
    assert [found["models"][side]["method"] for side in "ab"] == ["live", "fine"]
    assert out.is_file()
