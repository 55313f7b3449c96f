"""Questions to a model about places of a picture, whether it has found something there or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from heatcam.engine import EveryBox, Forward
from heatcam.frames import AnchorGrid, Candidates, Detections, Int64Array, SaliencyMap
from heatcam.geometry import Float32Array, Letterbox, Uint8Array
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods.hirescam import hirescam
from heatcam.saliency.multi_level import add_levels

METHOD = "hirescam"
_GROWN = 0.5  # of a place's sides, on each side: boxes on it have their anchors there


def signed_map(activations: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """Add up HiResCAM over the levels with both signs: what speaks for the class is positive, what speaks against it negative.

    Args:
        activations: each float ``(C_l, h_l, w_l)``.
        gradients: of the class's logit, of the same shapes.

    Returns:
        float ``(h, w)`` of the finest level, in logits per cell of that level.
    """
    return add_levels(list(map(hirescam, activations, gradients)), signed=True)


class Prober:
    """Asks one model about places: which boxes it predicts there, and what speaks for and against a class.

    Called from the explainer's thread, in turn with it. One call of ``candidates`` costs a frame's detection and the box branch
    on all cells, or near places on some; one of ``evidence_at`` costs a frame's map.

    Args:
        explainer: the model; its thresholds decide what is kept.
    """

    def __init__(self, explainer: Explainer) -> None:
        self._explainer = explainer
        self._signed = explainer.with_formula(METHOD, signed_map)

    def candidates(self, image: Uint8Array, near_xyxy: Float32Array | None = None) -> Candidates:
        """Return every box that the model predicts, and those it keeps.

        Args:
            image: uint8 ``(H, W, 3)`` BGR; not changed.
            near_xyxy: float32 ``(N, 4)`` in image pixels: read boxes near these places alone, and those of some confidence
                anywhere, which is quicker. Other boxes have no area, and so are on no place. None reads all.

        Raises:
            UsageError: the model finds no boxes.
        """
        explainer, engine = self._explainer, self._explainer.engine
        with engine.exclusive_threads():
            letterbox, picture = explainer.prepare(image)
            grid = explainer.anchor_grid(letterbox.image_wh)
            forward, every = engine.everywhere(picture, explainer.thresholds, _rows(grid, near_xyxy))
            found = explainer.detections_of(forward, letterbox)
        return _candidates(explainer, found, every, letterbox)

    def evidence_at(
        self, image: Uint8Array, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[tuple[SaliencyMap, ...], tuple[bool, ...]]:
        """Map what speaks for and against a class at each of some anchors or queries.

        Args:
            image: uint8 ``(H, W, 3)`` BGR; not changed.
            anchors: rows of ``Candidates``, of the same picture.
            class_ids: the class that is asked about at each.

        Returns:
            Signed maps in logits per cell, one an anchor, and for each whether its evidence is low; none where that is not known.

        Raises:
            UsageError: the model finds no boxes.
            MapError: one of them has no evidence at the tapped layers.
        """
        if not anchors:
            return (), ()
        engine = self._signed.engine
        with engine.exclusive_threads():
            letterbox, picture = self._signed.prepare(image)
            forward = engine.forward_at(picture, anchors, class_ids)
            maps = self._signed.own_maps(forward, letterbox)
            return maps, self._signed.low_evidence_of(forward)


def candidates_of(
    explainer: Explainer,
    forward: Forward,
    found: Detections,
    letterbox: Letterbox,
    near_xyxy: Float32Array | None = None,
) -> Candidates:
    """Return every box that the model predicted in its last pass: see ``Prober.candidates``.

    Args:
        explainer: the model, within ``exclusive_threads``.
        forward: the pass.
        found: the boxes that were kept of it.
        letterbox: the geometry of the picture.
        near_xyxy: as of ``Prober.candidates``.
    """
    grid = explainer.anchor_grid(letterbox.image_wh)
    every = explainer.engine.every_box(forward, explainer.thresholds.conf, _rows(grid, near_xyxy))
    return _candidates(explainer, found, every, letterbox)


def _rows(grid: AnchorGrid | None, near_xyxy: Float32Array | None) -> list[int] | None:
    """Return the anchors near some places; None for all."""
    return None if near_xyxy is None or grid is None else _rows_near(grid, near_xyxy)


def _candidates(explainer: Explainer, found: Detections, every: EveryBox, letterbox: Letterbox) -> Candidates:
    corners = every.xyxy.float().cpu().numpy().reshape(-1, 2, 2)
    boxes = letterbox.points_to_image(corners).reshape(-1, 4)
    points, strides = _anchors_of(explainer.anchor_grid(letterbox.image_wh), boxes)
    kept = explainer.thresholds
    return Candidates(
        found,
        boxes,
        every.logits.float().cpu().numpy(),
        points,
        strides,
        letterbox,
        explainer.class_names,
        kept.conf,
        kept.iou,
        kept.max_det,
        every.suppresses,
    )


def _anchors_of(grid: AnchorGrid | None, boxes: Float32Array) -> tuple[Float32Array, Int64Array]:
    """Return points and strides as ``Candidates`` has them; without a grid the middles of the boxes, and zeros."""
    if grid is None:
        return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2, np.float32), np.zeros(len(boxes), np.int64)
    points, levels = grid.points()
    return points, np.array(grid.strides, np.int64)[levels]


def _rows_near(grid: AnchorGrid, places_xyxy: Float32Array) -> list[int]:
    """Return the anchors whose points lie in one of some places, grown by half of its sides on each side and by a coarse cell."""
    points, _ = grid.points()
    low, high = places_xyxy[:, :2], places_xyxy[:, 2:]
    grown = _GROWN * (high - low) + np.divide(max(grid.strides), grid.letterbox.scale_xy)
    inside = (points[:, None] >= low - grown) & (points[:, None] <= high + grown)  # (K, N, 2)
    rows: list[int] = np.unique(np.nonzero(inside.all(2))[0]).tolist()
    return rows
