"""Controls of the live window: the effect of each key, click and mouse move on a session."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from heatcam.enums import Layout
from heatcam.live.objects import object_at
from heatcam.live.parts import Parts
from heatcam.live.playback import Playback
from heatcam.live.presenter import Presenter
from heatcam.live.run_stats import RunStats
from heatcam.live.state import Choices, WindowState, changed, said
from heatcam.sinks import Action, Click, Event, Hover

#: Seconds to seek back or forward, as in mpv.
SEEKS_S = {
    Action.SEEK_BACK: -5.0,
    Action.SEEK_FORWARD: 5.0,
    Action.SEEK_FAR_BACK: -60.0,
    Action.SEEK_FAR_FORWARD: 60.0,
}


class Steered(Protocol):
    """Session as keys and mouse control it.

    Attributes:
        parts: the session's parts.
        presenter: draws the window.
        playback: position in the source.
        stats: statistics of the run.
        choices: values that keys cycle through.
        state: the current choices.
    """

    parts: Parts
    presenter: Presenter
    playback: Playback
    stats: RunStats
    choices: Choices
    state: WindowState

    def change(self, state: WindowState) -> None:
        """Apply another state."""

    def step(self, *, forward: bool) -> None:
        """Show the next frame, or the one before."""

    def seek(self, by_s: float) -> None:
        """Seek back or forward by some seconds."""

    def end(self) -> None:
        """Close the window after this turn of the loop."""


class Controls:
    """Handles the input events of the window. Called on the main thread.

    Args:
        session: the session to change.
    """

    def __init__(self, session: Steered) -> None:
        self._session = session

    def answer(self, event: Event) -> None:
        """Handle one event."""
        session = self._session
        if isinstance(event, Hover):
            self._hover(event)
            return
        session.presenter.asked()
        if isinstance(event, Click):
            self._click(event)
            return
        session.stats.actions[event] += 1
        if event is Action.QUIT:
            session.end()
        elif event is Action.SAVE_SNAPSHOT:
            self._save()
        elif event is Action.TOGGLE_RECORDING:
            self._toggle_recording()
        elif event in SEEKS_S:
            session.seek(SEEKS_S[event])
        else:
            self._press(event)

    def _press(self, action: Action) -> None:
        """Handle a key that changes the view or steps by a frame."""
        session = self._session
        entry, before = session.playback.history.now, session.state
        objects = entry.object_ids if entry else ()
        session.change(changed(before, action, session.choices, objects))
        session.presenter.say(said(before, session.state))
        if action in (Action.STEP_FORWARD, Action.STEP_BACK):
            session.step(forward=action is Action.STEP_FORWARD)

    def _click(self, click: Click) -> None:
        """Focus the object whose box was clicked; a click elsewhere shows all objects."""
        shown = self._session.presenter.shown
        if shown is not None:
            found, numbers = shown.entry.explanation.detections, shown.entry.object_ids
            is_on_it = shown.view.holds(click.x, click.y)
            place = object_at(found, *shown.view.to_frame(click.x, click.y)) if is_on_it else None
            self._session.change(
                replace(self._session.state, focus=None if place is None else numbers[place])
            )

    def _hover(self, hover: Hover) -> None:
        session, shown = self._session, self._session.presenter.shown
        if session.state.layout is Layout.WIPE and shown is not None:
            left, _, right, _ = shown.view.places[0]
            split = min(1.0, max(0.0, (hover.x - left) / (right - left)))
            session.state = replace(session.state, split=split)
            session.presenter.change()

    def _save(self) -> None:
        shown, picture = self._session.presenter.shown, self._session.presenter.picture()
        if shown is not None and picture is not None:
            self._session.parts.snapshots.save(picture, shown.entry.explanation, shown.state)

    def _toggle_recording(self) -> None:
        session, recording = self._session, self._session.parts.recording
        if recording.seconds is not None:
            session.presenter.say(recording.stop())
            return
        picture = session.presenter.picture()
        if picture is not None:
            session.presenter.say(recording.start(picture))
