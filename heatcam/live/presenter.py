"""Presenter of the live window: decides when a picture is drawn, and the text of its top line."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from heatcam.enums import FINE_MAP, LIVE_MAP, TRUE_MAP
from heatcam.geometry import Uint8Array
from heatcam.live.compared import layout_shown, side_shown
from heatcam.live.explain_request import Ready, Side
from heatcam.live.frame_history import HistoryEntry
from heatcam.live.parts import RunCaption, SessionParts
from heatcam.live.run_stats import RunStats
from heatcam.live.state import WindowState, tool_words
from heatcam.overlay import Status, View, natural_wh
from heatcam.sources import Phase, SourceState

REDRAWN_S = 0.25  # interval at which a picture that is getting old is redrawn with its age
NOTE_S = 2.5  # how long a note stays on the top line: where a picture was saved, what a key changed
_TYPED_S = 0.15  # interval at which the frames are drawn while text is typed
_READ_S = 0.06  # a note stays at least so long for each of its letters
BUSY_IS_SAID_AFTER_S = 0.7  # inference may take this long before the top line says so


@dataclass(frozen=True)
class Painted:
    """Picture in the window, together with the values it was painted from.

    Attributes:
        entry: the explained frame.
        state: the choices.
        view: the picture.
        status, banner: the text drawn on it.
    """

    entry: HistoryEntry
    state: WindowState
    view: View
    status: Status
    banner: tuple[str, str] | None


class Notes:
    """The newest note, as long as it is fresh. Times are of one clock, in seconds."""

    def __init__(self) -> None:
        self._text = ""
        self._until_s = 0.0

    def say(self, text: str, now_s: float) -> None:
        """Show ``text`` for a while, a long one longer; "" changes nothing."""
        if text:
            self._text, self._until_s = text, now_s + max(NOTE_S, len(text) * _READ_S)

    def text(self, now_s: float) -> str:
        """Return the note to show now; "" for none."""
        if now_s > self._until_s:
            self._text = ""
        return self._text


class Presenter:
    """Draw entries into the window and, while one is made, into the recording. Called on the main thread.

    Args:
        parts: the window, the renderer of its picture, the recording, which gets each picture that is drawn, and the
            threads, whose status is shown.
        caption: fixed text of the top line.
        stats: counts and times of drawing are added to it.
        clock: monotonic clock, in seconds; that of ``Frame.captured_at_s``.
    """

    def __init__(
        self,
        parts: SessionParts,
        caption: RunCaption,
        stats: RunStats,
        clock: Callable[[], float],
    ) -> None:
        #: The picture in the window, its inputs, and the way back from its pixels; None before the first picture.
        self.shown: Painted | None = None
        self.notes = Notes()
        self._parts = parts
        self._viewer, self._renderer, self._recording = parts.viewer, parts.renderer, parts.recording
        self._capture, self._inference = parts.capture, parts.inference
        self._caption, self._stats, self._clock = caption, stats, clock
        self._stale = self._has_new_frame = False
        self._drawn_s = 0.0
        self._drawn_wh = (0, 0)
        self._message = self._held = ""
        self._asked_at_s: float | None = None
        self._frozen: HistoryEntry | None = None
        #: True while text is typed: between two looks at the keys OpenCV keeps one alone, so drawing has to leave time for them.
        self.leaves_time = False

    def freeze(self, frozen: bool) -> None:
        """Keep the frame that is shown, whatever comes, until it is let go: something is being drawn on it."""
        if not frozen:
            self._frozen = None
        elif self._frozen is None and self.shown is not None:
            self._frozen = self.shown.entry
        self._stale = True

    def new_frame(self) -> None:
        """Note that the next picture shows a frame that was not shown before."""
        self._stale = self._has_new_frame = True

    def change(self) -> None:
        """Mark the picture as out of date."""
        self._stale = True

    def asked(self) -> None:
        """Note a key or a click, whose answer is drawn at once and timed."""
        self._stale = True
        self._asked_at_s = self._asked_at_s or time.perf_counter()

    @property
    def is_due(self) -> bool:
        """True if there is something new to draw now."""
        since_s = self._clock() - self._drawn_s
        if self._has_new_room():
            return True
        if self._stale:
            every_s = max(self._caption.draw_every_s, _TYPED_S if self.leaves_time else 0.0)
            return self._asked_at_s is not None or since_s >= every_s
        return since_s >= REDRAWN_S and (self._grows_old() or self._message != self._message_now())

    def draw(self, entry: HistoryEntry, state: WindowState, *, held: bool) -> None:
        """Draw an entry into the window, or the one that is frozen; ``held`` while paused or at the end."""
        frozen, entry = self._frozen is not None, self._frozen or entry
        started, source, now_s = time.perf_counter(), self._capture.source, self._clock()
        self._message = self._message_now()
        status = self._status(entry, state, now_s, held=held)
        banner = banner_of(source.name, source.state, now_s)
        self._drawn_wh = self._viewer.room_wh(_natural_wh(entry, state))
        view = self._renderer.paint(entry, state, status, banner, self._drawn_wh)
        self.shown = Painted(entry, state, view, status, banner)
        self._stats.draw_s.append(time.perf_counter() - started)
        self._viewer.show(view.picture)
        if self._has_new_frame and not frozen:
            self._count(entry, held=held)
            self._hand_on(entry)
            self._has_new_frame = False
        self._record()
        if self._asked_at_s is not None:
            self._stats.key_s.append(time.perf_counter() - self._asked_at_s)
        self._stale = False
        self._asked_at_s, self._drawn_s = None, now_s

    def say(self, text: str) -> None:
        """Show a note on the top line for a while."""
        if text:
            self.notes.say(text, self._clock())
            self._stale = True

    def hold(self, text: str) -> None:
        """Show a text on the top line until it is replaced; "" for none. Notes and progress are shown in its place meanwhile."""
        self._held = text
        self._stale = True

    def name_model(self, ready: Ready) -> None:
        """Set the names of model and backend, or of both models, once they are loaded."""
        self._caption = replace(
            self._caption, model=ready.title, backend=ready.backend, sides=ready.sides, prompt=ready.prompt
        )
        self._stale = True

    @property
    def has_new_frame(self) -> bool:
        """True if a frame waits to be drawn for the first time."""
        return self._has_new_frame

    def _has_new_room(self) -> bool:
        """Return True if the window's size has changed since it was drawn."""
        if self.shown is None:
            return False
        return self._viewer.room_wh(_natural_wh(self.shown.entry, self.shown.state)) != self._drawn_wh

    def _count(self, entry: HistoryEntry, *, held: bool) -> None:
        """Count a frame that was drawn for the first time, with its latency and age."""
        stats, explanation = self._stats, entry.explanation
        stats.frames_shown += 1
        stats.latency_s.append(explanation.timings.inference_ms / 1e3 + stats.draw_s[-1])
        if self._capture.source.is_live and not held:
            stats.age_s.append(self._clock() - explanation.frame.captured_at_s)

    def picture(self) -> Uint8Array | None:
        """Return the window's picture in the frame's own pixels; None before the first picture."""
        if self.shown is None:
            return None
        painted = self.shown
        if painted.view.picture.shape[1::-1] == _natural_wh(painted.entry, painted.state):
            return painted.view.picture
        view = self._renderer.paint(painted.entry, painted.state, painted.status, painted.banner)
        return view.picture

    def _hand_on(self, entry: HistoryEntry) -> None:
        """Give a frame that was drawn for the first time to the sinks beside the window."""
        picture = self.picture() if self._parts.sinks else None
        for sink in self._parts.sinks:
            assert picture is not None  # (it was drawn)
            sink.take(picture, entry.explanation)

    def _record(self) -> None:
        """Add the drawn picture to the recording, also one in which a key has changed a paused frame."""
        picture = self.picture() if self._recording.seconds is not None else None
        text = "" if picture is None else self._recording.offer(picture)
        if text:
            self._stats.note_failure(text)
            self.say(text)

    def _grows_old(self) -> bool:
        """Return True if the picture's text changes by itself: its age, a recording's length, the source's trouble."""
        source = self._capture.source
        return (
            source.is_live or self._recording.seconds is not None or source.state.phase is not Phase.PLAYING
        )

    def _message_now(self) -> str:
        busy_s = self._inference.busy_s
        if self._inference.is_loading:
            doing = f": {self._inference.doing}" if self._inference.doing else ""
            seconds = f"{self._inference.loading_s:.0f} s"
            return self._notes_or(f"loading {self._caption.model}{doing} ... {seconds}")
        waiting, prepared = "", self._inference.waits_for()
        if prepared is not None and prepared[1] > BUSY_IS_SAID_AFTER_S:
            waiting = f"preparing {prepared[0]} ... {prepared[1]:.0f} s"
        elif busy_s > BUSY_IS_SAID_AFTER_S:
            waiting = f"{self._inference.task} ... {busy_s:.0f} s"
        return self._notes_or(waiting or self._held)

    def _notes_or(self, text: str) -> str:
        return self.notes.text(self._clock()) or text

    def _status(self, entry: HistoryEntry, state: WindowState, now_s: float, *, held: bool) -> Status:
        timings, source = entry.explanation.timings, self._capture.source
        age_s = now_s - entry.explanation.frame.captured_at_s
        caption = self._caption
        shown = side_shown(entry.explanation, state, caption.sides)
        letters, side = shown or ("", Side(caption.model, caption.backend))
        is_old = source.is_live and not held and source.fps > 0 and age_s > 2 / source.fps
        return Status(
            mode="HEATMAP" if state.heatmap and not self._inference.is_loading else "NORMAL",
            fps=self._stats.fps,
            forward_ms=timings.prepare_ms + timings.forward_ms,
            map_ms=timings.map_ms,
            draw_ms=self._stats.recent_draw_ms,
            model=side.name + _how(entry, state),
            backend=side.backend,
            compared=letters,
            dropped=self._parts.dropped,
            age_s=age_s if is_old else None,
            recording_s=self._recording.seconds,
            paused=state.paused,
            is_loading=self._inference.is_loading,
            message=self._message or entry.explanation.map_error,
            conf=state.conf,
            tool=tool_words(state.tool),
            finds=(entry.request.prompt or caption.prompt).names,
        )


