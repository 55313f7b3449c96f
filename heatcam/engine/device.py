"""Choice of the torch device that runs the network."""

from __future__ import annotations

import logging

import torch

from heatcam.errors import DeviceError

logger = logging.getLogger(__name__)


def choose_device(wanted: str | None) -> torch.device:
    """Return the device asked for (``cpu``, ``cuda``, ``cuda:1``, ``1``, ``mps``); the fastest there is for None or ``auto``.

    Raises:
        DeviceError: the device is unknown, or this machine does not have it.
    """
    if wanted is None or wanted == "auto":
        there = available_devices()
        logger.info("device %s: the fastest of %s", there[0], ", ".join(there))
        return torch.device(there[0])
    name = f"cuda:{wanted}" if wanted.isdecimal() else wanted.lower()
    kind, _, index = name.partition(":")
    if kind not in {"cpu", "cuda", "mps"} or (index and not index.isdecimal()):
        raise DeviceError(f"unknown device {wanted!r}", f"use one of: {', '.join(available_devices())}")
    if kind not in available_devices() or (kind == "cuda" and int(index or 0) >= torch.cuda.device_count()):
        raise DeviceError(f"device {wanted!r} is not there", f"use one of: {', '.join(available_devices())}")
    return torch.device(name)


def available_devices() -> list[str]:
    """Kinds of device on this machine, fastest first; ``cpu`` is always last."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [kind for kind, available in there.items() if available]
