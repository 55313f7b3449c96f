"""The model of the live window, loaded while the window shows the plain source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from heatcam.commands.compare_sides import comparing_of, side_names
from heatcam.commands.live_prompts import PromptedModels, first_prompt, refusals
from heatcam.commands.options import LookOptions, ModelChoice, MotionOptions
from heatcam.commands.prompts import prompt_of
from heatcam.commands.setup import kept_class_names, say_scale, say_what_runs
from heatcam.commands.terminal import Terminal
from heatcam.enums import LIVE_MAP, ComparedView, Quality
from heatcam.frames import ExplainerFacts, Explains, Explanation, Frame
from heatcam.live import (
    Answering,
    ExplainerFor,
    Explaining,
    ExplainRequest,
    FrameAnswers,
    Ready,
    Side,
    TriesObjects,
    WindowPrompt,
)
from heatcam.options import USUAL_TRIALS, ExplainOptions, names_in
from heatcam.probing import AsksPlaces
from heatcam.tracking import tracker_of

if TYPE_CHECKING:
    from heatcam.models import LoadedModel
    from heatcam.saliency import Explainer, ExplainerCache, TrialExplainer


@dataclass(frozen=True)
class SecondModel:
    """The model B of the window, loaded before it opens.

    Attributes:
        name: as it was given.
        loaded: the network.
    """

    name: str
    loaded: LoadedModel


class LiveModel:
    """One model, or two, from their names to explanations. Call ``load``, and then the others, in the inference thread.

    Args:
        choice: the model, and how it explains.
        look: look of the overlay.
        motion: smoothing and tracking.
        size_wh: returns width and height of the pictures to come, in pixels.
        terminal: prints a note of what runs.
        open_cache: returns the cache that the model's explainers come from; None loads the model for this alone.
        second: the model to compare it with; None for none.
        trials: of each object of a paused frame, where these are asked for.
    """

    def __init__(
        self,
        choice: ModelChoice,
        look: LookOptions,
        motion: MotionOptions,
        size_wh: Callable[[], tuple[int, int]],
        terminal: Terminal,
        open_cache: OpensCache | None = None,
        second: SecondModel | None = None,
        trials: int = USUAL_TRIALS,
    ) -> None:
        self._choice, self._look, self._motion, self._second = choice, look, motion, second
        self._size_wh, self._terminal = size_wh, terminal
        self._open_cache = open_cache or _opened_alone
        self._explaining: Explaining | None = None
        self._answering = Answering(self._asked)
        self._trials = trials
        self._by_trial: TrialExplainer | None = None
        #: Name of the backend that runs the network; "" before it is loaded.
        self.backend = ""

    def load(self) -> Ready:
        """Import torch and the rest that is slow, load the network and build its first explainer.

        Raises:
            HeatcamError: the model cannot be loaded; the message names the next step.
        """
        from heatcam.saliency import methods_of_evidence  # noqa: PLC0415

        options, size_wh = self._choice.explain_options(), self._size_wh()
        tracker = tracker_of(self._motion.track)
        cache = self._open_cache(self._choice, options)
        explainer = cache.take(options, size_wh)
        say_what_runs(self._choice, explainer, self._terminal)
        say_scale(self._look, explainer, self._terminal)
        engine = explainer.engine
        caches, explainers, sides = [cache], [explainer], tuple[Side, ...]()
        layer_sets = engine.layer_choices
        if self._second is not None:
            other_cache, other = self._start_second(self._second, options)
            caches, explainers = [cache, other_cache], [explainer, other]
            sides = self._sides(explainer, other, self._second)
            layer_sets = tuple(names for names in layer_sets if names in other.engine.layer_choices)
        models = [str(self._choice.model), *([] if self._second is None else [self._second.name])]
        prompted = PromptedModels(models, explainers, self._choice.device, size_wh)
        self._explaining = Explaining(
            explainer_for(caches, options, size_wh, [side.name for side in sides], prompted.take), tracker
        )
        self.backend, first = engine.name, first_prompt(self._choice)
        return Ready(
            explainer.title,
            backend_of(explainer),
            methods_of_evidence(),
            layer_sets,
            {"model": explainer.title, "imgsz": explainer.imgsz, "prompt": first.as_plain()},
            sides,
            first,
            *refusals([own.loaded for own in caches]),
        )

    def _start_second(self, second: SecondModel, options: ExplainOptions) -> tuple[ExplainerCache, Explainer]:
        """Build the second model's first explainer."""
        from heatcam.engine import choose_device  # noqa: PLC0415
        from heatcam.saliency import ExplainerCache  # noqa: PLC0415

        cache = ExplainerCache(second.loaded, choose_device(self._choice.device), self._size_wh())
        explainer = cache.take(options)
        say_what_runs(replace(self._choice, model=second.name), explainer, self._terminal)
        return cache, explainer

    def _sides(self, a: Explainer, b: Explainer, second: SecondModel) -> tuple[Side, Side]:
        """Return A and B with names that tell them apart."""
        choices = self._choice, replace(self._choice, model=second.name)
        names = side_names(choices, (), (a.title, b.title))
        return Side(names[0], backend_of(a)), Side(names[1], backend_of(b))

    def explain(self, frame: Frame, request: ExplainRequest) -> Explanation:
        """Explain one frame as requested; see ``Explaining``."""
        return self._loaded(frame, request)

    def described(self, request: ExplainRequest) -> tuple[ExplainerFacts, tuple[str, ...]] | None:
        """Return what explains a request's frames, and the names of the classes that it can find.

        None where explanations are not of each frame by itself: while paused, with maps carried along, with two models.
        """
        from heatcam.saliency import Explainer  # noqa: PLC0415 (torch: loaded by now)

        explainer = self._loaded.explainer_of(request)
        carried = request.still or request.every > 1 or not request.with_object_maps
        if carried or not isinstance(explainer, Explainer):
            return None
        facts = replace(explainer.facts(), conf=request.conf)
        return facts, kept_class_names(request.classes, explainer.class_names)

    def answer(self, explanation: Explanation, request: ExplainRequest) -> FrameAnswers:
        """Answer a request's questions about a frame that was explained; see ``Answering``."""
        return self._answering(explanation, request)

    def trials_of(self, explanation: Explanation, request: ExplainRequest) -> TriesObjects:
        """Prepare the trials of a paused frame's fine maps. Called in a thread of its own, whose network is a copy."""
        from heatcam.saliency import Explainer, TrialExplainer  # noqa: PLC0415 (torch: loaded by now)

        explainer, before = self._loaded.explainer_of(request), self._by_trial
        assert isinstance(explainer, Explainer)  # (one model is shown)
        if before is None or before.fine is not explainer:
            choice = self._choice
            self._by_trial = before = TrialExplainer(
                explainer, self._trials, choice.backend, choice.precision, own_network=True
            )
        return before.trials_of(explanation)

    def _asked(self, request: ExplainRequest) -> AsksPlaces:
        """Return the explainer of a request, to be asked about places."""
        from heatcam.saliency import Explainer, Prober  # noqa: PLC0415 (torch: loaded by now)

        explainer = self._loaded.explainer_of(request)
        assert isinstance(explainer, Explainer)  # (one model is shown)
        return Prober(explainer.with_thresholds(replace(explainer.thresholds, conf=request.conf)))

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

    return open_explainer_cache(str(choice.model), choice.device, options, prompt=prompt_of(choice))


