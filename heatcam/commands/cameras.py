"""``heatcam cameras``: the cameras of this machine, and what keeps one from being used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.errors import SourceError
from heatcam.sources import Camera, Mode, list_cameras, no_camera_advice


def show_cameras(
    json: str | None, terminal: Terminal, find: Callable[[], Sequence[Camera]] = list_cameras
) -> int:
    """List every camera.

    Args:
        json: a file for the machine-readable list, ``-`` for standard output, None for none.
        terminal: prints results and notes.
        find: finds them; tests pass fakes.

    Returns:
        0, or 1 when no camera can be used.

    Raises:
        SourceError: there is no camera.
        SinkError: the JSON file cannot be written.
    """
    found = find()
    if json:
        terminal.document({"cameras": [_row(camera) for camera in found]}, json)
    if not found:
        raise SourceError("there is no camera", no_camera_advice())
    if json != "-":
        cells = [[camera.index, camera.name, described(camera)] for camera in found]
        show_table(terminal, ("index", "name", "sizes and rates"), cells, numbers=("index",))
    for camera in found:
        if camera.problem:
            terminal.note(f"camera {camera.index}: {camera.problem}")
    return int(all(camera.problem for camera in found))


def described(camera: Camera) -> str:
    """Return the sizes of a camera in words, largest first, each with its fastest rate and the pixel format at that rate."""
    if camera.problem:
        return "cannot be used"
    best: dict[tuple[int, int], Mode] = {}
    for mode in camera.modes:
        known = best.get(mode.size_wh)
        if known is None or _rate(mode) > _rate(known):
            best[mode.size_wh] = mode
    by_area = sorted(best.values(), key=lambda mode: mode.size_wh[0] * mode.size_wh[1], reverse=True)
    return ", ".join(_words(mode) for mode in by_area) or "not known before it is opened"


def _words(mode: Mode) -> str:
    size = f"{mode.size_wh[0]}x{mode.size_wh[1]}"
    return f"{size} at {_rate(mode):g} ({mode.kind})" if mode.fps else f"{size} ({mode.kind})"


def _rate(mode: Mode) -> float:
    return mode.fps[0] if mode.fps else 0.0


def _row(camera: Camera) -> dict[str, Any]:
    modes = [{"kind": m.kind, "size_wh": list(m.size_wh), "fps": list(m.fps)} for m in camera.modes]
    return {"index": camera.index, "name": camera.name, "problem": camera.problem, "modes": modes}
