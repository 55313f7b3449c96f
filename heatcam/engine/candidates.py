"""Networks of any library: a forward pass that gives candidates, and layers that a gradient reaches.

A library's network is wrapped in a ``CandidateNetwork``, which takes pictures as heatcam makes them, RGB in ``[0, 1]``, prepares
them as its library does, and returns every candidate: a row of class logits, with a box unless it is a classifier. Scores, the
choice among candidates and gradients are made here, for all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torchvision.ops import batched_nms

from heatcam.engine.boxes import KeptBoxes, Thresholds
from heatcam.engine.classifier import keep_scores
from heatcam.geometry import Letterbox

#: From a layer's output and the height and width of the network's input to a map ``(1, C, h, w)``.
AsMap = Callable[[Tensor, tuple[int, int]], Tensor]


def as_it_is(output: Tensor, _input_hw: tuple[int, int]) -> Tensor:
    """Return an output that is a map already, ``(1, C, h, w)``."""
    return output


@dataclass(frozen=True)
class Tap:
    """A layer whose activations are mapped.

    Attributes:
        layer: its qualified name, as ``named_modules`` of the network has it.
        as_map: turns its output into a map; the same is done to its gradient, so it must only move numbers.
        key: the entry of its output that is meant, for a layer that returns a mapping or several tensors; None for
            a tensor alone.
    """

    layer: str
    as_map: AsMap = as_it_is
    key: str | int | None = None


@dataclass(frozen=True)
class RawCandidates:
    """Every candidate of one picture, before any is dropped.

    Attributes:
        logits: float ``(K, columns)``, with a graph when one was asked for: a column for each class, by class id, and maybe more.
        xyxy: float ``(K, 4)`` in model pixels, or ``(K, columns, 4)`` where each class has a box of its own; None for a
            classifier, which has one candidate.
        levels: int64 ``(K,)``, the level that each was made from; None where each may read every level.
        again: computes the logits ``(N, columns)`` of some candidates, int64 ``(N,)``, with a graph, where all of them would be
            costly and ``logits`` have none.
    """

    logits: Tensor
    xyxy: Tensor | None = None
    levels: Tensor | None = None
    again: Callable[[Tensor], Tensor] | None = None

    def logits_of(self, rows: Tensor) -> Tensor:
        """Return the logits ``(N, columns)`` of some candidates, int64 ``(N,)``, with a graph when one was asked for."""
        return self.logits[rows] if self.again is None else self.again(rows)

    def boxes_of(self, rows: Tensor, class_ids: Tensor) -> Tensor:
        """Return the boxes ``(N, 4)`` of some candidates and classes, both int64 ``(N,)``."""
        assert self.xyxy is not None
        return self.xyxy[rows] if self.xyxy.ndim == 2 else self.xyxy[rows, class_ids]


@dataclass(frozen=True)
class Picking:
    """The way in which a library chooses among candidates.

    Attributes:
        one_class: a candidate has its likeliest class alone; without it, it may give a box for each class.
        suppresses: of boxes of a class that overlap, the most confident is kept.
        most: consider so many pairs of candidate and class at most, the most confident; None considers all.
        most_within: the pairs that ``most`` counts: those of the ``picture``, or of each ``level`` or ``class`` alone.
        smallest: shortest side of a box that is kept, in model pixels.
    """

    one_class: bool = False
    suppresses: bool = False
    most: int | None = None
    most_within: Literal["picture", "level", "class"] = "picture"
    smallest: float = 0.0


class CandidateNetwork(nn.Module):
    """A network of another library, wrapped for the engine. In eval mode, parameters without gradient.

    Attributes:
        task: ``detect`` or ``classify``.
        channels: of the pictures that it reads: 3 for RGB, 1 for grey.
        stride: the sides of its input are multiples of it, in model pixels.
        class_ids: int64, the columns of the logits that are classes; None where all are.
        picking: how boxes are chosen; a classifier's are not.
        live_taps, fine_taps: layers that the live and the fine map are taken from, each in the order in which they run.
        head: qualified names of the modules that make class logits, whose weights are shuffled as a control.
        state_head: the one of them whose input ``(1, K, C)`` has a row for each candidate, from which it makes the logits; "" if
            none does.
        attention_layer: qualified name of the layer that ``attention`` is of; "" where candidates do not weigh every cell.
    """

    task = "detect"
    channels = 3
    stride = 32
    class_ids: Tensor | None = None
    picking = Picking()
    live_taps: tuple[Tap, ...] = ()
    fine_taps: tuple[Tap, ...] = ()
    head: tuple[str, ...] = ()
    state_head = ""
    attention_layer = ""

    def candidates(self, picture: Tensor) -> RawCandidates:
        """Run a picture, float ``(1, channels, H, W)`` in ``[0, 1]``, and return all candidates."""
        raise NotImplementedError

    def attention(self, picture: Tensor) -> tuple[RawCandidates, Tensor]:
        """Run a picture and return all candidates, and the weight with which each reads each cell: ``(heads, K, h, w)``."""
        raise NotImplementedError

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return the score of each class, float ``(K, columns)`` in ``[0, 1]``: each logit's sigmoid, unless overridden."""
        return logits.sigmoid()

    def fit(self, image_wh: tuple[int, int], imgsz: int) -> Letterbox:
        """Return the geometry from a picture of this size to the input whose longer side is ``imgsz``.

        Raises:
            UsageError: the network takes no input of that size; known without a picture, so raised for every one.
        """
        return Letterbox.fit(image_wh, imgsz, self.stride)


