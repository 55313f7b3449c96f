"""The model of the live window, loaded while the window shows the plain source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.setup import say_scale, say_what_runs
from heatcam.commands.terminal import Terminal
from heatcam.enums import LIVE_MAP, Quality
from heatcam.frames import Explanation, Frame
from heatcam.live import ExplainerFor, Explaining, ExplainRequest, Ready
from heatcam.options import ExplainOptions, names_in
from heatcam.tracking import tracker_of

if TYPE_CHECKING:
    from heatcam.saliency import Explainer, ExplainerCache


class LiveModel:
    """One model, from its name to explanations. Call ``load`` and, after it, the other methods in the inference thread.

    Args:
        choice: the model, and how it explains.
        look: look of the overlay.
        motion: smoothing and tracking.
        size_wh: returns width and height of the pictures to come, in pixels.
        terminal: prints a note of what runs.
        open_cache: returns the cache that the model's explainers come from; None loads the model for this alone.
    """

    def __init__(
        self,
        choice: ModelChoice,
        look: LookOptions,
        motion: MotionOptions,
        size_wh: Callable[[], tuple[int, int]],
        terminal: Terminal,
        open_cache: OpensCache | None = None,
    ) -> None:
        self._choice, self._look, self._motion = choice, look, motion
        self._size_wh, self._terminal = size_wh, terminal
        self._open_cache = open_cache or _opened_alone
        self._explaining: Explaining | None = None
        #: Name of the backend that runs the network; "" before it is loaded.
        self.backend = ""

    def load(self) -> Ready:
        """Import torch and the rest that is slow, load the network and build its first explainer.

        Raises:
            HeatcamError: the model cannot be loaded; the message names the next step.
        """
        from heatcam.saliency import METHODS  # noqa: PLC0415

        options, size_wh = self._choice.explain_options(), self._size_wh()
        tracker = tracker_of(self._motion.track)
        cache = self._open_cache(self._choice, options)
        explainer = cache.take(options, size_wh)
        say_what_runs(self._choice, explainer, self._terminal)
        say_scale(self._look, explainer, self._terminal)
        self._explaining = Explaining(explainer_for(cache, options, size_wh), tracker)
        engine = explainer.engine
        self.backend = engine.name
        return Ready(
            explainer.title,
            f"{engine.device} {engine.name}",
            tuple(METHODS),
            engine.layer_choices,
            {"model": explainer.title, "imgsz": explainer.imgsz},
        )

    def explain(self, frame: Frame, request: ExplainRequest) -> Explanation:
        """Explain one frame as requested; see ``Explaining``."""
        return self._loaded(frame, request)

    def jump(self) -> None:
        """Note that the next frame does not follow the one before."""
        self._loaded.jump()

    def waits_for(self) -> tuple[str, float] | None:
        """Return what is being prepared, and for how many seconds; None for nothing. Call it from any thread."""
        return None if self._explaining is None else self._explaining.waits_for()

    @property
    def _loaded(self) -> Explaining:
        if self._explaining is None:
            raise RuntimeError("load the model first")
        return self._explaining


#: Returns the cache of a model's explainers, which are of these options first; takes seconds.
OpensCache = Callable[[ModelChoice, ExplainOptions], "ExplainerCache"]


def _opened_alone(choice: ModelChoice, options: ExplainOptions) -> ExplainerCache:
    """Load the model."""
    from heatcam.saliency import open_explainer_cache  # noqa: PLC0415

    return open_explainer_cache(str(choice.model), choice.device, options)


def explainer_for(cache: ExplainerCache, options: ExplainOptions, size_wh: tuple[int, int]) -> ExplainerFor:
    """Return the function that gives the window an explainer for what a request chooses one by.

    A frame that stands still gets the fine map, made with torch: compiling it would take longer than it could save.
    """

    def explainer(method: str, layers: str, still: bool, iou: float, classes: tuple[str, ...]) -> Explainer:
        wanted = replace(options, method=method, layers=names_in(layers), iou=iou, classes=classes)
        if still and method == LIVE_MAP and not layers:
            wanted = replace(wanted, quality=Quality.FINE.value, backend="torch", precision="auto")
        return cache.take(wanted, size_wh)

    return explainer
