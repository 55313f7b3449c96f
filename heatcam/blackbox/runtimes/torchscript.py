"""TorchScript files in torch, on the CPU: the only module of this room that knows torch.

Such a file is a program. Loading it unpickles in C++ and runs no Python, but its code may call every operator of torch, some of
which open files (``torch.from_file`` maps one, and can make it), and PyTorch says to treat it as code
(https://github.com/pytorch/pytorch/security/policy). So it is loaded only once the user says that it is trusted.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from heatcam.blackbox.metadata import ExportMetadata, metadata_of
from heatcam.blackbox.network import AnyArray, Signature
from heatcam.blackbox.runtimes.runtime import BoxRuntime, file_with
from heatcam.errors import ModelError
from heatcam.geometry import Float32Array

SUFFIX = ".torchscript"
_METADATA = "config.txt"  # where ultralytics writes it


class TorchScriptNetwork:
    """See ``TensorNetwork``.

    Args:
        spec: the file, which the user trusts.
    """

    def __init__(self, spec: str) -> None:
        import torch  # noqa: PLC0415 (seconds)
        import torchvision  # noqa: F401, PLC0415 (its operators may be in the file)

        path = Path(spec).expanduser()
        self.name, self.title = "torchscript", path.stem
        extra: dict[str, Any] = {_METADATA: ""}
        self._torch: Any = torch
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # (that TorchScript is deprecated is no news to whoever was given a file of it)
            self._network: Any = self._torch.jit.load(str(path), map_location="cpu", _extra_files=extra)
        self._network.float().eval()
        texts = texts_in(extra[_METADATA])
        self.signature = _signature(metadata_of(texts, self.title), texts)

    def run(self, images: Float32Array) -> list[AnyArray]:
        """See ``TensorNetwork``.

        Raises:
            ModelError: it gives something else than tensors.
        """
        with self._torch.inference_mode():
            found = self._network(self._torch.from_numpy(images))
        listed = list(found.values()) if isinstance(found, dict) else found
        listed = list(listed) if isinstance(listed, (list, tuple)) else [listed]
        if not all(isinstance(one, self._torch.Tensor) for one in listed):
            raise ModelError(f"{self.title} gives something else than tensors", "give its .pt original")
        return [one.float().numpy() if one.is_floating_point() else one.numpy() for one in listed]


def texts_in(content: str | bytes) -> dict[str, str]:
    """Return the metadata in the content of ``config.txt`` as texts; empty where there is none."""
    try:
        known = json.loads(content or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in known.items()} if isinstance(known, dict) else {}


def _signature(known: ExportMetadata, texts: dict[str, str]) -> Signature:
    """Return what the file takes as far as its metadata tells: a traced program does not say it itself."""
    if known.dynamic:
        return Signature(None, known.channels, None, texts=texts)
    return Signature(known.batch, known.channels, known.input_wh, texts=texts)


RUNTIME = BoxRuntime(
    "TorchScript",
    "torch",
    "",
    lambda spec: file_with(spec, SUFFIX) is not None,
    TorchScriptNetwork,
    is_code=True,
)
