"""Running the head at some anchors alone.

Only anchors whose best class passes the confidence threshold can become boxes: some tens of several thousand. The class branch
has to run everywhere to find them; the branches for box, mask coefficients, keypoints and angle are run at those cells only,
which gives the same numbers and leaves out a sixth of YOLOv8n's forward pass.
"""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.utils.tal import make_anchors

from heatcam.engine.boxes import Predictions
from heatcam.engine.cells import CellBranch
from heatcam.engine.network import TappedNetwork
from heatcam.engine.passes import NetworkPass
from heatcam.engine.patches import by_level

logger = logging.getLogger(__name__)

#: Where more than one cell in this many is read, running the branch on the whole level is as fast.
_WHOLE_LEVEL = 8
#: The class branch runs everywhere; the uncertainty of YOLO26's keypoints is used in training alone.
_NOT_READ = "cls_head", "kpts_sigma_head"


@dataclass(frozen=True)
class _Branch:
    """One level's branch.

    Attributes:
        whole: as a module, ``(1, C, h, w)`` to ``(1, outputs, h, w)``.
        of_cells: the same for single cells.
    """

    whole: nn.Module
    of_cells: CellBranch

    def read(self, feature: Tensor, cells: Tensor) -> Tensor:
        """Return the outputs ``(n, outputs)`` at cells ``(n,)`` of a level's feature, by the faster of both ways."""
        if len(cells) * _WHOLE_LEVEL < feature.shape[2] * feature.shape[3]:
            return self.of_cells.at(feature, cells)
        return _picked(self.whole(feature), cells)


class SparseHead:
    """Reads the head of one network.

    Args:
        cut: the network.

    Attributes:
        reads_cells: True if branches run at single cells; else they run on whole levels, which is slower and right for any head.
    """

    def __init__(self, cut: TappedNetwork) -> None:
        self._cut = cut
        self._branches = _branches(cut)
        self.reads_cells = bool(self._branches)
        self._grid: _Grid | None = None

    @torch.no_grad()
    def candidates(self, passed: NetworkPass, conf: float) -> Predictions:
        """Return predictions at every anchor whose best class is above ``conf``; at the single best anchor if there is none."""
        best = torch.cat([logits[0].amax(0).flatten() for logits in passed.logits])  # (anchors,)
        anchors = (best.sigmoid() > conf).nonzero().flatten()
        return self.at(passed, anchors if len(anchors) else best.argmax()[None])

    @torch.no_grad()
    def at(self, passed: NetworkPass, anchors: Tensor) -> Predictions:
        """Return predictions at ``anchors``, int64 ``(K,)`` with K > 0, in their order."""
        if not self.reads_cells:
            return Predictions(self.everywhere(passed).decoded[:, :, anchors], anchors, _count(passed))
        features = passed.inputs.features
        groups = by_level(features, anchors, anchors)
        order = torch.cat([group.members for group in groups]).argsort()
        said: dict[str, list[Tensor]] = {name: [] for name in ("cls_head", *self._branches)}
        for group in groups:
            feature = features[group.level].detach()
            cells = group.rows * feature.shape[3] + group.columns
            said["cls_head"].append(_picked(passed.logits[group.level], cells))
            for name, branches in self._branches.items():
                said[name].append(branches[group.level].read(feature, cells))
        in_order = {name: torch.cat(parts)[order] for name, parts in said.items()}
        return Predictions(self._decoded(features, in_order, anchors), anchors, _count(passed))

    @torch.no_grad()
    def everywhere(self, passed: NetworkPass) -> Predictions:
        """Return predictions at all anchors."""
        decoded = self._cut.decode(tuple(feature.detach() for feature in passed.inputs.features))
        return Predictions(decoded, torch.arange(decoded.shape[2], device=decoded.device), decoded.shape[2])

    def verify(self, passed: NetworkPass, anchors: Tensor, tolerance: float) -> None:
        """Compare the outputs at single cells with those of the whole branches; on a difference, use the latter from now on.

        Args:
            passed: a pass of a real picture.
            anchors: int64 ``(K,)``, the anchors to compare at.
            tolerance: largest difference allowed, relative to the largest value of each channel, or to 1 where that is more.
        """
        if not self.reads_cells:
            return
        exact = self.everywhere(passed).decoded[:, :, anchors]
        try:
            ours = self.at(passed, anchors).decoded
            worst = float(((ours - exact).abs() / exact.abs().amax(2, keepdim=True).clamp_min(1.0)).max())
        except Exception:  # (other people's heads may fail in any way)
            logger.debug("this head is put together otherwise than those known here", exc_info=True)
            worst = math.inf
        if not worst <= tolerance:
            self.reads_cells = False
            logger.warning(
                "boxes read at single cells differ from the head's own by %.1e; reading all, which is slower",
                worst,
            )

    def _decoded(self, features: Sequence[Tensor], said: Mapping[str, Tensor], anchors: Tensor) -> Tensor:
        """Let the head decode its branches' outputs, each ``(K, outputs)``, as if the anchors were one level."""
        shapes = tuple(feature.shape for feature in features)
        if self._grid is None or self._grid.shapes != shapes:
            self._grid = _grid_of(self._cut.head, features)
        head = copy.copy(self._cut.head)
        head.nl, head.dynamic, head.shape = 1, False, features[0].shape
        head.anchors, head.strides = self._grid.points[:, anchors], self._grid.strides[:, anchors]
        answers = {name: _answer(said.get(name)) for name in self._cut.branches}
        decoded: Tensor = head._inference(head.forward_head([features[0]], **answers))
        return decoded


