"""Explainer of an exported file: from a frame to detections and maps, without torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from heatcam.errors import ChannelsError
from heatcam.exported.facts import BOXES, COHERENCE, MAPS, ExportedFacts, facts_from
from heatcam.exported.refusals import require_honoured
from heatcam.exported.runtimes import ExportedNetwork, Outputs, open_network
from heatcam.frames import (
    Detections,
    ExplainerFacts,
    Explanation,
    Frame,
    SaliencyMap,
    Timings,
    place_of_anchor,
)
from heatcam.geometry import PAD_GREY, Float32Array, Letterbox, Uint8Array
from heatcam.options import ExplainOptions, class_ids_of
from heatcam.perturbation import Predicted
from heatcam.samples import Samples

_NEVER = 2.0  # a confidence that nothing passes
_LEAST_CONF = 0.01  # of predictions in covered pictures


@dataclass(frozen=True)
class Scale:
    """The fixed scale of a file's maps; see ``saliency.Calibration``."""

    full_heat: float | None


@dataclass(frozen=True)
class FileEngine:
    """Name of the program that runs a file, for people."""

    name: str
    device: str = "cpu"


class FileExplainer:
    """One exported file, ready to explain frame after frame. Called from one thread.

    Args:
        network: the file, loaded.
        facts: what it tells of itself.
        conf: keep boxes above this confidence.
        class_ids: keep only these classes; None keeps all.
    """

    calibrating_s = 0.0
    target = "class"

    def __init__(
        self,
        network: ExportedNetwork,
        facts: ExportedFacts,
        conf: float,
        class_ids: tuple[int, ...] | None = None,
    ) -> None:
        self._network, self._facts, self._conf, self._class_ids = network, facts, conf, class_ids
        self.title, self.method = facts.title, facts.method or "none"
        self.class_names, self.imgsz = facts.names, max(facts.model_wh)
        self.engine = FileEngine(network.name)
        self.calibration = Scale(facts.full_heat)

    def facts(self) -> ExplainerFacts:
        """Return what a report says of this explainer."""
        own = self._facts
        backend, _, precision = self.engine.name.partition(" ")
        return ExplainerFacts(
            model=own.title,
            sha256=own.sha256,
            task=own.task,
            method=self.method,
            layers=own.layers,
            target=self.target,
            why="",
            unit=own.unit,
            device=self.engine.device,
            backend=backend,
            precision=precision,
            imgsz=self.imgsz,
            conf=self._conf,
            iou=own.iou,
            max_det=own.objects,
            channels=own.channels,
        )

    def letterbox_of(self, image_wh: tuple[int, int]) -> Letterbox:
        """Return the geometry from a picture of this width and height in pixels to the file's input."""
        return Letterbox.within(image_wh, self._facts.model_wh, smooth=self._facts.smooth)

    def explain(
        self,
        image: Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = False,
        conf: float | None = None,
        on_object: Callable[[int, int], None] | None = None,
    ) -> Explanation:
        """Detect the objects of one picture and map the evidence for them: see ``Explainer.explain``.

        The file makes all maps at once, so that those that are not asked for cost the same.
        """
        started = time.perf_counter()
        letterbox = self.letterbox_of(image.size_wh)
        pixels = network_input(image.pixels, letterbox, self._facts.channels)
        prepared = time.perf_counter()
        outputs = self._network.run(pixels, self._thresholds(self._conf if conf is None else conf))
        kept = outputs[BOXES[2]] >= 0
        timings = Timings(1e3 * (prepared - started), 1e3 * (time.perf_counter() - prepared))
        found = self._detections(outputs, kept, letterbox)
        explanation = Explanation(image, found, timings=timings, model=self.title)
        if not with_map:
            return explanation
        if not self._facts.method:
            return replace(explanation, map_error=f"{self.title} was exported without heat")
        own = tuple(self._map(values, letterbox) for values in outputs[MAPS[0]][kept])
        if on_object is not None and own:
            on_object(len(own), len(own))
        return replace(
            explanation,
            saliency=self._map(outputs[MAPS[1]], letterbox),
            object_maps=own if with_object_maps else (),
            low_evidence=self._low_evidence(outputs, kept),
        )

    def predict(self, pictures: Uint8Array) -> Sequence[Predicted]:
        """Predict in letterboxed pictures, uint8 ``(B, h, w, 3)`` BGR: see ``heatcam.perturbation.Predict``.

        The file tells its strongest objects alone, and one class of each.
        """
        return [self._predicted(picture) for picture in pictures]

    def _predicted(self, picture: Uint8Array) -> Predicted:
        letterbox = Letterbox.within((picture.shape[1], picture.shape[0]), self._facts.model_wh)
        classes = max(self.class_names) + 1
        everything = np.full(classes, _LEAST_CONF, np.float32)
        outputs = self._network.run(network_input(picture, letterbox, self._facts.channels), everything)
        kept = outputs[BOXES[2]] >= 0
        boxes, confidences, class_ids, _ = (outputs[name][kept] for name in BOXES)
        scores = np.zeros((len(class_ids), classes), np.float32)
        scores[np.arange(len(class_ids)), class_ids.astype(np.int64)] = confidences
        return Predicted(np.asarray(boxes, np.float32), scores)

    def warm_up(self, image: Uint8Array) -> None:
        """Run once."""
        self.explain(Frame(image, 0, 0.0, 0.0))

    def _thresholds(self, conf: float) -> Float32Array:
        """Return the file's second input: a confidence for each class, float32 ``(classes,)``."""
        wanted = self._class_ids
        values = np.full(max(self.class_names) + 1, conf if wanted is None else _NEVER, np.float32)
        if wanted is not None:
            values[list(wanted)] = conf
        return values

    def _detections(self, outputs: Outputs, kept: np.ndarray, letterbox: Letterbox) -> Detections:
        """Return the boxes in image pixels."""
        boxes, scores, class_ids, anchors = (outputs[name][kept] for name in BOXES)
        own = self._facts
        levels = [place_of_anchor(own.model_wh, own.strides, int(anchor))[0] for anchor in anchors]
        return Detections(
            boxes_xyxy=letterbox.boxes_to_image(boxes),
            confidences=scores.astype(np.float32),
            class_ids=class_ids.astype(np.int64),
            anchors=anchors.astype(np.int64),
            class_names=tuple(own.names.get(int(i), str(i)) for i in class_ids),
            levels=np.array(levels, np.int64),
        )

    def _map(self, values: Float32Array, letterbox: Letterbox) -> SaliencyMap:
        own = self._facts
        return SaliencyMap(
            np.asarray(values, np.float32),
            letterbox,
            own.method,
            "+".join(own.layers),
            own.unit,
            own.full_heat,
        )

    def _low_evidence(self, outputs: Outputs, kept: np.ndarray) -> tuple[bool, ...]:
        """Tell for each box whether its evidence is low; empty where not known."""
        floor = self._facts.low_evidence
        if floor is None or COHERENCE not in outputs:
            return ()
        return tuple(bool(value <= floor) for value in outputs[COHERENCE][kept])


