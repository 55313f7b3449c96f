"""Exported files against the explainer of the same network, on pictures that they were not traced with."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("openvino")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from heatcam.cli.app import app
from heatcam.engine.network import TappedNetwork
from heatcam.engine.preprocessing import real_picture
from heatcam.enums import ExportFormat
from heatcam.errors import HeatcamError, ModelError, UsageError
from heatcam.exported import FileExplainer, exported_file, open_exported, open_network
from heatcam.exported.facts import facts_from
from heatcam.exported.runtimes import Outputs
from heatcam.exporting import ExportPlan, export_model
from heatcam.exporting.exporting import ExportedModel, not_written, require_exportable
from heatcam.exporting.formats import FORMATS
from heatcam.exporting.graph import boxes_and_classes
from heatcam.exporting.verification import verify_file
from heatcam.frames import Explanation, Frame
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.options import ExplainOptions
from heatcam.saliency import Explainer, build_explainer
from tests.nets import SEED, fresh_network, picture

SIDE, OBJECTS = 96, 3
DOCS = Path(__file__).parents[2] / "docs"
PLAN = ExportPlan(
    ExportFormat.ONNX, OBJECTS, quality="live", heat=True, imgsz=None, iou=0.7, size_wh=(192, 128)
)
#: Random weights magnify rounding (``tests.rounding``); the COCO model keeps to 4e-6.
TOLERANCE = 1e-3
_FOLDER = tempfile.TemporaryDirectory(prefix="heatcam-exports-")


@functools.cache
def checkpoint(family: str = "tiny") -> Path:
    """A detector of five classes for 96 px with random weights, in a checkpoint such as users have."""
    network = copy.deepcopy(fresh_network(family, fused=False))
    network.names = dict(enumerate(["a", "b", "c", "d", 'é"']))
    path = Path(_FOLDER.name) / f"{family}.pt"
    tasks = {"seg": "segment", "pose": "pose"}
    task = tasks.get(family.rpartition("-")[2], "detect")
    torch.save({"model": network, "train_args": {"imgsz": SIDE, "task": task}}, path)
    return path


@functools.cache
def exported() -> dict[ExportFormat, Path]:
    """The same network in each format, traced once: tracing takes seconds."""
    paths = {form: Path(_FOLDER.name) / f"x{FORMATS[form].suffix}" for form in ExportFormat}
    onnx, openvino = FORMATS[ExportFormat.ONNX], FORMATS[ExportFormat.OPENVINO]

    def write_both(*given: Any) -> Path:
        openvino.write(*given[:-1], paths[ExportFormat.OPENVINO])
        return onnx.write(*given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(FORMATS, ExportFormat.ONNX, dataclasses.replace(onnx, write=write_both))
        export_model(str(checkpoint()), PLAN, paths[ExportFormat.ONNX])
    return paths


@functools.cache
def network() -> Explainer:
    return build_explainer(
        str(checkpoint()), "cpu", ExplainOptions(backend="torch", conf=0.01, max_det=OBJECTS, pictures=1)
    )


def file(form: ExportFormat) -> FileExplainer:
    path = exported_file(str(exported()[form]))
    assert path is not None
    return open_exported(path, ExplainOptions(conf=0.01))


def pictures() -> Iterator[Uint8Array]:
    """Pictures of the size that the file is for, and of others with its shape, each of another content."""
    yield np.ascontiguousarray(real_picture((192, 128))[::-1])
    yield np.random.default_rng(SEED + 5).integers(0, 256, (64, 96, 3), np.uint8)
    yield np.ascontiguousarray(real_picture((480, 320))[:, ::-1])


def relative(ours: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(ours - exact).max() / np.abs(exact).max())


def assert_same(ours: Explanation, exact: Explanation) -> None:
    found, wanted = ours.detections, exact.detections
    assert len(wanted) == OBJECTS
    assert (found.class_names, found.anchors.tolist()) == (wanted.class_names, wanted.anchors.tolist())
    assert found.levels is not None
    assert wanted.levels is not None
    assert found.levels.tolist() == wanted.levels.tolist()
    np.testing.assert_allclose(found.confidences, wanted.confidences, rtol=TOLERANCE)
    np.testing.assert_allclose(found.boxes_xyxy, wanted.boxes_xyxy, atol=TOLERANCE * SIDE)
    assert ours.saliency is not None
    assert exact.saliency is not None
    assert ours.saliency.letterbox == exact.saliency.letterbox
    pairs = [(ours.saliency, exact.saliency), *zip(ours.object_maps, exact.object_maps, strict=True)]
    for own, other in pairs:
        assert relative(own.values, other.values) < TOLERANCE
    assert ours.low_evidence == exact.low_evidence


@pytest.mark.parametrize("form", list(ExportFormat))
def test_other_pictures_have_the_objects_and_maps_that_snapshot_gives_them(form: ExportFormat) -> None:
    for number, image in enumerate(pictures()):
        frame = Frame(image, number, 0.0, 0.0)
        ours = file(form).explain(frame, with_object_maps=True)
        assert_same(ours, network().explain(frame, with_object_maps=True))


def test_it_reports_what_it_was_exported_from() -> None:
    ours, exact = file(ExportFormat.OPENVINO).facts(), network().facts()
    same = (
        "model",
        "sha256",
        "task",
        "method",
        "layers",
        "target",
        "unit",
        "imgsz",
        "conf",
        "iou",
        "max_det",
    )
    assert [getattr(ours, name) for name in same] == [getattr(exact, name) for name in same]


@pytest.mark.soak
def test_a_file_without_heat_has_the_same_boxes(tmp_path: Path) -> None:
    path = tmp_path / "x_openvino"
    plan = dataclasses.replace(PLAN, format=ExportFormat.OPENVINO, heat=False)
    assert export_model(str(checkpoint()), plan, path).facts.method == ""
    frame = Frame(next(pictures()), 0, 0.0, 0.0)
    ours = open_exported(next(path.glob("*.xml")), ExplainOptions(conf=0.01)).explain(frame)
    exact = network().explain(frame, with_map=False)
    assert ours.detections.anchors.tolist() == exact.detections.anchors.tolist()
    assert "without heat" in ours.map_error


@pytest.mark.soak
@pytest.mark.parametrize(
    ("family", "quality"),
    [
        *((family, "live") for family in ("yolo26n-end2end", "yolov9t", "yolo11n-seg", "yolov8n-pose")),
        ("tiny", "fine"),
    ],
)
def test_other_heads_and_fine_maps_are_exported(family: str, quality: str, tmp_path: Path) -> None:
    plan = dataclasses.replace(PLAN, format=ExportFormat.OPENVINO, quality=quality, size_wh=(96, 64))
    made = export_model(str(checkpoint(family)), plan, tmp_path / "x_openvino")  # (which compares it)
    assert made.facts.suppresses is ("end2end" not in family)
    assert made.difference < TOLERANCE


class Faulty:
    """An exported file whose outputs are changed on the way."""

    name = "faulty"
    texts: Mapping[str, str] = {}

    def __init__(self, change: Callable[[Outputs], Outputs]) -> None:
        self._right = open_network(exported()[ExportFormat.ONNX])
        self._change = change

    def run(self, images: Float32Array, conf: Float32Array) -> Outputs:
        return self._change(self._right.run(images, conf))


def verified(change: Callable[[Outputs], Outputs]) -> float:
    facts = facts_from(open_network(exported()[ExportFormat.ONNX]).texts, "x.onnx")
    return verify_file(Faulty(change), facts, network(), list(pictures()))


def test_a_right_file_passes() -> None:
    assert verified(dict) < TOLERANCE


def test_a_file_that_tells_every_picture_what_it_told_the_first_is_refused() -> None:
    """The usual fault of a trace: what was chosen in one picture becomes constant."""
    first: list[Outputs] = []

    def baked(outputs: Outputs) -> Outputs:
        first.append(dict(outputs))
        return first[0]

    with pytest.raises(ModelError, match=r"differ by .* between the exported file and torch, so none was"):
        verified(baked)


@pytest.mark.parametrize(
    ("name", "factor", "said"),
    [
        ("maps", 1.002, "gradients differ by 2.0e-03"),
        ("map", 0.998, "gradients differ by 2.0e-03"),
        ("scores", 1.002, "scores differ"),
        ("boxes_xyxy", 1.01, "boxes_xyxy differ"),
        ("coherence", 1.01, "coherence differ"),
        ("maps", np.nan, "gradients differ by nan"),
    ],
)
def test_an_output_that_is_a_little_wrong_is_refused(name: str, factor: float, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        verified(lambda outputs: {**outputs, name: outputs[name] * np.float32(factor)})


@pytest.mark.parametrize(
    ("task", "anchored", "said"),
    [
        ("obb", True, "x is a 'obb' model"),
        ("classify", False, "x is a 'classify' model"),
        ("detect", False, "x has no anchor points"),
    ],
)
def test_networks_that_cannot_be_exported_are_refused_in_one_line(
    task: str, anchored: bool, said: str
) -> None:
    engine = SimpleNamespace(uses_patches=True, anchored=lambda: engine if anchored else None)
    loaded: Any = SimpleNamespace(task=task, title="x")
    explainer: Any = SimpleNamespace(engine=engine)
    with pytest.raises(
        ModelError, match=f"^{said}, which cannot be exported with its maps; give a YOLO model"
    ):
        require_exportable(loaded, explainer)


@pytest.mark.parametrize("family", ["yolov8n-pose", "yolo26n-seg-end2end"])
def test_masks_and_keypoints_are_left_out_and_boxes_and_classes_are_the_same(family: str) -> None:
    cut = TappedNetwork(fresh_network(family))
    features = cut.head_inputs(picture(64, 96), with_graph=False).features
    ours, all_of_it = boxes_and_classes(cut, features), cut.decode(features)[0]
    assert len(ours) == 4 + 5 < len(all_of_it)
    torch.testing.assert_close(ours, all_of_it[: len(ours)])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            NotImplementedError("the gradient of x"),
            r"x cannot be exported \(the gradient of x\); use the .pt",
        ),
        (
            RuntimeError("Check failed at a.cpp:\n-- No conversion rule found for operations: aten::y"),
            r"x cannot be written as onnx \(No conversion rule found for operations: aten::y\); try the other",
        ),
        (RuntimeError("broken\nmore"), r"x cannot be written as onnx \(broken\); try the other"),
    ],
)
def test_what_keeps_a_network_from_being_written_is_one_line(error: Exception, said: str) -> None:
    assert re.match(said, str(not_written(error, "x", PLAN)))


def test_more_objects_than_anchors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="anchors for 100 objects; give fewer --objects"):
        export_model(
            str(checkpoint()), dataclasses.replace(PLAN, objects=100, size_wh=(96, 16)), tmp_path / "x"
        )


def heatcam(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        app(list(words), prog_name="heatcam")
    return int(ended.value.code or 0)


def copied(_model: str, plan: ExportPlan, path: Path) -> ExportedModel:
    """Stands for ``export_model``: the file that is there already."""
    shutil.copytree(exported()[ExportFormat.OPENVINO], path)
    facts = facts_from(open_network(exported()[ExportFormat.ONNX]).texts, "x.onnx")
    return ExportedModel(facts, 1e-6)


def test_the_command_writes_a_file_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("heatcam.exporting.export_model", copied)
    words = ["export", str(checkpoint()), "--format", "openvino"]
    assert heatcam(*words, "--heat", "--json", "-") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["path"], told["objects"], told["model_wh"]) == ("tiny-heat_openvino", 3, [96, 64])
    assert [path.name for path in tmp_path.iterdir()] == ["tiny-heat_openvino"]
    assert heatcam(*words) == 2
    assert "tiny-heat_openvino exists already" in capsys.readouterr().err
    assert heatcam(*words, "--overwrite") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["tiny-heat_openvino"]
    (tmp_path / "tiny-heat_openvino" / "notes.txt").touch()
    assert heatcam(*words, "--overwrite") == 2
    assert "is not an exported model" in capsys.readouterr().err


def test_a_file_that_fails_the_comparison_is_not_left_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(model: str, plan: ExportPlan, path: Path) -> ExportedModel:
        copied(model, plan, path)
        raise ModelError("gradients differ by 2.0e-03")

    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported()[ExportFormat.OPENVINO], tmp_path / "old")
    before = (tmp_path / "old" / "x.xml").read_bytes()
    monkeypatch.setattr("heatcam.exporting.export_model", fail)
    words = ["export", str(checkpoint()), "--format", "openvino"]
    assert heatcam(*words) == heatcam(*words, "-o", "old", "--overwrite") == 2
    assert "heatcam: gradients differ by 2.0e-03" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "x.xml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "x.pt"], "x.pt is no name of an ONNX file"),
        (["-o", "x.xml", "--format", "openvino"], "x.xml is no name of a folder"),
        (["--size", "9"], "--size 9 is not a valid size"),
        (["--iou", "2"], "iou is 2"),
        (["--objects", "0"], "objects"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_written_is_refused_at_once(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heatcam("export", "missing.pt", *words) == 2
    assert said in capsys.readouterr().err


#: Runs a program, given as words, where torch cannot be imported.
WITHOUT_TORCH = """
import runpy, sys
for name in ("torch", "ultralytics", "torchvision"):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
if sys.argv[0] == "heatcam":
    from heatcam.__main__ import main
    main()
