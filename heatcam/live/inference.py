"""The thread that explains: one frame after the other, or one that stands still anew, in more detail."""

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
from heatcam.live.frame_queue import FrameQueue
from heatcam.runtime import shown_by

#: Explains a frame as it is wanted, in whatever way the model takes; called from the inference thread alone.
Explain = Callable[[Frame, ExplainRequest], Explanation]
STOP_S = 0.8
PICTURE_FIRST_S = (
    1.0  # that loading waits for the first picture: importing torch keeps all other threads waiting
)
_POLL_S = 0.02  # how often the thread looks for a frame that stands still while there is nothing else to do


@dataclass(frozen=True)
class ExplainedFrame:
    """An explanation and how it was wanted.

    Attributes:
        explanation: of one frame.
        request: as it was wanted when its turn came.
        stretch: what the frame belongs to.
    """

    explanation: Explanation
    request: ExplainRequest
    stretch: Stretch = FIRST_STRETCH


@dataclass(frozen=True)
class ExplainFailure:
    """What could not be had.

    Attributes:
        text: why, in one line.
        request: as it was wanted.
        instead: as it was had before.
    """

    text: str
    request: ExplainRequest
    instead: ExplainRequest


class Inference:
    """Explain the frames of one queue into another, in a thread of its own.

    While ``paused``, frames stay where they are, and only ``refine`` and ``step`` make it work. ``request`` may be replaced
    at any time and counts from the next frame on.

    Args:
        frames: what to explain.
        explain: how; a ``HeatcamError`` is kept for ``take_explain_failure``, and the thread goes on as before.
        request: how it is wanted at first.
        drops: whether an explanation that nobody takes may be replaced by a newer one.
        on_jump: called in the thread before a frame that does not follow the one before.
        waits_for: what is being prepared in yet another thread, and for how many seconds. Until it is there ``explain`` goes on
            as before, and raises ``NotReadyError`` for a frame that stands still.
        load: called in the thread before all else, once ``begin`` was called or ``PICTURE_FIRST_S`` are over; it takes seconds.
            None for what can explain at once.
    """

    def __init__(
        self,
        frames: FrameQueue[Captured | End],
        explain: Explain,
        request: ExplainRequest,
        *,
        drops: bool,
        on_jump: Callable[[], None] | None = None,
        waits_for: Callable[[], tuple[str, float] | None] | None = None,
        load: Callable[[], Ready] | None = None,
    ) -> None:
        self.results: FrameQueue[ExplainedFrame | End] = FrameQueue(
            1, drops=drops
        )  # of a file too: what lies here does not know the newest wishes
        self.refined: FrameQueue[ExplainedFrame] = FrameQueue(1, drops=True)
        self.request = request
        self.failure: BaseException | None = None
        self._explain_failure: ExplainFailure | None = None
        self._busy_since_s: float | None = None
        self._task = ""
        self._working_request = request
        self._frames = frames
        self._explain = explain
        self._on_jump = on_jump or (lambda: None)
        #: What is being prepared, for people, and for how many seconds by now; None for nothing.
        self.waits_for = waits_for or (lambda: None)
        self._load, self._may_load = load, threading.Event()
        #: What is known of the model once it is loaded; None before, and where nothing is to be loaded.
        self.ready: Ready | None = None
        self.is_loading = load is not None
        #: What is done while it loads, in a few words; "" where nobody has said it.
        self.doing = ""
        self._started_s = 0.0
        self._seeks = 0
        self._stretch = FIRST_STRETCH
        self._paused = False
        self._steps = 0
        self._still: tuple[Frame, ExplainRequest] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heatcam inference", daemon=True)

    def start(self) -> None:
        """Begin to explain."""
        self._started_s = time.monotonic()
        self._thread.start()

    def begin(self) -> None:
        """Load, if that has not begun: the first picture is there, and nothing is held up by it."""
        self._may_load.set()

    @property
    def loading_s(self) -> float:
        """For how long it has been loading, in seconds; 0 when it is not."""
        return time.monotonic() - self._started_s if self.is_loading else 0.0

    def pause(self, paused: bool) -> None:
        """Leave frames where they are, or go on."""
        with self._lock:
            self._paused, self._steps, self._still = paused, 0, None

    def seek(self, seeks: int, *, step: bool) -> None:
        """Leave out frames that were read before so many seeks; while paused explain one more, where ``step``."""
        with self._lock:
            self._seeks, self._still, self._steps = seeks, None, int(step)
        self.results.clear()

    def step(self) -> None:
        """While paused: explain one more frame, before any refinement."""
        with self._lock:
            self._steps, self._still = self._steps + 1, None

    def step_less(self) -> None:
        """Take back a step that was not begun."""
        with self._lock:
            self._steps = max(0, self._steps - 1)

    def refine(self, frame: Frame, request: ExplainRequest) -> None:
        """Explain a frame that stands still anew, into ``refined``; the last one asked for counts."""
        with self._lock:
            same = self._still is not None and self._still[0] is frame and self._still[1] == request
            if not same:  # (one that is under way is not begun anew)
                self._still = frame, request

    def forget_refinement(self) -> None:
        """Cancel the refinement that was asked for."""
        with self._lock:
            self._still = None

    def take_explain_failure(self) -> ExplainFailure | None:
        """What could not be had, once; None when everything could."""
        with self._lock:
            explain_failure, self._explain_failure = self._explain_failure, None
            return explain_failure

    @property
    def busy_s(self) -> float:
        """For how long the thread has been at what it does, in seconds; 0 while it waits."""
        since_s = self._busy_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    @property
    def task(self) -> str:
        """What the thread does, for people."""
        return self._task

    def _note(self, doing: str) -> None:
        self.doing = doing

    def ask_to_stop(self) -> None:
        """End the thread after what it is at."""
        self._stopping.set()
        self._may_load.set()
        self.results.abandon()

    def stop(self) -> bool:
        """End the thread; whether it did end in time. While it loads it is left behind at once."""
        self.ask_to_stop()
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
            while not self._stopping.is_set():  # the last frame may stand still and be looked at again
                if not self._refine():
                    self._stopping.wait(_POLL_S)
        except BaseException as error:  # noqa: BLE001 (kept; raised in the thread that shows)
            self.failure = error
            self.results.finish()

    def _turn(self) -> None:
        """Do what is due: a refinement, the next frame, or a short wait."""
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
        """Whether the source is at its end, and its last frame must not be replaced by that."""
        return isinstance(self._frames.peek(), End) and self.results.peek() is not None

    def _refine(self) -> bool:
        """Refine the frame that stands still; whether one was asked for. A failure is kept, and nothing changes."""
        with self._lock:
            still = self._still
        if still is None:
            return False
        shown = None
        try:
            shown = self._shown(still[0], still[1], self._stretch)
        except NotReadyError:
            return False
        except HeatcamError as error:
            self._note_failure(error, still[1])
        with self._lock:
            if self._still is still:
                self._still = None
                if shown is not None:
                    self.refined.put(shown)
        return True

    def _next(self, taken: Captured, request: ExplainRequest) -> ExplainedFrame:
        """The next frame's explanation; when it cannot be had as wanted, as it was had before, with the failure kept."""
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
            before = replace(
                request, method=self._working_request.method, layers=self._working_request.layers
            )
            return replace(self._shown(frame, before, stretch), request=request)
        if self.waits_for() is None:
            self._working_request = request
        return shown

    def _shown(self, frame: Frame, request: ExplainRequest, stretch: Stretch) -> ExplainedFrame:
        self._task = "the fine maps" if request.still else f"method {request.method}"
        self._busy_since_s = time.monotonic()
        try:
            return ExplainedFrame(self._explain(frame, request), request, stretch)
        finally:
            self._busy_since_s = None

    def _note_failure(self, error: HeatcamError, request: ExplainRequest) -> None:
        with self._lock:
            self._explain_failure = ExplainFailure(str(error), request, self._working_request)

    def _has_step(self) -> bool:
        with self._lock:
            return self._steps > 0 and not self._frames.exhausted

    def _may_go_on(self) -> bool:
        with self._lock:
            return not self._paused or self._steps > 0
