"""Temporal smoothing of explanations: each object's scale and content are averaged along its track.

For display only. The input explanation is not changed; anything that computes numbers uses the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heatcam.enums import Renorm
from heatcam.frames import Explanation, Frame, SaliencyMap
from heatcam.measures import OverlapTracks, boxes_in_cells, scales_of
from heatcam.smoothing.content import Patch, patch_of, with_patches
from heatcam.smoothing.track_state import TrackState, averaged
from heatcam.smoothing.weights import PALEST, kept_share

GAP_S = 1.0  # a longer pause in the stream, or a step back, begins anew


@dataclass(frozen=True)
class Smoothed:
    """Smoothed explanation of one frame, for drawing.

    Attributes:
        explanation: the input explanation, with the maps that are shown smoothed.
        scales: the evidence that is full heat, in logits, as ``heatcam.measures.scales.scales_of`` gives it; None for each
            picture's own.
    """

    explanation: Explanation
    scales: Sequence[float] | None = None


class Smoother:
    """Smooths the maps of one stream, frame after frame. Called from one thread.

    An object's map is shown unsmoothed when the object is new, when its class changes, when the head level that finds it changes
    (another level's evidence has another size and lies in other cells), after a frame without a map (the heat map was off), after
    a pause of ``GAP_S``, and when the frame size changes. A new level counts only once it has stayed
    (``heatcam.smoothing.track_state``): for an object whose size lies between two levels, the level flips by noise.

    Args:
        smooth: in ``[0, 1]``: 0 changes nothing, 1 keeps most.
        renorm: scope of the scale. With every scope, content is averaged inside the boxes and raw outside of them.
    """

    def __init__(self, smooth: float, renorm: Renorm) -> None:
        self._kept = kept_share(smooth)
        self._renorm = renorm
        self.forget()

    def forget(self) -> None:
        """Restart the smoothing with the next frame."""
        self._tracks = OverlapTracks()
        self._memories: dict[int, TrackState] = {}
        self._whole: TrackState | None = None
        self._last: Explanation | None = None

    def smooth(self, explanation: Explanation) -> Smoothed:
        """Smooth the next frame's explanation for drawing; without a map it is returned unchanged."""
        saliency = explanation.saliency
        if saliency is None:
            self.forget()
            return Smoothed(explanation)
        if not self._goes_on(explanation.frame, saliency):
            self.forget()
        patches, box_scales = self._boxes(explanation, saliency)
        if self._renorm is Renorm.BOX and explanation.object_maps:
            own = zip(explanation.object_maps, patches, strict=True)
            maps = tuple(replace(raw, values=with_patches(raw.values, [patch])) for raw, patch in own)
            shown = replace(explanation, object_maps=maps)
        else:
            laid = replace(saliency, values=with_patches(saliency.values, patches))
            shown = replace(explanation, saliency=laid)
        self._last = explanation
        scales = box_scales if self._renorm is Renorm.BOX else [self._frame_scale(explanation, saliency)]
        return Smoothed(shown, self._not_pale(shown, scales))

    def _goes_on(self, frame: Frame, saliency: SaliencyMap) -> bool:
        """Return True if this frame follows the last one in time, with the same size."""
        if self._last is None or self._last.saliency is None:
            return True
        before, last = self._last.saliency, self._last.frame
        same_size = before.letterbox == saliency.letterbox and before.values.shape == saliency.values.shape
        return same_size and 0 <= frame.pts_s - last.pts_s <= GAP_S

    def _boxes(self, explanation: Explanation, saliency: SaliencyMap) -> tuple[list[Patch], list[float]]:
        """Smooth the content and scale of each box, and remember both."""
        found = explanation.detections
        per_box = self._renorm is Renorm.BOX
        own = (explanation.object_maps if per_box else ()) or (saliency,) * len(found)
        raw = self._own_scales(explanation, saliency) if per_box else [0.0] * len(found)
        levels = [-1] * len(found) if found.levels is None else found.levels.tolist()
        now = [
            TrackState(patch, patch, raw[n], int(found.class_ids[n]), levels[n])
            for n, box in enumerate(
                boxes_in_cells(saliency.values.shape, saliency.letterbox, found.boxes_xyxy)
            )
            for patch in (patch_of(own[n].values, box),)
        ]
        ids = self._tracks.ids_of(found)
        smoothed = [averaged(self._memories.get(i), new, self._kept) for i, new in zip(ids, now, strict=True)]
        remembered = {i: memory for i, memory in self._memories.items() if i in self._tracks}
        self._memories = remembered | dict(zip(ids, smoothed, strict=True))
        return [memory.patch for memory in smoothed], [memory.scale for memory in smoothed]

    def _frame_scale(self, explanation: Explanation, saliency: SaliencyMap) -> float:
        """Smooth the scale of the whole picture, remembered as if the picture were one object that never moves."""
        (scale,) = self._own_scales(explanation, saliency)
        height, width = saliency.values.shape
        patch = patch_of(saliency.values, np.array([0, 0, width, height], np.float32))
        self._whole = averaged(self._whole, TrackState(patch, patch, scale, class_id=0, level=-1), self._kept)
        return self._whole.scale

    def _not_pale(self, shown: Explanation, scales: Sequence[float]) -> list[float]:
        """Limit the scales to ``PALEST`` times those of the content that is shown.

        The scales come from raw maps, whose peaks are higher than the peaks of their mean: without the limit, nothing on walking
        people was red any more.
        """
        if shown.saliency is None:
            return list(scales)
        own = self._own_scales(shown, shown.saliency)
        return [
            min(scale, PALEST * best) if best > 0 else scale for scale, best in zip(scales, own, strict=True)
        ]

    def _own_scales(self, explanation: Explanation, saliency: SaliencyMap) -> list[float]:
        boxes = explanation.detections.boxes_xyxy
        return scales_of(saliency, boxes, self._renorm, explanation.object_maps)
