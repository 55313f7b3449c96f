"""One session of the live view: a source and a model, shown on the page's screen, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from heatcam.errors import HeatcamError, first_line
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.live import (
    NO_ANSWERS,
    CaptureThread,
    Choices,
    ExplainRequest,
    FrameAnswers,
    HistoryEntry,
    Inference,
    Renderer,
    RunCaption,
    Session,
    SessionParts,
    SessionPlan,
    Snapshots,
    WindowState,
    banner_of,
)
from heatcam.options import LIKELY_SIZE_WH
from heatcam.pipeline import Limits
from heatcam.sinks import DEFAULT_KEYS
from heatcam.sources import Source
from heatcam.web.live_documents import Phase
from heatcam.web.live_parts import LiveSettings
from heatcam.web.models import ExplainsLive
from heatcam.web.page_screen import PageScreen
from heatcam.web.recordings import LimitedRecording, Recordings

logger = logging.getLogger(__name__)

_STOPS_IN_S = 15.0  # a recording may have to be finished
_RELEASES_IN_S = 5.0


@dataclass(frozen=True)
class Snapshot:
    """Picture that was shown, in the frame's own pixels.

    Attributes:
        picture: uint8 ``(H, W, 3)``, BGR.
        explanation: the explanation it was painted from.
        state: the choices.
    """

    picture: Uint8Array
    explanation: Explanation
    state: WindowState


class PageSnapshots(Snapshots):
    """Snapshots that go to whoever waits for one, and into no file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[Future[Snapshot]] = []
        self._failures: list[str] = []

    def expect(self) -> Future[Snapshot]:
        """Return the next snapshot to come. From any thread."""
        future: Future[Snapshot] = Future()
        with self._lock:
            self._asked.append(future)
        return future

    def about(self, facts: dict[str, Any]) -> None:
        """Do nothing: no settings are written."""

    def save(
        self,
        picture: Uint8Array,
        explanation: Explanation,
        state: WindowState,
        answers: FrameAnswers = NO_ANSWERS,
    ) -> None:
        """Hand the picture to all who wait."""
        del answers
        with self._lock:
            asked, self._asked = self._asked, []
        for future in asked:
            future.set_result(Snapshot(picture, explanation, state))

    def news(self) -> list[str]:
        """Return nothing: nothing is written."""
        return []

    def close(self) -> list[str]:
        """Return nothing: nothing is written."""
        return []


@dataclass(frozen=True)
class SessionCallbacks:
    """Functions that a session calls in its thread.

    Attributes:
        on_show: called with each picture, uint8 ``(H, W, 3)`` BGR; it must not wait.
        on_end: called at its end, while ``is_alive`` is still true.
        on_over: called after that.
        is_watched: tells if somebody sees the pictures; without, and while nothing is recorded, none are made.
    """

    on_show: Callable[[Uint8Array], None]
    on_end: Callable[[], None]
    on_over: Callable[[], None]
    is_watched: Callable[[], bool] = lambda: True


