"""The explainer: from a frame to detections and maps of the evidence for them, in one forward pass."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from heatcam.engine import Engine, Forward, TapGradients, Thresholds, in_words
from heatcam.errors import HeatcamError, MapError, UsageError, first_line
from heatcam.frames import (
    AnchorGrid,
    Detections,
    ExplainerFacts,
    Explanation,
    Frame,
    Question,
    SaliencyMap,
    Timings,
)
from heatcam.geometry import Fit, Float32Array, Letterbox, Uint8Array
from heatcam.saliency.methods import METHODS, MapFormula
from heatcam.saliency.observing import PassObserver
from heatcam.saliency.prepared import PreparedInput, frame_of_array, stand_in_samples
from heatcam.saliency.shapes import with_shapes
from heatcam.samples import Samples

if TYPE_CHECKING:
    from heatcam.models import ClassVectors

logger = logging.getLogger(__name__)

OnObject = Callable[[int, int], None]  # number of maps done, number of objects


@dataclass(frozen=True)
class Calibration:
    """Calibration of one model's evidence (``heatcam.saliency.calibration``).

    Attributes:
        floor: coherence up to which an object's evidence is low: the 95th percentile of the same network with a shuffled head;
            infinite when the maps are the same with a shuffled head, None where it is not known.
        full_heat: the evidence of one cell that is full heat at the fixed scale, in the map's unit; None where not known.
    """

    floor: float | None = None
    full_heat: float | None = None


class Explainer:
    """One model, ready to explain frame after frame: ``heatcam.load(...).explainer``. Called from one thread.

    Args:
        engine: the network on its device.
        class_names: name of each class id.
        imgsz: longer side of the network's input, in pixels.
        thresholds: those that boxes must pass to be kept.
        method: the CAM method's name.
        formula: the CAM method itself.
        title: the model's name for people.
        fit: makes the geometry from a picture's width and height to the network's input; None is YOLO's tight letterbox.

    >>> import heatcam
    >>> explainer = heatcam.load("markers", conf=0.5).explainer
    >>> with heatcam.open_source("demo") as source:
    ...     frame = next(iter(source))
    >>> explanation = explainer.explain(frame, with_object_maps=True)
    >>> len(explanation.object_maps) == len(explanation.detections) > 0
    True
    >>> len(explainer.explain(frame, conf=0.999).detections)
    0
    """

    def __init__(
        self,
        engine: Engine,
        class_names: dict[int, str],
        imgsz: int,
        thresholds: Thresholds,
        method: str,
        formula: MapFormula,
        title: str = "",
        fit: Fit | None = None,
    ) -> None:
        self.engine = engine
        self.class_names = class_names
        self.imgsz = imgsz
        self.thresholds = thresholds
        self.method = method
        self.title = title
        #: The target, as ``--target`` names it, for words alone: the engine has it already.
        self.target = "class"
        #: SHA-256 of the model's file and ultralytics' name of its task, for reports.
        self.sha256 = self.task = ""
        #: The classes that the model was prompted with; None for those that it has.
        self.class_vectors: ClassVectors | None = None
        #: Formula of ``SaliencyMap.relevance``; None for none.
        self.relevance: MapFormula | None = None
        self.calibration = Calibration()
        #: Seconds that calibration took at this start; 0 when it was remembered.
        self.calibrating_s = 0.0
        #: The last picture's input; explainers of pictures of one size can share it, see ``share_inputs``.
        self.inputs = PreparedInput()
        #: Readers of every pass.
        self.observers: tuple[PassObserver, ...] = ()
        self._formula = formula
        self._fit = fit or (lambda size_wh: Letterbox.fit(size_wh, imgsz, engine.stride))

    def with_thresholds(self, thresholds: Thresholds) -> Explainer:
        """Return an explainer that keeps other boxes and shares all else, so that both are called in turn."""
        if thresholds == self.thresholds:
            return self
        other = copy.copy(self)
        other.thresholds = thresholds
        return other

    def with_formula(self, method: str, formula: MapFormula) -> Explainer:
        """Return an explainer that makes its maps by another formula and shares all else, so that both are called in turn."""
        other = copy.copy(self)
        other.method, other._formula, other.relevance = method, formula, None
        return other

    def with_fit(self, fit: Fit) -> Explainer:
        """Return an explainer that fits pictures to the network's input otherwise and shares all else: call both in turn."""
        other = copy.copy(self)
        other._fit = fit
        return other

    def facts(self) -> ExplainerFacts:
        """Return what a report says of this explainer."""
        backend, _, precision = self.engine.name.partition(" ")
        asked = self.engine.explained_class
        kept = self.thresholds
        return ExplainerFacts(
            model=self.title,
            sha256=self.sha256,
            task=self.task,
            method=self.method,
            layers=tuple(self.engine.target_layer.split("+")),
            target=self.target,
            why="" if asked is None else self.class_names.get(asked, str(asked)),
            unit=self.unit,
            device=str(self.engine.device),
            backend=backend,
            precision=precision or "fp32",
            imgsz=self.imgsz,
            conf=kept.conf,
            iou=kept.iou,
            max_det=kept.max_det,
            channels=self.engine.channels,
        )

    def prepare(self, image: Uint8Array | Samples) -> tuple[Letterbox, Tensor]:
        """Return geometry and network input, ``(1, channels, h, w)`` on the device, of uint8 ``(H, W, 3)`` BGR or of samples.

        Raises:
            ChannelsError: the picture has another number of channels than the network reads.
        """
        size_wh = image.size_wh if isinstance(image, Samples) else (image.shape[1], image.shape[0])
        letterbox = self.letterbox_of(size_wh)
        return letterbox, self.inputs.of(image, letterbox, self.engine.device, self.engine.channels)

    def letterbox_of(self, image_wh: tuple[int, int]) -> Letterbox:
        """Return the geometry from a picture of this width and height in pixels to the network's input."""
        return self._fit(image_wh)

    def anchor_grid(self, image_wh: tuple[int, int]) -> AnchorGrid | None:
        """Return the anchors over a picture of this width and height in pixels; None for a network without anchors."""
        engine = self.engine.anchored()
        return None if engine is None else AnchorGrid(self._fit(image_wh), tuple(engine.cut.strides))

    def explain(
        self,
        image: Uint8Array | Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = False,
        conf: float | None = None,
        on_object: OnObject | None = None,
    ) -> Explanation:
        """Detect the objects of one picture and map the evidence for them.

        When the map fails, the detections are still returned, with the reason in ``map_error``.

        Args:
            image: a frame, or a picture as uint8 ``(H, W, 3)`` BGR; not changed.
            with_map: make the map of all kept boxes together.
            with_object_maps: also make one map for each kept box.
            conf: keep boxes above this confidence; None takes the explainer's own.
            on_object: called with ``(done, total)`` after each of these maps, in this thread; never without boxes.

        Returns:
            Boxes and maps in the picture's own pixels; maps are signed, in logit units.

        Raises:
            ValueError: the picture is not uint8 ``(H, W, 3)``.
            ChannelsError: it has another number of channels than the network reads.
        """
        frame = image if isinstance(image, Frame) else frame_of_array(image)
        with self.engine.exclusive_threads():
            return self._explain(frame, with_map, with_object_maps, conf, on_object)

    def _explain(
        self,
        frame: Frame,
        with_map: bool,
        with_object_maps: bool,
        conf: float | None,
        on_object: OnObject | None,
    ) -> Explanation:
        started = time.perf_counter()
        letterbox, picture = self.prepare(frame.pixels)
        prepared = time.perf_counter()
        thresholds = self.thresholds if conf is None else replace(self.thresholds, conf=conf)
        forward = self.engine.forward(picture, thresholds, with_graph=with_map)
        detections = self.detections_of(forward, letterbox)
        for observer in self.observers:
            observer.passed(forward, letterbox)
        forwarded = time.perf_counter()
        saliency, object_maps, map_error = self._maps(
            forward, letterbox, with_map, with_object_maps, on_object
        )
        low_evidence = self.low_evidence_of(forward) if saliency is not None else ()
        timings = Timings(
            *(1e3 * t for t in (prepared - started, forwarded - prepared, time.perf_counter() - forwarded))
        )
        return Explanation(
            frame,
            detections,
            saliency,
            object_maps,
            map_error,
            timings,
            low_evidence,
            self._question(forward),
            self.title,
        )

    def _question(self, forward: Forward) -> Question | None:
        """Return the question that the maps answer; None where it is the usual one, the evidence for each object's own class."""
        asked = self.engine.explained_class
        about = in_words(self.target)
        if asked is None:
            return Question(about) if about else None
        name = self.class_names.get(asked, str(asked))
        scores = None if forward.asked_scores is None else forward.asked_scores.cpu().numpy()
        return Question(about or name, name, scores)

    def warm_up(self, image: Uint8Array) -> None:
        """Run once on a real picture, so that the first frame and the first toggle of the map are as fast as later ones."""
        self.explain(replace(frame_of_array(image), samples=stand_in_samples(image, self.engine.channels)))

    def maps_at(
        self, image: Uint8Array | Samples, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[SaliencyMap, ...]:
        """Map the evidence at given anchors for given classes, whether they are detected or not.

        Use it to ask the same of a changed picture, or of a changed network.

        Args:
            image: uint8 ``(H, W, 3)`` BGR, or samples; not changed.
            anchors: indices of the head's anchor points, as ``Detections.anchors`` has them.
            class_ids: the class that is explained at each anchor.

        Raises:
            UsageError: the network has no anchors.
            MapError: one of them has no evidence at the tapped layers, or the method failed.
        """
        engine = self.engine.anchored()
        if engine is None:
            raise UsageError(f"{self.title} has no anchors", "give a YOLO detect model")
        if not anchors:
            return ()
        with self.engine.exclusive_threads():
            letterbox, picture = self.prepare(image)
            return self._map_of_each(engine.forward_at(picture, anchors, class_ids), letterbox)[1]

    def own_maps(self, forward: Forward, letterbox: Letterbox) -> tuple[SaliencyMap, ...]:
        """Return one map for each box of a pass ``with_graph``. Call it within ``engine.exclusive_threads()``.

        Raises:
            MapError: an object's level does not read the tapped layers, or the method failed.
        """
        engine = self.engine.anchored()
        each = engine.gradients_together(forward) if engine else self.engine.object_gradients(forward)
        maps = {number: self._map(forward, gradients, letterbox) for number, gradients in each}
        return tuple(maps[n] for n in sorted(maps))

    def may_run_beside(self, other: Explainer) -> bool:
        """Return True if another explainer may explain in another thread meanwhile; the two must not share inputs then.

        It may if its engine is another, this one's runs on the CPU (a GPU does one pass after the other anyway), and this one's
        backend does not limit the threads of all.
        """
        engine = self.engine
        return engine is not other.engine and engine.device.type == "cpu" and not engine.limits_threads

    @property
    def formula(self) -> MapFormula:
        """The CAM method itself; ``with_formula`` takes another."""
        return self._formula

    @property
    def unit(self) -> str:
        """Unit of the maps' values; ``a.u.`` for methods that keep none."""
        if not METHODS[self.method].keeps_unit:
            return "a.u."
        return self.engine.unit

    def low_evidence_of(self, forward: Forward) -> tuple[bool, ...]:
        """Tell for each box whether its evidence is low; empty where not known. Call it after the gradient of the same pass."""
        floor = self.calibration.floor
        if floor is None:
            return ()
        coherence = self.engine.coherence(forward)
        return () if coherence is None else tuple(bool(c <= floor) for c in coherence.tolist())

    def _maps(
        self,
        forward: Forward,
        letterbox: Letterbox,
        with_map: bool,
        with_object_maps: bool,
        on_object: OnObject | None,
    ) -> tuple[SaliencyMap | None, tuple[SaliencyMap, ...], str]:
        """Return the summed map, the objects' maps, and the reason where they are missing."""
        if not with_map:
            return None, (), ""
        try:
            if with_object_maps and len(forward.boxes):
                return *self._map_of_each(forward, letterbox, on_object), ""
            return self._map(forward, self.engine.summed_gradient(forward), letterbox), (), ""
        except (HeatcamError, RuntimeError, ValueError, ArithmeticError) as error:
            logger.debug("the map failed", exc_info=True)
            return None, (), first_line(error)

    def _map_of_each(
        self, forward: Forward, letterbox: Letterbox, on_object: OnObject | None = None
    ) -> tuple[SaliencyMap, tuple[SaliencyMap, ...]]:
        """Return the summed map and each object's own. The sum's gradient is the sum of theirs: it needs no further pass."""
        together: TapGradients | None = None
        maps: dict[int, SaliencyMap] = {}
        for number, gradients in self.engine.object_gradients(forward):
            maps[number] = self._map(forward, gradients, letterbox)
            for observer in self.observers:
                observer.differentiated(forward, number, gradients)
            together = gradients if together is None else tuple(map(torch.add, together, gradients))
            if on_object is not None:
                on_object(len(maps), len(forward.boxes))
        assert together is not None  # there is at least one box
        return self._map(forward, together, letterbox), tuple(maps[n] for n in sorted(maps))

    def _map(self, forward: Forward, gradients: TapGradients, letterbox: Letterbox) -> SaliencyMap:
        """Make one map from the gradients at the taps; without detections it is all zeros, whatever the method.

        Raises:
            MapError: the method gave numbers that are not finite.
        """
        activations = [tap.detach()[0] for tap in forward.inputs.taps]  # each (C, h, w)
        found = len(forward.boxes) > 0
        values = self._values(activations, gradients) if found else torch.zeros(activations[0].shape[1:])
        also = self._array(self.relevance(activations, gradients)) if found and self.relevance else None
        about = self.method, self.engine.target_layer, self.unit, self.calibration.full_heat
        return SaliencyMap(self._array(values), letterbox, *about, relevance=also)

    def _array(self, values: Tensor) -> Float32Array:
        """Return a map as an array, float32 ``(h, w)``.

        Raises:
            MapError: the method gave numbers that are not finite.
        """
        array: Float32Array = values.detach().float().cpu().numpy()
        if not np.isfinite(array).all():
            raise MapError(f"{self.method} gave numbers that are not finite")
        return array

    def _values(self, activations: Sequence[Tensor], gradients: TapGradients) -> Tensor:
        """Make one map, float ``(h, w)``, from activations and gradients at the taps, each float ``(C_l, h_l, w_l)``."""
        return self._formula(activations, gradients)

    def detections_of(self, forward: Forward, letterbox: Letterbox) -> Detections:
        """Convert the kept boxes, and what the head tells of their shapes, to image pixels and NumPy."""
        boxes = forward.boxes
        class_ids = boxes.class_ids.cpu().numpy()
        found = Detections(
            boxes_xyxy=letterbox.boxes_to_image(boxes.xyxy.float().cpu().numpy()),
            confidences=boxes.confidences.float().cpu().numpy(),
            class_ids=class_ids,
            anchors=boxes.anchors.cpu().numpy(),
            class_names=tuple(self.class_names.get(int(i), str(i)) for i in class_ids),
            levels=forward.inputs.levels_of(boxes.anchors).cpu().numpy(),
        )
        return with_shapes(found, self.engine.shapes(forward), letterbox)
