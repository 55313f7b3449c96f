"""The live window as a sink: shows each painted frame and turns keys into changes of the controls."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from heatcam.errors import HeatcamError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.pipeline import Controls
from heatcam.sinks.keys import Action
from heatcam.sinks.pictures import write_picture
from heatcam.sinks.viewer import Viewer

_NOTE_S = 2.0  # how long a note stays on the top line


class WindowSink:
    """Shows frames, at the source's pace where it has one, and answers keys while it waits.

    Called on the main thread.

    Args:
        viewer: the open window.
        controls: what keys change.
        interval_s: time between two frames of a file, in seconds; 0 shows each as soon as it is ready.
        folder: where snapshots go.
        clock: seconds that only move forward.
    """

    def __init__(
        self,
        viewer: Viewer,
        controls: Controls,
        interval_s: float = 0.0,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._viewer = viewer
        self._controls = controls
        self._interval_s = interval_s
        self._folder = folder or Path()
        self._clock = clock
        self._due_s = 0.0
        self._note_until_s = 0.0

    def take(self, picture: Uint8Array, explanation: Explanation) -> None:
        """Show one frame, then answer keys until the next one is due; a change of mode ends the wait."""
        self._viewer.show(picture)
        self._due_s = max(self._due_s, self._clock() - self._interval_s) + self._interval_s
        self._forget_old_note()
        while True:
            left_ms = int(1e3 * (self._due_s - self._clock()))
            actions = self._viewer.poll(max(1, min(left_ms, 20)))
            for action in actions:
                self._answer(action, picture, explanation)
            if actions or left_ms <= 1 or self._controls.stop:
                return

    def _answer(self, action: Action, picture: Uint8Array, explanation: Explanation) -> None:
        if action is Action.QUIT:
            self._controls.stop = True
        elif action is Action.TOGGLE_HEATMAP:
            self._controls.toggle_heatmap()
        elif action is Action.SAVE_SNAPSHOT:
            self._save(picture, explanation)

    def _save(self, picture: Uint8Array, explanation: Explanation) -> None:
        """Write what is shown; a failure is a note on the top line, never the end of the window."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = self._folder / f"heatcam-{stamp}-{explanation.frame.frame_index:06d}.png"
        try:
            write_picture(path, picture)
            self._note(f"saved {path.name}")
        except HeatcamError as error:
            self._note(str(error))

    def _note(self, text: str) -> None:
        self._controls.message = text
        self._note_until_s = self._clock() + _NOTE_S

    def _forget_old_note(self) -> None:
        if self._controls.message and self._clock() > self._note_until_s:
            self._controls.message = ""
