"""Records of one place that was asked about: where in the detector's chain its object was lost, with the numbers for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from heatcam.geometry import Float32Array

#: IoU from which a box is on an object, as in COCO's and VOC's AP50.
MATCH_IOU = 0.5


class Verdict(str, Enum):
    """Places in the chain where an object can be lost; the first one says that it was not.

    They correspond to TIDE's kinds of errors (Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection Errors",
    ECCV 2020): ``other-class`` is its classification error, ``misplaced`` its localisation error; its missed errors are told
    apart here by the step that lost them.
    """

    FOUND = "found"
    BELOW_THRESHOLD = "below-threshold"
    SUPPRESSED = "suppressed"
    MISPLACED = "misplaced"
    OTHER_CLASS = "other-class"
    NOT_SEEN = "not-seen"


@dataclass(frozen=True)
class AskedPlace:
    """A place of a picture, and the class that is missed there.

    Attributes:
        box_xyxy: in image pixels.
        class_id: in the model's classes.
        class_name: its name there.
    """

    box_xyxy: tuple[float, float, float, float]
    class_id: int
    class_name: str


@dataclass(frozen=True, eq=False)  # (arrays do not compare)
class CandidateBox:
    """The box at a place that the class was most nearly seen in.

    Attributes:
        anchor: its row in ``frames.Candidates``: an anchor's number, or a query's.
        stride: model pixels a cell of the anchor's level; 0 for a query.
        logit, confidence: of the class that was asked about.
        box_xyxy: float32 ``(4,)`` in image pixels, inside the picture.
        iou: with the place, in ``[0, 1]``.
    """

    anchor: int
    stride: int
    logit: float
    confidence: float
    box_xyxy: Float32Array
    iou: float


@dataclass(frozen=True)
class Needs:
    """Thresholds with which the candidate would be kept; each is None where it passes already or where none would help.

    Attributes:
        conf: a confidence threshold just below the candidate's.
        iou: an overlap threshold with which no box suppresses it.
    """

    conf: float | None = None
    iou: float | None = None


@dataclass(frozen=True)
class Margins:
    """Distances of the candidate from each threshold: positive where it passes.

    Attributes:
        conf: its confidence minus the threshold.
        overlap: the overlap threshold minus its overlap with the box that suppresses it; None where none does.
        match: its IoU with the place minus that from which a box is on the object.
    """

    conf: float
    overlap: float | None
    match: float


@dataclass(frozen=True, eq=False)
class Suppressor:
    """The stronger box of the class that suppresses a candidate.

    Attributes:
        box_xyxy: float32 ``(4,)`` in image pixels, inside the picture.
        confidence: its own.
        iou: with the candidate.
        detection: its index in the kept boxes; None where it is below the threshold itself.
    """

    box_xyxy: Float32Array
    confidence: float
    iou: float
    detection: int | None


@dataclass(frozen=True)
class Rival:
    """Another class at the candidate's anchor.

    Attributes:
        class_id, class_name: of it.
        confidence: of it.
        ahead: its logit minus that of the class asked about: positive where the place is rather taken for it.
    """

    class_id: int
    class_name: str
    confidence: float
    ahead: float


@dataclass(frozen=True)
class WrongSide:
    """A side of the candidate's box that lies elsewhere than the place's.

    Attributes:
        side: ``left``, ``top``, ``right`` or ``bottom``.
        off_px: image pixels to the right or downwards of where it should be; negative to the left or upwards.
        gain: the IoU that moving this side alone would add.
    """

    side: str
    off_px: float
    gain: float


@dataclass(frozen=True, eq=False)
class PlaceAnswer:
    """The answer about one place.

    Attributes:
        place: the place.
        verdict: where in the chain its object was lost.
        candidate: the box that the verdict is about.
        needs: thresholds that would keep it.
        margins: to each threshold.
        suppressed_by: the box that suppresses it, or would if it passed the confidence threshold; None for none.
        rivals: the other classes most nearly seen in it, strongest first.
        wrong_sides: of a misplaced box, the side that matters most first.
        noise_logit: the class's noise level (``noise``); None where the picture has no rest to measure it on.
        detection: index of the kept box that it was found as, that is misplaced, or that has the other class; None for none.
        beyond_max_det: True if it passed the thresholds and there were ``max_det`` stronger boxes.
        too_small: True if the place is smaller than a cell of the finest stride.
        cut: True if it reaches the edge of what the network sees, beyond which is the letterbox's border.
    """

    place: AskedPlace
    verdict: Verdict
    candidate: CandidateBox
    needs: Needs
    margins: Margins
    suppressed_by: Suppressor | None
    rivals: tuple[Rival, ...]
    wrong_sides: tuple[WrongSide, ...]
    noise_logit: float | None
    detection: int | None
    beyond_max_det: bool
    too_small: bool
    cut: bool

    @property
    def taken_for(self) -> Rival | None:
        """The strongest other class in the candidate; None for a model of one class."""
        return self.rivals[0] if self.rivals else None
