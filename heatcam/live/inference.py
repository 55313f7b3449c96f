"""Inference thread: explains one frame after the other, or a paused frame once more with the fine maps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from heatcam.errors import HeatcamError
from heatcam.frames import Explanation, Frame
from heatcam.live.capture import FIRST_STRETCH, Captured, End, Stretch
from heatcam.live.explain_request import ExplainRequest, Ready
from heatcam.live.explaining import NotReadyError
from heatcam.live.questions import NO_ANSWERS, FrameAnswers
from heatcam.live.trying import Trying
from heatcam.runtime import FrameQueue, WhenFull, shown_by

#: Explains a frame as requested; called from the inference thread alone.
Explain = Callable[[Frame, ExplainRequest], Explanation]
#: Answers a request's questions about a frame that was explained; called from the inference thread alone. It does not raise.
Answer = Callable[[Explanation, ExplainRequest], FrameAnswers]
STOP_S = 0.8
PICTURE_FIRST_S = (
    1.0  # how long loading waits for the first picture: importing torch keeps all other threads waiting
)
_POLL_S = 0.02  # interval at which the idle thread checks for a paused frame to refine


@dataclass(frozen=True)
class ExplainedFrame:
    """Explanation of one frame, and the request it was made with.

    Attributes:
        explanation: the frame's explanation.
        request: the request in force when its turn came.
        stretch: the stretch the frame belongs to.
        answers: to the request's questions.
    """

    explanation: Explanation
    request: ExplainRequest
    stretch: Stretch = FIRST_STRETCH
    answers: FrameAnswers = NO_ANSWERS


def no_answers(explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
    """Answer that nothing is known, where no model can be asked."""
    del explanation
    return FrameAnswers(request.questions, reason="this model cannot be asked about places")


@dataclass(frozen=True)
class ExplainFailure:
    """Failure to explain a frame as requested.

    Attributes:
        text: the reason, in one line.
        request: the request that failed.
        instead: the last request that worked.
    """

    text: str
    request: ExplainRequest
    instead: ExplainRequest


@dataclass(frozen=True)
class _Still:
    """A paused frame to refine; ``known`` is its explanation, where only the questions are new."""

    frame: Frame
    request: ExplainRequest
    known: Explanation | None


class Inference:
    """Explain the frames of one queue into another, in a thread of its own.

    While paused, frames stay in their queue, and only ``refine`` and ``step`` make it work. ``request`` may be replaced at any
    time and applies from the next frame on.

    Args:
        frames: the frames to explain.
        explain: explains one frame; a ``HeatcamError`` is kept for ``take_explain_failure``, and the thread goes on with the last
            method and layers that worked.
        request: the first request.
        drops: True if an explanation that is not taken in time may be replaced by a newer one.
        on_jump: called in the thread before a frame that does not follow the one before.
        waits_for: returns what is being prepared in yet another thread, and the seconds so far. Until it is ready, ``explain``
            uses the previous explainer, and raises ``NotReadyError`` for a paused frame.
        load: called in the thread before all else, once ``begin`` was called or after ``PICTURE_FIRST_S``; it takes seconds. None
            if ``explain`` can be used at once.
        answer: answers a request's questions about a frame, after it was explained.
        trying: makes maps by trial of a paused frame beside this thread, and is stopped where anything else is to be done.
    """

    def __init__(  # noqa: PLR0913 (the calls that it makes)
        self,
        frames: FrameQueue[Captured | End],
        explain: Explain,
        request: ExplainRequest,
        *,
        drops: bool,
        on_jump: Callable[[], None] | None = None,
        waits_for: Callable[[], tuple[str, float] | None] | None = None,
        load: Callable[[], Ready] | None = None,
        answer: Answer = no_answers,
        trying: Trying | None = None,
    ) -> None:
        # 1 for a file too: results waiting here were made with an older request
        self.results: FrameQueue[ExplainedFrame | End] = FrameQueue(
            1, WhenFull.DROP_OLDEST if drops else WhenFull.WAIT
        )
        self.refined: FrameQueue[ExplainedFrame] = FrameQueue(1, WhenFull.DROP_OLDEST)
        self.request = request
        self.failure: BaseException | None = None
        self._explain_failure: ExplainFailure | None = None
        self._busy_since_s: float | None = None
        self._task = ""
        self._working_request = request
        self._refined_request: ExplainRequest | None = (
            None  # the last that worked since the stream stands still
        )
        self._frames = frames
        self._explain, self._answer = explain, answer
        self._on_jump = on_jump or (lambda: None)
        #: Makes maps by trial of a paused frame; None if nothing does.
        self.trying = trying
        #: Returns the display name of what is being prepared, and the seconds so far; None for nothing.
        self.waits_for = waits_for or (lambda: None)
        self._load, self._may_load = load, threading.Event()
        #: Facts about the model once it is loaded; None before, and if nothing is to be loaded.
        self.ready: Ready | None = None
        self.is_loading = load is not None
        #: The current step of loading, in a few words; "" if unknown.
        self.doing = ""
        self._started_s = 0.0
        self._seeks = 0
        self._stretch = FIRST_STRETCH
        self._paused = False
        self._steps = 0
        self._still: _Still | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heatcam inference", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._started_s = time.monotonic()
        self._thread.start()

    def begin(self) -> None:
        """Start to load if that has not begun: the first picture is shown, so loading delays nothing."""
        self._may_load.set()

    @property
    def loading_s(self) -> float:
        """Seconds since loading started; 0 when it is not loading."""
        return time.monotonic() - self._started_s if self.is_loading else 0.0

    def pause(self, paused: bool) -> None:
        """Pause or resume explaining; paused frames stay in their queue."""
        with self._lock:
            self._paused, self._steps, self._still = paused, 0, None
        self._stop_trials(forget=not paused)

    def seek(self, seeks: int, *, step: bool) -> None:
        """Skip frames that were read before seek number ``seeks``; with ``step``, explain one more frame although paused."""
        with self._lock:
            self._seeks, self._still, self._steps = seeks, None, int(step)
        self._stop_trials(forget=True)
        self.results.clear()

    def step(self) -> None:
        """Explain one more frame while paused, before any refinement."""
        with self._lock:
            self._steps, self._still = self._steps + 1, None
        self._stop_trials()

    def step_less(self) -> None:
        """Cancel a step that has not begun."""
        with self._lock:
            self._steps = max(0, self._steps - 1)

    def refine(self, frame: Frame, request: ExplainRequest, known: Explanation | None = None) -> None:
        """Explain a paused frame once more, into ``refined``; a later call replaces an earlier one.

        Args:
            frame: the frame.
            request: how, and what is asked about it.
            known: its explanation, where only the questions are new; None to make it.
        """
        self._stop_trials()
        with self._lock:
            still = self._still
            in_progress = still is not None and still.frame is frame and still.request == request
            if not in_progress and not self._is_refined(frame, request):
                self._still = _Still(frame, request, known)

    def _is_refined(self, frame: Frame, request: ExplainRequest) -> bool:
        """Return True if this was just made and waits to be taken."""
        waiting = self.refined.peek()
        return waiting is not None and waiting.explanation.frame is frame and waiting.request == request

    def forget_refinement(self) -> None:
        """Cancel the requested refinement."""
        with self._lock:
            self._still = None

    def _stop_trials(self, *, forget: bool = False) -> None:
        if self.trying is not None:
            self.trying.stop(forget=forget)

    def take_explain_failure(self) -> ExplainFailure | None:
        """Return the last failure to explain as requested, once; None if there was none."""
        with self._lock:
            explain_failure, self._explain_failure = self._explain_failure, None
            return explain_failure

    @property
    def busy_s(self) -> float:
        """Seconds that the thread has spent on its current frame; 0 while it waits."""
        since_s = self._busy_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    @property
    def task(self) -> str:
        """Display text of the thread's current task."""
        return self._task

    def _note(self, doing: str) -> None:
        self.doing = doing

    def ask_to_stop(self) -> None:
        """Tell the thread to end after its current task."""
        self._stopping.set()
        self._may_load.set()
        self.results.abandon()
        if self.trying is not None:
            self.trying.ask_to_close()

    def stop(self) -> bool:
        """Stop the thread and return True if it ended in time. A thread that is still loading is abandoned at once."""
        self.ask_to_stop()
        if self.trying is not None:
            self.trying.close()
        if self._thread.ident is not None and not self.is_loading:
            self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            if self._load is not None:
                self._may_load.wait(PICTURE_FIRST_S)
                with shown_by(self._note):
                    self.ready = None if self._stopping.is_set() else self._load()
                self.is_loading = False
            while not self._stopping.is_set() and not self._frames.exhausted:
                self._turn()
            self.results.finish()
            while not self._stopping.is_set():  # the last frame may still be refined
                if not self._refine():
                    self._stopping.wait(_POLL_S)
        except BaseException as error:  # noqa: BLE001 (kept; raised in the display thread)
            self.failure = error
            self.results.finish()

    def _turn(self) -> None:
        """Do the next task: a refinement, the next frame, or a short wait."""
        if not self._has_step() and self._refine():
            return
        if not self._may_go_on() or not self.results.has_room() or self._end_waits():
            self._stopping.wait(_POLL_S)
            return
        taken = self._frames.take(_POLL_S)
        with self._lock:
            if taken is None or taken.stretch.seeks != self._seeks:
                return
            self._steps = max(0, self._steps - 1)
        self.results.put(taken if isinstance(taken, End) else self._next(taken, self.request))

    def _end_waits(self) -> bool:
        """Return True if the end marker is next while the last frame's result is not taken, which it must not replace."""
        return isinstance(self._frames.peek(), End) and self.results.peek() is not None

    def _refine(self) -> bool:
        """Refine the paused frame; return True if one was handled. A failure is kept, and the frame's maps stay."""
        with self._lock:
            still = self._still
        if still is None:
            return False
        shown = None
        try:
            shown = self._shown(still.frame, still.request, self._stretch, still.known)
        except NotReadyError:
            return False
        except HeatcamError as error:
            self._note_failure(error, still.request)
        with self._lock:
            if self._still is still:
                self._still = None
                if shown is not None:
                    self._refined_request = still.request
                    self.refined.put(shown)
        return True

    def _next(self, taken: Captured, request: ExplainRequest) -> ExplainedFrame:
        """Explain the next frame; if that fails, keep the failure and use the last method and layers that worked."""
        frame, stretch = taken.frame, taken.stretch
        if stretch != self._stretch:
            self._stretch = stretch
            self._on_jump()
        try:
            shown = self._shown(frame, request, stretch)
        except HeatcamError as error:
            if request == self._working_request:
                raise
            self._note_failure(error, request)
            before = request.explained_as(self._working_request)
            shown = self._shown(frame, before, stretch)
            return replace(shown, request=replace(request, prompt=before.prompt))
        if self.waits_for() is not None:  # the explainer before was used
            return replace(shown, request=replace(request, prompt=self._working_request.prompt))
        self._working_request, self._refined_request = request, None
        return shown

    def _shown(
        self, frame: Frame, request: ExplainRequest, stretch: Stretch, known: Explanation | None = None
    ) -> ExplainedFrame:
        self._task = "the fine maps" if request.still else f"method {request.method}"
        self._busy_since_s = time.monotonic()
        try:
            explanation = known or self._explain(frame, request)
            asks = request.questions.are_any
            answers = self._answer(explanation, request) if asks else NO_ANSWERS
            return ExplainedFrame(explanation, request, stretch, answers)
        finally:
            self._busy_since_s = None

    def _note_failure(self, error: HeatcamError, request: ExplainRequest) -> None:
        with self._lock:
            worked = (request.still and self._refined_request) or self._working_request
            self._explain_failure = ExplainFailure(str(error), request, worked)

    def _has_step(self) -> bool:
        with self._lock:
            return self._steps > 0 and not self._frames.exhausted

    def _may_go_on(self) -> bool:
        with self._lock:
            return not self._paused or self._steps > 0
