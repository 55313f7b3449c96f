"""A detector, its selection of objects, and their maps as one function of a picture, of fixed shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.head import Detect, Pose, Segment

from heatcam.engine import TappedNetwork, halves_of, modules_of
from heatcam.exported import BOXES, COHERENCE, INPUTS, MAPS
from heatcam.exporting.selection import Selected, one_where, select
from heatcam.exporting.squares import SquareGradients, square_gradients
from heatcam.saliency import MapFormula

_NO_EVIDENCE = 1e-9  # logits, as in the engine


class ExplainedNetwork(nn.Module):
    """A picture and thresholds to boxes and the exact maps of their class logits; where ``cut`` holds its gates, through these.

    Args:
        cut: the network, in float32 on the CPU, with the taps that maps are made at.
        formula: the CAM method; None leaves out the maps.
        picture: an example of the input, float ``(1, channels, H, W)``, for its shape.
        count: K, the number of objects.
        iou: boxes of a class that overlap more than this are one.

    Attributes:
        inputs: names of the inputs.
        outputs: names of the outputs, in their order.
    """

    inputs = INPUTS

    def __init__(
        self, cut: TappedNetwork, formula: MapFormula | None, picture: Tensor, count: int, iou: float
    ) -> None:
        super().__init__()
        self._cut, self._formula, self._count, self._iou = cut, formula, count, iou
        with torch.no_grad():
            leaf, laterals = cut.below(picture)
            features = cut.above(leaf, laterals)[1]
            boxes_and_classes(cut, features)  # (the head keeps its anchor points: they are constants then)
            self._halves = halves_of(cut, leaf, laterals, features) if formula else None
        self._biases = [_bias(branch) for branch in cut.branches["cls_head"]]
        told = () if formula is None else (COHERENCE, *MAPS) if self._knows_coherence else MAPS
        self.outputs: tuple[str, ...] = (*BOXES, *told)

    @property
    def _knows_coherence(self) -> bool:
        return all(bias is not None for bias in self._biases)

    def forward(self, images: Tensor, conf: Tensor) -> tuple[Tensor, ...]:
        """Return the tensors that ``outputs`` names; see docs/export.md.

        Args:
            images: float ``(1, channels, H, W)`` in ``[0, 1]``, RGB or grey, letterboxed.
            conf: float ``(classes,)``: an object is told above its class's confidence.
        """
        features, taps, saved = self._passed(images)
        decoded = boxes_and_classes(self._cut, features)
        chosen = select(self._cut.head, decoded, conf, self._count, self._iou)
        if self._formula is None:
            return _boxes(chosen)
        squares = self._squares(features, chosen)
        maps = self._maps(taps, self._gradients(saved, [each.dense for each in squares]))
        if not self._knows_coherence:
            return *_boxes(chosen), *maps
        return *_boxes(chosen), self._coherence(squares, features, chosen), *maps

    def _passed(self, images: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return the head's inputs, the taps, and what the backward half reads."""
        leaf, laterals = self._cut.below(images)
        if self._halves is None:
            taps, features = self._cut.above(leaf, laterals)
            return features, taps, ()
        results = self._halves.forward(leaf, *laterals)
        levels, kept = len(self._cut.strides), len(self._cut.strides) + len(self._cut.tapped)
        return results[:levels], results[levels:kept], results[kept:]

    def _squares(self, features: Sequence[Tensor], chosen: Selected) -> list[SquareGradients]:
        """Return the logits and gradients of all objects on every level; those of other levels have gradients of zero."""
        made = []
        for level, here, cells in _by_level(features, chosen):
            branch = self._cut.branches["cls_head"][level]
            made.append(square_gradients(branch, features[level], cells, chosen.class_ids, here))
        return made

    def _gradients(self, saved: Sequence[Tensor], cotangents: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Take every object's gradients at the head's inputs down to the taps, each ``(K, C_l, h_l, w_l)``."""
        assert self._halves is not None  # (there are maps)
        reached = [c for c, there in zip(cotangents, self._cut.reaches, strict=True) if there]
        over_objects = (None,) * len(saved) + (0,) * len(reached)
        pulled = torch.func.vmap(self._halves.backward, in_dims=over_objects)(*saved, *reached)
        return tuple(gradient[:, 0] for gradient in pulled)

    def _maps(self, taps: Sequence[Tensor], gradients: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return a map of each object, ``(K, h, w)``, and the one of all, ``(h, w)``: of the sum of their logits."""
        formula, activations = self._formula, [tap[0] for tap in taps]
        assert formula is not None  # (there are maps)
        own: Tensor = torch.func.vmap(lambda *each: formula(activations, each))(*gradients)
        return own, formula(activations, [gradient.sum(0) for gradient in gradients])

    def _coherence(
        self, squares: Sequence[SquareGradients], features: Sequence[Tensor], chosen: Selected
    ) -> Tensor:
        """Return the evidence for each object's class, net divided by gross, ``(K,)``: see ``GradientEngine.coherence``."""
        total = torch.zeros_like(chosen.scores)
        for (level, here, _), square in zip(_by_level(features, chosen), squares, strict=True):
            bias = self._biases[level]
            assert bias is not None  # (coherence is known)
            net = square.logits - bias.index_select(0, chosen.class_ids)
            total = total + here * net / square.gross.clamp_min(_NO_EVIDENCE)
        return total


def boxes_and_classes(cut: TappedNetwork, features: tuple[Tensor, ...]) -> Tensor:
    """Return the head's decoded predictions, float ``(4 + classes + more, anchors)``, without masks and keypoints.

    Decoding keypoints changes tensors in place, which no graph may, and nothing in an exported file reads them.
    """
    head: Any = cut.head
    if not isinstance(head, Segment | Pose):
        return cut.decode(features)[0]
    parts = {name: cut.branches[name] for name in ("box_head", "cls_head")}
    decoded: Tensor = Detect._inference(head, Detect.forward_head(head, list(features), **parts))
    return decoded[0]


def _boxes(chosen: Selected) -> tuple[Tensor, ...]:
    """Return boxes, scores, classes and anchors; without an object zeros, -1 for classes and anchors."""
    absent = chosen.found == 0
    none = torch.full_like(chosen.class_ids, -1)
    return (
        chosen.xyxy * chosen.found[:, None],
        chosen.scores,
        torch.where(absent, none, chosen.class_ids),
        torch.where(absent, none, chosen.anchors),
    )


def _by_level(features: Sequence[Tensor], chosen: Selected) -> list[tuple[int, Tensor, Tensor]]:
    """Return, of each level, its number, 1 for the objects that lie on it, float ``(K,)``, and their cells, int64 ``(K,)``."""
    found, start = [], 0
    for level, feature in enumerate(features):
        count = feature.shape[2] * feature.shape[3]
        on_it = (chosen.anchors >= start) & (chosen.anchors < start + count)
        cells = (chosen.anchors - start).clamp(0, count - 1)
        found.append((level, one_where(on_it) * chosen.found, cells))
        start += count
    return found


def _bias(branch: nn.Module) -> Tensor | None:
    """Return the bias of a branch's last convolution, ``(outputs,)``; None where it has none."""
    last = list(modules_of(branch))[-1]
    return last.bias if isinstance(last, nn.Conv2d) else None
