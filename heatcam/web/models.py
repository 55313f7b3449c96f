"""Protocols of the models that the service was given: it knows neither torch nor files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from heatcam.frames import ExplainerFacts, Explains, Explanation, Frame
from heatcam.live import ExplainRequest, FrameAnswers, Ready
from heatcam.options import ExplainOptions


class ExplainsPictures(Explains, Protocol):
    """An explainer that can tell of itself. ``explain`` is called in a turn of the ``ModelQueue``."""

    def facts(self) -> ExplainerFacts:
        """Return what a document says of it; call it from any thread."""
        ...


class ExplainsLive(Protocol):
    """One model for the live view. ``load``, ``explain``, ``answer`` and ``jump`` are called from the inference thread alone."""

    @property
    def backend(self) -> str:
        """Name of the backend that runs the network; "" before it is loaded."""
        ...

    def load(self) -> Ready:
        """Load the model and build its first explainer, which takes seconds; no turn is needed.

        Raises:
            HeatcamError: the model cannot be loaded, or the options do not fit it.
        """
        ...

    def explain(self, frame: Frame, request: ExplainRequest) -> Explanation:
        """Explain one frame as requested, in a turn of the ``ModelQueue``."""
        ...

    def answer(self, explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        """Answer a request's questions about a frame that was explained, in a turn of the ``ModelQueue``."""
        ...

    def described(self, request: ExplainRequest) -> tuple[ExplainerFacts, tuple[str, ...]] | None:
        """Return what explains a request's frames, and the names of the classes that it can find; from the inference thread.

        None where explanations are not of each frame by itself: while it is paused, or maps are carried along.
        """
        ...

    def jump(self) -> None:
        """Note that the next frame does not follow the one before."""
        ...

    def waits_for(self) -> tuple[str, float] | None:
        """Return what is being prepared, and for how many seconds; None for nothing. Call it from any thread."""
        ...


class Models(Protocol):
    """The models that the command line allowed, each loaded when it is first asked for and kept.

    ``explainer`` takes seconds the first time and is called in a worker thread; all else answers at once.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models, the default one first."""
        ...

    @property
    def for_pictures(self) -> str:
        """Name of the model that a picture is analysed with unless another is named."""
        ...

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that make maps."""
        ...

    @property
    def options(self) -> ExplainOptions:
        """The options of the command line, which a request changes some of."""
        ...

    def is_loaded(self, name: str) -> bool:
        """Return True if the model is loaded."""
        ...

    def problem(self, name: str) -> str:
        """Return why the model could not be loaded the last time, in one line; "" if nothing is known to be wrong."""
        ...

    def class_names(self, name: str) -> tuple[str, ...] | None:
        """Return the names of the classes that it finds; None before it is loaded."""
        ...

    def layer_sets(self, name: str) -> tuple[str, ...]:
        """Return values worth trying for ``layers``, "" first: of the explainer built last; ("",) before there is one."""
        ...

    def explainer(self, name: str, options: ExplainOptions) -> ExplainsPictures:
        """Return the explainer of a model for single pictures; other thresholds and classes than before cost nothing.

        Raises:
            UsageError: the options do not fit this model.
            HeatcamError: the model cannot be loaded.
        """
        ...

    def live(
        self, name: str, options: ExplainOptions, size_wh: Callable[[], tuple[int, int]]
    ) -> ExplainsLive:
        """Return a model for one run of the live view, not loaded yet; it shares its network with all others.

        Args:
            name: one of ``names``.
            options: of the first frame.
            size_wh: returns width and height of the frames to come, in pixels, when the model is loaded.
        """
        ...
