"""Main loop of the window, on the main thread: show results that are ready and handle input, without blocking.

Capture and inference run in threads of their own; this one only ever waits for keys, a few milliseconds at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from heatcam.errors import HeatcamError
from heatcam.frames import Detections, Explanation
from heatcam.live.controls import Controls
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.inference import ExplainedFrame, ExplainFailure
from heatcam.live.objects import Objects, ids_again
from heatcam.live.parts import Parts, SessionPlan
from heatcam.live.playback import Playback
from heatcam.live.presenter import Presenter
from heatcam.live.refinement import Refinement
from heatcam.live.run_stats import RunStats
from heatcam.live.state import Choices, WindowState
from heatcam.sinks import Event

POLL_MS = 5  # wait for keys when nothing is due; a frame that arrives meanwhile waits no longer than this
NOTHING = Detections(
    np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64), ()
)
PLAIN = ExplainRequest(
    with_map=False, conf=-1.0
)  # request of a frame that was not explained; it differs from every real request
LOST_S = 1.0  # time that an object in focus may go undetected


class Session:
    """Shows one source until the source, the limits or the user end it. Called on the main thread.

    Args:
        parts: the session's parts; ``run`` starts the threads and stops them at its end.
        state: the initial choices.
        choices: values that keys cycle through.
        plan: settings of the run.
        clock: monotonic clock, in seconds; that of ``Frame.captured_at_s``.
    """

    def __init__(
        self,
        parts: Parts,
        state: WindowState,
        choices: Choices,
        plan: SessionPlan,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.parts = parts
        self.state = state
        self.choices = choices
        self.stats = RunStats()
        #: Messages for the terminal after the window has closed.
        self.last_words: list[str] = []
        #: Width and height of the window when it was closed; None if it was never open.
        self.window_wh: tuple[int, int] | None = None
        self._capture, self._inference, self._viewer = parts.capture, parts.inference, parts.viewer
        self._plan, self._clock = plan, clock
        self.presenter = Presenter(
            parts.viewer,
            parts.renderer,
            parts.recording,
            parts.capture,
            parts.inference,
            plan.caption,
            self.stats,
            clock,
        )
        self.playback = Playback(parts.capture, parts.inference, clock)
        self._refinement = Refinement(parts.inference, self.playback.history, stays=plan.stays)
        self._controls, self._objects = Controls(self), Objects()
        self._over = self._interrupted = self._saw_the_end = False
        self._waits_for_the_model = parts.inference.is_loading
        self._focus_seen_s = 0.0

    @property
    def saw_the_end(self) -> bool:
        """True if the source was shown to its end."""
        return self._saw_the_end

    @property
    def saw_something(self) -> bool:
        """True if the source gave a picture."""
        return self.playback.history.now is not None

    @property
    def dropped(self) -> int:
        """Number of frames dropped because capture, inference or display was slow."""
        return self._capture.dropped + self._inference.results.dropped

    def end(self) -> None:
        """Close the window after this turn of the loop."""
        self._over = True

    def interrupt(self) -> None:
        """End the session after this turn of the loop, because of Ctrl-C."""
        self._interrupted = self._over = True

    @property
    def interrupted(self) -> bool:
        """True if ``interrupt`` ended it."""
        return self._interrupted

    def run(self) -> None:
        """Run the session until it ends.

        Raises:
            HeatcamError: the source or the model failed; recordings and snapshots are finished first.
        """
        self._viewer.set_full_screen(self.state.full_screen)
        self._inference.request = self._refinement.flowing_request(self.state)
        self._capture.pause(self._waits_for_the_model)
        self._capture.start()
        self._inference.start()
        try:
            while not self._over:
                self._turn()
            if self.presenter.has_new_frame:  # the last one
                self._draw()
        except HeatcamError as error:
            self.stats.note_failure(str(error))
            raise
        finally:
            self._close()

    def _turn(self) -> None:
        if self._waits_for_the_model:
            self._show_plain()
        self._take_next()
        self._take_refined()
        self._drain_messages()
        if self.presenter.is_due:
            self._draw()
        for event in self._events():
            self._controls.answer(event)

    def _events(self) -> list[Event]:
        if not self._viewer.is_open:
            time.sleep(POLL_MS / 1e3)
        limits, taken = self._plan.limits, self.stats.frames_taken
        if taken and limits.reached(taken, self.stats.elapsed_s):
            self._over = True
        return self._viewer.poll(1 if self.presenter.is_due else POLL_MS)

    def _draw(self) -> None:
        if self.playback.history.now is not None:
            self.presenter.draw(self.playback.history.now, self.state, held=self._is_held())

    def _close(self) -> None:
        """Stop the threads and finish the files: a recording first, which matters most."""
        self._inference.ask_to_stop()
        self.window_wh = self._viewer.size_wh()
        self.last_words += self.parts.recording.close()
        self._capture.stop()
        self._inference.stop()
        self.last_words += self.parts.snapshots.close()
        if self.parts.recording.failed:
            self.stats.note_failure(self.last_words[0] if self.last_words else "a recording failed")

    # Results and messages of the other threads.

    def _show_plain(self) -> None:
        """Show the source's frames unexplained until the model is loaded."""
        ready = self._inference.ready
        if ready is not None:
            self._waits_for_the_model = False
            self.choices = replace(
                self.choices,
                methods=ready.methods,
                layer_sets=tuple(dict.fromkeys((self.choices.start.layers, *ready.layer_sets))),
            )
            self.parts.snapshots.about(ready.about)
            self.presenter.name_model(ready.title, ready.backend)
            self._capture.begin_to_count(paused=self.state.paused)
            return
        if self._capture.failure is not None and self._capture.first_wh is None:
            raise self._capture.failure
        frame = self.playback.next_plain()
        if frame is not None:
            self.playback.show_plain(HistoryEntry(Explanation(frame, NOTHING), (), PLAIN))
            self.presenter.change()
            self._draw()
            self._inference.begin()
            if self.state.paused:
                self._refine()

    def _take_next(self) -> None:
        """Show the next explanation if it is due, and handle the end of the source."""
        had_ended = self.playback.ended
        shown = self.playback.next_shown(paused=self._is_held())
        if shown is not None:
            self._show(shown)
        elif self.playback.is_exhausted:
            self.playback.ended = True
        if self.playback.ended and not had_ended:
            self._end_of_source()

    def _show(self, shown: ExplainedFrame) -> None:
        explanation, before = shown.explanation, self.playback.history.now
        numbers = self._objects.ids_of(explanation)
        self.playback.add(HistoryEntry(explanation, numbers, shown.request))
        self._follow_from(before, explanation, numbers)
        if self.playback.jumped:
            self.parts.renderer.restart()
        self.parts.renderer.take(explanation, self.state)
        self.presenter.new_frame()
        self.stats.count_frame(time.perf_counter())
        self.stats.note_failure(explanation.map_error)
        self._keep_focus()
        if self._is_held():
            self._refine()

    def _follow_from(
        self, before: HistoryEntry | None, explanation: Explanation, numbers: tuple[int, ...]
    ) -> None:
        """Move the focus from an object that only a refinement has found to that object's number in the stream."""
        if before is None or self.state.focus is None or self.state.focus >= 0:
            return
        found = ids_again(explanation.detections, numbers, before.explanation.detections)
        if self.state.focus in before.object_ids:
            now = found[before.object_ids.index(self.state.focus)]
            self.state = replace(self.state, focus=now if now >= 0 else None)

    def _keep_focus(self) -> None:
        """Keep the focus on an object that is briefly undetected, and clear it when the object is gone."""
        entry, now_s = self.playback.history.now, self._clock()
        if self.state.focus is None or entry is None or self.state.focus in entry.object_ids:
            self._focus_seen_s = now_s
        elif now_s - self._focus_seen_s > LOST_S:
            self.change(replace(self.state, focus=None))
            self.presenter.say("the object is gone: all again")

    def _take_refined(self) -> None:
        """Replace the paused frame's maps by its fine maps, if they have arrived."""
        refined = self._refinement.take(self.state)
        if refined is not None:
            self.parts.renderer.refine(refined.explanation)
            self.stats.note_failure(refined.explanation.map_error)
            self.presenter.change()

    def _end_of_source(self) -> None:
        """Handle the end of the source: raise its failure, end the session, or hold the last frame."""
        self._saw_the_end = True
        if self._capture.failure is not None:
            raise self._capture.failure
        stays = self._plan.stays or self._plan.holds or self.state.paused
        if not stays or self.playback.history.now is None:
            self._over = True
            return
        is_one_picture = self._capture.source.frame_count == 1  # there is no earlier frame to go back to
        if self._plan.holds and not self.playback.is_exhausted and not is_one_picture:
            self.presenter.hold(f"end of {self._capture.source.name}: left to go back, q to quit")
        self._refine()

    def _drain_messages(self) -> None:
        """Show the messages of the other threads, and raise inference's failure."""
        for text in (*self.parts.snapshots.news(), *self.parts.recording.news()):
            self.presenter.say(text)
        explain_failure = self._inference.take_explain_failure()
        if explain_failure is not None:
            self._refuse(explain_failure)
        if self._inference.failure is not None:
            raise self._inference.failure

    def _refuse(self, explain_failure: ExplainFailure) -> None:
        """Show why a request failed, and go back to the method and layers that worked, unless others are chosen by now."""
        self.presenter.say(explain_failure.text)
        self.stats.note_failure(explain_failure.text)
        request, before = explain_failure.request, explain_failure.instead
        if request.still:
            self._refinement.refuse(request)
        if (self.state.method, self.state.layers) == (request.method, request.layers):
            self.change(replace(self.state, method=before.method, layers=before.layers))

    # Requests to the other threads.

    def _is_held(self) -> bool:
        return self.state.paused or self.playback.ended

    def _refine(self) -> None:
        """Request the fine maps of the paused frame, unless another frame is on its way."""
        if not self.playback.steps:
            self._refinement.ask(self.state)

    def change(self, state: WindowState) -> None:
        """Apply another state, here and in the other threads."""
        before, self.state = self.state, state
        self._inference.request = self._refinement.flowing_request(state)
        self.presenter.change()
        if before.paused != state.paused:
            self._pause(state.paused)
        if before.full_screen != state.full_screen:
            self._viewer.set_full_screen(state.full_screen)
        if self._is_held():
            self._refine()

    def _pause(self, paused: bool) -> None:
        self.playback.pause(paused)
        self.stats.pause()
        self._focus_seen_s = self._clock()
        if not paused and self.playback.ended and not (self._plan.stays or self._plan.holds):
            self._over = True

    def step(self, *, forward: bool) -> None:
        """Show the next frame, or the one before."""
        self.presenter.say(self.playback.step_forward() if forward else self.playback.step_back())
        self._refine()

    def seek(self, by_s: float) -> None:
        """Seek back or forward by some seconds, if the source can seek."""
        self.presenter.say(self.playback.seek(by_s, paused=self.state.paused))
        self.stats.pause()
        if not self.playback.ended:
            self.presenter.hold("")
