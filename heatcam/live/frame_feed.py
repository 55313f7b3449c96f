"""Feed of the window: explained frames when they are due, their fine maps, and the end of the source."""

from __future__ import annotations

import time
from dataclasses import replace

from heatcam.live.current_state import CurrentState
from heatcam.live.focus import ObjectFocus, number_in_stream
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.inference import ExplainedFrame
from heatcam.live.objects import Objects
from heatcam.live.parts import Parts, SessionPlan
from heatcam.live.playback import Playback
from heatcam.live.presenter import Presenter
from heatcam.live.refinement import Refinement
from heatcam.live.run_stats import RunStats


class FrameFeed:
    """Takes what inference has made into the window. Called on the main thread.

    Args:
        parts: capture, whose end and failure are handled, and the renderer, which gets each frame.
        plan: settings of the run.
        current: the choices in force; the focus follows its object.
        playback: gives the frames when they are due, and keeps those shown.
        refinement: gives the fine maps.
        presenter: is told what there is to draw.
        focus: tells when the object in focus is gone.
        stats: frames and failures are added to it.
    """

    def __init__(
        self,
        parts: Parts,
        plan: SessionPlan,
        current: CurrentState,
        playback: Playback,
        refinement: Refinement,
        presenter: Presenter,
        focus: ObjectFocus,
        stats: RunStats,
    ) -> None:
        #: True if the source was shown to its end.
        self.saw_the_end = False
        self._capture, self._renderer, self._plan = parts.capture, parts.renderer, plan
        self._current, self._playback, self._refinement = current, playback, refinement
        self._presenter, self._focus, self._stats = presenter, focus, stats
        self._objects = Objects()

    @property
    def is_over(self) -> bool:
        """True if all frames were shown, and nothing keeps the last one in the window."""
        stays = self._plan.slideshow or self._plan.holds or self._current.state.paused
        return self._playback.ended and (not stays or self._playback.history.now is None)

    def take_next(self) -> None:
        """Show the next explanation if it is due, and handle the end of the source.

        Raises:
            HeatcamError: the source failed, after its last frame was shown.
        """
        had_ended = self._playback.ended
        shown = self._playback.next_shown(paused=self._current.is_held)
        if shown is not None:
            self._show(shown)
        elif self._playback.is_exhausted:
            self._playback.ended = True
        if self._playback.ended and not had_ended:
            self._end_of_source()

    def take_refined(self) -> None:
        """Replace the paused frame's maps by its fine maps, if they have arrived."""
        refined = self._refinement.take(self._current.state)
        if refined is not None:
            self._renderer.refine(refined.explanation)
            self._stats.note_failure(refined.explanation.map_error)
            self._presenter.change()

    def _show(self, shown: ExplainedFrame) -> None:
        explanation, before = shown.explanation, self._playback.history.now
        entry = HistoryEntry(explanation, self._objects.ids_of(explanation), shown.request)
        self._playback.add(entry)
        self._follow(before, entry)
        if self._playback.jumped:
            self._renderer.restart()
        self._renderer.take(explanation, self._current.state)
        self._presenter.new_frame()
        self._stats.count_frame(time.perf_counter())
        self._stats.note_failure(explanation.map_error)
        self._leave_lost_object(entry)
        self._current.refine()

    def _follow(self, before: HistoryEntry | None, entry: HistoryEntry) -> None:
        """Move the focus from an object that only a refinement has found to that object's number in the stream."""
        state = self._current.state
        if before is None or state.focus is None:
            return
        focus = number_in_stream(state.focus, before, entry)
        if focus != state.focus:
            self._current.change_drawing(replace(state, focus=focus))

    def _leave_lost_object(self, entry: HistoryEntry) -> None:
        """Keep the focus on an object that is briefly undetected, and clear it when the object is gone."""
        state = self._current.state
        if self._focus.is_lost(state.focus, entry.object_ids):
            self._current.change(replace(state, focus=None))
            self._presenter.say("the object is gone: all again")

    def _end_of_source(self) -> None:
        """Handle the end of the source: raise its failure, or hold the last frame unless the session ends with it."""
        self.saw_the_end = True
        if self._capture.failure is not None:
            raise self._capture.failure
        if self.is_over:
            return
        is_one_picture = self._capture.source.frame_count == 1  # there is no earlier frame to go back to
        if self._plan.holds and not self._playback.is_exhausted and not is_one_picture:
            self._presenter.hold(f"end of {self._capture.source.name}: left to go back, q to quit")
        self._current.refine()
