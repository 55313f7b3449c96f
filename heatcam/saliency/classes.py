"""The explainer of classifiers: as for detectors, with a box for each class that is taken from its own map."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Uint8Array
from heatcam.measures import box_of_evidence
from heatcam.saliency.explainer import Explainer, OnObject


class ClassExplainer(Explainer):
    """Explains one frame after another with one classifier: see ``Explainer``.

    A detection is a class with its probability. Its box is the region that holds most of its evidence
    (``heatcam.measures.cam_box``), or without maps the part of the picture that the network saw.
    """

    def explain(
        self,
        image: Uint8Array | Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = False,
        conf: float | None = None,
        on_object: OnObject | None = None,
    ) -> Explanation:
        """Find the likeliest classes of one picture, and where the evidence for them lies: see ``Explainer.explain``.

        Each class's own map is made also when only the common one was asked for, because the boxes are taken from them.
        """
        found = super().explain(
            image, with_map=with_map, with_object_maps=with_map, conf=conf, on_object=on_object
        )
        started = time.perf_counter()
        detections = with_regions(found.detections, found.object_maps)
        timings = replace(found.timings, map_ms=found.timings.map_ms + 1e3 * (time.perf_counter() - started))
        own = found.object_maps if with_object_maps else ()
        return replace(found, detections=detections, object_maps=own, timings=timings)


def with_regions(detections: Detections, maps: Sequence[SaliencyMap]) -> Detections:
    """Return the same detections, each with the box of its own map's evidence, in image pixels; unchanged without maps."""
    if not maps:
        return detections
    boxes = [m.letterbox.boxes_to_image(box_of_evidence(m.values, m.letterbox.model_wh)) for m in maps]
    return replace(detections, boxes_xyxy=np.concatenate(boxes))
