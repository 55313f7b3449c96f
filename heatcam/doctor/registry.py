"""Registry of the checks, in the order of the report. A new one is a function and a line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from heatcam.doctor import machine, measured, packages
from heatcam.doctor.finding import Check, Finding, State

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "python": packages.python,
        "packages": packages.versions,
        "torch": packages.torch,
        "torchvision": packages.torch_pair,
        "ultralytics": packages.ultralytics,
        "processor": machine.cpu,
        "accelerator": machine.accelerators,
        "openvino": packages.openvino,
        "backends": measured.backends,
        "opencv": packages.opencv,
        "display": machine.display,
        "cameras": machine.cameras,
        "fonts": packages.fonts,
        "encoder": packages.encoder,
        "folders": machine.folders,
        "disk": machine.disk,
        "safety": machine.safety,
    }
)


def examine(checks: Mapping[str, Check] = CHECKS) -> Iterator[tuple[str, Finding]]:
    """Run every check and yield its name with each finding; a check that fails itself is a fault of its own."""
    for name, check in checks.items():
        try:
            for finding in check():
                yield name, finding
        except Exception as error:  # noqa: BLE001 (a broken machine may fail in any way, and the other checks still help)
            first = (str(error).strip().splitlines() or [""])[0]
            yield (
                name,
                Finding(
                    State.FAULT,
                    f"could not be checked: {type(error).__name__} {first}".strip(),
                    "heatcam --debug doctor shows where",
                ),
            )
