"""Exported detectors whose predictions are known: fixed boxes, and scores that grow with the brightness of the picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from heatcam.geometry import Float32Array

NAMES = {0: "cat", 1: 'dog "x"'}
SIZE_WH = 96, 64


def metadata(**other: Any) -> dict[str, Any]:
    """What ultralytics writes."""
    usual = {
        "description": "tiny", "task": "detect", "stride": 32, "batch": 1, "channels": 3,
        "imgsz": [SIZE_WH[1], SIZE_WH[0]], "names": NAMES, "end2end": False,
        "args": {"dynamic": False, "nms": False},
    }  # fmt: skip
    return usual | other


def raw_boxes(count: int = 60, seed: int = 0) -> Float32Array:
    """Return outputs float32 ``(1, 6, count)`` in ultralytics' layout: many of the boxes overlap."""
    rng = np.random.default_rng(seed)
    centres = rng.choice([[20, 20], [60, 30], [70, 45]], count) + rng.normal(0, 3, (count, 2))
    sides = rng.uniform(18, 30, (count, 2))
    scores = rng.uniform(0, 1, (count, 2)) ** 2
    return np.concatenate((centres, sides, scores), 1).T[None].astype(np.float32)


def write_onnx(
    path: Path,
    outputs: list[np.ndarray],
    texts: dict[str, Any] | None = None,
    shape: tuple[Any, ...] = (1, 3, SIZE_WH[1], SIZE_WH[0]),
) -> Path:
    """Write a file with these outputs, each times twice the picture's mean in its rows from the fifth on where it is raw.

    Args:
        path: where to.
        outputs: of a batch of one picture.
        texts: its metadata; None for none.
        shape: of the input; texts are sides of any length.
    """
    nodes, values, made = [], [], []
    rank = len(shape)
    axes = numpy_helper.from_array(np.arange(1, rank) if rank == 4 else np.arange(rank), "axes")
    nodes.append(helper.make_node("ReduceMean", ["images", "axes"], ["mean"], keepdims=0))
    for n, array in enumerate(outputs):
        name = f"output{n}"
        if array.ndim == 3 and array.dtype == np.float32:  # one picture after the other, as bright as it is
            slope, base = np.zeros_like(array), array.copy()
            slope[:, 4:], base[:, 4:] = 2 * array[:, 4:], 0
            if array.shape[2] == 6:
                slope, base = np.zeros_like(array), array
            values += [numpy_helper.from_array(slope, f"s{n}"), numpy_helper.from_array(base, f"b{n}")]
            shape_of = numpy_helper.from_array(np.array([-1, 1, 1]), f"r{n}")
            values.append(shape_of)
            nodes += [
                helper.make_node("Reshape", ["mean", f"r{n}"], [f"m{n}"]),
                helper.make_node("Mul", [f"m{n}", f"s{n}"], [f"p{n}"]),
                helper.make_node("Add", [f"p{n}", f"b{n}"], [name]),
            ]
        else:
            values.append(numpy_helper.from_array(array, f"c{n}"))
            nodes.append(helper.make_node("Identity", [f"c{n}"], [name]))
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        sides = [shape[0], *array.shape[1:]] if array.ndim == 3 else array.shape
        made.append(helper.make_tensor_value_info(name, kind, sides))
    given = helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "tiny", [given], made, [axes, *values])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {key: str(value) for key, value in (texts or {}).items()})
    onnx.save(model, str(path))
    return path


def write_openvino(folder: Path, from_onnx: Path, texts: dict[str, Any]) -> Path:
    """Write the same as OpenVINO's folder, with ultralytics' file beside it."""
    import openvino
    import yaml

    folder.mkdir()
    openvino.save_model(openvino.convert_model(from_onnx), folder / "tiny.xml", compress_to_fp16=False)
    (folder / "metadata.yaml").write_text(yaml.safe_dump(texts), "utf-8")
    return folder


def write_torchscript(path: Path, output: Float32Array, texts: dict[str, Any] | None) -> Path:
    """Write the same raw output as a traced program."""
    import torch

    class Tiny(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            known = torch.from_numpy(output).expand(images.shape[0], -1, -1)
            bright = 2 * images.mean((1, 2, 3))[:, None, None]
            return torch.cat((known[:, :4], known[:, 4:] * bright), 1)

    wide, tall = SIZE_WH
    traced = torch.jit.trace(Tiny(), torch.rand(1, 3, tall, wide))  # type: ignore[no-untyped-call]
    extra = {} if texts is None else {"config.txt": json.dumps(texts)}
    torch.jit.save(traced, str(path), _extra_files=extra)  # type: ignore[no-untyped-call]
    return path


def picture(size_wh: tuple[int, int] = (192, 100), seed: int = 1) -> np.ndarray:
    """Return noise, uint8 ``(H, W, 3)``."""
    return np.random.default_rng(seed).integers(0, 256, (size_wh[1], size_wh[0], 3), np.uint8)