else:
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def without_torch(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *words], capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of the input's own size: nothing is resized, which Pillow and OpenCV do differently."""
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(np.ascontiguousarray(real_picture((96, 64))[::-1, :, ::-1])).save(path)
    return path


def test_the_example_gives_the_maps_of_snapshot_without_torch(photo: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    model = str(exported()[ExportFormat.ONNX])
    done = without_torch(str(DOCS / "export_example.py"), model, str(photo), str(output))
    assert done.returncode == 0, done.stderr
    with np.load(f"{output}.npz") as arrays:
        found = dict(arrays)
    image = np.asarray(Image.open(photo))[..., ::-1]
    exact = network().explain(np.ascontiguousarray(image), conf=0.25, with_object_maps=True)
    kept = found["class_ids"] >= 0
    assert kept.sum() == len(exact.detections) > 0
    assert exact.saliency is not None
    assert relative(found["map"], exact.saliency.values) < TOLERANCE
    for own, other in zip(found["maps"][kept], exact.object_maps, strict=True):
        assert relative(own, other.values) < TOLERANCE
    assert Image.open(output).size == (96, 64)


def test_the_page_shows_the_example_as_it_is() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / "export.md").read_text("utf-8"), re.M | re.S)
    assert (DOCS / "export_example.py").read_text("utf-8") in blocks


def test_snapshot_reads_the_file_back_without_torch(photo: Path, tmp_path: Path) -> None:
    model = str(exported()[ExportFormat.ONNX])
    words = ["heatcam", "snapshot", str(photo), "--model", model, "-o", str(tmp_path / "a.png")]
    done = without_torch(*words, "--json", "-", "--npz")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["images"]
    exact = network().explain(
        np.ascontiguousarray(np.asarray(Image.open(photo))[..., ::-1]), conf=0.25, with_object_maps=True
    )
    names = [one["class_name"] for one in told["detections"]]
    assert names == list(exact.detections.class_names)
    refused = without_torch(*words, "--method", "gradcam", "--overwrite")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "was exported with the map 'live', and --method cannot change that" in refused.stderr


def test_other_commands_say_who_reads_such_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "best.onnx").touch()
    assert heatcam("layers", str(tmp_path / "best.onnx")) == 2
    assert (
        "heatcam snapshot maps black boxes by masks, and record draws their boxes" in capsys.readouterr().err
    )


def test_an_error_leaves_no_name(tmp_path: Path) -> None:
    with pytest.raises(HeatcamError):
        export_model("missing.pt", PLAN, tmp_path / "x_openvino")
    assert list(tmp_path.iterdir()) == []
