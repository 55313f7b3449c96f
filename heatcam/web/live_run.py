"""The live view: start, stop and restart with another source or model, and everything that requests ask of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace
from typing import Any

from heatcam.errors import HeatcamError, UsageError
from heatcam.geometry import Uint8Array
from heatcam.live import Choices, Choose, Painted, ScreenEvent, SeekTo, WindowState
from heatcam.options import class_ids_of, names_in
from heatcam.sinks import Action
from heatcam.sources import Source
from heatcam.text import did_you_mean
from heatcam.web.attention import Attention
from heatcam.web.broadcast import Broadcast
from heatcam.web.interest import Interest
from heatcam.web.live_documents import AttentionDocument, FrameHeader, LiveStatus, Phase
from heatcam.web.live_parts import AllowedSource, InTurns, LiveSettings, Turn
from heatcam.web.live_status import LiveFacts, status_of
from heatcam.web.models import ExplainsLive, Models
from heatcam.web.page_screen import SessionOverError
from heatcam.web.page_session import PageSession, SessionCallbacks
from heatcam.web.problems import Problem
from heatcam.web.recordings import Recordings

#: The page has a top line of its own, and shows the energy of each object.
FIRST_STATE = WindowState(hud=False, object_maps=True)
_ANSWERED_S = 5.0  # the session answers within milliseconds, unless the machine is overloaded
_SEEN_S = 3.0  # an object can be focused so long after it was last seen


class LiveRun:
    """The live view. From any thread; everything that may wait is called outside of the event loop.

    Args:
        models: the models that may be chosen.
        sources: the sources that may be chosen, the default one first.
        turn: takes a turn at the model.
        state: the choices to begin with.
        settings: of pictures, viewers and recordings.
    """

    def __init__(
        self,
        models: Models,
        sources: Sequence[AllowedSource],
        turn: Turn,
        state: WindowState | None = None,
        settings: LiveSettings | None = None,
    ) -> None:
        self.models, self.sources = models, tuple(sources)
        self.settings = settings or LiveSettings()
        self.broadcast = Broadcast(self.settings.jpeg_quality, self.settings.most_viewers)
        self.recordings = Recordings(self.settings)
        self.attention = Attention()
        self._interest = Interest(lambda: self.broadcast.viewers, self.settings.rests_after_s)
        self._turn = turn
        self._first = self._state = state or FIRST_STATE
        self._source, self._model = self.sources[0], models.names[0]
        self._session: PageSession | None = None
        self._failure = ""
        self._seen: dict[int, float] = {}
        #: Held by one start, stop or recording at a time; it may take seconds.
        self.control = threading.RLock()
        self._lock = threading.Lock()  # held for a moment only

    # -- start and stop

    def start(self, source: str | None = None, model: str | None = None) -> None:
        """Start, or restart with another source or model; the choices stay. Without effect where it runs with these.

        A source or model that cannot be used is told by ``status``.

        Raises:
            Problem: there is no such source or model.
        """
        wanted = self._source if source is None else self._source_called(source)
        name = self._model if model is None else self._model_called(model)
        with self.control:
            now = self._session
            runs = now is not None and now.phase in ("starting", "loading", "running")
            if runs and (wanted, name) == (self._source, self._model):
                return
            self._failure = ""
            self._end()
            if name != self._model:
                self._state = replace(self._state, classes=(), layers="")
            self._source, self._model = wanted, name
            self._begin()

    def wake(self) -> bool:
        """Note that somebody watches or asks, so that frames are explained; return True if they were not, for nobody did.

        The picture from before is forgotten then: the next one shows the present.
        """
        self._interest.note()
        session = self._session
        if session is None or not session.rests:
            return False
        self.broadcast.clear()
        session.wake()
        return True

    def stop(self) -> None:
        """Stop, and release the source."""
        with self.control:
            self._failure = ""
            self._end()
            self._session = None
        self.broadcast.clear()

    def close(self) -> None:
        """Stop for good: viewers are sent away, recordings deleted."""
        self.broadcast.close()
        self.stop()
        self.recordings.close()

    def _begin(self) -> None:
        self._failure = ""
        self._interest.note()
        try:
            source = self._source.open()
            self._session = self._session_of(source)
        except HeatcamError as error:
            self._failure = str(error)
            self.broadcast.tell()
            return
        self._session.start()

    def _session_of(self, source: Source) -> PageSession:
        session = PageSession(
            source,
            self._model,
            self._model_for,
            Choices(tuple(self.models.methods), (self._first.layers,), self._first),
            self._state,
            self.recordings,
            self.settings,
            SessionCallbacks(
                lambda picture: self._show(session, picture),
                lambda: self._keep(session),
                self.broadcast.tell,
                lambda: self.settings.observer is not None or self._interest.is_there,
            ),
        )
        return session

    def _model_for(self, size_wh: Callable[[], tuple[int, int]]) -> ExplainsLive:
        """Return the model for a session, whose frames are explained in turns."""
        state = self._state
        options = replace(self.models.options, method=state.method, layers=names_in(state.layers))
        is_first = (self._source, self._model) == (self.sources[0], self.models.names[0])
        observer = self.settings.observer if is_first else None
        return InTurns(self.models.live(self._model, options, size_wh), self._turn, observer)

    def _end(self) -> None:
        """End the session, if there is one, and keep its choices."""
        session = self._session
        if session is None:
            return
        if not session.stop():
            self._failure = f"{session.source.name} does not let go; unplug it or start heatcam again"
        self.attention.clear()
        self.broadcast.clear()

    def _keep(self, session: PageSession) -> None:
        """Keep the choices of a session that has ended; in its thread."""
        with self._lock:
            self._state = replace(session.session.state, focus=None, paused=False)

    def _show(self, session: PageSession, picture: Uint8Array) -> None:
        """Offer a picture to who watches; in the session's thread."""
        painted, now_s = session.session.presenter.shown, time.monotonic()
        if painted is None or session.is_stale:
            return
        self.attention.add(painted.entry, now_s)
        with self._lock:
            seen = self._seen | dict.fromkeys(painted.entry.object_ids, now_s)
            self._seen = {n: at_s for n, at_s in seen.items() if now_s - at_s < _SEEN_S}
        size_wh = picture.shape[1], picture.shape[0]

        def header(seq: int) -> bytes:
            status = self._status(session, painted)
            document = FrameHeader.model_construct(seq=seq, size_wh=size_wh, status=status)
            return document.model_dump_json().encode()

        self.broadcast.offer(picture, header)

    # -- what there is to know

    @property
    def state(self) -> WindowState:
        """The choices in force, or those for the next start."""
        session = self._session
        return self._state if session is None or not session.is_alive else session.session.state

    def status(self) -> LiveStatus:
        """Return the status; takes about a millisecond."""
        session = self._session if not self._failure else None
        return self._status(session, None if session is None else session.session.presenter.shown)

    def phase(self) -> tuple[Phase, str]:
        """Return phase and reason of the status."""
        session = self._session
        if self._failure:
            return "failed", self._failure
        return ("stopped", "") if session is None else (session.phase, session.reason)

    def _status(self, session: PageSession | None, painted: Painted | None) -> LiveStatus:
        """Return the status with a picture."""
        source = None if session is None else session.source
        is_open = session is not None and session.screen.is_open
        facts = LiveFacts(
            *self.phase(),
            self._source.id,
            self._model,
            self.state,
            self.broadcast.viewers,
            source is not None and source.can_seek and not source.is_live,
            source.duration_s if source is not None and is_open else None,
        )
        return status_of(facts, None if session is None else session.session, painted)

    def attention_document(self) -> AttentionDocument:
        """Return the series of the newest minute."""
        return self.attention.document(time.monotonic())

    @property
    def layer_sets(self) -> tuple[str, ...]:
        """Values of ``layers`` of the chosen model; "" alone before it is loaded."""
        session = self._session
        ready = None if session is None else session.session.parts.inference.ready
        return self.models.layer_sets(self._model) if ready is None else tuple(ready.layer_sets)

    # -- changes

    def change(self, changes: Mapping[str, Any]) -> None:
        """Set fields of the state, now or for the next start; returns when they are in force.

        Raises:
            Problem: a value that there is not for this model.
        """
        self._require_known(changes)
        try:
            self._ask(Choose(dict(changes)))
        except NothingRunsError:
            with self._lock:
                self._state = replace(self._state, **{**changes, "focus": None, "paused": False})

    def act(self, action: Action) -> None:
        """Do what a key of the window does.

        Raises:
            Problem: nothing runs.
        """
        self.ask_running(action)

    def seek(self, seconds: float) -> None:
        """Seek to a time in a file.

        Raises:
            Problem: nothing runs, or the source cannot seek.
        """
        session = self.running()
        if session.source.is_live or not session.source.can_seek:
            raise Problem(409, f"{session.source.name} cannot be sought in: only files can")
        self.ask_running(SeekTo(seconds))

    def click(self, x: float, y: float) -> None:
        """Focus the object at a place of the picture, in shares of its width and height, or none.

        Raises:
            Problem: nothing runs.
        """
        self.ask_running(self.running().screen.click_at(x, y))

    # -- within

    def running(self) -> PageSession:
        """Return the session that runs.

        Raises:
            Problem: none does.
        """
        session = self._session
        if session is None or not session.is_alive:
            raise Problem(409, "the live view does not run; start it first")
        return session

    def ask_running(self, event: ScreenEvent) -> None:
        """Hand an event to the session that runs, and wait until it is answered.

        Raises:
            Problem: none does, or it does not answer.
        """
        try:
            self._ask(event)
        except NothingRunsError:
            raise Problem(409, "the live view does not run; start it first") from None

    def _ask(self, event: ScreenEvent) -> None:
        """Hand an event to the session and wait until it is answered.

        Raises:
            NothingRunsError: there is no session.
        """
        session = self._session
        if session is None or not session.is_alive:
            raise NothingRunsError
        answered: Future[None] = session.screen.ask(event)
        try:
            answered.result(_ANSWERED_S)
        except SessionOverError:
            session.join()
            raise NothingRunsError from None
        except FutureTimeoutError:
            raise Problem(503, "the live view does not answer; try again", retry_after_s=2) from None

    def _require_known(self, changes: Mapping[str, Any]) -> None:
        """Refuse what the model, or the picture, does not have.

        Raises:
            Problem: naming what there is.
        """
        layer_sets, classes = self.layer_sets, self.models.class_names(self._model)
        if "method" in changes:
            _require("method", changes["method"], self.models.methods)
        if "layers" in changes and len(layer_sets) > 1:
            _require("set of layers", changes["layers"], (*layer_sets, self.state.layers))
        if changes.get("focus") is not None and changes["focus"] not in self._seen:
            _require("object", changes["focus"], list(self._seen))
        if changes.get("classes") and classes is not None:
            try:
                class_ids_of(changes["classes"], dict(enumerate(classes)))
            except UsageError as error:
                raise Problem(422, str(error)) from None

    def _source_called(self, source_id: str) -> AllowedSource:
        _require("source", source_id, [source.id for source in self.sources])
        return next(source for source in self.sources if source.id == source_id)

    def _model_called(self, name: str) -> str:
        _require("model", name, self.models.names)
        return name


class NothingRunsError(Exception):
    """Raised for an event where no session takes it."""


def _require(what: str, value: object, known: Sequence[object]) -> None:
    """Refuse a value that is not among those known.

    Raises:
        Problem: naming them.
    """
    if value not in known:
        names = [str(name) for name in known if str(name)]
        there = did_you_mean(str(value), names) or f"there are {', '.join(names[:30]) or 'none'}"
        raise Problem(422, f"there is no {what} {str(value)[:60]!r}; {there}")
