"""The sources that the page of ``heatcam serve`` may choose among: what the command line allowed, by short names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from heatcam.sources import DEMO, Camera, CaptureOptions, Source, list_cameras, open_source, require_start
from heatcam.text import printable
from heatcam.web import AllowedSource


def served_sources(
    spec: str,
    asked: CaptureOptions,
    *,
    cameras: bool = False,
    find: Callable[[], Sequence[Camera]] = list_cameras,
) -> list[AllowedSource]:
    """Return the source of the command line, the demo scene, and with ``cameras`` those of this machine, each once.

    Args:
        spec: the source of the command line.
        asked: size, rate and start to ask it for.
        cameras: allow this machine's cameras.
        find: finds them; tests pass fakes.

    Raises:
        HeatcamError: the source of the command line cannot be used.
    """
    first = _allowed(spec, asked)
    others = [] if spec == DEMO else [_allowed(DEMO, CaptureOptions())]
    found = [camera for camera in find() if not camera.problem] if cameras else []
    others += [
        AllowedSource(
            f"camera-{camera.index}",
            printable(camera.name),
            "camera",
            partial(open_source, str(camera.index)),
        )
        for camera in found
        if spec != str(camera.index)
    ]
    return [first, *others]


def _allowed(spec: str, asked: CaptureOptions) -> AllowedSource:
    """Return one source, looked up now and opened later, each time anew."""
    source = open_source(spec, asked)
    kind = _kind_of(spec, source)
    source_id = {"demo": DEMO, "camera": f"camera-{spec}" if spec.isdecimal() else "camera"}.get(kind, kind)
    return AllowedSource(source_id, printable(source.name), kind, partial(_opened, spec, asked))


def _opened(spec: str, asked: CaptureOptions) -> Source:
    source = open_source(spec, asked)
    require_start(source, asked.start_s)
    return source


def _kind_of(spec: str, source: Source) -> str:
    """Return a source's kind, as the page names it."""
    if spec == DEMO:
        return "demo"
    if spec.partition(":")[0] == "screen":
        return "screen"
    if "://" in spec or spec == "-":
        return "stream"
    return "camera" if source.is_live and not Path(spec).exists() else "file"
