"""Runtimes that run exported files on the CPU: ONNX Runtime and OpenVINO. Each is a class in ``RUNTIMES``."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from heatcam.enums import Backend
from heatcam.errors import ModelError, UsageError, first_line
from heatcam.exported.facts import INPUTS
from heatcam.geometry import Float32Array

Outputs = dict[str, npt.NDArray[Any]]
ONNX, XML = ".onnx", ".xml"
SECTION = "heatcam"  # of the metadata in OpenVINO's files


class ExportedNetwork(Protocol):
    """A file that is loaded to run. Called from one thread.

    Attributes:
        name: of what runs it, for people.
        texts: the file's metadata.
    """

    name: str
    texts: Mapping[str, str]

    def run(self, images: Float32Array, conf: Float32Array) -> Outputs:
        """Return the outputs by name; see docs/export.md."""


class OnnxRuntime:
    """See ``ExportedNetwork``: an ONNX file in ONNX Runtime."""

    def __init__(self, path: Path) -> None:
        import onnxruntime  # noqa: PLC0415 (an extra)

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        self.name = "onnxruntime fp32"
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.texts: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, images: Float32Array, conf: Float32Array) -> Outputs:
        """See ``ExportedNetwork``."""
        values = self._session.run(None, dict(zip(INPUTS, (images, conf), strict=True)))
        return dict(zip(self._outputs, values, strict=True))


class OpenVino:
    """See ``ExportedNetwork``: OpenVINO's own file, or an ONNX file, in OpenVINO."""

    def __init__(self, path: Path) -> None:
        import openvino  # noqa: PLC0415 (it takes a while to load, and may be missing)

        core = openvino.Core()
        model = core.read_model(path)
        self.name = "openvino fp32"
        self.texts: Mapping[str, str] = _texts_of(model, path)
        # On processors with bfloat16 OpenVINO would calculate in it, and maps would differ by some percent.
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        self._request = core.compile_model(model, "CPU", options).create_infer_request()
        self._outputs = [output.get_any_name() for output in model.outputs]

    def run(self, images: Float32Array, conf: Float32Array) -> Outputs:
        """See ``ExportedNetwork``."""
        self._request.infer(dict(zip(INPUTS, (images, conf), strict=True)))
        return {name: np.array(self._request.get_tensor(name).data) for name in self._outputs}


def _texts_of(model: Any, path: Path) -> dict[str, str]:
    """Return the metadata of a model that OpenVINO has read."""
    section = "framework" if path.suffix.casefold() == ONNX else SECTION  # (where it puts an ONNX file's)
    if not model.has_rt_info([section]):
        return {}
    return {key: str(value.astype(str)) for key, value in model.get_rt_info([section]).astype(dict).items()}


@dataclass(frozen=True)
class Runtime:
    """A runtime that exported files run in.

    Attributes:
        backend: value of ``--backend``; "" for the one that is taken unless another is asked for.
        suffixes: of the files that it reads.
        package: the package that it needs.
        extra: the extra of heatcam that has it; "" for one that comes with heatcam.
        load: reads a file.
    """

    backend: str
    suffixes: tuple[str, ...]
    package: str
    extra: str
    load: Callable[[Path], ExportedNetwork]

    @property
    def is_here(self) -> bool:
        """True if its package is installed."""
        return importlib.util.find_spec(self.package) is not None


#: In the order in which they are tried.
RUNTIMES = (
    Runtime("", (ONNX,), "onnxruntime", "export", OnnxRuntime),
    Runtime(Backend.OPENVINO.value, (ONNX, XML), "openvino", "", OpenVino),
)


def exported_file(spec: str) -> Path | None:
    """Return the file that a model's name means if it is a kind that runtimes read: the ``.xml`` of OpenVINO's folder.

    None for any other, and for a file that does not exist.
    """
    try:
        path = Path(spec).expanduser()
        if path.is_dir():
            inside = sorted(path.glob(f"*{XML}"))
            return inside[0] if len(inside) == 1 else None
        is_one = path.suffix.casefold() in (ONNX, XML) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # (no name that a file can have)
        return None
    return path if is_one else None


def open_network(path: Path, backend: str = Backend.AUTO.value) -> ExportedNetwork:
    """Load an exported file in the backend asked for, else in the first that is here.

    Raises:
        UsageError: the backend does not run such files, or is not installed.
        ModelError: it cannot be read.
    """
    suitable = [each for each in RUNTIMES if path.suffix.casefold() in each.suffixes]
    asked = [each for each in suitable if backend in (Backend.AUTO.value, each.backend)]
    if not asked:
        raise UsageError(f"{path.name} runs without torch", "leave out --backend, or give --backend openvino")
    here = next((each for each in asked if each.is_here), None)
    if here is None:
        extra = next((f"'heatcam[{each.extra}]'" for each in asked if each.extra), asked[0].package)
        raise UsageError(f"nothing here runs {path.name}", f"pip install {extra}")
    try:
        return here.load(path)
    except Exception as error:  # (each runtime raises types of its own)
        raise ModelError(
            f"{path.name} cannot be read ({first_line(error, 100)})", "export its .pt original again"
        ) from error
