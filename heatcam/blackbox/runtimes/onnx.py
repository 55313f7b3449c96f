"""ONNX files in ONNX BoxRuntime, on the CPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from heatcam.blackbox.network import AnyArray, size_of
from heatcam.blackbox.runtimes.runtime import BoxRuntime, as_given, file_with
from heatcam.errors import ModelError
from heatcam.geometry import Float32Array

SUFFIX = ".onnx"
_TYPES: dict[str, type[np.floating[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}


class OnnxNetwork:
    """See ``TensorNetwork``.

    Args:
        spec: the file.

    Raises:
        ModelError: it has other inputs than one picture.
    """

    def __init__(self, spec: str) -> None:
        import onnxruntime  # noqa: PLC0415 (an extra)

        path = Path(spec).expanduser()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        self.name, self.title = "onnxruntime fp32", path.stem
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES:
            raise ModelError(
                _inputs_in_words(path.name, inputs), "give a detector whose only input is a picture"
            )
        self._input, self._dtype = inputs[0].name, _TYPES[inputs[0].type]
        texts = self._session.get_modelmeta().custom_metadata_map
        sides = [side if isinstance(side, int) and side > 0 else None for side in inputs[0].shape]
        self.signature = replace(size_of(sides), texts=dict(texts))

    def run(self, images: Float32Array) -> list[AnyArray]:
        """See ``TensorNetwork``."""
        given = as_given(images, self.signature.rank, self._dtype)
        return [np.asarray(one) for one in self._session.run(None, {self._input: given})]


def _inputs_in_words(name: str, inputs: list[Any]) -> str:
    each = ", ".join(f"{one.name} {one.type} {tuple(one.shape)}" for one in inputs)
    return f"{name} takes {each or 'nothing'}"


RUNTIME = BoxRuntime(
    "ONNX BoxRuntime",
    "onnxruntime",
    "export",
    lambda spec: file_with(spec, SUFFIX) is not None,
    OnnxNetwork,
)