class PageSession:
    """A source explained by a model and shown on a page's screen.

    Args:
        source: not opened yet.
        name: the model's name, until it is loaded and gives its own.
        model: returns the model, from a function that gives the size of the pictures to come.
        choices: what actions cycle through; ``reset`` returns to its start.
        state: the choices that the session begins with.
        recordings: takes what is recorded.
        settings: of pictures and recordings.
        callbacks: told of what happens.
    """

    def __init__(
        self,
        source: Source,
        name: str,
        model: Callable[[Callable[[], tuple[int, int]]], ExplainsLive],
        choices: Choices,
        state: WindowState,
        recordings: Recordings,
        settings: LiveSettings,
        callbacks: SessionCallbacks,
    ) -> None:
        self.screen = screen = PageScreen(callbacks.on_show, settings.most_wide, self._is_watched)
        self.recording = LimitedRecording(recordings, settings)
        self._callbacks = callbacks
        self.snapshots = PageSnapshots()
        self.source = source
        self._capture = capture = CaptureThread(source)
        explains = model(lambda: capture.first_wh or LIKELY_SIZE_WH)
        inference = Inference(
            capture.frames,
            explains.explain,
            ExplainRequest(),
            drops=capture.drops,
            on_jump=explains.jump,
            waits_for=explains.waits_for,
            load=explains.load,
            answer=explains.answer,
        )
        renderer = Renderer(settings.smooth, DEFAULT_KEYS)
        parts = SessionParts(capture, inference, screen, renderer, self.snapshots, self.recording)
        plan = SessionPlan(
            RunCaption(name),
            Limits(),
            slideshow=source.is_slideshow,
            holds=source.can_seek and not source.is_live,
            at_end="",
            is_watched=self._is_watched,
        )
        self.session = Session(parts, state, choices, plan)
        #: The reason why it failed, with the next step; "" while it has not.
        self.failure = ""
        self._is_stopped = self._is_over = False
        self._before: list[HistoryEntry] = []
        self._thread = threading.Thread(target=self._run, name="heatcam page session", daemon=True)

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """True until it has ended, by itself or by ``stop``."""
        return not self._is_over

    @property
    def rests(self) -> bool:
        """True while no pictures are made that otherwise would be: nobody watches."""
        current = self.session.current
        return current.rests and not current.is_held

    @property
    def is_stale(self) -> bool:
        """True from ``wake`` until a frame of the present is shown."""
        shown = self.session.presenter.shown
        is_old = shown is not None and any(shown.entry is entry for entry in self._before)
        return is_old and not self.session.current.is_held

    def wake(self) -> None:
        """End a rest at once; the frame shown is old. From any thread."""
        shown, newest = self.session.presenter.shown, self.session.playback.history.now  # (not drawn yet)
        self._before = [] if shown is None or newest is None else [shown.entry, newest]
        self.screen.wake()

    @property
    def phase(self) -> Phase:
        """Phase of ``LiveStatus``."""
        if self.failure:
            return "failed"
        if not self.is_alive:
            return "stopped" if self._is_stopped else "ended"
        if self.session.presenter.shown is None:
            return "starting"
        if not self.session.stats.frames_shown:  # (those that were explained)
            return "loading"
        return "ended" if self.session.playback.ended else "running"

    @property
    def reason(self) -> str:
        """The reason why no new picture comes, as far as there is one."""
        if self.failure or not self.is_alive:
            return self.failure or self._shortfall()
        said = banner_of(self.source.name, self.source.state, time.monotonic())
        return "" if said is None else " ".join(filter(None, said))

    def stop(self) -> bool:
        """End it, finish its recording and release its source; return False if the source does not let go in time."""
        self._is_stopped = True
        self.session.interrupt()
        self.join()
        until_s = time.monotonic() + _RELEASES_IN_S
        while not self._capture.stop():  # a blocked read
            if time.monotonic() > until_s:
                return False
        return not self._thread.is_alive()

    def join(self) -> None:
        """Wait for the end of a session that takes no more events."""
        self._thread.join(_STOPS_IN_S)

    def _is_watched(self) -> bool:
        return self.recording.seconds is not None or self._callbacks.is_watched()

    def _shortfall(self) -> str:
        """Return why a source that has ended gave less than it should have; "" if it did not."""
        if self._is_stopped:
            return ""
        if not self.session.saw_something:
            return f"{self.source.name} gave no picture"
        return self.source.shortfall() if self.session.saw_the_end else ""

    def _run(self) -> None:
        try:
            with self.screen:
                self.session.run()
        except HeatcamError as error:
            self.failure = str(error)
        except Exception as error:
            logger.exception("the live view failed")
            self.failure = f"the live view failed ({first_line(error)}); start it again, and see the log"
        finally:
            self._callbacks.on_end()
            self._is_over = True
            self._callbacks.on_over()
