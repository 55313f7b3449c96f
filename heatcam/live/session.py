"""Main loop of the window, in one thread: show results that are ready and handle input, without blocking.

Capture and inference run in threads of their own; this one only ever waits for keys, a few milliseconds at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from heatcam.errors import HeatcamError
from heatcam.live.controls import Controls
from heatcam.live.current_state import CurrentState
from heatcam.live.frame_feed import FrameFeed
from heatcam.live.loading_preview import LoadingPreview
from heatcam.live.loop_parts import LoopParts
from heatcam.live.messages import Messages
from heatcam.live.parts import SessionParts, SessionPlan
from heatcam.live.state import Choices, WindowState


class Session:
    """Shows one source until the source, the limits or the user end it. Called in one thread: the main one for a window.

    Args:
        parts: the session's parts; ``run`` starts the threads and stops them at its end.
        state: the initial choices.
        choices: values that keys cycle through.
        plan: settings of the run.
        clock: monotonic clock, in seconds; that of ``Frame.captured_at_s``.
    """

    def __init__(
        self,
        parts: SessionParts,
        state: WindowState,
        choices: Choices,
        plan: SessionPlan,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.parts = parts
        #: Messages for the terminal after the window has closed.
        self.last_words: list[str] = []
        #: Width and height of the window when it was closed; None if it was never open.
        self.window_wh: tuple[int, int] | None = None
        #: True if ``interrupt`` ended it.
        self.interrupted = False
        loop = LoopParts.of(parts, plan, clock)
        self.stats, self.presenter, self.playback = loop.stats, loop.presenter, loop.playback
        self.current = current = CurrentState(state, choices, parts.viewer, loop)
        self._feed = FrameFeed(parts, plan, current, loop)
        self._preview = LoadingPreview(parts, current, loop.playback, loop.presenter)
        self._messages = Messages(parts, current, loop.refinement, loop.presenter, loop.stats)
        self._controls = Controls(parts, current, loop.playback, loop.presenter, loop.stats, self._end)
        self._limits, self._is_watched = plan.limits, plan.is_watched
        self._over = False

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

    def interrupt(self) -> None:
        """End the session after this turn of the loop, because of Ctrl-C."""
        self.interrupted = self._over = True

    def run(self) -> None:
        """Run the session until it ends.

        Raises:
            HeatcamError: the source or the model failed; recordings and snapshots are finished first.
        """
        self.current.apply_all()
        self.parts.start(paused=self._preview.is_on)
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
        else:
            self.current.rest(not self._is_watched())
        self._feed.take_next()
        self._feed.take_refined()
        self._messages.drain()
        if self.presenter.is_due and not self.current.rests:
            self._draw()
        self._end_if_over()
        for event in self._controls.poll():
            self._controls.answer(event)
            self._end_if_over()

    def _draw(self) -> None:
        entry = self.playback.history.now
        if entry is not None:
            self.presenter.draw(entry, self.state, held=self.current.is_held)

    def _end_if_over(self) -> None:
        """End the session at the end of the source or at its limits; a key can end it too, by going on at the end."""
        taken = self.stats.frames_taken
        if self._feed.is_over or (taken and self._limits.reached(taken, self.stats.elapsed_s)):
            self._end()

    def _end(self) -> None:
        """Close the window after this turn of the loop."""
        self._over = True

    def _close(self) -> None:
        self.window_wh = self.parts.viewer.size_wh()
        self.last_words += self.parts.close()
        if self.parts.recording.failed:
            self.stats.note_failure(self.last_words[0] if self.last_words else "a recording failed")
