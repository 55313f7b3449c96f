"""The machine's influence on the figures: number of threads, the device's queue, versions."""

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
    """Give torch back the number of threads that it had before.

    ultralytics sets it for the whole process when it chooses a CPU (8.4.190: the machine's cores less one, so one of two).
    Every contestant gets torch's own number instead, with which ultralytics is faster on two cores than with its own setting.
    """
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def waits_for(device: str) -> Callable[[], None]:
    """Return a function that waits until ``device`` has finished its work; on a CPU there is nothing to wait for."""
    kind = device.partition(":")[0]
    if kind == "cuda":
        return lambda: torch.cuda.synchronize(device)
    return torch.mps.synchronize if kind == "mps" else lambda: None


def machine_facts() -> dict[str, Any]:
    """Return processor, threads and versions, for the JSON document; a package that is not installed has None."""
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
