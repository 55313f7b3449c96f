"""What the window asks of inference: the few choices that change the explanation and not only its look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wants:
    """How the next frames are to be explained.

    Attributes:
        with_map: make the map of all kept boxes.
        with_object_maps: also make each box's own.
        conf: keep boxes above this confidence, in ``[0, 1]``.
        method: the CAM method's name.
        layers: what ``--layers`` takes; "" for the method's own.
        still: the frame stands still: it is worth the fine maps, and tracks do not move on.
        every: make the map of every so many frames, and carry it along between them.
    """

    with_map: bool = True
    with_object_maps: bool = False
    conf: float = 0.25
    method: str = "live"
    layers: str = ""
    still: bool = False
    every: int = 1
