"""Choice of the detections to score."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heatcam.evaluation.protocols import Protocol
from heatcam.frames import Detections
from heatcam.geometry import Float32Array, Letterbox


@dataclass(frozen=True, eq=False)  # (arrays do not compare; compared by identity)
class Candidate:
    """One detection to score.

    Attributes:
        class_name, class_id: its detected class.
        confidence: in ``[0, 1]``.
        anchor: the head's anchor point that it came from.
        box_xyxy: float32 ``(4,)`` in image pixels.
        others_xyxy: float32 ``(M, 4)``, all other detections of its class, in image pixels.
    """

    class_name: str
    class_id: int
    confidence: float
    anchor: int
    box_xyxy: Float32Array
    others_xyxy: Float32Array


@dataclass(frozen=True)
class Photograph:
    """A picture and its detections to score.

    Attributes:
        path: the file.
        candidates: strongest first.
        too_small: number of detections that were left out because they cover less than the protocol's first step.
    """

    path: Path
    candidates: tuple[Candidate, ...]
    too_small: int


def chosen_objects(
    path: Path,
    found: Detections,
    letterbox: Letterbox,
    protocol: Protocol,
    most: int,
    *,
    keep_small: bool,
) -> Photograph:
    """Choose the strongest detections of a picture that maps can be scored on.

    Args:
        path: the file.
        found: all its detections, strongest first.
        letterbox: how the network sees it.
        protocol: an object has to cover at least its first step, as a share of the letterboxed picture.
        most: number of detections at most.
        keep_small: choose smaller ones too.
    """
    model_wh = np.asarray(letterbox.model_wh)
    sides = np.diff(letterbox.boxes_to_model(found.boxes_xyxy).reshape(-1, 2, 2), axis=1)[:, 0] / model_wh
    small = sides.prod(1) < protocol.first_step
    kept = [n for n in range(len(found)) if keep_small or not small[n]]
    candidates = tuple(_candidate(found, n) for n in kept[:most])
    return Photograph(path, candidates, 0 if keep_small else int(small.sum()))


def _candidate(found: Detections, number: int) -> Candidate:
    alike = found.class_ids == found.class_ids[number]
    alike[number] = False
    return Candidate(
        found.class_names[number],
        int(found.class_ids[number]),
        float(found.confidences[number]),
        int(found.anchors[number]),
        found.boxes_xyxy[number],
        found.boxes_xyxy[alike],
    )
