"""Check of device names. Does not import torch, so that an unknown name is refused at once."""

from __future__ import annotations

import re

from heatcam.errors import DeviceError

_DEVICE = re.compile(r"auto|(cpu|mps|cuda)(:\d+)?|\d+", re.IGNORECASE)


def require_device_name(name: str | None) -> None:
    """Refuse a name that is no device on any machine; None means that no device was asked for.

    Raises:
        DeviceError: the name is no device's.
    """
    if name is not None and not _DEVICE.fullmatch(name):
        raise DeviceError(f"unknown device {name!r}", "use cpu, cuda, cuda:1 or mps")
