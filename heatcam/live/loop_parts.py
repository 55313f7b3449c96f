"""Parts of the window's main loop: what is shown, when, and what is asked of inference meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from heatcam.live.focus import ObjectFocus
from heatcam.live.parts import SessionParts, SessionPlan
from heatcam.live.playback import Playback
from heatcam.live.presenter import Presenter
from heatcam.live.refinement import Refinement
from heatcam.live.run_stats import RunStats


@dataclass(frozen=True)
class LoopParts:
    """Parts that the main loop makes of the session's, and that its steps share. Used on the main thread.

    Attributes:
        playback: gives the frames when they are due, and keeps those shown.
        refinement: requests the fine maps of a frame that stays, and gives them.
        presenter: draws, when something has changed.
        focus: tells when the object in focus is gone.
        stats: frames, keys and failures are counted in it.
    """

    playback: Playback
    refinement: Refinement
    presenter: Presenter
    focus: ObjectFocus
    stats: RunStats

    @classmethod
    def of(cls, parts: SessionParts, plan: SessionPlan, clock: Callable[[], float]) -> LoopParts:
        """Make them for a session; ``clock``: monotonic, in seconds, that of ``Frame.captured_at_s``."""
        stats, playback = RunStats(), Playback(parts.capture, parts.inference, clock)
        refinement = Refinement(parts.inference, playback.history, slideshow=plan.slideshow)
        presenter = Presenter(parts, plan.caption, stats, clock)
        return cls(playback, refinement, presenter, ObjectFocus(clock), stats)
