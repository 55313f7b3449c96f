"""What the window asks of inference, the few choices that change the explanation and not only its look, and what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ExplainRequest:
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


@dataclass(frozen=True)
class Ready:
    """What is known of a model once it is loaded.

    Attributes:
        title: the model's name for people.
        backend: what runs it where.
        methods: names of the CAM methods.
        layer_sets: what ``--layers`` takes, "" first.
        about: what a snapshot's settings say of it.
    """

    title: str
    backend: str
    methods: Sequence[str]
    layer_sets: Sequence[str]
    about: dict[str, Any]
