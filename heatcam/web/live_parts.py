"""Parts of the live view that are handed in: the sources that the command line allowed, turns at the model, and settings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from heatcam.enums import DEFAULT_SMOOTH
from heatcam.frames import ExplainerFacts, Explanation, Frame
from heatcam.live import ExplainRequest, FrameAnswers, Ready
from heatcam.sources import Source
from heatcam.web.drift_gauges import DriftNumbers
from heatcam.web.models import ExplainsLive

#: Takes a turn at the model, in the order of those who wait: ``ModelQueue.turn``.
Turn = Callable[[], AbstractContextManager[object]]


class Observer(Protocol):
    """Anything that watches every explained frame of the live view for drift; called from the inference thread, out of turn."""

    def __call__(
        self, explanation: Explanation, described: tuple[ExplainerFacts, tuple[str, ...]] | None
    ) -> None:
        """Look at a frame.

        Args:
            explanation: the explanation, not smoothed.
            described: see ``ExplainsLive.described``.
        """
        ...

    def numbers(self) -> DriftNumbers:
        """Return what it has seen, for Prometheus; from any thread."""
        ...


class InTurns:
    """A model for the live view whose frames are explained in turns; see ``ExplainsLive``.

    Args:
        model: the model.
        turn: takes a turn.
        observer: looks at every explained frame; None for nobody.
    """

    def __init__(self, model: ExplainsLive, turn: Turn, observer: Observer | None = None) -> None:
        self._model, self._turn, self._observer = model, turn, observer

    @property
    def backend(self) -> str:
        """Name of the backend; "" before the model is loaded."""
        return self._model.backend

    def load(self) -> Ready:
        """Load the model."""
        return self._model.load()

    def explain(self, frame: Frame, request: ExplainRequest) -> Explanation:
        """Explain one frame in a turn."""
        with self._turn():
            explanation = self._model.explain(frame, request)
        if self._observer is not None:
            self._observer(explanation, self._model.described(request))
        return explanation

    def described(self, request: ExplainRequest) -> tuple[ExplainerFacts, tuple[str, ...]] | None:
        """Return what explains a request's frames."""
        return self._model.described(request)

    def answer(self, explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        """Answer questions about a frame in a turn."""
        with self._turn():
            return self._model.answer(explanation, request)

    def jump(self) -> None:
        """Note that the next frame does not follow the one before."""
        self._model.jump()

    def waits_for(self) -> tuple[str, float] | None:
        """Return what is being prepared, and for how many seconds; None for nothing."""
        return self._model.waits_for()


@dataclass(frozen=True)
class AllowedSource:
    """A source that the command line allowed; requests name it by ``id`` alone.

    Attributes:
        id: a short name for requests, such as ``demo`` or ``camera-0``.
        name: for people.
        kind: ``demo``, ``camera``, ``file``, ``stream`` or ``screen``.
        open: makes it; may raise a ``HeatcamError``.
    """

    id: str
    name: str
    kind: str
    open: Callable[[], Source]


@dataclass(frozen=True)
class LiveSettings:
    """Settings of the live view, limits most of them.

    Attributes:
        most_wide: width of the picture that is drawn and sent, in pixels.
        jpeg_quality: 1 to 100.
        most_viewers: clients that may watch at once.
        answer_s: seconds that a client may take to take a picture and answer it.
        recordings: number of recordings that are kept at once.
        recordings_bytes: their size together.
        recording_s: length of one, in seconds.
        smooth: strength of the smoothing of heat over frames, in ``[0, 1]``.
        rests_after_s: seconds without anybody who watches, records or asks, after which no more frames are explained.
        observer: looks at every explained frame of the first source and model; with one the live view never rests. None for
            nobody.
    """

    most_wide: int = 1280
    jpeg_quality: int = 80
    most_viewers: int = 32
    answer_s: float = 20.0
    recordings: int = 8
    recordings_bytes: int = 1_000_000_000
    recording_s: float = 600.0
    smooth: float = DEFAULT_SMOOTH
    rests_after_s: float = 10.0
    observer: Observer | None = None
