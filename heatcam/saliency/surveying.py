"""One pass of a picture for a survey of a data set: its explanation, weak boxes as of ``val``, and questions about places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from heatcam.engine import Forward, KeptBoxes, TapGradients
from heatcam.errors import MapError
from heatcam.frames import Candidates, Explanation, Frame, Int64Array, SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.probing import METHOD, candidates_of, signed_map

#: Confidence and overlap from which ultralytics' ``val`` takes boxes, and the number of them at most.
VAL_CONF, VAL_IOU, VAL_MAX_DET = 0.001, 0.7, 300


class EmbedsObjects(Protocol):
    """An explainer that also tells of each object what it saw there: ``saliency.ObjectEmbedder``."""

    def explain(self, frame: Frame, *, conf: float | None = None) -> tuple[Explanation, Float32Array]:
        """Return the explanation with a map for each object, and float32 ``(N, C)``, zeros for an object without a map."""


@dataclass(frozen=True, eq=False)
class WeakBoxes:
    """Boxes down to a confidence of 0.001, strongest first, as ultralytics' ``val`` counts them; an anchor may give several.

    Attributes:
        boxes_xyxy: float32 ``(K, 4)`` in image pixels, not clipped.
        confidences: float32 ``(K,)`` in ``[0, 1]``.
        class_ids: int64 ``(K,)``.
    """

    boxes_xyxy: Float32Array
    confidences: Float32Array
    class_ids: Int64Array


class Surveyed:
    """One picture's pass. Places of it can be asked about until the next picture: it is a ``probing.AsksPlaces``.

    Args:
        explainer: the model.
        explanation: the kept boxes, each with a map of its own.
        embedding: float32 ``(N, C)``; ``C`` is 0 where none was asked for.
        signed: a map with both signs for each box, in logits per cell; () where the explanation has no maps.
        weak: boxes for the mean average precision.
        forward: the pass.
        letterbox: the picture's geometry.
    """

    def __init__(
        self,
        explainer: Explainer,
        explanation: Explanation,
        embedding: Float32Array,
        signed: tuple[SaliencyMap, ...],
        weak: WeakBoxes,
        forward: Forward,
        letterbox: Letterbox,
    ) -> None:
        self.explanation, self.embedding, self.signed, self.weak = explanation, embedding, signed, weak
        self._explainer, self._forward, self._letterbox = explainer, forward, letterbox

    def candidates(self, image: Uint8Array, near_xyxy: Float32Array | None = None) -> Candidates:  # noqa: ARG002 (AsksPlaces)
        """Return every box of the pass: see ``Prober.candidates``."""
        found = self.explanation.detections
        with self._explainer.engine.exclusive_threads():
            return candidates_of(self._explainer, self._forward, found, self._letterbox, near_xyxy)

    def evidence_at(
        self,
        image: Uint8Array,  # noqa: ARG002 (AsksPlaces)
        anchors: Sequence[int],
        class_ids: Sequence[int],
    ) -> tuple[tuple[SaliencyMap, ...], tuple[bool, ...]]:
        """Map what speaks for and against a class at some anchors of the pass: see ``Prober.evidence_at``.

        Raises:
            MapError: one of them has no evidence at the tapped layers.
        """
        if not anchors:
            return (), ()
        signed = self._explainer.with_formula(METHOD, signed_map)
        signed.observers = ()
        with signed.engine.exclusive_threads():
            forward = signed.engine.at(self._forward, anchors, class_ids)
            maps = signed.own_maps(forward, self._letterbox)
            return maps, signed.low_evidence_of(forward)


class Surveyor:
    """Surveys picture after picture with one model, each in one pass. Called from one thread, in turn with the explainer.

    Args:
        explainer: the model; its thresholds decide what is kept.
        embedder: makes what explains from an explainer; None embeds nothing.
    """

    def __init__(
        self, explainer: Explainer, embedder: Callable[[Explainer], EmbedsObjects] | None = None
    ) -> None:
        self._letterbox: Letterbox | None = None
        self._read = _PassReader(explainer)
        self.explainer = explainer.with_fit(
            lambda size_wh: self._letterbox or explainer.letterbox_of(size_wh)
        )
        self.explainer.observers = (*explainer.observers, self._read)
        self._embeds = (embedder or _WithoutEmbedding)(self.explainer)

    def survey(self, frame: Frame, letterbox: Letterbox | None = None) -> Surveyed:
        """Explain a picture.

        Args:
            frame: the picture.
            letterbox: its geometry to the network's input; None takes the explainer's own.

        Raises:
            UsageError: the model finds no boxes.
        """
        self._letterbox = letterbox
        self._read.forget()
        explanation, embedding = self._embeds.explain(frame)
        read = self._read
        assert read.forward is not None and read.letterbox is not None and read.weak is not None
        signed = read.signed_maps() if explanation.object_maps else ()
        return Surveyed(
            self.explainer, explanation, embedding, signed, read.weak, read.forward, read.letterbox
        )


class _WithoutEmbedding:
    """Explains without embeddings."""

    def __init__(self, explainer: Explainer) -> None:
        self._explainer = explainer

    def explain(self, frame: Frame, *, conf: float | None = None) -> tuple[Explanation, Float32Array]:
        """See ``EmbedsObjects``."""
        explanation = self._explainer.explain(frame, with_object_maps=True, conf=conf)
        return explanation, np.zeros((len(explanation.detections), 0), np.float32)


class _PassReader:
    """Reads weak boxes and signed maps of a pass: a ``PassObserver``."""

    def __init__(self, explainer: Explainer) -> None:
        self._explainer = explainer
        self.forget()

    def forget(self) -> None:
        """Let go of the last picture."""
        self.forward: Forward | None = None
        self.letterbox: Letterbox | None = None
        self.weak: WeakBoxes | None = None
        self._signed: dict[int, SaliencyMap] = {}

    def passed(self, forward: Forward, letterbox: Letterbox) -> None:
        """See ``PassObserver``."""
        thresholds = replace(self._explainer.thresholds, conf=VAL_CONF, iou=VAL_IOU, max_det=VAL_MAX_DET)
        self.forward, self.letterbox = forward, letterbox
        self.weak = _in_image(self._explainer.engine.boxes_above(forward, thresholds), letterbox)

    def differentiated(self, forward: Forward, number: int, gradients: TapGradients) -> None:
        """See ``PassObserver``."""
        assert self.letterbox is not None
        activations = [tap.detach()[0] for tap in forward.inputs.taps]
        values = signed_map(activations, gradients).detach().float().cpu().numpy()
        if not np.isfinite(values).all():
            raise MapError(f"{METHOD} gave numbers that are not finite")
        engine = self._explainer.engine
        self._signed[number] = SaliencyMap(values, self.letterbox, METHOD, engine.target_layer, engine.unit)

    def signed_maps(self) -> tuple[SaliencyMap, ...]:
        """Return the maps in the order of the boxes."""
        return tuple(self._signed[number] for number in sorted(self._signed))


def _in_image(kept: KeptBoxes, letterbox: Letterbox) -> WeakBoxes:
    corners = kept.xyxy.float().cpu().numpy().reshape(-1, 2, 2)
    return WeakBoxes(
        letterbox.points_to_image(corners).reshape(-1, 4),
        kept.confidences.float().cpu().numpy(),
        kept.class_ids.cpu().numpy(),
    )
