"""What a session of the window is put together from."""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.live.capture import CaptureThread
from heatcam.live.inference import Inference
from heatcam.live.presenter import RunCaption
from heatcam.live.renderer import Renderer
from heatcam.live.saving import RecordingToggle, Snapshots
from heatcam.pipeline import Limits
from heatcam.sinks import Viewer


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

    capture: CaptureThread
    inference: Inference
    viewer: Viewer
    renderer: Renderer
    snapshots: Snapshots
    recording: RecordingToggle


@dataclass(frozen=True)
class SessionPlan:
    """How one run of the window goes.

    Attributes:
        caption: what the top line says.
        limits: when it ends by itself.
        stays: whether frames do not go on from one another, as of photographs: each has its map, and the last one stays.
        holds: whether the last frame of a file stays until the user quits.
    """

    caption: RunCaption
    limits: Limits
    stays: bool = False
    holds: bool = False
