"""What the figures depend on beside the code: threads, the device's queue, versions."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

PACKAGES = ("heatcam", "torch", "ultralytics", "grad-cam", "openvino", "opencv-python", "numpy")


@contextlib.contextmanager
def threads_kept() -> Iterator[None]:
    """Give torch the number of threads back that it had before.

    ultralytics sets it for the whole process when it chooses a CPU (8.4.190: the machine's cores less one, so one of two).
    Everybody in the bench gets torch's own number instead, which on two cores makes ultralytics faster than it sets itself up.
    """
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def waits_for(device: str) -> Callable[[], None]:
    """A function that returns when ``device`` has done all it was given; processors have when the call returns."""
    kind = device.partition(":")[0]
    if kind == "cuda":
        return lambda: torch.cuda.synchronize(device)
    return torch.mps.synchronize if kind == "mps" else lambda: None


def machine_facts() -> dict[str, Any]:
    """Processor, threads and versions, for the JSON document; a package that is not installed has None."""
    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cpu_count": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
