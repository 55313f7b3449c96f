"""Explaining with the weights of a training as they are now: on a copy of its averaged (EMA) network."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from heatcam.engine import replace_weights
from heatcam.frames import Explanation, Frame
from heatcam.models import load_from_memory, ready_copy, require_explainable
from heatcam.options import ExplainOptions
from heatcam.saliency import Explainer, explainer_of


class EmaExplainer:
    """Explains pictures with a training's averaged weights.

    The explainer is built once, its gradients proved; later weights are copied into it. Nothing of the trainer is changed.

    Args:
        options: which boxes are kept and how their evidence is mapped; ``imgsz`` None takes the training's.
        size_wh: width and height of most pictures, in pixels.
    """

    def __init__(self, options: ExplainOptions, size_wh: tuple[int, int]) -> None:
        self._options, self._size_wh = options, size_wh
        self._explainer: Explainer | None = None

    def take(self, trainer: Any) -> None:
        """Take the weights that an ultralytics trainer's EMA has now.

        Raises:
            ModelError: the network cannot be explained, or its weights are no numbers.
        """
        network = _network_of(trainer)
        engine = None if self._explainer is None else self._explainer.engine.anchored()
        if engine is None:
            self._explainer = None
            self._explainer = self._built(trainer, network)
        else:
            replace_weights(engine, ready_copy(network).state_dict())

    def forget(self) -> None:
        """Let go of the network, after a fault: the next weights are taken into a new one."""
        self._explainer = None

    def explain(self, frame: Frame) -> Explanation:
        """Explain one picture, with a map for each object."""
        assert self._explainer is not None  # (weights were taken)
        return self._explainer.explain(frame, with_object_maps=True)

    def _built(self, trainer: Any, network: Any) -> Explainer:
        title = PurePath(str(trainer.args.model)).stem
        loaded = load_from_memory(network, title, int(trainer.args.imgsz))
        require_explainable(loaded, title)
        return explainer_of(loaded, trainer.device, self._options, self._size_wh)


def _network_of(trainer: Any) -> Any:
    """Return the averaged network; of a distillation the student."""
    network = trainer.ema.ema
    return getattr(network, "student_model", network)
