"""Parts and plan of a live session: threads, window and files that are handed in, and settings that do not change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from heatcam.live.capture import CaptureThread
from heatcam.live.explain_request import Side
from heatcam.live.inference import Inference
from heatcam.live.renderer import Renderer
from heatcam.live.saving import RecordingToggle, Snapshots
from heatcam.live.screen import Screen
from heatcam.live.window_prompt import OWN_CLASSES, WindowPrompt
from heatcam.pipeline import Limits, Sink


@dataclass(frozen=True)
class SessionParts:
    """Parts of a session, none of them started.

    Attributes:
        capture: reads the source.
        inference: explains what was read.
        viewer: the window, or another screen.
        renderer: renders the window's picture.
        snapshots, recording: the actions of the keys ``s`` and ``R``.
        sinks: further takers of each frame that is shown, with its picture; called in its thread, so they must not wait.
    """

    capture: CaptureThread
    inference: Inference
    viewer: Screen
    renderer: Renderer
    snapshots: Snapshots
    recording: RecordingToggle
    sinks: tuple[Sink, ...] = ()

    @property
    def dropped(self) -> int:
        """Number of frames dropped because capture, inference or display was slow."""
        return self.capture.dropped + self.inference.results.dropped

    def start(self, *, paused: bool) -> None:
        """Start the threads; ``paused``: capture keeps its first frames until it is resumed."""
        self.capture.pause(paused)
        self.capture.start()
        self.inference.start()

    def close(self) -> list[str]:
        """Stop the threads and finish the files, a recording first, which matters most; return messages for the terminal."""
        self.inference.ask_to_stop()
        recorded = self.recording.close()
        self.capture.stop()
        self.inference.stop()
        return recorded + self.snapshots.close()


@dataclass(frozen=True)
class RunCaption:
    """Text of the top line that does not change in a run.

    Attributes:
        model, backend: their display names.
        draw_every_s: the shortest time between two frames that are drawn; 0 draws all.
        sides: name and backend of A and of B; empty where there is one model.
        prompt: what the model was loaded to find.
    """

    model: str = ""
    backend: str = ""
    draw_every_s: float = 0.0
    sides: tuple[Side, ...] = ()
    prompt: WindowPrompt = OWN_CLASSES


@dataclass(frozen=True)
class SessionPlan:
    """Settings of one run of the window.

    Attributes:
        caption: fixed text of the top line.
        limits: frames or seconds after which it ends.
        slideshow: True for unrelated frames such as photographs: each gets a map of its own, and the last one stays.
        holds: True if the last frame of a file stays until the user quits.
        at_end: what the user can do then, for the top line; "" leaves it out.
        is_watched: tells if somebody sees the pictures; while nobody does, none is explained and none is drawn. Called in the
            session's thread, all the time.
    """

    caption: RunCaption
    limits: Limits
    slideshow: bool = False
    holds: bool = False
    at_end: str = "left to go back, q to quit"
    is_watched: Callable[[], bool] = lambda: True
