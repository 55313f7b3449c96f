"""ultralytics' trackers, one for each class: the only module that knows them.

Theirs match boxes whatever their class, so that a person on a bicycle and the bicycle may swap numbers. Here each class has a
tracker of its own; the camera's motion is estimated once a frame for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch  # noqa: F401 (first: ultralytics would leave torch one thread)

from heatcam.enums import TrackerName
from heatcam.errors import HeatcamError
from heatcam.frames import Detections, Int64Array
from heatcam.geometry import Float32Array, Uint8Array

try:
    from ultralytics.trackers import BOTSORT, BYTETracker
    from ultralytics.trackers.utils.gmc import GMC
    from ultralytics.utils import ROOT, YAML, IterableSimpleNamespace
except ImportError as error:
    raise HeatcamError(f"ultralytics cannot track here ({error})", "run `pip install lap`") from error

_KINDS = {TrackerName.BYTETRACK: BYTETracker, TrackerName.BOTSORT: BOTSORT}


class Association:
    """Numbers the boxes of one stream, frame after frame. Called from one thread.

    Args:
        name: the tracker, with ultralytics' own settings for it; appearance (ReID) is off.
        next_number: the first number to assign.
    """

    def __init__(self, name: TrackerName, next_number: int = 1) -> None:
        settings = YAML.load(ROOT / "cfg" / "trackers" / f"{name.value}.yaml") | {"with_reid": False}
        self.next_number = next_number
        self._kind, self._settings = _KINDS[name], IterableSimpleNamespace(**settings)
        self._motion = _MotionOnce(GMC(settings["gmc_method"])) if "gmc_method" in settings else None
        self._frames = 0
        self._trackers: dict[int, Any] = {}  # of a class
        self._numbers: dict[tuple[int, int], int] = {}  # of a class and its tracker's own number

    def numbers(self, detections: Detections, image_bgr: Uint8Array) -> list[int]:
        """Assign a track number to each box of the next frame, in their order; 0 for a box without a track.

        Args:
            detections: boxes in the picture's pixels; boxes without area get 0.
            image_bgr: uint8 ``(H, W, 3)``, BGR, the frame, to estimate the motion of the camera.
        """
        found, boxes = [0] * len(detections), _Boxes.of(detections)
        for class_id in sorted({*self._trackers, *detections.class_ids.tolist()}):
            of_class = np.flatnonzero(detections.class_ids == class_id)
            tracker = self._tracker(class_id)
            for *_, own, _score, _class, at in tracker.update(boxes[of_class], image_bgr):
                found[of_class[int(at)]] = self._number(class_id, int(own))
        self._frames += 1
        self._drop_the_dead()
        return found

    def _tracker(self, class_id: int) -> Any:
        """Return the class's tracker, created if there is none; it counts frames from the stream's first one."""
        if class_id not in self._trackers:
            tracker = self._kind(self._settings)
            # ultralytics confirms a box at once in a tracker's first frame; that is right in the stream's first frame only
            tracker.frame_id = self._frames
            if self._motion is not None:
                tracker.gmc = self._motion
            self._trackers[class_id] = tracker
        return self._trackers[class_id]

    def _number(self, class_id: int, own: int) -> int:
        """Return the stream-wide number for a class tracker's own one, counted up as objects are seen."""
        if (class_id, own) not in self._numbers:
            self._numbers[class_id, own] = self.next_number
            self.next_number += 1
        return self._numbers[class_id, own]

    def _drop_the_dead(self) -> None:
        """Forget trackers that follow nothing and the numbers of objects that will not come back."""
        alive = {
            (class_id, track.track_id)
            for class_id, tracker in self._trackers.items()
            for track in (*tracker.tracked_stracks, *tracker.lost_stracks)
        }
        classes = {class_id for class_id, _ in alive}
        self._trackers = {class_id: t for class_id, t in self._trackers.items() if class_id in classes}
        self._numbers = {key: number for key, number in self._numbers.items() if key in alive}


class _MotionOnce:
    """The camera's motion since the last frame, estimated when the first class asks for it and the same for the others."""

    method = "once"

    def __init__(self, gmc: Any) -> None:
        self._gmc = gmc
        self._frame: Uint8Array | None = None
        self._warp: Any = None

    def apply(self, frame: Uint8Array, _boxes_xyxy: Float32Array | None = None) -> Any:
        """Return the affine matrix ``(2, 3)`` from the last frame to this one."""
        if frame is not self._frame:
            self._frame, self._warp = frame, self._gmc.apply(frame)
        return self._warp


@dataclass(frozen=True)
class _Boxes:
    """Boxes as ultralytics' trackers read them: xywh (centre and size) float32 ``(N, 4)``, conf ``(N,)``, cls int64 ``(N,)``."""

    xywh: Float32Array
    conf: Float32Array
    cls: Int64Array

    @classmethod
    def of(cls, detections: Detections) -> _Boxes:
        """Convert the detections of a frame."""
        first, last = detections.boxes_xyxy[:, :2], detections.boxes_xyxy[:, 2:]
        xywh = np.concatenate([(first + last) / 2, last - first], axis=1)
        return cls(xywh, detections.confidences, detections.class_ids)

    @property
    def xyxy(self) -> Float32Array:
        """Corners of the boxes, float32 ``(N, 4)``."""
        half = self.xywh[:, 2:] / 2
        return np.concatenate([self.xywh[:, :2] - half, self.xywh[:, :2] + half], axis=1)

    def __len__(self) -> int:
        return len(self.conf)

    def __getitem__(self, which: Any) -> _Boxes:
        return _Boxes(self.xywh[which], self.conf[which], self.cls[which])
