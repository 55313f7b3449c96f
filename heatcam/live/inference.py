"""The thread that explains: one frame after the other, or one that stands still anew, in more detail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from heatcam.doing import shown_by
from heatcam.errors import HeatcamError
from heatcam.frames import Explanation, Frame
from heatcam.live.belt import Belt
from heatcam.live.capture import FIRST_STRETCH, Captured, End, Stretch
from heatcam.live.explaining import NotReadyError
from heatcam.live.wants import Ready, Wants

#: Explains a frame as it is wanted, in whatever way the model takes; called from the inference thread alone.
Explain = Callable[[Frame, Wants], Explanation]
STOP_S = 0.8
PICTURE_FIRST_S = (
    1.0  # that loading waits for the first picture: importing torch keeps all other threads waiting
)
_LOOK_S = 0.02  # how often the thread looks for a frame that stands still while there is nothing else to do


@dataclass(frozen=True)
class Shown:
    """An explanation and how it was wanted.

    Attributes:
        explanation: of one frame.
        wants: as it was wanted when its turn came.
        stretch: what the frame belongs to.
    """

    explanation: Explanation
    wants: Wants
    stretch: Stretch = FIRST_STRETCH


@dataclass(frozen=True)
class Complaint:
    """What could not be had.

    Attributes:
        text: why, in one line.
        wants: as it was wanted.
        instead: as it was had before.
    """

    text: str
    wants: Wants
    instead: Wants


class Inference:
    """Explains the frames of one belt onto another, in a thread of its own.

    While ``paused``, frames stay where they are, and only ``look_again`` and ``step`` make it work. ``wants`` may be replaced
    at any time and counts from the next frame on.

    Args:
        frames: what to explain.
        explain: how; a ``HeatcamError`` of it is kept for ``take_complaint`` and the thread goes on with what it knew before.
        wants: how it is wanted at first.
        drops: whether an explanation that nobody takes may be replaced by a newer one.
        on_jump: called in the thread before a frame that does not follow the one before.
        waits_for: what is being prepared in yet another thread, and for how many seconds. Until it is there ``explain`` goes on
            as before, and raises ``NotReadyError`` for a frame that stands still.
        load: called in the thread before all else, once ``begin`` was called or ``PICTURE_FIRST_S`` are over; it takes seconds.
            None for what can explain at once.
    """

    def __init__(
        self,
        frames: Belt[Captured | End],
        explain: Explain,
        wants: Wants,
        *,
        drops: bool,
        on_jump: Callable[[], None] | None = None,
        waits_for: Callable[[], tuple[str, float] | None] | None = None,
        load: Callable[[], Ready] | None = None,
    ) -> None:
        self.results: Belt[Shown | End] = Belt(
            1, drops=drops
        )  # of a file too: what lies here does not know the newest wishes
        self.second_looks: Belt[Shown] = Belt(1, drops=True)
        self.wants = wants
        self.failure: BaseException | None = None
        self._complaint: Complaint | None = None
        self._busy_since_s: float | None = None
        self._task = ""
        self._working_wants = wants
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
        self._still: tuple[Frame, Wants] | None = None
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
        """While paused: explain one more frame, before any second look."""
        with self._lock:
            self._steps, self._still = self._steps + 1, None

    def step_less(self) -> None:
        """Take back a step that was not begun."""
        with self._lock:
            self._steps = max(0, self._steps - 1)

    def look_again(self, frame: Frame, wants: Wants) -> None:
        """Explain a frame that stands still anew, onto ``second_looks``; the last one asked for counts."""
        with self._lock:
            same = self._still is not None and self._still[0] is frame and self._still[1] == wants
            if not same:  # (one that is under way is not begun anew)
                self._still = frame, wants

    def forget_look(self) -> None:
        """No second look is wanted any more."""
        with self._lock:
            self._still = None

    def take_complaint(self) -> Complaint | None:
        """What could not be had, once; None when everything could."""
        with self._lock:
            complaint, self._complaint = self._complaint, None
            return complaint

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
                if not self._look_again():
                    self._stopping.wait(_LOOK_S)
        except BaseException as error:  # noqa: BLE001 (kept; raised in the thread that shows)
            self.failure = error
            self.results.finish()

    def _turn(self) -> None:
        """Whatever is due: a second look, the next frame, or a short wait."""
        if not self._has_step() and self._look_again():
            return
        if not self._may_go_on() or not self.results.has_room() or self._end_waits():
            self._stopping.wait(_LOOK_S)
            return
        taken = self._frames.take(_LOOK_S)
        with self._lock:
            if taken is None or taken.stretch.seeks != self._seeks:
                return
            self._steps = max(0, self._steps - 1)
        self.results.put(taken if isinstance(taken, End) else self._next(taken, self.wants))

    def _end_waits(self) -> bool:
        """Whether the source is at its end, and its last frame must not be replaced by that."""
        return isinstance(self._frames.peek(), End) and self.results.peek() is not None

    def _look_again(self) -> bool:
        """The second look that is wanted; whether there was one. One that cannot be had is a complaint, and nothing changes."""
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
            self._complain(error, still[1])
        with self._lock:
            if self._still is still:
                self._still = None
                if shown is not None:
                    self.second_looks.put(shown)
        return True

    def _next(self, taken: Captured, wants: Wants) -> Shown:
        """The next frame's explanation; when it cannot be had as wanted, as it was had before, with a complaint."""
        frame, stretch = taken.frame, taken.stretch
        if stretch != self._stretch:
            self._stretch = stretch
            self._on_jump()
        try:
            shown = self._shown(frame, wants, stretch)
        except HeatcamError as error:
            if wants == self._working_wants:
                raise
            self._complain(error, wants)
            before = replace(wants, method=self._working_wants.method, layers=self._working_wants.layers)
            return replace(self._shown(frame, before, stretch), wants=wants)
        if self.waits_for() is None:
            self._working_wants = wants
        return shown

    def _shown(self, frame: Frame, wants: Wants, stretch: Stretch) -> Shown:
        self._task = "the fine maps" if wants.still else f"method {wants.method}"
        self._busy_since_s = time.monotonic()
        try:
            return Shown(self._explain(frame, wants), wants, stretch)
        finally:
            self._busy_since_s = None

    def _complain(self, error: HeatcamError, wants: Wants) -> None:
        with self._lock:
            self._complaint = Complaint(str(error), wants, self._working_wants)

    def _has_step(self) -> bool:
        with self._lock:
            return self._steps > 0 and not self._frames.exhausted

    def _may_go_on(self) -> bool:
        with self._lock:
            return not self._paused or self._steps > 0