def network_input(image: Uint8Array | Samples, letterbox: Letterbox, channels: int) -> Float32Array:
    """Return a picture as a file's input: float32 ``(1, channels, H, W)`` in ``[0, 1]``, RGB or grey, letterboxed.

    Args:
        image: uint8 ``(H, W, 3)`` BGR, or samples; not changed.
        letterbox: the geometry from it to the input.
        channels: 3 for RGB, 1 for grey.

    Raises:
        ChannelsError: the samples are of another number of channels.
    """
    if isinstance(image, Samples):
        read = image.as_read_by(channels)
        if read is None:
            raise ChannelsError(image.channels, channels)
        boxed = letterbox.image_to_model(read, PAD_GREY * image.full_scale / 255)
        scaled = np.nan_to_num(boxed.astype(np.float32) / np.float32(image.full_scale)).clip(0, 1)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])
    image_bgr = image
    if channels == 1:  # (grey before it is resized, as the engine does it)
        grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
        boxed = letterbox.image_to_model(np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8))[
            ..., :1
        ]
    else:
        boxed = letterbox.image_to_model(image_bgr)[..., ::-1]  # BGR to RGB
    pixels = np.ascontiguousarray(boxed.transpose(2, 0, 1)[None], np.float32)
    return np.asarray(pixels / 255, np.float32)


def open_exported(path: Path, options: ExplainOptions, device: str | None = None) -> FileExplainer:
    """Load a file of ``heatcam export`` to explain frames.

    Args:
        path: the ``.onnx`` or ``.xml`` file.
        options: which boxes are kept; what the file cannot honour is refused.
        device: as the user named it; None for the CPU.

    Raises:
        ModelError: the file cannot be read, or is none of ``heatcam export``.
        UsageError: an option cannot be honoured; the message names it.
    """
    options.require_valid()
    network = open_network(path, options.backend)
    facts = facts_from(network.texts, path.name)
    require_honoured(facts, path.name, options, device)
    return FileExplainer(network, facts, options.conf, class_ids_of(options.classes, facts.names))