@dataclass(frozen=True)
class _Grid:
    """Positions of all anchor points, for features of some shapes.

    Attributes:
        shapes: of the features.
        points: float ``(2, anchors)``, x and y in cells of the anchor's level.
        strides: float ``(1, anchors)``, model pixels a cell.
    """

    shapes: tuple[torch.Size, ...]
    points: Tensor
    strides: Tensor


def _grid_of(head: Any, features: Sequence[Tensor]) -> _Grid:
    points, strides = make_anchors(list(features), head.stride, 0.5)
    return _Grid(tuple(feature.shape for feature in features), points.T, strides.T)


def _branches(cut: TappedNetwork) -> dict[str, list[_Branch]]:
    """Return the branches other than the class's, one a level, by the name that the head takes their outputs under.

    The result is empty if one of them has a part that ``CellBranch`` does not support.
    """
    modules = {
        name: part for name, part in cut.branches.items() if part is not None and name not in _NOT_READ
    }
    if "kpts_head" in modules:  # (YOLO26's reads what pose_head made)
        pairs = zip(modules.pop("pose_head"), modules["kpts_head"], strict=True)
        modules["kpts_head"] = [nn.Sequential(*pair) for pair in pairs]
    try:
        return {name: [_Branch(level, CellBranch(level)) for level in part] for name, part in modules.items()}
    except NotImplementedError as error:
        logger.debug("the head is read everywhere: %s", error)
        return {}


def _count(passed: NetworkPass) -> int:
    """Number of anchor points."""
    return sum(level.shape[2] * level.shape[3] for level in passed.logits)


def _picked(outputs: Tensor, cells: Tensor) -> Tensor:
    """Return some cells ``(n,)`` of a map ``(1, outputs, h, w)``, as ``(n, outputs)``."""
    return outputs[0].permute(1, 2, 0).reshape(-1, outputs.shape[1]).index_select(0, cells)


def _answer(said: Tensor | None) -> list[Callable[[Tensor], Tensor]]:
    """Return a stand-in for one level's branch: it gives ``said`` as ``(1, outputs, 1, K)``; for None, its own input."""
    if said is None:
        return [lambda feature: feature]
    return [lambda _feature: said.T.contiguous()[None, :, None]]
