"""Kept boxes and the exact gradients of their class logits at the tapped layers, on whichever backend runs the passes."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator

import torch
from torch import Tensor

from heatcam.engine.boxes import Thresholds, keep_boxes
from heatcam.engine.interface import Forward, TapGradients
from heatcam.engine.network import CutNetwork, HeadInputs
from heatcam.engine.passes import Passes, TorchPasses
from heatcam.engine.patches import (
    LevelTargets,
    PatchGradients,
    by_level,
    patch_gradients,
    receptive_radius,
    scatter_sum,
)
from heatcam.errors import BackendError, MapError

logger = logging.getLogger(__name__)


class GradientEngine:
    """Runs one detection network on one device.

    Args:
        cut: the network on its device, with the taps that gradients are wanted at.
        device: where it is.
        passes: the backend; plain torch for None.
    """

    def __init__(self, cut: CutNetwork, device: torch.device, passes: Passes | None = None) -> None:
        self.cut = cut
        self.device = device
        self.passes: Passes = passes or TorchPasses(cut)
        self.radii = [receptive_radius(branch) for branch in cut.class_branch]
        self.uses_patches = True
        #: Explain this class at every anchor; None takes each box's own.
        self.explained_class: int | None = None

    @property
    def name(self) -> str:
        """The backend, for people."""
        return self.passes.name

    @property
    def stride(self) -> int:
        """The coarsest, in model pixels a cell."""
        return max(self.cut.strides)

    @property
    def target_layer(self) -> str:
        """The tapped layers, for people."""
        return self.cut.target_layer

    def bare_forward(self, picture: Tensor) -> None:
        """The network alone, without picking boxes."""
        self.passes.forward(picture, with_graph=False)

    def forward(self, picture: Tensor, thresholds: Thresholds, *, with_graph: bool) -> Forward:
        """Detections, and with ``with_graph`` what the gradients need, from one forward pass."""
        passed = self.passes.forward(picture, with_graph=with_graph)
        return Forward(passed.inputs, keep_boxes(self.cut.head, passed.decoded, thresholds))

    def summed_gradient(self, forward: Forward) -> TapGradients:
        """Gradient of the sum of all kept boxes' class logits at each tap.

        Each logit is taken at the anchor that its box came from, for the box's own class unless ``explained_class`` is set.
        Needs a forward ``with_graph``.

        Raises:
            MapError: an object's level does not read the tapped layers.
        """
        targets = self._targets(forward)
        if not self.uses_patches:
            return self._dense_gradient(forward.inputs, targets)
        return self._carried(forward.inputs, self._patches(forward.inputs, targets))

    def object_gradients(self, forward: Forward) -> Iterator[tuple[int, TapGradients]]:
        """The same gradient for each kept box alone, with the box's number: level after level, one in memory at a time."""
        targets, inputs = self._targets(forward), forward.inputs
        if not self.uses_patches:
            for own in (level.only(n) for level in targets for n in range(len(level.members))):
                yield int(own.members[0]), self._dense_gradient(inputs, [own])
            return
        for level, patches in self._patches(inputs, targets):
            for square in (patches.only(n) for n in range(len(patches.members))):
                yield int(square.members[0]), self._carried(inputs, [(level, square)])

    def prove(self, picture: Tensor) -> float:
        """Compare the gradients with dense autograd in float32 on ``picture``; on a difference, take the next slower way.

        One anchor in the middle and one in a corner of every level are compared: a compiled backend falls back to torch,
        patches fall back to dense autograd.

        Returns:
            The largest difference at any tap, relative to the largest dense gradient there, of the first way that was tried.
        """
        if isinstance(self.passes, TorchPasses):
            return self._prove_patches(picture)
        try:
            worst = self._worst_difference(picture)
        except BackendError as error:
            logger.warning("%s cannot run this network (%s); using torch", self.name, error.problem)
            worst = math.inf
        else:
            if worst <= self.passes.tolerance:
                return worst
            logger.warning(
                "%s gradients differ from dense autograd by %.1e; using torch, which is slower",
                self.name,
                worst,
            )
        self.passes = TorchPasses(self.cut)
        self._prove_patches(picture)
        return worst

    def _prove_patches(self, picture: Tensor) -> float:
        worst = self._worst_difference(picture)
        if not worst <= self.passes.tolerance:
            self.uses_patches = False
            logger.warning(
                "patch gradients differ from dense autograd by %.1e; using dense autograd, which is slower",
                worst,
            )
        return worst

    def _worst_difference(self, picture: Tensor) -> float:
        exact = self.cut.head_inputs(picture, with_graph=True)
        given = self.passes.forward(picture, with_graph=True).inputs
        worst = 0.0
        for anchor in _probe_anchors(exact.features).to(self.device):
            (target,) = by_level(exact.features, anchor[None], torch.zeros_like(anchor[None]))
            if self.cut.reaches[target.level]:
                dense = self._dense_gradient(exact, [target])
                ours = self._carried(given, self._patches(given, [target]))
                worst = max([worst, *map(_difference, ours, dense)])
        return worst

    def _targets(self, forward: Forward) -> list[LevelTargets]:
        class_ids = forward.boxes.class_ids
        if self.explained_class is not None:
            class_ids = torch.full_like(class_ids, self.explained_class)
        targets = by_level(forward.inputs.features, forward.boxes.anchors, class_ids)
        for target in targets:
            if not self.cut.reaches[target.level]:
                raise MapError(
                    f"the head's stride {self.cut.strides[target.level]} input does not read layer {self.cut.target_layer}",
                    "its objects have no evidence there",
                )
        return targets

    def _patches(self, inputs: HeadInputs, targets: list[LevelTargets]) -> list[tuple[int, PatchGradients]]:
        """Each level's objects' gradients at the head's input, as small squares."""
        branch, features = self.cut.class_branch, inputs.features
        return [
            (t.level, patch_gradients(branch[t.level], features[t.level], t, self.radii[t.level]))
            for t in targets
        ]

    def _carried(self, inputs: HeadInputs, patches: list[tuple[int, PatchGradients]]) -> TapGradients:
        """Patches added up at their level, and carried down to the taps."""
        cotangents: list[Tensor | None] = [None] * len(inputs.features)
        for level, patch in patches:
            cotangents[level] = scatter_sum(patch, inputs.features[level])
        if not self.cut.taps_only_the_finest:
            return tuple(g[0].detach() for g in self.passes.pull_back(inputs, cotangents))
        own, cotangents[self.cut.finest_level] = cotangents[self.cut.finest_level], None
        total = torch.zeros_like(inputs.taps[0]) if own is None else own
        if any(c is not None for c in cotangents):
            total = total + self.passes.pull_back(inputs, cotangents)[0]
        return (total[0].detach(),)

    def _dense_gradient(self, inputs: HeadInputs, targets: list[LevelTargets]) -> TapGradients:
        """The same by autograd through the whole class branch: slower, right for any head."""
        if not targets:
            return tuple(torch.zeros_like(tap[0]) for tap in inputs.taps)
        if not inputs.taps[0].requires_grad:
            inputs = self.cut.with_graph(inputs.taps[0], inputs.laterals)
        with torch.enable_grad():
            logits = [
                self.cut.class_branch[t.level](inputs.features[t.level])[
                    0, t.class_ids, t.rows, t.columns
                ].sum()
                for t in targets
            ]
            gradients = torch.autograd.grad(
                torch.stack(logits).sum(),
                inputs.taps,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
        return tuple(gradient[0].detach() for gradient in gradients)


def _difference(ours: Tensor, exact: Tensor) -> float:
    """The largest difference relative to the largest exact value; NaN counts as infinite, nothing against nothing as none."""
    difference, largest = (ours - exact).abs().max(), exact.abs().max()
    relative = float(difference / largest) if largest > 0 else float(difference)
    return float("inf") if math.isnan(relative) else relative


def _probe_anchors(features: tuple[Tensor, ...]) -> Tensor:
    """One corner anchor and one middle anchor of every level, int64."""
    anchors, start = [], 0
    for feature in features:
        height, width = feature.shape[2:]
        anchors += [start, start + (height // 2) * width + width // 2]
        start += height * width
    return torch.tensor(anchors)
