"""Explanation of the window's frames: choose the explainer, make a map every few frames, and track the objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from heatcam.comparison import CommonDetections, ComparedExplanation
from heatcam.enums import ComparedView
from heatcam.frames import Explains, Explanation, Frame
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.preparing import Key, Preparing
from heatcam.live.propagation import propagate_map
from heatcam.live.window_prompt import WindowPrompt


class Follows(Protocol):
    """Assigns track numbers to boxes."""

    def follow(self, explanation: Explanation) -> Explanation:
        """Return the next frame's explanation with track numbers."""
        ...

    def forget(self) -> None:
        """Restart the tracks: the next frame does not follow the one before."""
        ...


#: Returns the explainer for a method, its layers ("" for the method's own), True for a paused frame, the overlap from which
#: boxes are one object, the classes to keep, the models to ask, and what they are to find (None: as they were loaded).
ExplainerFor = Callable[[str, str, bool, float, tuple[str, ...], ComparedView, WindowPrompt | None], Explains]
_OF_MODELS = {ComparedView.A: "", ComparedView.B: " of model B", ComparedView.BOTH: " of both models"}


class NotReadyError(Exception):
    """Raised while the explainer that a paused frame needs is still being prepared."""


class Explaining:
    """Explains one stream as the window requests it. Called from the inference thread alone.

    An explainer that takes long to build is built in a thread of its own; meanwhile the previous one explains the frames.

    Args:
        explainer_for: returns the explainer; may take seconds the first time, and may raise a ``HeatcamError``.
        tracker: assigns track numbers to the boxes; None for no tracking.
    """

    def __init__(self, explainer_for: ExplainerFor, tracker: Follows | None = None) -> None:
        self._explainers: Preparing[Explains] = Preparing(lambda key: explainer_for(*key))
        self._tracker = tracker
        self._last: tuple[ExplainRequest, Explains] | None = None
        self._common = CommonDetections()
        self._models: tuple[ComparedView, WindowPrompt | None] = ComparedView.A, None
        self._mapped: Explanation | None = None
        self._mapped_as: ExplainRequest | None = None
        self._age = 0

    def __call__(self, frame: Frame, request: ExplainRequest) -> Explanation:
        """Explain one frame.

        Raises:
            HeatcamError: the method or the layers do not work with this model.
            NotReadyError: the frame is a paused one, and its explainer is still being prepared.
        """
        explainer = self._explainers.get(Key.of(request), waits=self._last is None)
        if explainer is None:
            if request.still or self._last is None:
                raise NotReadyError
            before, explainer = self._last
            request = request.explained_as(before)
        elif not request.still:
            self._last = request, explainer
        if request.still:
            return self._explained(explainer, frame, request, with_map=request.with_map)
        models = request.compared, request.prompt
        if models != self._models:  # the boxes of other models or classes do not follow those before
            self._models = models
            self.jump()
        return self._next(explainer, frame, request)

    def explainer_of(self, request: ExplainRequest) -> Explains:
        """Return the explainer of a request; while it is not made, or does not work, the one that the stream's last frame had."""
        made = self._explainers.made(Key.of(request))
        if made is None and self._last is not None:
            return self._last[1]
        if made is None:
            raise RuntimeError("no frame was explained yet")
        return made

    def waits_for(self) -> tuple[str, float] | None:
        """Return the display name of what is being prepared, and the seconds so far; None for nothing. From any thread."""
        progress = self._explainers.progress()
        if progress is None:
            return None
        (key, seconds), last = progress, self._last
        if last is not None and key.prompt != last[0].prompt and not key.still:
            return f'"{key.prompt.words}"' if key.prompt else "what it began with", seconds
        name = key.method + (f" @{key.layers}" if key.layers else "") + _OF_MODELS[key.compared]
        return f"the fine maps of {name}" if key.still else name, seconds

    def jump(self) -> None:
        """Forget the last map and the tracks: the next frame does not follow the one before."""
        self._mapped = None
        if self._tracker is not None:
            self._tracker.forget()

    def _next(self, explainer: Explains, frame: Frame, request: ExplainRequest) -> Explanation:
        """Explain the next frame of the stream; between two maps the last one is propagated with its boxes."""
        due = request.with_map and self._is_due(frame, request)
        found = self._explained(explainer, frame, request, with_map=due)
        if self._tracker is not None:
            found = self._tracker.follow(found)
        if due or not request.with_map:
            self._mapped, self._age = (found if due and found.saliency is not None else None), 0
            self._mapped_as = request
            return found
        self._age += 1
        return found if self._mapped is None else propagate_map(found, self._mapped)

    def _explained(
        self, explainer: Explains, frame: Frame, request: ExplainRequest, *, with_map: bool
    ) -> Explanation:
        """Explain a frame; the detections of a comparison are the objects of both models, in the order of its ``objects``."""
        own = with_map and request.with_object_maps
        found = explainer.explain(frame, with_map=with_map, with_object_maps=own, conf=request.conf)
        if not isinstance(found, ComparedExplanation) or found.comparison is None:
            return found
        return replace(
            found,
            detections=self._common.of(found.comparison),
            object_maps=(),
            low_evidence=(),
            question=None,
        )

    def _is_due(self, frame: Frame, request: ExplainRequest) -> bool:
        """Return True if this frame gets a map of its own: in its turn, or if the last map had other settings or size."""
        mapped = self._mapped
        if mapped is None or self._age + 1 >= request.every or self._mapped_as is None:
            return True
        alike = replace(request, conf=self._mapped_as.conf).explains_like(self._mapped_as)
        return not alike or mapped.frame.size_wh != frame.size_wh
