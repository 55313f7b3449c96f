"""Frozen records that the stages pass to each other. Pixels and arrays inside them are read-only by agreement."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from heatcam.geometry import Float32Array, Letterbox, Uint8Array
from heatcam.samples import Samples
from heatcam.text import printable

Int64Array = npt.NDArray[np.int64]
LOGITS = "logits"
_MOST_CLASSES = 6  # in one line about an object of Python


@dataclass(frozen=True)
class Frame:
    """One picture from a source.

    Attributes:
        image_bgr: uint8 ``(H, W, 3)``, BGR, the right way up, in the source's own pixels.
        frame_index: 0, 1, 2, ... as the source counts them; gaps are frames that were dropped.
        captured_at_s: ``time.monotonic()`` when the picture arrived, in seconds.
        pts_s: presentation time from the start of the stream, in seconds.
        name: of its source, for people: a file name, ``camera 0``, ``demo``.
        samples: what the network reads instead of ``image_bgr``, which is then only shown; None for 8-bit colour pictures.

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
    samples: Samples | None = None

    @property
    def pixels(self) -> Uint8Array | Samples:
        """The pixels that the network reads."""
        return self.image_bgr if self.samples is None else self.samples

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image_bgr.shape[1], self.image_bgr.shape[0]

    def __repr__(self) -> str:
        return f"<Frame {_named_size(self)}, number {self.frame_index} at {self.pts_s:.2f} s>"


@dataclass(frozen=True)
class Detections:
    """The boxes of one picture, strongest first, with the masks, keypoints or angles of models that find them; N may be 0.

    Attributes:
        boxes_xyxy: float32 ``(N, 4)`` in image pixels, inside the picture.
        confidences: float32 ``(N,)`` in ``[0, 1]``.
        class_ids: int64 ``(N,)``.
        anchors: int64 ``(N,)``, the index of the head's anchor point that each box came from; 0 for a classifier's classes.
        class_names: N names, one a box.
        levels: int64 ``(N,)``, index of the head's input that each anchor lies on, in the head's order; None where not known.
        track_ids: int64 ``(N,)``, an object's number over frames, at least 1; 0 for a box without a track so far; None without
            tracking.
        mask_polygons: of a segment model, each object's outlines, rings of float32 ``(P, 2)``, P at least 3: x and y in image
            pixels, through the middles of the mask's outermost pixels. A ring inside another one is a hole, so that the mask
            is what all its rings together fill by the even-odd rule; () for an empty mask. None for other models.
        keypoints: of a pose model, float32 ``(N, K, 3)``: x and y in image pixels, inside the picture, and a confidence in
            ``[0, 1]``, 1 where the model gives none. None for other models.
        rotated_xywhr: of an obb model, float32 ``(N, 5)``: centre, width and height in image pixels, and the rotation in
            radians, clockwise on the screen, as ultralytics' ``obb.xywhr``; ``boxes_xyxy`` are then the upright boxes around
            them. None for other models.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     explanation = heatcam.load("markers").explain(next(iter(source)))
    >>> found = explanation.detections
    >>> len(found) == len(found.class_names), found.boxes_xyxy.shape[1], found.boxes_xyxy.dtype.name
    (True, 4, 'float32')
    >>> found.mask_polygons, found.keypoints, found.rotated_xywhr
    (None, None, None)
    """

    boxes_xyxy: Float32Array
    confidences: Float32Array
    class_ids: Int64Array
    anchors: Int64Array
    class_names: tuple[str, ...]
    levels: Int64Array | None = None
    track_ids: Int64Array | None = None
    mask_polygons: tuple[tuple[Float32Array, ...], ...] | None = None
    keypoints: Float32Array | None = None
    rotated_xywhr: Float32Array | None = None

    def __len__(self) -> int:
        return len(self.class_names)

    def __repr__(self) -> str:
        return f"<Detections {counted(self.class_names, _MOST_CLASSES)}>"


