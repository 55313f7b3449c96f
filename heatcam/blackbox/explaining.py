"""Explainer of a black box: its boxes, and the reason why there is no map of gradients."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.blackbox.box import Predicts
from heatcam.blackbox.suppression import KeepRule, keep
from heatcam.errors import ChannelsError
from heatcam.frames import Detections, ExplainerFacts, Explanation, Frame, Timings
from heatcam.geometry import Letterbox, Uint8Array
from heatcam.perturbation import Predicted

NO_GRADIENTS = "a black box has no gradients; heatcam snapshot maps pictures by masks"


@dataclass(frozen=True)
class BoxEngine:
    """Name of the program that runs a black box, for people."""

    name: str
    device: str = "cpu"


@dataclass(frozen=True)
class NoScale:
    """The fixed scale of its maps, which is not known; see ``saliency.Calibration``."""

    full_heat: float | None = None


class BlackBoxExplainer:
    """One black box, ready to find boxes in frame after frame. Called from one thread.

    Args:
        predicts: the model.
        rule: which boxes are kept.
        sha256: of its file, in hexadecimal; "" for a service.
    """

    calibrating_s = 0.0
    target = "class"
    method = "none"

    def __init__(self, predicts: Predicts, rule: KeepRule, sha256: str = "") -> None:
        self.predicts, self._rule, self._sha256 = predicts, rule, sha256
        self.title, self.class_names = predicts.title, predicts.names
        self.imgsz = max(predicts.fit((1, 1)).model_wh)
        self.has_metadata, self.layout = predicts.has_metadata, predicts.layout
        self.engine = BoxEngine(predicts.name)
        self.calibration = NoScale()

    def facts(self) -> ExplainerFacts:
        """Return what a report says of this explainer."""
        backend, _, precision = self.engine.name.partition(" ")
        return ExplainerFacts(
            model=self.title,
            sha256=self._sha256,
            task="detect",
            method=self.method,
            layers=(),
            target=self.target,
            why="",
            unit="",
            device=self.engine.device,
            backend=backend,
            precision=precision or "unknown",
            imgsz=self.imgsz,
            conf=self._rule.conf,
            iou=self._rule.iou,
            max_det=self._rule.max_det,
        )

    def letterbox_of(self, image_wh: tuple[int, int]) -> Letterbox:
        """Return the geometry from a picture of this width and height in pixels to the model's input."""
        return self.predicts.fit(image_wh)

    def explain(
        self,
        image: Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = False,  # noqa: ARG002 (there are none)
        conf: float | None = None,
        on_object: Callable[[int, int], None] | None = None,  # noqa: ARG002
    ) -> Explanation:
        """Detect the objects of one picture: see ``Explainer.explain``. ``map_error`` says why there is no map."""
        started = time.perf_counter()
        letterbox = self.letterbox_of(image.size_wh)
        pixels = image.image_bgr if image.samples is None else image.samples.in_8_bit()
        if pixels is None:
            raise ChannelsError(image.samples.channels if image.samples else 3, 3, image.name)
        boxed = letterbox.image_to_model(pixels)
        prepared = time.perf_counter()
        (predicted,) = self.predicts.predict(boxed[None])
        found = self._detections(predicted, letterbox, self._rule.conf if conf is None else conf)
        timings = Timings(1e3 * (prepared - started), 1e3 * (time.perf_counter() - prepared))
        error = NO_GRADIENTS if with_map else ""
        return Explanation(image, found, map_error=error, timings=timings, model=self.title)

    def predict(self, pictures: Uint8Array) -> Sequence[Predicted]:
        """Predict in letterboxed pictures: see ``Predicts``."""
        return self.predicts.predict(pictures)

    def warm_up(self, image: Uint8Array) -> None:
        """Run once."""
        self.explain(Frame(image, 0, 0.0, 0.0))

    def _detections(self, predicted: Predicted, letterbox: Letterbox, conf: float) -> Detections:
        """Return the boxes that are kept, in image pixels."""
        own = self._rule
        rule = KeepRule(conf, own.iou, own.max_det, own.class_ids)
        rows, classes = keep(predicted, rule, suppressed=self.predicts.suppressed)
        return Detections(
            boxes_xyxy=letterbox.boxes_to_image(predicted.boxes_xyxy[rows]),
            confidences=np.asarray(predicted.scores[rows, classes], np.float32),
            class_ids=classes,
            anchors=rows,
            class_names=tuple(self.class_names.get(int(n), str(n)) for n in classes),
        )
