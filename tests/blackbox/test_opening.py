"""Exports of other programs are opened by what they are, and find the boxes that ultralytics finds in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatcam.blackbox import BlackBoxExplainer, is_black_box, open_black_box
from heatcam.errors import HeatcamError, ModelError, UsageError
from heatcam.frames import Detections, Frame
from heatcam.geometry import Uint8Array
from heatcam.models import find_checkpoint, trust
from heatcam.models.trusted_code import no_trust
from heatcam.options import ExplainOptions
from tests.blackbox.files import (
    NAMES,
    metadata,
    picture,
    raw_boxes,
    write_onnx,
    write_openvino,
    write_torchscript,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning"
)


def frame(image: Uint8Array) -> Frame:
    return Frame(image, 0, 0.0, 0.0, "a.png")


def found_in(explainer: BlackBoxExplainer, image: Uint8Array) -> Detections:
    return explainer.explain(frame(image), with_map=False).detections


def export(kind: str, folder: Path, **other: Any) -> str:
    """Write the tiny detector in one format."""
    texts = metadata(**other)
    if kind == "torchscript":
        return str(write_torchscript(folder / "tiny.torchscript", raw_boxes(), texts))
    shape = ("batch", 3, "height", "width") if kind == "dynamic" else (1, 3, 64, 96)
    path = write_onnx(folder / "tiny.onnx", [raw_boxes()], texts, shape)
    return str(write_openvino(folder / "tiny_openvino_model", path, texts) if kind == "openvino" else path)


@pytest.mark.parametrize("kind", ["onnx", "dynamic", "openvino", "torchscript"])
@pytest.mark.parametrize("size_wh", [(192, 100), (70, 90)])
def test_boxes_are_those_of_ultralytics(kind: str, size_wh: tuple[int, int], tmp_path: Path) -> None:
    """Its own loader of the same file, its letterbox, decoding and suppression."""
    from ultralytics import YOLO

    dynamic = {"args": {"dynamic": True}, "imgsz": [96, 96]} if kind == "dynamic" else {}
    spec = export(kind, tmp_path, **dynamic)
    image = picture(size_wh)
    ours = found_in(open_black_box(spec, ExplainOptions(iou=0.6), trusted=[spec]), image)
    imgsz = 96 if kind == "dynamic" else (64, 96)
    (theirs,) = YOLO(spec, task="detect").predict(image, imgsz=imgsz, conf=0.25, iou=0.6, verbose=False)
    assert len(ours) == len(theirs.boxes) > 5
    tolerance = (
        {"atol": 0.5} if kind == "openvino" else {"atol": 1e-3}
    )  # (it calculates in bfloat16 where it can)
    np.testing.assert_allclose(ours.boxes_xyxy, theirs.boxes.xyxy.numpy(), **tolerance)
    np.testing.assert_allclose(ours.confidences, theirs.boxes.conf.numpy(), atol=5e-3)
    assert ours.class_ids.tolist() == theirs.boxes.cls.int().tolist()
    assert set(ours.class_names) <= set(NAMES.values())


def test_end_to_end_outputs_are_kept_as_they_are(tmp_path: Path) -> None:
    rows = np.zeros((1, 5, 6), np.float32)
    rows[0, :3] = [[10, 10, 40, 40, 0.9, 1], [11, 10, 40, 41, 0.8, 1], [50, 5, 90, 60, 0.1, 0]]
    spec = str(write_onnx(tmp_path / "tiny.onnx", [rows], metadata(end2end=True)))
    found = found_in(open_black_box(spec, ExplainOptions()), picture((96, 64)))
    assert found.class_names == (NAMES[1], NAMES[1])  # (overlapping ones too)
    assert found.boxes_xyxy.tolist() == [[10, 10, 40, 40], [11, 10, 40, 41]]
    assert len(found_in(open_black_box(spec, ExplainOptions(classes=("cat",))), picture((96, 64)))) == 0


def test_torchvisions_boxes_labels_and_scores_are_read_and_classes_are_numbers(tmp_path: Path) -> None:
    boxes = np.array([[10, 10, 40, 40], [1, 2, 3, 4]], np.float32)
    parts = [boxes, np.array([17, 2]), np.array([0.9, 0.1], np.float32)]
    spec = str(write_onnx(tmp_path / "frcnn.onnx", parts, None, (3, 64, 96)))
    explainer = open_black_box(spec, ExplainOptions())
    found = found_in(explainer, picture((96, 64)))
    assert (found.class_names, found.boxes_xyxy.tolist()) == (("17",), [[10, 10, 40, 40]])
    assert not explainer.has_metadata


def test_a_file_without_metadata_is_read_by_its_shape(tmp_path: Path) -> None:
    named, bare = tmp_path / "named.onnx", tmp_path / "bare.onnx"
    write_onnx(named, [raw_boxes()], metadata())
    write_onnx(bare, [raw_boxes()])
    explainer = open_black_box(str(bare), ExplainOptions())
    ours, theirs = (found_in(open_black_box(str(one), ExplainOptions()), picture()) for one in (bare, named))
    assert ours.boxes_xyxy.tolist() == theirs.boxes_xyxy.tolist()
    assert set(ours.class_names) == {"0", "1"} and not explainer.has_metadata


def test_batches_of_any_number_and_of_one_predict_the_same(tmp_path: Path) -> None:
    fixed = write_onnx(tmp_path / "fixed.onnx", [raw_boxes()], metadata())
    shape = ("batch", 3, "height", "width")
    dynamic = write_onnx(tmp_path / "dynamic.onnx", [raw_boxes()], metadata(), shape)
    pictures = np.stack([picture((96, 64), seed) // (seed + 1) for seed in range(10)])
    one, many = (
        open_black_box(str(path), ExplainOptions()).predicts.predict(pictures) for path in (fixed, dynamic)
    )
    assert len(one) == len(many) == 10
    for a, b in zip(one, many, strict=True):
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-5)
    assert one[0].scores.max() > 5 * one[9].scores.max()  # (each its own picture)


@pytest.mark.parametrize(
    ("outputs", "texts", "said"),
    [
        ([np.zeros((1, 10), np.float32)], None, r"the outputs of x have shapes \(1, 10\), which are none"),
        ([np.zeros((1, 25200, 85), np.float32)], None, r"have shapes \(1, 25200, 85\)"),
        ([np.zeros((1, 5, 100), np.float32)], metadata(), r"have shapes \(1, 5, 100\)"),
        ([raw_boxes()], metadata(task="obb"), "x is a 'obb' model, and of exported ones only boxes"),
        ([raw_boxes()], metadata(names={3: "a"}), "the metadata of x is damaged; export it again"),
        ([raw_boxes()], metadata(imgsz=[0, 5]), "the metadata of x is damaged"),
    ],
    ids=["flat", "v5", "fewer columns", "obb", "names", "no size"],
)
def test_what_is_not_understood_is_refused_with_what_was_seen(
    outputs: list[np.ndarray], texts: dict[str, Any] | None, said: str, tmp_path: Path
) -> None:
    path = write_onnx(tmp_path / "x.onnx", outputs, texts)
    with pytest.raises(ModelError, match=said):
        open_black_box(str(path), ExplainOptions())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "gradcam"}, "and --method needs a network's inside"),
        ({"layers": ("15",)}, "and --layers needs"),
        ({"why": "cat"}, "and --why needs"),
        ({"quality": "fine"}, "and --quality needs"),
        ({"imgsz": 320}, "takes pictures of 96x64, and --imgsz cannot change that"),
        ({"classes": ("cow",)}, "the model has no class 'cow'"),
    ],
    ids=str,
)
def test_options_that_need_a_networks_inside_are_refused(
    options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = write_onnx(tmp_path / "x.onnx", [raw_boxes()], metadata())
    with pytest.raises(UsageError, match=said):
        open_black_box(str(path), ExplainOptions(**options))
    with pytest.raises(UsageError, match="is not run on cuda"):
        open_black_box(str(path), ExplainOptions(), "cuda")


def test_a_program_is_loaded_only_if_it_is_trusted(tmp_path: Path) -> None:
    spec = export("torchscript", tmp_path)
    with pytest.raises(UsageError, match=r"tiny\.torchscript is a TorchScript file, a program .*: --trust /"):
        open_black_box(spec, ExplainOptions())
    other = tmp_path / "other.torchscript"
    other.touch()
    with pytest.raises(UsageError, match="--trust"):
        open_black_box(spec, ExplainOptions(), trusted=[str(other)])
    with no_trust():
        trust(spec)  # (as the command line does; it is no file of layers)
    assert open_black_box(spec, ExplainOptions(), trusted=[spec]).class_names == NAMES


def test_damaged_files_are_one_line(tmp_path: Path) -> None:
    for name in ("a.onnx", "a.xml", "a.torchscript"):
        path = tmp_path / name
        path.write_bytes(b"nothing")
        assert is_black_box(str(path))
        with pytest.raises(ModelError, match=rf"^{name} cannot be read \(.*\); export it again") as refused:
            open_black_box(str(path), ExplainOptions(), trusted=[str(path)])
        assert "\n" not in str(refused.value)


def test_which_names_mean_black_boxes(tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    own.write_bytes(b"... format_version ... low_evidence ...")
    assert not is_black_box(str(own))  # (of heatcam export)
    spec = export("openvino", tmp_path)
    assert is_black_box(spec) and is_black_box(f"{spec}/tiny.xml")
    assert is_black_box("http://localhost/v2/models/a") and is_black_box("HTTPS://host/v2/models/a")
    for other in ("markers", "yolo11n.pt", "none.onnx", "", "\0", "hf:folder", str(tmp_path)):
        assert not is_black_box(other)


def test_a_box_has_no_map_and_says_so(tmp_path: Path) -> None:
    explainer = open_black_box(export("onnx", tmp_path), ExplainOptions())
    seen = explainer.explain(frame(picture()))
    assert seen.saliency is None and seen.map_error.startswith("a black box has no gradients")
    facts = explainer.facts()
    assert (facts.backend, facts.precision, len(facts.sha256)) == ("onnxruntime", "fp32", 64)


def test_others_refuse_black_boxes_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.torchscript"
    path.touch()
    for spec in (str(path), "http://user:secret@host/v2/models/a"):
        with pytest.raises(
            HeatcamError, match=r"is a black box, and this needs a \.pt file's network"
        ) as refused:
            find_checkpoint(spec)
        assert "secret" not in str(refused.value)


def test_files_are_opened_without_torch(tmp_path: Path) -> None:
    path = export("onnx", tmp_path)
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from heatcam.blackbox import open_black_box\n"
        "from heatcam.options import ExplainOptions\n"
        "print(open_black_box(sys.argv[1], ExplainOptions()).class_names[0])"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "cat\n"), done.stderr
