"""Snapshots and recordings of the live view, as requests ask for them."""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as FutureTimeoutError

from heatcam.errors import ViewError
from heatcam.geometry import Uint8Array
from heatcam.overlay import OverlayOptions
from heatcam.sinks import Action
from heatcam.views import OK, encode_view, render_view
from heatcam.web.live_run import LiveRun
from heatcam.web.page_session import PageSession, Snapshot
from heatcam.web.problems import Problem
from heatcam.web.recordings import FinishedRecording

_TAKEN_S = 5.0
_LOOKED_S = 0.01
_FINISHED_S = 20.0


class LiveSaving:
    """Snapshots and recordings of a live view. From any thread, outside of the event loop.

    Args:
        run: the live view.
    """

    def __init__(self, run: LiveRun) -> None:
        self._run = run

    def snapshot(self, view: str | None = None) -> tuple[int, bytes]:
        """Return the frame's number and the picture as PNG, in the frame's own pixels.

        Args:
            view: one of ``ViewName``; None is what is shown.

        Raises:
            Problem: nothing is shown, or it lacks what the view needs.
        """
        session = self._showing()
        taken = session.snapshots.expect()
        self._run.ask_running(Action.SAVE_SNAPSHOT)
        try:
            snapshot = taken.result(_TAKEN_S)
        except FutureTimeoutError:
            raise Problem(503, "the live view gives no picture; try again", retry_after_s=2) from None
        encoded = encode_view(snapshot.picture if view is None else _drawn(view, snapshot))
        if encoded.status != OK:
            raise Problem(500, encoded.reason)
        return snapshot.explanation.frame.frame_index, encoded.png_bytes

    def start_recording(self) -> None:
        """Start a recording; without effect while one is made.

        Raises:
            Problem: nothing is shown, or it cannot be recorded.
        """
        with self._run.control:
            recording = self._showing().recording
            if recording.seconds is not None:
                return
            if reason := self._run.recordings.refusal():
                raise Problem(409, reason)
            self._run.ask_running(Action.TOGGLE_RECORDING)
            if recording.refused:
                raise Problem(507, recording.refused)

    def stop_recording(self) -> FinishedRecording:
        """Stop the recording and return it, once its file is finished.

        Raises:
            Problem: none is made, or it could not be finished.
        """
        with self._run.control:
            recording = self._run.running().recording
            if recording.seconds is None:
                raise Problem(409, "nothing is being recorded; start a recording first")
            outcome = recording.outcome
            self._run.ask_running(Action.TOGGLE_RECORDING)
        try:
            done = outcome.result(_FINISHED_S)
        except FutureTimeoutError:
            raise Problem(503, "the recording is still being finished; it will be listed", 5) from None
        if isinstance(done, str):
            raise Problem(500, done)
        return done

    def _showing(self) -> PageSession:
        """Return the session that runs.

        Raises:
            Problem: none does, or it has no picture yet.
        """
        session = self._run.running()
        if not session.screen.is_open:
            raise Problem(409, "there is no picture yet; try again in a moment", retry_after_s=1)
        self._until_present(session)
        return session

    def _until_present(self, session: PageSession) -> None:
        """Wait for the first picture after a rest: the one before may be hours old.

        Raises:
            Problem: none comes.
        """
        until_s = time.monotonic() + _TAKEN_S
        while session.is_stale and session.is_alive:
            if time.monotonic() > until_s:
                raise Problem(503, "the live view gives no picture; try again", retry_after_s=2)
            time.sleep(_LOOKED_S)


def _drawn(view: str, snapshot: Snapshot) -> Uint8Array:
    """Draw a view.

    Raises:
        Problem: the explanation lacks what the view shows.
    """
    state = snapshot.state
    look = OverlayOptions(state.colormap, state.alpha, state.renorm, state.boxes)
    try:
        return render_view(view, snapshot.explanation, look)
    except ViewError as error:
        raise Problem(409, str(error)) from None
