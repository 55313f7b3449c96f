"""Forward pass, kept boxes and exact gradients at the finest neck output, with plain torch on any device."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from heatcam.engine.boxes import KeptBoxes, Thresholds, keep_boxes
from heatcam.engine.network import CutNetwork, HeadInputs
from heatcam.engine.patches import LevelTargets, by_level, patch_gradients, receptive_radius, scatter_sum
from heatcam.errors import MapError
from heatcam.geometry import Uint8Array

logger = logging.getLogger(__name__)

PROOF_TOLERANCE = 1e-3  # largest difference, relative to the largest gradient, that still counts as the same


@dataclass(frozen=True)
class Forward:
    """One picture's pass through the network.

    Attributes:
        inputs: the head's inputs, with a graph above the cut when gradients were asked for.
        boxes: the kept boxes in model pixels.
    """

    inputs: HeadInputs
    boxes: KeptBoxes


class TorchEngine:
    """Runs one detection network on one device.

    Args:
        network: an ultralytics ``DetectionModel``, eval mode, parameters without gradient; moved to ``device``.
        device: where to run.

    Raises:
        ModelError: the network cannot be explained.
    """

    name = "torch"

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self.device = device
        self.cut = CutNetwork(network.to(device))
        self.radii = [receptive_radius(branch) for branch in self.cut.class_branch]
        self.uses_patches = True

    def picture_tensor(self, boxed_bgr: Uint8Array) -> Tensor:
        """A letterboxed BGR picture (uint8 HWC) as the network's input: float ``(1, 3, H, W)``, RGB in ``[0, 1]``."""
        bgr = torch.from_numpy(boxed_bgr).to(self.device)
        return bgr.flip(2).permute(2, 0, 1)[None].float().div_(255)

    def forward(self, picture: Tensor, thresholds: Thresholds, *, with_graph: bool) -> Forward:
        """Detections, and with ``with_graph`` what the gradients need, from one forward pass."""
        inputs = self.cut.head_inputs(picture, with_graph=with_graph)
        return Forward(inputs, keep_boxes(self.cut.head, inputs.features, thresholds))

    def summed_gradient(self, forward: Forward) -> Tensor:
        """Gradient of the sum of all kept boxes' class logits at the finest neck output, ``(C, h, w)``.

        Each logit is taken at the anchor that its box came from. Needs a forward ``with_graph``.
        """
        if self.uses_patches:
            return self._patch_gradient(forward, self._targets(forward))
        return self._dense_gradient(forward, self._targets(forward))

    def object_gradients(self, forward: Forward) -> list[Tensor]:
        """The same gradient for each kept box alone: N tensors ``(C, h, w)``, in the boxes' order."""
        take = self._patch_gradient if self.uses_patches else self._dense_gradient
        inputs, boxes = forward.inputs, forward.boxes
        return [
            take(forward, by_level(inputs.features, boxes.anchors[n : n + 1], boxes.class_ids[n : n + 1]))
            for n in range(len(boxes))
        ]

    def prove_patches(self, picture: Tensor) -> float:
        """Compare the patch gradient with dense autograd on ``picture``; on a difference, use dense from now on.

        One anchor in the middle and one in a corner of every level are compared.

        Returns:
            The largest difference, relative to the largest dense gradient.
        """
        forward = self.forward(picture, Thresholds(conf=1.0), with_graph=True)
        anchors = _probe_anchors(forward.inputs.features).to(self.device)
        worst = 0.0
        for anchor in anchors:
            targets = by_level(forward.inputs.features, anchor[None], torch.zeros_like(anchor[None]))
            if not forward.inputs.features[targets[0].level].requires_grad:
                continue
            dense = self._dense_gradient(forward, targets)
            difference = (
                self._patch_gradient(forward, targets) - dense
            ).abs().max() / dense.abs().max().clamp_min(1e-12)
            worst = max(worst, float(difference))
        if not worst <= PROOF_TOLERANCE:
            self.uses_patches = False
            logger.warning(
                "patch gradients differ from dense autograd by %.1e; using dense autograd, which is slower",
                worst,
            )
        return worst

    def _reachable(self, forward: Forward, level: int) -> Tensor:
        """A head input that depends on the finest one.

        Raises:
            MapError: it does not, so the target layer holds no evidence for objects of this level.
        """
        feature = forward.inputs.features[level]
        if not feature.requires_grad:
            raise MapError(
                f"the head's stride {self.cut.strides[level]} input does not read layer {self.cut.target_layer}",
                "its objects have no evidence there",
            )
        return feature

    def _targets(self, forward: Forward) -> list[LevelTargets]:
        return by_level(forward.inputs.features, forward.boxes.anchors, forward.boxes.class_ids)

    def _patch_gradient(self, forward: Forward, targets: list[LevelTargets]) -> Tensor:
        """Patches at each level, carried down to the cut through the layers between the levels."""
        finest = forward.inputs.finest
        total = torch.zeros_like(finest)
        upper, cotangents = [], []
        for target in targets:
            feature = self._reachable(forward, target.level)
            patches = patch_gradients(
                self.cut.class_branch[target.level], feature, target, self.radii[target.level]
            )
            cotangent = scatter_sum(patches, feature)
            if target.level == self.cut.finest_level:
                total = total + cotangent
            else:
                upper.append(feature)
                cotangents.append(cotangent)
        if upper:
            (carried,) = torch.autograd.grad(upper, finest, cotangents, retain_graph=True)
            total = total + carried
        return total[0].detach()

    def _dense_gradient(self, forward: Forward, targets: list[LevelTargets]) -> Tensor:
        """The same by autograd through the whole class branch: slower, right for any head."""
        finest = forward.inputs.finest
        with torch.enable_grad():
            logits = [
                self.cut.class_branch[t.level](self._reachable(forward, t.level))[
                    0, t.class_ids, t.rows, t.columns
                ].sum()
                for t in targets
            ]
            if not logits:
                return torch.zeros_like(finest[0])
            (gradient,) = torch.autograd.grad(torch.stack(logits).sum(), finest, retain_graph=True)
        return gradient[0].detach()


def _probe_anchors(features: tuple[Tensor, ...]) -> Tensor:
    """One corner anchor and one middle anchor of every level, int64."""
    anchors, start = [], 0
    for feature in features:
        height, width = feature.shape[2:]
        anchors += [start, start + (height // 2) * width + width // 2]
        start += height * width
    return torch.tensor(anchors)
