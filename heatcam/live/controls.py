"""Controls of the live window: the effect of each key, click and mouse move."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from heatcam.enums import Layout
from heatcam.live.current_state import CurrentState
from heatcam.live.gestures import Gestures
from heatcam.live.objects import object_at
from heatcam.live.parts import SessionParts
from heatcam.live.playback import Playback
from heatcam.live.presenter import Presenter
from heatcam.live.prompting import Prompting
from heatcam.live.questions import AskedBox, Box, CoverStroke, Tool
from heatcam.live.run_stats import RunStats
from heatcam.live.screen import Choose, ScreenEvent, SeekTo
from heatcam.live.state import changed, said
from heatcam.sinks import Action, Click, Drag, Hover, Typed

POLL_MS = 5  # wait for keys when nothing is due; a frame that arrives meanwhile waits no longer than this
#: Seconds to seek back or forward, as in mpv.
SEEKS_S = {
    Action.SEEK_BACK: -5.0,
    Action.SEEK_FORWARD: 5.0,
    Action.SEEK_FAR_BACK: -60.0,
    Action.SEEK_FAR_FORWARD: 60.0,
}


class Controls:
    """Handles the input events of the window. Called in the session's thread.

    Args:
        parts: the window, whose events they are, and snapshots and recording, which keys start.
        current: the choices in force, which keys change.
        playback: position in the source, which keys move.
        presenter: the picture under the mouse, and the notes that answer a key.
        stats: uses of each key are counted in it.
        on_quit: called when the user quits.
    """

    def __init__(
        self,
        parts: SessionParts,
        current: CurrentState,
        playback: Playback,
        presenter: Presenter,
        stats: RunStats,
        on_quit: Callable[[], None],
    ) -> None:
        self._viewer, self._snapshots, self._recording = parts.viewer, parts.snapshots, parts.recording
        self._current, self._playback, self._presenter = current, playback, presenter
        self._stats, self._on_quit = stats, on_quit
        self._strokes = 0  # drawn so far
        self._prompting = Prompting(parts.inference, current, presenter)
        tools = {Tool.ASK: self._ask, Tool.COVER: self._cover, Tool.EXAMPLE: self._prompting.show}
        self._gestures = Gestures(current, presenter, tools)

    def poll(self) -> Sequence[ScreenEvent]:
        """Return the events that have come; wait a little for them where no picture is due."""
        if not self._viewer.is_open:
            time.sleep(POLL_MS / 1e3)
        return self._viewer.poll(1 if self._presenter.is_due else POLL_MS)

    def answer(self, event: ScreenEvent) -> None:
        """Handle one event."""
        if isinstance(event, Hover):
            self._hover(event)
            return
        if isinstance(event, Drag):
            self._gestures.drag(event)
            return
        self._presenter.asked()
        if isinstance(event, Click):
            self._click(event)
        elif isinstance(event, Choose):
            self._choose(event)
        elif isinstance(event, SeekTo):
            self._seek_to(event.seconds)
        elif isinstance(event, Typed):
            self._prompting.type(event)
        elif isinstance(event, Action):
            self._act(event)

    def _act(self, event: Action) -> None:
        """Handle a key."""
        self._stats.actions[event] += 1
        if event is Action.QUIT:
            self._on_quit()
        elif event is Action.LEAVE:
            self._leave()
        elif event is Action.CHANGE_PROMPT:
            self._prompting.open_field()
        elif event is Action.SHOW_EXAMPLE:
            self._prompting.take_tool()
        elif event is Action.UNDO_COVER and self._current.state.tool is Tool.EXAMPLE:
            self._prompting.take_back()
        elif event is Action.SAVE_SNAPSHOT:
            self._save()
        elif event is Action.TOGGLE_RECORDING:
            self._toggle_recording()
        elif event in SEEKS_S:
            self._seek(SEEKS_S[event])
        else:
            self._press(event)

    def _leave(self) -> None:
        """Put down the tool in hand and end the question about a place; quit if there is neither."""
        state = self._current.state
        if state.tool is Tool.NONE and state.questions.place is None:
            self._on_quit()
            return
        self._presenter.freeze(False)
        questions = replace(state.questions, place=None)
        self._current.change(replace(state, tool=Tool.NONE, drawn_box=None, questions=questions))

    def _ask(self, box: Box) -> None:
        """Ask about a place."""
        self._question(place=AskedBox(box))

    def _cover(self, box: Box) -> None:
        """Cover a place."""
        self._strokes += 1
        before, stroke = self._current.state, self._stroke(box)
        self._question(strokes=(*before.questions.strokes, stroke))
        self._presenter.say(said(before, self._current.state))

    def _stroke(self, box: Box) -> CoverStroke:
        """Return a new stroke, which follows the object in focus if that is in the picture."""
        focus, shown = self._current.state.focus, self._presenter.shown
        if focus is None or shown is None or focus not in shown.entry.object_ids:
            return CoverStroke(box, self._strokes)
        found, place = shown.entry.explanation.detections, shown.entry.object_ids.index(focus)
        x1, y1, x2, y2 = found.boxes_xyxy[place].tolist()
        return CoverStroke(box, self._strokes, focus, (x1, y1, x2, y2), found.class_names[place])

    def _question(self, **changes: Any) -> None:
        state = self._current.state
        self._current.change(replace(state, questions=replace(state.questions, **changes)))

    def _press(self, action: Action) -> None:
        """Handle a key that changes the view or steps by a frame."""
        entry, before = self._playback.history.now, self._current.state
        object_ids = entry.object_ids if entry else ()
        self._current.change(changed(before, action, self._current.choices, object_ids))
        self._presenter.say(said(before, self._current.state))
        if action in (Action.STEP_FORWARD, Action.STEP_BACK):
            self._step(forward=action is Action.STEP_FORWARD)

    def _choose(self, choice: Choose) -> None:
        """Set the fields that were chosen."""
        before = self._current.state
        self._current.change(replace(before, **choice.changes))
        self._presenter.say(said(before, self._current.state))

    def _step(self, *, forward: bool) -> None:
        """Show the next frame, or the one before."""
        self._presenter.say(self._playback.step_forward() if forward else self._playback.step_back())
        self._current.refine()

    def _seek(self, by_s: float) -> None:
        """Seek back or forward by some seconds, if the source can seek."""
        self._sought(self._playback.seek(by_s, paused=self._current.state.paused))

    def _seek_to(self, to_s: float) -> None:
        """Seek to a time, if the source can seek."""
        self._sought(self._playback.seek_to(to_s, paused=self._current.state.paused))

    def _sought(self, said_of_it: str) -> None:
        self._presenter.say(said_of_it)
        self._stats.pause()
        if not self._playback.ended:
            self._presenter.hold("")

    def _click(self, click: Click) -> None:
        """Focus the object whose box was clicked; a click elsewhere shows all objects."""
        self._presenter.freeze(False)
        shown = self._presenter.shown
        if shown is not None and self._current.state.tool is Tool.NONE:
            found, object_ids = shown.entry.explanation.detections, shown.entry.object_ids
            is_on_it = shown.view.holds(click.x, click.y)
            place = object_at(found, *shown.view.to_frame(click.x, click.y)) if is_on_it else None
            focus = None if place is None else object_ids[place]
            self._current.change(replace(self._current.state, focus=focus))

    def _hover(self, hover: Hover) -> None:
        """Move the wipe to the mouse."""
        state, shown = self._current.state, self._presenter.shown
        if state.layout is Layout.WIPE and shown is not None:
            left, _, right, _ = shown.view.places[0]
            split = min(1.0, max(0.0, (hover.x - left) / (right - left)))
            self._current.change_drawing(replace(state, split=split))

    def _save(self) -> None:
        shown, picture = self._presenter.shown, self._presenter.picture()
        if shown is not None and picture is not None:
            found_by = replace(shown.state, prompt=shown.entry.request.prompt)
            self._snapshots.save(picture, shown.entry.explanation, found_by, shown.entry.answers)

    def _toggle_recording(self) -> None:
        if self._recording.seconds is not None:
            self._presenter.say(self._recording.stop())
            return
        picture = self._presenter.picture()
        if picture is not None:
            self._presenter.say(self._recording.start(picture))
