"""Detections for supervision, which is optional: its annotators, trackers and sinks take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.errors import UsageError
from heatcam.frames import Detections, Explanation
from heatcam.geometry import corners_of_rotated
from heatcam.measures import evidence_share

if TYPE_CHECKING:
    import supervision

_ROTATED = "xyxyxyxy"  # supervision's name, in ``supervision.config``
_NO_TRACK = -1  # supervision's trackers' own


def detections_of(explanation: Explanation) -> supervision.Detections:
    """Return the detections as supervision's; see ``heatcam.Explanation.to_supervision``."""
    try:
        import supervision  # noqa: PLC0415 (optional, and a second)
    except ImportError as error:
        raise UsageError("supervision is not installed", "pip install 'heatcam[supervision]'") from error
    found = explanation.detections
    return supervision.Detections(
        xyxy=found.boxes_xyxy.copy(),
        mask=_masks(found, explanation.frame.size_wh),
        confidence=found.confidences.copy(),
        class_id=found.class_ids.copy(),
        tracker_id=_tracks(found),
        data=_data(explanation),
    )


def _masks(found: Detections, size_wh: tuple[int, int]) -> npt.NDArray[np.bool_] | None:
    """Fill the outlines, bool ``(N, H, W)``; None for a model without masks."""
    if found.mask_polygons is None:
        return None
    masks = np.zeros((len(found), size_wh[1], size_wh[0]), np.uint8)
    for mask, rings in zip(masks, found.mask_polygons, strict=True):
        if rings:  # through the middles of pixels, which are whole numbers for OpenCV
            cv2.fillPoly(mask, [np.rint(ring - 0.5).astype(np.int32) for ring in rings], 1)
    return masks.astype(bool)


def _tracks(found: Detections) -> npt.NDArray[np.int64] | None:
    if found.track_ids is None:
        return None
    return np.where(found.track_ids > 0, found.track_ids, _NO_TRACK)


def _data(explanation: Explanation) -> dict[str, npt.NDArray[Any] | list[Any]]:
    """Return what supervision has no field for, an array of N each, as far as it is known."""
    found, own = explanation.detections, explanation.object_maps
    data: dict[str, npt.NDArray[Any] | list[Any]] = {"class_name": np.array(found.class_names, np.str_)}
    if len(own) == len(found):
        shares = [evidence_share(one, box) for one, box in zip(own, found.boxes_xyxy, strict=True)]
        energy = [np.nan if share.energy_in_box is None else share.energy_in_box for share in shares]
        data["energy_in_box"] = np.array(energy, np.float64)
        data["evidence"] = np.array([share.evidence for share in shares], np.float64)
    if len(explanation.low_evidence) == len(found):
        data["low_evidence"] = np.array(explanation.low_evidence, bool)
    if found.rotated_xywhr is not None:
        data[_ROTATED] = corners_of_rotated(found.rotated_xywhr)
    return data
