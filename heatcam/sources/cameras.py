"""List of the available cameras: index, name, sizes and rates, and the problem of one that cannot be used.

On Linux from ``/sys/class/video4linux`` and the devices themselves, without turning a camera on; elsewhere names come from
``cv2-enumerate-cameras``, and sizes and rates are not known before opening.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from heatcam.errors import UsageError
from heatcam.sources.v4l2 import Ioctl, Mode, is_camera, modes

_SYS = Path("/sys/class/video4linux")
_DEV = Path("/dev")


@dataclass(frozen=True)
class Camera:
    """One camera.

    Attributes:
        index: value for ``--camera``.
        name: the manufacturer's name of it.
        modes: sizes and rates; empty if unknown.
        problem: reason why it cannot be used, and the remedy; "" if no problem is known.
    """

    index: int
    name: str
    modes: tuple[Mode, ...] = ()
    problem: str = ""


def list_cameras() -> tuple[Camera, ...]:
    """Return the cameras of this machine, by index."""
    return cameras_of_linux() if sys.platform.startswith("linux") else _cameras_elsewhere()


def names_by_index() -> dict[int, str]:
    """Return the names of the cameras of this machine by index, without opening a device, so it is quick."""
    if not sys.platform.startswith("linux"):
        return {camera.index: camera.name for camera in _cameras_elsewhere()}
    return {index: name for index, name, is_first in _entries(_SYS) if is_first}


def cameras_of_linux(
    system: Path = _SYS, devices: Path = _DEV, probe: Callable[[Path], tuple[Mode, ...] | None] | None = None
) -> tuple[Camera, ...]:
    """Return the cameras that Linux lists.

    Args:
        system: folder in which the kernel lists video devices.
        devices: folder of their device files.
        probe: returns the modes of a device file, or None if it is no camera; raises OSError if it cannot be opened.
    """
    found = []
    for index, name, is_first in _entries(system):
        device = devices / f"video{index}"
        try:
            offered = (probe or modes_of)(device)
        except OSError as error:
            if is_first:  # (for an unopened device only this tells a camera from its metadata device)
                found.append(Camera(index, name, problem=_problem(device, error)))
            continue
        if offered is not None:
            found.append(Camera(index, name, offered))
    return tuple(found)


def modes_of(device: Path) -> tuple[Mode, ...] | None:
    """Return sizes and rates of a V4L2 device; None if it is no camera.

    Raises:
        OSError: the device cannot be opened.
    """
    descriptor = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    try:
        ioctl = _ioctl_of(descriptor)
        return modes(ioctl) if is_camera(ioctl) else None
    finally:
        os.close(descriptor)


def index_called(name: str, names: Mapping[int, str]) -> int | None:
    """Return the index of the camera with ``name`` in its name, ignoring case; None if there is none.

    Raises:
        UsageError: several names contain it, and not exactly one is equal to it.
    """
    sought = name.strip().casefold()
    matching = {index: full for index, full in names.items() if sought in full.casefold()}
    exact = [index for index, full in matching.items() if full.casefold() == sought]
    if len(matching) > 1 and len(exact) != 1:
        raise UsageError(f"{name} names {len(matching)} cameras ({said(matching)})", "give an index")
    return next(iter(exact or matching), None)


def said(names: Mapping[int, str]) -> str:
    """Format cameras as ``0: Logitech C920, 2: HD Webcam``."""
    return ", ".join(f"{index}: {name}" for index, name in names.items())


def no_camera_advice(devices: Path = _DEV) -> str:
    """Return advice for a machine without any camera."""
    if sys.platform.startswith("linux") and not Path("/sys/class").exists():
        return "this system shows no devices; use --source demo"
    if any(devices.glob("video*")):
        return "there are video devices, but none gives pictures; plug in a camera, or use --source demo"
    return "plug one in (in a container: start it with --device /dev/video0), or use --source demo"


def _entries(system: Path) -> Sequence[tuple[int, str, bool]]:
    """Return index and name of each video device, and True for the first device of its hardware, in order."""
    entries = []
    for folder in system.glob("video*"):
        if folder.name[5:].isdecimal():
            name = _text(folder / "name") or folder.name
            entries.append((int(folder.name[5:]), name, _text(folder / "index") in ("", "0")))
    return sorted(entries)


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text("utf-8", "replace").strip()
    return ""


def _problem(device: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        group = "video"
        with suppress(OSError, KeyError):
            group = device.group()
        return f"you may not open {device}: `sudo usermod -aG {group} $USER`, then log in again"
    if isinstance(error, FileNotFoundError):
        return f"{device} is missing: in a container, start it with --device {device}"
    return f"{device} cannot be opened ({error.strerror or error}): close other programs that use it"


def _ioctl_of(descriptor: int) -> Ioctl:
    import fcntl  # noqa: PLC0415 (Linux only)

    def ioctl(request: int, data: bytearray) -> None:
        fcntl.ioctl(descriptor, request, data, True)

    return ioctl


def _cameras_elsewhere() -> tuple[Camera, ...]:
    from cv2_enumerate_cameras import enumerate_cameras  # noqa: PLC0415 (not installed on Linux)

    found: dict[int, Camera] = {}
    for info in enumerate_cameras():
        found.setdefault(info.index, Camera(info.index, info.name))
    return tuple(found.values())
