"""The words that name a device. Knows no torch, so that a word that means nothing is refused at once."""

from __future__ import annotations

import re

from heatcam.errors import DeviceError

_DEVICE = re.compile(r"auto|(cpu|mps|cuda)(:\d+)?|\d+", re.IGNORECASE)


def require_device_name(name: str | None) -> None:
    """Refuse what can be no device on any machine; None is that nobody asked for one.

    Raises:
        DeviceError: it is none.
    """
    if name is not None and not _DEVICE.fullmatch(name):
        raise DeviceError(f"unknown device {name!r}", "use cpu, cuda, cuda:1 or mps")
