"""What a session of the window is put together from."""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.live.capture import Capture
from heatcam.live.inference import Inference
from heatcam.live.painting import Painting
from heatcam.live.saving import Recording, Snapshots
from heatcam.live.screen import Caption
from heatcam.pipeline import Limits
from heatcam.sinks.viewer import Viewer


@dataclass(frozen=True)
class Parts:
    """What a session puts together, none of it started.

    Attributes:
        capture: reads the source.
        inference: explains what was read.
        viewer: the window.
        painting: paints what it shows.
        snapshots, recording: what ``s`` and ``R`` do.
    """

    capture: Capture
    inference: Inference
    viewer: Viewer
    painting: Painting
    snapshots: Snapshots
    recording: Recording


@dataclass(frozen=True)
class Plan:
    """How one run of the window goes.

    Attributes:
        caption: what the top line says.
        limits: when it ends by itself.
        stays: whether frames do not go on from one another, as of photographs: each has its map, and the last one stays.
        holds: whether the last frame of a file stays until the user quits.
    """

    caption: Caption
    limits: Limits
    stays: bool = False
    holds: bool = False
