"""Formats that an explained network is written in, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule

from heatcam.enums import ExportFormat
from heatcam.exported import INPUTS, ONNX, SECTION, XML

#: Writes a graph, with the names of its outputs, for inputs like the example, with metadata, to a path. Returns the file to load.
Write = Callable[[GraphModule, tuple[str, ...], tuple[Tensor, Tensor], Mapping[str, str], Path], Path]


@dataclass(frozen=True)
class FileFormat:
    """A format of exported models.

    Attributes:
        suffix: of the file's name, or of the folder's.
        write: writes it.
    """

    suffix: str
    write: Write


def _write_onnx(
    graph: GraphModule,
    outputs: tuple[str, ...],
    example: tuple[Tensor, Tensor],
    texts: Mapping[str, str],
    path: Path,
) -> Path:
    exported = torch.export.export(graph, example, strict=False)
    # (not optimized: that takes as long again, and runtimes do it when they load the file: nothing was faster for it)
    program: Any = torch.onnx.export(
        exported,
        dynamo=True,
        optimize=False,
        verbose=False,
        input_names=list(INPUTS),
        output_names=list(outputs),
    )
    program.model.metadata_props.update(texts)
    program.save(path)
    return path


def _write_openvino(
    graph: GraphModule,
    outputs: tuple[str, ...],
    example: tuple[Tensor, Tensor],
    texts: Mapping[str, str],
    path: Path,
) -> Path:
    import openvino  # noqa: PLC0415 (it may be missing)

    from heatcam.engine import convert_as_given  # noqa: PLC0415 (OpenVINO)

    model = convert_as_given(graph, example)
    for places, names in ((model.inputs, INPUTS), (model.outputs, outputs)):
        for place, name in zip(places, names, strict=True):
            place.get_tensor().set_names({name})
    for key, text in texts.items():
        model.set_rt_info(text, [SECTION, key])
    path.mkdir()
    inside = path / f"{path.name.removesuffix(FORMATS[ExportFormat.OPENVINO].suffix)}{XML}"
    openvino.save_model(model, inside, compress_to_fp16=False)
    return inside


FORMATS: dict[ExportFormat, FileFormat] = {
    ExportFormat.ONNX: FileFormat(ONNX, _write_onnx),
    ExportFormat.OPENVINO: FileFormat("_openvino", _write_openvino),
}
