"""Pictures that a training is watched on, each with a name of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from heatcam.errors import UsageError
from heatcam.frames import Frame
from heatcam.watching.options import MOST_PICTURES

MEAN = "mean"  # of all pictures, beside their own names in the loggers
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Probe:
    """Picture that is explained at every look.

    Attributes:
        name: unique; letters, digits, ``_``, ``.`` and ``-`` alone, for files and loggers.
        frame: the picture.
    """

    name: str
    frame: Frame


def probes_of(frames: Iterable[Frame]) -> tuple[Probe, ...]:
    """Name the pictures by their files; those without one, and second ones of a name, are numbered.

    Raises:
        UsageError: there are none, or too many.
    """
    probes: dict[str, Probe] = {}
    for frame in frames:
        if len(probes) == MOST_PICTURES:
            raise UsageError(
                f"more than {MOST_PICTURES} pictures are to be watched", "choose a few that differ"
            )
        name = _free(_plain(frame.name), {MEAN, *probes})
        probes[name] = Probe(name, frame)
    if not probes:
        raise UsageError("there is no picture to watch", "give one or a few that show what is to be learnt")
    return tuple(probes.values())


def _plain(name: str) -> str:
    stem = PurePath(name.replace("\\", "/")).stem
    return re.sub(r"[^\w.-]+", "_", stem)[:_LONGEST_NAME].strip("._") or "picture"


def _free(name: str, taken: set[str]) -> str:
    """Return the name, or with the first free number; names that differ in case alone are one, as in some file systems."""
    lower, number, free = {one.lower() for one in taken}, 1, name
    while free.lower() in lower:
        number += 1
        free = f"{name}-{number}"
    return free
