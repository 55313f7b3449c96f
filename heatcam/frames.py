"""What the stages hand one another: small frozen records. Pixels and arrays inside them are read-only by agreement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array, Letterbox, Uint8Array

Int64Array = npt.NDArray[np.int64]
LOGITS = "logits"


@dataclass(frozen=True)
class Frame:
    """One picture from a source.

    Attributes:
        image_bgr: uint8 ``(H, W, 3)``, BGR, the right way up, in the source's own pixels.
        frame_index: 0, 1, 2, ... as the source counts them; gaps are frames that were dropped.
        captured_at_s: ``time.monotonic()`` when the picture was in hand, in seconds.
        pts_s: presentation time from the start of the stream, in seconds.
        name: where it came from, for people: a file name, ``camera 0``, ``demo``.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     frame = next(iter(source))
    >>> frame.image_bgr.shape, frame.size_wh, frame.frame_index
    ((720, 1280, 3), (1280, 720), 0)
    """

    image_bgr: Uint8Array
    frame_index: int
    captured_at_s: float
    pts_s: float
    name: str = ""

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image_bgr.shape[1], self.image_bgr.shape[0]


@dataclass(frozen=True)
class Detections:
    """The boxes of one picture, strongest first; N may be 0.

    Attributes:
        boxes_xyxy: float32 ``(N, 4)`` in image pixels, inside the picture.
        confidences: float32 ``(N,)`` in ``[0, 1]``.
        class_ids: int64 ``(N,)``.
        anchors: int64 ``(N,)``, the index of the head's anchor point that each box came from; 0 for a classifier's classes.
        class_names: N names, one a box.
        levels: int64 ``(N,)``, which of the head's inputs each anchor lies on, in the head's order; None where that is not known.
        track_ids: int64 ``(N,)``, a number that stays with an object from frame to frame, at least 1; 0 for a box that no track
            has taken yet; None without tracking.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     explanation = heatcam.load("markers").explain(next(iter(source)))
    >>> found = explanation.detections
    >>> len(found) == len(found.class_names), found.boxes_xyxy.shape[1], found.boxes_xyxy.dtype.name
    (True, 4, 'float32')
    """

    boxes_xyxy: Float32Array
    confidences: Float32Array
    class_ids: Int64Array
    anchors: Int64Array
    class_names: tuple[str, ...]
    levels: Int64Array | None = None
    track_ids: Int64Array | None = None

    def __len__(self) -> int:
        return len(self.class_names)


@dataclass(frozen=True)
class SaliencyMap:
    """A map of a model's evidence, signed and unscaled.

    Attributes:
        values: float32 ``(h, w)``, signed, in ``unit`` per cell, over the whole letterbox at the target layer's resolution.
        letterbox: the geometry that lays ``values`` over the picture.
        method: the CAM method's name.
        layer: the target layer, as ``index:type``.
        unit: what the sum over cells is counted in: logits, unless something else than a class is explained or the method
            has numbers of its own.
        full_heat: the evidence in one cell that is full heat in every picture of this model (``--renorm fixed``), in ``unit``;
            None where that was not measured.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     explanation = heatcam.load("markers").explain(next(iter(source)))
    >>> explanation.saliency.in_image().shape, explanation.saliency.unit
    ((720, 1280), 'logits')
    """

    values: Float32Array
    letterbox: Letterbox
    method: str
    layer: str
    unit: str = LOGITS
    full_heat: float | None = None

    def in_image(self) -> Float32Array:
        """The map in image pixels: float32 ``(H, W)``, signed, in logit units, letterbox borders cut away; a new array."""
        return self.letterbox.map_to_image(self.values)


@dataclass(frozen=True)
class Timings:
    """Where the time of one frame went, in milliseconds of wall clock."""

    prepare_ms: float = 0.0
    forward_ms: float = 0.0
    map_ms: float = 0.0

    @property
    def inference_ms(self) -> float:
        """Letterbox, forward and map together."""
        return self.prepare_ms + self.forward_ms + self.map_ms


@dataclass(frozen=True)
class Question:
    """What the maps are evidence for, where that is not each object's own class.

    Attributes:
        about: in words that follow "evidence for": ``truck``, ``the box's left side``.
        class_name: the class that was asked about at every box; "" for none.
        scores: float32 ``(N,)`` in ``[0, 1]``: how likely that class is at each detection, in their order; None for no class.
    """

    about: str
    class_name: str = ""
    scores: Float32Array | None = None


@dataclass(frozen=True)
class Explanation:
    """A model's detections in one frame, and the maps of the evidence for them.

    Attributes:
        frame: the picture.
        detections: the kept boxes, in image pixels.
        saliency: the evidence for all kept boxes together, or None when it was not asked for or failed.
        object_maps: one map a detection, in their order, when they were asked for; else empty.
        map_error: why ``saliency`` is missing although it was asked for, in one line; else "".
        timings: milliseconds a stage.
        low_evidence: one a detection: whether its map is no better than the same network's with shuffled weights in its head;
            empty when that is not known.
        question: what was asked instead of each object's own class; None when nothing was.
        model: the model's name for people.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     explanation = heatcam.load("markers").explain(next(iter(source)))
    >>> explanation.map_error, len(explanation.low_evidence) == len(explanation.detections)
    ('', True)
    """

    frame: Frame
    detections: Detections
    saliency: SaliencyMap | None = None
    object_maps: tuple[SaliencyMap, ...] = ()
    map_error: str = ""
    timings: Timings = field(default_factory=Timings)
    low_evidence: tuple[bool, ...] = ()
    question: Question | None = None
    model: str = ""


class Explains(Protocol):
    """Anything that turns a frame into an explanation."""

    def explain(
        self,
        image: Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = False,
        conf: float | None = None,
    ) -> Explanation:
        """Detections, and where the evidence for them lies: see ``saliency.explainer.Explainer.explain``."""
        ...
