"""Main loop of the window, on the main thread: show results that are ready and handle input, without blocking.

Capture and inference run in threads of their own; this one only ever waits for keys, a few milliseconds at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from heatcam.errors import HeatcamError
from heatcam.live.controls import Controls
from heatcam.live.current_state import CurrentState
from heatcam.live.focus import ObjectFocus
from heatcam.live.frame_feed import FrameFeed
from heatcam.live.loading_preview import LoadingPreview
from heatcam.live.parts import Parts, SessionPlan
from heatcam.live.playback import Playback
from heatcam.live.presenter import Presenter
from heatcam.live.refinement import Refinement
from heatcam.live.run_stats import RunStats
from heatcam.live.state import Choices, WindowState
from heatcam.sinks import Event

POLL_MS = 5  # wait for keys when nothing is due; a frame that arrives meanwhile waits no longer than this


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
        self.stats = stats = RunStats()
        #: Messages for the terminal after the window has closed.
        self.last_words: list[str] = []
        #: Width and height of the window when it was closed; None if it was never open.
        self.window_wh: tuple[int, int] | None = None
        capture, inference, viewer = parts.capture, parts.inference, parts.viewer
        self.presenter = presenter = Presenter(
            viewer, parts.renderer, parts.recording, capture, inference, plan.caption, stats, clock
        )
        self.playback = playback = Playback(capture, inference, clock)
        refinement, focus = Refinement(inference, playback.history, stays=plan.stays), ObjectFocus(clock)
        self.current = CurrentState(state, choices, viewer, playback, refinement, presenter, focus, stats)
        self._feed = FrameFeed(parts, plan, self.current, playback, refinement, presenter, focus, stats)
        self._preview = LoadingPreview(parts, self.current, playback, presenter)
        self._controls = Controls(parts, self.current, playback, presenter, stats, on_quit=self._end)
        self._limits = plan.limits
        self._over = self._interrupted = False

    @property
    def state(self) -> WindowState:
        """The choices in force."""
        return self.current.state

    @property
    def saw_the_end(self) -> bool:
        """True if the source was shown to its end."""
        return self._feed.saw_the_end

    @property
    def saw_something(self) -> bool:
        """True if the source gave a picture."""
        return self.playback.history.now is not None

    @property
    def dropped(self) -> int:
        """Number of frames dropped because capture, inference or display was slow."""
        return self.parts.capture.dropped + self.parts.inference.results.dropped

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
        self.current.apply_all()
        self.parts.capture.pause(self._preview.is_on)
        self.parts.capture.start()
        self.parts.inference.start()
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
        if self._preview.is_on:
            self._preview.update()
        self._feed.take_next()
        self._end_if_over()
        self._feed.take_refined()
        self._drain_messages()
        if self.presenter.is_due:
            self._draw()
        for event in self._events():
            self._controls.answer(event)
            self._end_if_over()

    def _end(self) -> None:
        """Close the window after this turn of the loop."""
        self._over = True

    def _end_if_over(self) -> None:
        """End the session at the end of the source; a pause there, and going on after it, decide that too."""
        if self._feed.is_over:
            self._end()

    def _drain_messages(self) -> None:
        """Show the messages of the other threads, and raise inference's failure."""
        for text in (*self.parts.snapshots.news(), *self.parts.recording.news()):
            self.presenter.say(text)
        explain_failure = self.parts.inference.take_explain_failure()
        if explain_failure is not None:
            self.current.take_back(explain_failure)
        if self.parts.inference.failure is not None:
            raise self.parts.inference.failure

    def _draw(self) -> None:
        entry = self.playback.history.now
        if entry is not None:
            self.presenter.draw(entry, self.state, held=self.current.is_held)

    def _events(self) -> list[Event]:
        """Wait a little for events, and end the session at its limits."""
        if not self.parts.viewer.is_open:
            time.sleep(POLL_MS / 1e3)
        if self.stats.frames_taken and self._limits.reached(self.stats.frames_taken, self.stats.elapsed_s):
            self._end()
        return self.parts.viewer.poll(1 if self.presenter.is_due else POLL_MS)

    def _close(self) -> None:
        """Stop the threads and finish the files: a recording first, which matters most."""
        parts = self.parts
        parts.inference.ask_to_stop()
        self.window_wh = parts.viewer.size_wh()
        self.last_words += parts.recording.close()
        parts.capture.stop()
        parts.inference.stop()
        self.last_words += parts.snapshots.close()
        if parts.recording.failed:
            self.stats.note_failure(self.last_words[0] if self.last_words else "a recording failed")
