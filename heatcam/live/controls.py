"""What each key, click and move of the mouse does to a session."""

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

#: Seconds to go back or on, as in mpv.
SEEKS_S = {
    Action.SEEK_BACK: -5.0,
    Action.SEEK_FORWARD: 5.0,
    Action.SEEK_FAR_BACK: -60.0,
    Action.SEEK_FAR_FORWARD: 60.0,
}


class Steered(Protocol):
    """What is steered: a session, as far as keys and mouse reach.

    Attributes:
        parts: what it is made of.
        presenter: draws what is seen.
        playback: where it is in its source.
        stats: the run in numbers.
        choices: what there is to choose from.
        state: what is chosen.
    """

    parts: Parts
    presenter: Presenter
    playback: Playback
    stats: RunStats
    choices: Choices
    state: WindowState

    def change(self, state: WindowState) -> None:
        """Put another state into force."""

    def step(self, *, forward: bool) -> None:
        """Look at the next frame, or the one before."""

    def seek(self, by_s: float) -> None:
        """Go back or on by some seconds."""

    def end(self) -> None:
        """Leave the window after this turn."""


class Controls:
    """Answers what is asked for at the window. Called on the main thread.

    Args:
        session: what is changed.
    """

    def __init__(self, session: Steered) -> None:
        self._session = session

    def answer(self, event: Event) -> None:
        """Do what was asked for."""
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
        """A key that changes the view, or goes a step."""
        session = self._session
        entry, before = session.playback.history.now, session.state
        objects = entry.object_ids if entry else ()
        session.change(changed(before, action, session.choices, objects))
        session.presenter.say(said(before, session.state))
        if action in (Action.STEP_FORWARD, Action.STEP_BACK):
            session.step(forward=action is Action.STEP_FORWARD)

    def _click(self, click: Click) -> None:
        """A box gets the focus; elsewhere all have it."""
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
