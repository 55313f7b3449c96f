"""Feed of the window: explained frames when they are due, their fine maps, and the end of the source."""

from __future__ import annotations

import time
from dataclasses import replace

from heatcam.live.compared import models_of
from heatcam.live.current_state import CurrentState
from heatcam.live.focus import number_in_stream
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.inference import ExplainedFrame
from heatcam.live.loop_parts import LoopParts
from heatcam.live.objects import Objects
from heatcam.live.parts import SessionParts, SessionPlan
from heatcam.live.window_prompt import WindowPrompt


class FrameFeed:
    """Takes what inference has made into the window. Called on the main thread.

    Args:
        parts: capture, whose end and failure are handled, and the renderer, which gets each frame.
        plan: settings of the run.
        current: the choices in force; the focus follows its object.
        loop: gives the frames and their fine maps, draws them and counts them.
    """

    def __init__(
        self, parts: SessionParts, plan: SessionPlan, current: CurrentState, loop: LoopParts
    ) -> None:
        #: True if the source was shown to its end.
        self.saw_the_end = False
        self._capture, self._renderer, self._plan = parts.capture, parts.renderer, plan
        self._current, self._loop = current, loop
        self._objects = Objects()
        self._models: tuple[str, ...] = ()
        self._prompt: WindowPrompt | None = None
        #: The last entry that held the object in focus.
        self._sought_from: HistoryEntry | None = None

    @property
    def is_over(self) -> bool:
        """True if all frames were shown, and nothing keeps the last one in the window."""
        playback = self._loop.playback
        stays = self._plan.slideshow or self._plan.holds or self._current.state.paused
        return playback.ended and (not stays or playback.history.now is None)

    def take_next(self) -> None:
        """Show the next explanation if it is due, and handle the end of the source.

        Raises:
            HeatcamError: the source failed, after its last frame was shown.
        """
        playback = self._loop.playback
        had_ended = playback.ended
        shown = playback.next_shown(paused=self._current.is_held)
        if shown is not None:
            self._show(shown)
        elif playback.is_exhausted:
            playback.ended = True
        if playback.ended and not had_ended:
            self._end_of_source()

    def take_refined(self) -> None:
        """Replace the paused frame's maps by its fine ones or those by trial, or take its answers; request what it lacks."""
        refined = self._loop.refinement.take(self._current.state)
        if refined is not None:
            if refined.request.prompt != self._prompt:
                self._prompt, self._objects = refined.request.prompt, Objects()
                self._renderer.restart()
            self._renderer.refine(refined.explanation)
            self._loop.stats.note_failure(refined.explanation.map_error)
            self._loop.presenter.change()
            self._current.refine()
        if self._loop.refinement.take_tried() is not None:
            self._loop.presenter.change()

    def _show(self, shown: ExplainedFrame) -> None:
        explanation, before = shown.explanation, self._loop.playback.history.now
        others, self._models = self._models not in ((), models_of(explanation)), models_of(explanation)
        if shown.request.prompt != self._prompt:
            others, self._prompt = True, shown.request.prompt
            self._current.change_drawing(replace(self._current.state, focus=None))
        if others:
            self._objects = Objects()
        entry = HistoryEntry(explanation, self._objects.ids_of(explanation), shown.request, shown.answers)
        self._loop.playback.add(entry)
        self._follow(before, entry)
        if others or self._loop.playback.jumped:
            self._renderer.restart()
        self._renderer.take(explanation, self._current.state)
        self._loop.presenter.new_frame()
        self._loop.stats.count_frame(time.perf_counter())
        self._loop.stats.note_failure(explanation.map_error)
        self._leave_lost_object(entry)
        self._current.refine()

    def _follow(self, before: HistoryEntry | None, entry: HistoryEntry) -> None:
        """Move the focus from an object that only a refinement has found to that object's number in the stream.

        The next frames may be older than what let it be found, such as a lower threshold: it is sought in each of them, until
        the object counts as gone.
        """
        state = self._current.state
        if before is None or state.focus is None:
            return
        if state.focus in before.object_ids:
            self._sought_from = before
        if self._sought_from is None:
            return
        focus = number_in_stream(state.focus, self._sought_from, entry)
        if focus is not None and focus != state.focus:
            self._current.change_drawing(replace(state, focus=focus))

    def _leave_lost_object(self, entry: HistoryEntry) -> None:
        """Keep the focus on an object that is briefly undetected, and clear it when the object is gone."""
        state = self._current.state
        if self._loop.focus.is_lost(state.focus, entry.object_ids):
            self._current.change(replace(state, focus=None))
            self._loop.presenter.say("the object is gone: all again")

    def _end_of_source(self) -> None:
        """Handle the end of the source: raise its failure, or hold the last frame unless the session ends with it."""
        self.saw_the_end = True
        if self._capture.failure is not None:
            raise self._capture.failure
        if self.is_over:
            return
        is_one_picture = self._capture.source.frame_count == 1  # there is no earlier frame to go back to
        if self._plan.holds and not self._loop.playback.is_exhausted and not is_one_picture:
            self._loop.presenter.hold(
                ": ".join(filter(None, (f"end of {self._capture.source.name}", self._plan.at_end)))
            )
        self._current.refine()
