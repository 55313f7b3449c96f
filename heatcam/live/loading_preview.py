"""Preview while the model is loaded: the source's frames, unexplained."""

from __future__ import annotations

import numpy as np

from heatcam.frames import Detections, Explanation, Frame
from heatcam.live.current_state import CurrentState
from heatcam.live.explain_request import ExplainRequest, Ready
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.parts import SessionParts
from heatcam.live.playback import Playback
from heatcam.live.presenter import Presenter

NOTHING = Detections(
    np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64), ()
)
PLAIN = ExplainRequest(
    with_map=False, conf=-1.0
)  # request of a frame that was not explained; it differs from every real request


class LoadingPreview:
    """Shows frames without an explanation until the model is loaded, and then makes the model known. Called on the main thread.

    Args:
        parts: capture and inference, which are watched, and the snapshots, which name the model.
        current: the choices in force; those of the model are offered once it is loaded.
        playback: gives the frames.
        presenter: draws them.
    """

    def __init__(
        self, parts: SessionParts, current: CurrentState, playback: Playback, presenter: Presenter
    ) -> None:
        #: True while the model is not known.
        self.is_on = parts.inference.is_loading
        self._capture, self._inference, self._snapshots = parts.capture, parts.inference, parts.snapshots
        self._current, self._playback, self._presenter = current, playback, presenter

    def update(self) -> None:
        """Show the next frame, or end the preview if the model is loaded.

        Raises:
            HeatcamError: the source failed before its first frame.
        """
        if self._inference.ready is not None:
            self._end(self._inference.ready)
            return
        if self._capture.failure is not None and self._capture.first_wh is None:
            raise self._capture.failure
        frame = self._playback.next_plain()
        if frame is not None:
            self._show(frame)

    def _show(self, frame: Frame) -> None:
        entry = HistoryEntry(Explanation(frame, NOTHING), (), PLAIN)
        self._playback.show_plain(entry)
        self._presenter.draw(entry, self._current.state, held=self._current.is_held)
        self._inference.begin()
        self._current.refine()

    def _end(self, ready: Ready) -> None:
        """Make the loaded model known to the keys, the snapshots and the top line, and start to explain."""
        self.is_on = False
        self._current.offer(ready.methods, ready.layer_sets)
        self._snapshots.about(ready.about)
        self._presenter.name_model(ready)
        self._capture.begin_to_count(paused=self._current.state.paused)
