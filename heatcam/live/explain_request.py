"""Messages between the window and inference: the choices that change the explanation itself, and the loaded model's facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from heatcam.enums import ComparedView
from heatcam.live.questions import NOTHING_ASKED, Questions
from heatcam.live.window_prompt import OWN_CLASSES, WindowPrompt

NO_PROMPTS = "this model takes no prompts"


@dataclass(frozen=True)
class ExplainRequest:
    """Settings for explaining the next frames.

    Attributes:
        with_map: make the map of all kept boxes.
        with_object_maps: also make each box's own map.
        conf: keep boxes above this confidence, in ``[0, 1]``.
        method: the CAM method's name.
        layers: a value of ``--layers``; "" for the method's own.
        still: True for a paused frame: it gets the fine maps, and tracks do not advance.
        every: make a map every this many frames, and propagate it to the frames between.
        iou: boxes of a class that overlap more than this are one object, in ``[0, 1]``.
        classes: names or numbers of the classes to keep; empty keeps all.
        compared: the models to ask: ``A``, ``B`` or ``BOTH``.
        questions: asked about each frame beside its explanation.
        with_evidence: also map what speaks for and against the class at the place that is asked about.
        prompt: what the models are to find; None for what they were loaded with.
    """

    with_map: bool = True
    with_object_maps: bool = False
    conf: float = 0.25
    method: str = "live"
    layers: str = ""
    still: bool = False
    every: int = 1
    iou: float = 0.7
    classes: tuple[str, ...] = ()
    compared: ComparedView = ComparedView.A
    questions: Questions = NOTHING_ASKED
    with_evidence: bool = False
    prompt: WindowPrompt | None = None

    @property
    def kept(self) -> tuple[float, float, tuple[str, ...], WindowPrompt | None]:
        """Choices that decide which boxes are found and kept."""
        return self.conf, self.iou, self.classes, self.prompt

    def explains_like(self, other: ExplainRequest) -> bool:
        """Return True if a frame's explanation is the same for both: they may ask other questions about it."""
        return replace(self, questions=other.questions, with_evidence=other.with_evidence) == other

    def explained_as(self, other: ExplainRequest) -> ExplainRequest:
        """Return this request with what another one chooses its explainer by."""
        return replace(
            self,
            method=other.method,
            layers=other.layers,
            iou=other.iou,
            classes=other.classes,
            compared=other.compared,
            prompt=other.prompt,
        )


@dataclass(frozen=True)
class Side:
    """One of two models, for people.

    Attributes:
        name: its name, which its explanations have as ``model``; the other one's is another.
        backend: backend and device that run it.
    """

    name: str
    backend: str


@dataclass(frozen=True)
class Ready:
    """Facts about a model once it is loaded.

    Attributes:
        title: the model's display name.
        backend: backend and device that run it.
        methods: names of the CAM methods.
        layer_sets: values of ``--layers``, "" first.
        about: facts about it for a snapshot's settings file.
        sides: A and B where there is a second model; else empty.
        prompt: what it was loaded to find.
        no_words: why it takes no words as a prompt, in one line; "" if it does.
        no_places: why it takes no places in a picture as one; "" if it does.
    """

    title: str
    backend: str
    methods: Sequence[str]
    layer_sets: Sequence[str]
    about: dict[str, Any]
    sides: tuple[Side, ...] = ()
    prompt: WindowPrompt = OWN_CLASSES
    no_words: str = NO_PROMPTS
    no_places: str = NO_PROMPTS
