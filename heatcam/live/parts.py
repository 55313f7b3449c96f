"""Parts and plan of a live session."""

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
    """Parts of a session, none of them started.

    Attributes:
        capture: reads the source.
        inference: explains what was read.
        viewer: the window.
        renderer: renders the window's picture.
        snapshots, recording: the actions of the keys ``s`` and ``R``.
    """

    capture: CaptureThread
    inference: Inference
    viewer: Viewer
    renderer: Renderer
    snapshots: Snapshots
    recording: RecordingToggle


@dataclass(frozen=True)
class SessionPlan:
    """Settings of one run of the window.

    Attributes:
        caption: fixed text of the top line.
        limits: frames or seconds after which it ends.
        stays: True for unrelated frames such as photographs: each gets a map of its own, and the last one stays.
        holds: True if the last frame of a file stays until the user quits.
    """

    caption: RunCaption
    limits: Limits
    stays: bool = False
    holds: bool = False