def backend_of(explainer: Explainer) -> str:
    """Return device and backend, for people."""
    return f"{explainer.engine.device} {explainer.engine.name}"


#: Returns the explainer of a model, by its place among A and B, for a prompt and options; takes seconds the first time.
TakesFor = Callable[[int, WindowPrompt, ExplainOptions], "Explainer"]


def explainer_for(
    caches: Sequence[ExplainerCache],
    options: ExplainOptions,
    size_wh: tuple[int, int],
    names: Sequence[str] = (),
    take_for: TakesFor | None = None,
) -> ExplainerFor:
    """Return the function that gives the window an explainer for what a request chooses one by.

    A frame that stands still gets the fine map, made with torch: compiling it would take longer than it could save.

    Args:
        caches: of the model, or of A and B.
        options: how both explain.
        size_wh: size of the pictures to come, in pixels.
        names: of A and B, for what they explain; empty for the model's own title.
        take_for: returns an explainer for another prompt than the models were loaded with; None where there are none.
    """

    def taken(number: int, wanted: ExplainOptions, prompt: WindowPrompt | None) -> Explainer:
        if prompt is None or take_for is None:
            explainer = caches[number].take(wanted, size_wh)
        else:
            explainer = take_for(number, prompt, wanted)
        if names:
            explainer.title = names[number]
        return explainer

    def explainer(
        method: str,
        layers: str,
        still: bool,
        iou: float,
        classes: tuple[str, ...],
        compared: ComparedView,
        prompt: WindowPrompt | None = None,
    ) -> Explains:
        wanted = replace(options, method=method, layers=names_in(layers), iou=iou, classes=classes)
        if still and method == LIVE_MAP and not layers:
            wanted = replace(wanted, quality=Quality.FINE.value, backend="torch", precision="auto")
        if compared is not ComparedView.BOTH:
            return taken(int(compared is ComparedView.B), wanted, prompt)
        return comparing_of(taken(0, wanted, prompt), taken(1, wanted, prompt))

    return explainer