@torch.no_grad()
def keep_candidates(network: CandidateNetwork, found: RawCandidates, thresholds: Thresholds) -> KeptBoxes:
    """Keep the boxes that pass the thresholds, strongest first, as the network's library chooses them.

    Args:
        network: of the candidates.
        found: all of them.
        thresholds: which to keep; ``iou`` is used where the library suppresses.
    """
    scores = class_scores(network, found.logits.detach()).float()
    picking = network.picking
    if picking.one_class:
        scores = torch.where(scores == scores.amax(1, keepdim=True), scores, -1)
    rows, class_ids = (scores > thresholds.conf).nonzero(as_tuple=True)
    if picking.most is not None:
        keep = _strongest(scores[rows, class_ids], _groups_of(picking, found, rows, class_ids), picking.most)
        rows, class_ids = rows[keep], class_ids[keep]
    if thresholds.class_ids is not None:
        wanted = torch.isin(class_ids, torch.tensor(thresholds.class_ids, device=class_ids.device))
        rows, class_ids = rows[wanted], class_ids[wanted]
    confidences, boxes = scores[rows, class_ids], found.boxes_of(rows, class_ids).float()
    if picking.smallest:
        large = (boxes[:, 2:] - boxes[:, :2] >= picking.smallest).all(1)
        rows, class_ids, confidences, boxes = rows[large], class_ids[large], confidences[large], boxes[large]
    if picking.suppresses:
        order = batched_nms(boxes, confidences, class_ids, thresholds.iou)
    else:
        order = confidences.argsort(descending=True, stable=True)
    order = order[: thresholds.max_det]
    return KeptBoxes(boxes[order], confidences[order], class_ids[order], rows[order])


def class_scores(network: CandidateNetwork, logits: Tensor) -> Tensor:
    """Return the scores of logits ``(K, columns)``, of the same shape, 0 in every column that is no class."""
    scores = network.probabilities(logits)
    if network.class_ids is None:
        return scores
    kept = torch.zeros_like(scores)
    kept[:, network.class_ids] = scores[:, network.class_ids]
    return kept


def _groups_of(picking: Picking, found: RawCandidates, rows: Tensor, class_ids: Tensor) -> Tensor:
    """Return the number, int64 ``(N,)``, of the group in which each pair of candidate and class is counted."""
    if picking.most_within == "class":
        return class_ids
    if picking.most_within == "level" and found.levels is not None:
        return found.levels[rows]
    return torch.zeros_like(rows)


def _strongest(scores: Tensor, groups: Tensor, most: int) -> Tensor:
    """Return which of the scores ``(N,)`` are among the ``most`` highest of their group, bool ``(N,)``."""
    keep = torch.ones_like(scores, dtype=torch.bool)
    for group in set(groups.tolist()):
        own = groups == group
        if int(own.sum()) > most:
            keep &= ~own | (scores >= scores[own].topk(most).values[-1])
    return keep


def kept_of(
    network: CandidateNetwork,
    found: RawCandidates,
    size_wh: tuple[int, int],
    thresholds: Thresholds,
    asked: int | None = None,
) -> KeptBoxes:
    """Keep boxes of a detector, or the likeliest classes of a classifier, each with a box around its whole input.

    Args:
        network: of the candidates.
        found: all of them.
        size_wh: of the network's input, in model pixels.
        thresholds: which to keep.
        asked: the class that is explained everywhere; a classifier keeps it alone.
    """
    if found.xyxy is None:
        scores = network.probabilities(found.logits.detach().float())[0]
        return keep_scores(scores, size_wh, thresholds, asked)
    return keep_candidates(network, found, thresholds)