def place_of_anchor(model_wh: tuple[int, int], strides: Sequence[int], anchor: int) -> tuple[int, int, int]:
    """Return level, row and column of an anchor; anchors are numbered level after level, row after row.

    Args:
        model_wh: width and height of the network's input, in model pixels.
        strides: model pixels per cell of each level, in the head's order.
        anchor: its number.

    Raises:
        ValueError: there is no such anchor.
    """
    left = anchor
    for level, stride in enumerate(strides):
        columns, rows = (side // stride for side in model_wh)
        if 0 <= left < columns * rows:
            return level, *divmod(left, columns)
        left -= columns * rows
    raise ValueError(f"a picture of {model_wh[0]}x{model_wh[1]} has no anchor {anchor}")


@dataclass(frozen=True)
class AnchorGrid:
    """Anchor points of a detector over one picture: the middles of the cells of each level, numbered level after level.

    Attributes:
        letterbox: the geometry of the picture.
        strides: model pixels per cell of each level, in the head's order.
    """

    letterbox: Letterbox
    strides: tuple[int, ...]

    def nearest(self, other: AnchorGrid, anchor: int) -> int:
        """Return the anchor here that is nearest to an anchor of another grid over the same picture.

        It is on the level whose cells are nearest in size, in image pixels, and there in the cell that holds the other anchor's
        point, or at the edge. Of equal grids it is the same anchor.
        """
        level, row, column = place_of_anchor(other.letterbox.model_wh, other.strides, anchor)
        stride = other.strides[level]
        point = other.letterbox.points_to_image([(column + 0.5) * stride, (row + 0.5) * stride])
        size = stride / other.letterbox.scale_xy[0]
        sizes = [own / self.letterbox.scale_xy[0] for own in self.strides]
        chosen = min(range(len(sizes)), key=lambda n: abs(math.log(sizes[n] / size)))
        x, y = (float(v) / self.strides[chosen] for v in self.letterbox.points_to_model(point))
        return self._number(chosen, math.floor(y), math.floor(x))

    def _number(self, level: int, row: int, column: int) -> int:
        """Return the number of the anchor in a cell, which is moved into the picture."""
        wide, tall = self.letterbox.model_wh
        before = sum((wide // stride) * (tall // stride) for stride in self.strides[:level])
        columns, rows = wide // self.strides[level], tall // self.strides[level]
        return before + min(max(row, 0), rows - 1) * columns + min(max(column, 0), columns - 1)

    def points(self) -> tuple[Float32Array, Int64Array]:
        """Return every anchor's point, float32 ``(K, 2)`` in image pixels, and the index of its level, int64 ``(K,)``."""
        wide, tall = self.letterbox.model_wh
        points, levels = [], []
        for level, stride in enumerate(self.strides):
            rows, columns = np.mgrid[0 : tall // stride, 0 : wide // stride]
            points.append(np.stack((columns.ravel() + 0.5, rows.ravel() + 0.5), 1) * stride)
            levels.append(np.full(rows.size, level, np.int64))
        return self.letterbox.points_to_image(np.concatenate(points)), np.concatenate(levels)


@dataclass(frozen=True, eq=False)  # (arrays do not compare)
class Candidates:
    """Boxes and class logits that a detector predicts in a picture at each of its K anchors or queries, and those it kept.

    Attributes:
        detections: the kept boxes, exactly those of ``explain`` with the same thresholds; their ``anchors`` are rows here.
        boxes_xyxy: float32 ``(K, 4)`` in image pixels, not clipped; of rotated ones the upright boxes around them.
        logits: float32 ``(K, classes)``.
        points_xy: float32 ``(K, 2)`` in image pixels: anchor points; of queries, which have none, the middles of their boxes.
        strides: int64 ``(K,)``, model pixels a cell of each anchor's level; 0 for queries.
        letterbox: the geometry of the picture.
        class_names: name of each class id.
        conf, iou, max_det: the thresholds that the kept boxes passed.
        suppresses: True if overlapping boxes of a class are suppressed and an anchor has one class (non-maximum suppression);
            False for end-to-end heads and queries.
    """

    detections: Detections
    boxes_xyxy: Float32Array
    logits: Float32Array
    points_xy: Float32Array
    strides: Int64Array
    letterbox: Letterbox
    class_names: dict[int, str]
    conf: float
    iou: float
    max_det: int
    suppresses: bool

    @cached_property
    def likeliest(self) -> Int64Array:
        """The class of the highest logit at each anchor or query, int64 ``(K,)``."""
        return np.asarray(self.logits.argmax(1), np.int64)

    @cached_property
    def inside_xyxy(self) -> Float32Array:
        """Every box, clipped to the picture: float32 ``(K, 4)``."""
        return np.clip(self.boxes_xyxy, 0, np.array(self.letterbox.image_wh * 2, np.float32))


@dataclass(frozen=True)
class SaliencyMap:
    """A map of a model's evidence, signed and unscaled.

    Attributes:
        values: float32 ``(h, w)``, signed, in ``unit`` per cell, over the whole letterbox at the target layer's resolution.
        letterbox: the geometry that maps ``values`` to the picture.
        method: the CAM method's name.
        layer: the target layer, as ``index:type``.
        unit: of the sum over cells: logits, unless another target than a class is explained or the method keeps none.
        full_heat: the evidence in a cell that is full heat in every picture of this model (``--renorm fixed``); None: not known.
        trials: number of trials that the map was made by; 0 for one from gradients.
        deviation: float32 ``(h, w)``, of a map by trial the standard deviation of ``values``; None for others.
        relevance: float32 ``(h, w)``, of a fine map its first layer's, as ``lrp`` maps it, for trials; not in files; else None.
        seconds: that the trials took, of a map by masks; 0 for others.

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
    trials: int = 0
    deviation: Float32Array | None = None
    relevance: Float32Array | None = None
    seconds: float = 0.0

    def in_image(self) -> Float32Array:
        """Return the map in image pixels: float32 ``(H, W)``, signed, in ``unit``, letterbox borders removed; a new array."""
        return self.letterbox.map_to_image(self.values)

    def __repr__(self) -> str:
        (tall, wide), over = self.values.shape, "{}x{}".format(*self.letterbox.image_wh)
        source = printable(f"{self.method} map of {self.layer}")
        return f"<SaliencyMap {wide}x{tall} cells over {over}, {source}, in {printable(self.unit)}>"


@dataclass(frozen=True)
class Timings:
    """Times of one frame's stages, in milliseconds of wall clock."""

    prepare_ms: float = 0.0
    forward_ms: float = 0.0
    map_ms: float = 0.0

    @property
    def inference_ms(self) -> float:
        """Letterbox, forward and map together."""
        return self.prepare_ms + self.forward_ms + self.map_ms


@dataclass(frozen=True)
class Question:
    """The question that the maps answer, where it is not the evidence for each object's own class.

    Attributes:
        about: in words that follow "evidence for": ``truck``, ``the box's left side``.
        class_name: the class that was asked about at every box; "" for none.
        scores: float32 ``(N,)`` in ``[0, 1]``, probability of that class at each detection, in their order; None for no class.
    """

    about: str
    class_name: str = ""
    scores: Float32Array | None = None


@dataclass(frozen=True)
class ExplainerFacts:
    """Facts about an explainer, for reports: what was asked, how, and what ran it.

    Attributes:
        model: the model's name for people.
        sha256: of the model's file, in hexadecimal; "" for a network without one.
        task: ultralytics' name: ``detect``, ``segment``, ``pose``, ``obb`` or ``classify``.
        method: the CAM method's name.
        layers: the layers that maps come from, as ``index:type``.
        target: the output of each object that is explained, as ``--target`` names it.
        why: name of the class that is explained at every box; "" for each box's own.
        unit: unit of the maps.
        device, backend, precision: what runs the network.
        imgsz: longer side of the network's input, in pixels.
        conf, iou: thresholds, in ``[0, 1]``.
        max_det: number of boxes at most.
        channels: of the pictures that the network reads.
    """

    model: str
    sha256: str
    task: str
    method: str
    layers: tuple[str, ...]
    target: str
    why: str
    unit: str
    device: str
    backend: str
    precision: str
    imgsz: int
    conf: float
    iou: float
    max_det: int
    channels: int = 3


@dataclass(frozen=True)
class Explanation:
    """A model's detections in one frame, and the maps of the evidence for them; ``heatcam.Explanation`` draws and writes itself.

    Attributes:
        frame: the picture.
        detections: the kept boxes, in image pixels.
        saliency: the evidence for all kept boxes together, or None when it was not asked for or failed.
        object_maps: one map per detection, in their order, when they were asked for; else empty.
        map_error: the reason why ``saliency`` is missing although it was asked for, in one line; else "".
        timings: milliseconds per stage.
        low_evidence: one per detection: True if its evidence is no better than with a shuffled head; empty when not known.
        question: what was asked instead of each object's own class; None when nothing was.
        model: the model's name for people.
        channel_evidence: float32 ``(N, channels)``, signed, of each channel of the file, in logits; None if not asked for.
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
    channel_evidence: Float32Array | None = None

    def __repr__(self) -> str:
        found = counted(self.detections.class_names, _MOST_CLASSES)
        return f"<{type(self).__name__} {_named_size(self.frame)}: {found}; {_map_in_words(self)}>"


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
        """Detect objects and map the evidence for them: see ``saliency.explainer.Explainer.explain``."""


def counted(class_names: Sequence[str], most: int | None = None) -> str:
    """Return the counts of classes, safe to show: ``2 person, 1 bus``, ``nothing detected``; beyond ``most`` together."""
    counts = list(Counter(class_names).items())
    words = [f"{count} {printable(name)}" for name, count in counts[:most]]
    others = sum(count for _, count in counts[len(words) :])
    return ", ".join(words + ([f"{others} of other classes"] if others else [])) or "nothing detected"


def _named_size(frame: Frame) -> str:
    """Return name and size: ``demo 1280x720``."""
    return "{} {}x{}".format(printable(frame.name), *frame.size_wh).strip()


def _map_in_words(explanation: Explanation) -> str:
    """Return what there is of maps: ``live map of markers, 3 of single objects``."""
    saliency, own = explanation.saliency, len(explanation.object_maps)
    if saliency is None:
        return f"no map ({printable(explanation.map_error)})" if explanation.map_error else "no map"
    by = f" of {printable(explanation.model)}" if explanation.model else ""
    return printable(f"{saliency.method} map") + by + (f", {own} of single objects" if own else "")