def _natural_wh(entry: HistoryEntry, state: WindowState) -> tuple[int, int]:
    """Return width and height of an entry's picture in the frame's own pixels."""
    return natural_wh(entry.explanation.frame.size_wh, layout_shown(entry.explanation, state))


def _how(entry: HistoryEntry, state: WindowState) -> str:
    """Return the shown map's method and layers, to follow the model's name; "" for the default ones."""
    saliency = entry.explanation.saliency
    method = state.method if saliency is None else saliency.method
    method = state.method if method == TRUE_MAP else method  # (the colour bar says by how many trials)
    usual = method == LIVE_MAP or (method == FINE_MAP and state.method == LIVE_MAP)
    layers = f" @{state.layers}" if state.layers and method == state.method else ""
    return ("" if usual else f" {method}") + layers


def banner_of(name: str, state: SourceState, now_s: float) -> tuple[str, str] | None:
    """Return the line and the detail of the banner over a picture that is not live any more; None while the source plays.

    Args:
        name: the source's display name.
        state: the source's state.
        now_s: ``time.monotonic()``.
    """
    seconds = max(0.0, now_s - state.since_s)
    if state.phase is Phase.PLAYING:
        return None
    if state.phase is Phase.OPENING:
        return f"opening {name}", f"for {seconds:.0f} s"
    if state.phase is Phase.STALLED:
        return f"{name} gives no frames", f"for {seconds:.0f} s"
    line = f"reconnecting to {name}" + (f", attempt {state.attempt}" if state.attempt else "")
    if state.retry_at_s is not None and state.retry_at_s > now_s:
        return line, f"in {state.retry_at_s - now_s:.0f} s" + (f" ({state.reason})" if state.reason else "")
    return line, state.reason
