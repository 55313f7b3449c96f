"""An exported file explains frames as a network does: here a fake one, whose outputs are known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatcam.errors import HeatcamError, ModelError, UsageError
from heatcam.exported.explaining import FileExplainer, network_input
from heatcam.exported.refusals import require_honoured
from heatcam.exported.runtimes import exported_file, open_network
from heatcam.frames import Frame
from heatcam.geometry import Float32Array, Letterbox
from heatcam.options import ExplainOptions
from tests.exported.test_facts import FACTS

PICTURE = Frame(np.full((128, 192, 3), (10, 20, 30), np.uint8), 0, 0.0, 0.0, "a.png")


class FakeNetwork:
    """Tells of two objects in three rows."""

    name = "onnxruntime fp32"
    texts: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.given: list[tuple[Float32Array, Float32Array]] = []

    def run(self, images: Float32Array, conf: Float32Array) -> dict[str, Any]:
        self.given.append((images, conf))
        maps = np.zeros((3, 8, 12), np.float32)
        maps[0, 1, 2], maps[1, 5, 6] = 3, 4
        return {
            "boxes_xyxy": np.array([[8, 16, 24, 32], [48, 32, 96, 64], [0, 0, 0, 0]], np.float32),
            "scores": np.array([0.9, 0.4, 0], np.float32),
            "class_ids": np.array([1, 0, -1]),
            "anchors": np.array([13, 12 * 8 + 1, -1]),
            "coherence": np.array([0.5, 0.05, 0], np.float32),
            "maps": maps,
            "map": maps.sum(0),
        }


def test_rows_without_an_object_are_left_out_and_boxes_are_in_image_pixels() -> None:
    seen = FileExplainer(FakeNetwork(), FACTS, 0.25).explain(PICTURE, with_object_maps=True)
    assert seen.detections.boxes_xyxy.tolist() == [[16, 32, 48, 64], [96, 64, 192, 128]]
    assert seen.detections.class_names == ('"x"', "Schlüssel")
    assert seen.detections.levels is not None
    assert seen.detections.levels.tolist() == [0, 1]
    assert [float(each.values.max()) for each in seen.object_maps] == [3, 4]
    assert seen.saliency is not None
    assert (seen.saliency.values.sum(), seen.saliency.full_heat) == (7, 0.25)
    assert seen.low_evidence == (False, True)


def test_the_file_gets_a_threshold_for_each_class() -> None:
    network = FakeNetwork()
    FileExplainer(network, FACTS, 0.25).explain(PICTURE)
    FileExplainer(network, FACTS, 0.25, class_ids=(1,)).explain(PICTURE, conf=0.5)
    assert [conf.tolist() for _, conf in network.given] == [[0.25, 0.25], [2, 0.5]]
    images = network.given[0][0]
    assert (images.shape, images.dtype) == ((1, 3, 64, 96), np.float32)
    np.testing.assert_allclose(images[0, :, 5, 5], np.array([30, 20, 10]) / 255, rtol=1e-6)  # RGB


def test_a_file_without_heat_says_so_and_has_its_boxes() -> None:
    seen = FileExplainer(FakeNetwork(), replace(FACTS, method=""), 0.25).explain(PICTURE)
    assert (len(seen.detections), seen.saliency) == (2, None)
    assert seen.map_error == "best was exported without heat"


def test_grey_networks_get_one_channel_with_the_usual_weights() -> None:
    letterbox = Letterbox.within((192, 128), (96, 64))
    grey = network_input(PICTURE.image_bgr, letterbox, 1)
    assert grey.shape == (1, 1, 64, 96)
    assert grey[0, 0, 3, 3] * 255 == pytest.approx(round(0.114 * 10 + 0.587 * 20 + 0.299 * 30))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "gradcam"}, "exported with the map 'live', and --method cannot change that"),
        ({"quality": "fine"}, "exported with the map 'live', and --quality cannot"),
        ({"layers": ("15",)}, "exported with layers 2:Conv, 6:C2f, and --layers"),
        ({"target": "box"}, "the evidence for each object's class, and --target"),
        ({"why": "x"}, "each object's own class, and --why"),
        ({"imgsz": 320}, "exported with 96x64 pixels, and --imgsz"),
        ({"iou": 0.5}, "exported with --iou 0.7, and --iou"),
        ({"precision": "bf16"}, "exported with fp32, and --precision"),
        ({"max_det": 2}, "tells of 3 objects, and --max-det cannot change that; .* --objects 2"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_options_that_a_file_cannot_honour_are_refused_in_one_line(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        require_honoured(FACTS, "best.onnx", ExplainOptions(**options), None)
    assert str(refused.value).startswith("best.onnx ")


def test_options_that_it_can_honour_pass() -> None:
    require_honoured(FACTS, "x", ExplainOptions(conf=0.6, classes=("x",), imgsz=96, precision="fp32"), "cpu")
    fine = replace(FACTS, method="fine")
    require_honoured(fine, "x", ExplainOptions(quality="fine"), None)
    require_honoured(fine, "x", ExplainOptions(), None)
    with pytest.raises(UsageError, match="runs on the CPU, not on cuda"):
        require_honoured(FACTS, "x", ExplainOptions(), "cuda")


def test_which_names_mean_an_exported_file(tmp_path: Path) -> None:
    folder = tmp_path / "best_openvino"
    folder.mkdir()
    assert exported_file(str(folder)) is None
    for name in ("a.onnx", "b.ONNX", "c.pt", "best_openvino/best.xml"):
        (tmp_path / name).touch()
    found = [exported_file(str(tmp_path / name)) for name in ("a.onnx", "b.ONNX", "c.pt", "d.onnx")]
    assert found == [tmp_path / "a.onnx", tmp_path / "b.ONNX", None, None]
    assert exported_file(str(folder)) == folder / "best.xml"
    assert exported_file("markers") is exported_file("") is exported_file("\0") is None


@pytest.mark.parametrize("name", ["a.onnx", "a.xml"])
def test_a_damaged_file_is_one_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match=rf"^{name} cannot be read \(.*\); export its .pt original again$"):
        open_network(path, "openvino" if name == "a.xml" else "auto")


def test_torch_runs_no_exported_file(tmp_path: Path) -> None:
    with pytest.raises(HeatcamError, match="runs without torch"):
        open_network(tmp_path / "a.onnx", "torch")


def test_the_reader_loads_no_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; from heatcam.exported import open_exported"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
