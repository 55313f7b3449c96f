"""OpenVINO's folders and files, on the CPU. ultralytics writes its metadata beside them, as ``metadata.yaml``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from heatcam.blackbox.network import AnyArray, size_of
from heatcam.blackbox.runtimes.runtime import BoxRuntime, as_given, file_with
from heatcam.errors import ModelError
from heatcam.geometry import Float32Array

SUFFIX = ".xml"
_METADATA = "metadata.yaml"
_LARGEST = 5_000_000  # bytes of metadata


def network_file(spec: str) -> Path | None:
    """Return the ``.xml`` that a name means: itself, or the only one in a folder; None for any other."""
    found = file_with(spec, SUFFIX)
    if found is not None:
        return found
    try:
        folder = Path(spec).expanduser()
        inside = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    except (OSError, ValueError, RuntimeError):  # (no name that a folder can have)
        return None
    return inside[0] if len(inside) == 1 else None


class OpenVinoNetwork:
    """See ``TensorNetwork``.

    Args:
        spec: the file or folder.

    Raises:
        ModelError: it has other inputs than one picture.
    """

    def __init__(self, spec: str) -> None:
        import openvino  # noqa: PLC0415 (it takes a while to load, and may be missing)

        path = network_file(spec)
        assert path is not None  # (it matched)
        self.name, self.title = "openvino fp32", path.stem
        core = openvino.Core()
        model = core.read_model(path)
        if len(model.inputs) != 1:
            raise ModelError(
                f"{path.name} has {len(model.inputs)} inputs", "give a detector whose only input is a picture"
            )
        shape = [None if side.is_dynamic else side.get_length() for side in model.inputs[0].partial_shape]
        self.signature = replace(size_of(shape), texts=texts_beside(path))
        # On processors with bfloat16 OpenVINO would calculate in it, and scores would differ by some percent.
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        self._dtype = model.inputs[0].element_type.to_dtype().type
        self._request = core.compile_model(model, "CPU", options).create_infer_request()

    def run(self, images: Float32Array) -> list[AnyArray]:
        """See ``TensorNetwork``."""
        self._request.infer([as_given(images, self.signature.rank, self._dtype)])
        return [np.array(one.data) for one in self._request.output_tensors]


def texts_beside(path: Path) -> dict[str, str]:
    """Return the metadata beside a network's file as texts; empty where there is none, or none that can be read."""
    import yaml  # noqa: PLC0415 (as the runtime)

    beside = path.with_name(_METADATA)
    if not beside.is_file() or beside.stat().st_size > _LARGEST:
        return {}
    try:
        known = yaml.safe_load(beside.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return {str(key): str(value) for key, value in known.items()} if isinstance(known, dict) else {}


RUNTIME = BoxRuntime("OpenVINO", "openvino", "", lambda spec: network_file(spec) is not None, OpenVinoNetwork)
