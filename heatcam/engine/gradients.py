"""Kept boxes, and their targets' gradients at the tapped layers: exactly those of the network given, its gates held or not."""

from __future__ import annotations

import copy
import logging
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import torch
from torch import Tensor, nn

from heatcam.engine.apart import Reaches
from heatcam.engine.boxes import (
    EveryBox,
    KeptBoxes,
    Thresholds,
    boxes_at,
    every_box,
    keep_boxes,
    upright_boxes,
)
from heatcam.engine.cells import CellBranch
from heatcam.engine.interface import Forward, TapGradients
from heatcam.engine.network import HeadInputs, TappedNetwork
from heatcam.engine.passes import NetworkPass, Passes, TorchPasses
from heatcam.engine.patches import (
    LevelTargets,
    PatchGradients,
    by_level,
    patch_gradients,
    scatter_sum,
)
from heatcam.engine.shapes import Shapes, shapes_of
from heatcam.engine.sparse_head import SparseHead
from heatcam.engine.tapped_engine import TappedEngine
from heatcam.engine.targets import UNITS, ClassLogit, Scores, Target
from heatcam.errors import MapError
from heatcam.frames import place_of_anchor

logger = logging.getLogger(__name__)

_NO_EVIDENCE = 1e-9  # logits
_FIRST_READ = 64  # anchors; the best fit is nearly always among them
#: Confidence above which boxes are read wherever they are.
READ_ANYWAY = 0.05


class GradientEngine(TappedEngine[TappedNetwork]):
    """Runs one detection network on one device.

    Args:
        cut: the network on its device, with the taps that gradients are wanted at.
        device: where it is.
        passes: the backend; plain torch for None.
        target: the number that is explained of each object; its class logit for None.
    """

    def __init__(
        self,
        cut: TappedNetwork,
        device: torch.device,
        passes: Passes | None = None,
        target: Target | None = None,
    ) -> None:
        super().__init__(cut, device)
        self.passes: Passes = passes or TorchPasses(cut)
        self.reader = SparseHead(cut)
        self.target: Target = target or ClassLogit()
        #: The head's branch that is explained, one a level.
        self.branches = [self.target.branch(cut.branches, level) for level in range(len(cut.strides))]
        self.cell_branches = _for_single_cells(self.branches)
        self.uses_patches = bool(self.cell_branches)
        self._reaches = Reaches(self._carried)
        self._squares_made: (
            tuple[weakref.ref[Forward], int | None, list[tuple[LevelTargets, PatchGradients]]] | None
        ) = None

    def explaining(self, branches: list[nn.Module]) -> GradientEngine:
        """Return a copy that runs the same passes and differentiates these branches, one a level, instead of the head's own."""
        twin = copy.copy(self)
        twin.branches, twin.cell_branches = branches, _for_single_cells(branches)
        twin._squares_made = None
        return twin

    @property
    def name(self) -> str:
        """The backend, for people."""
        return self.passes.name

    def exclusive_threads(self) -> AbstractContextManager[None]:
        """Limit torch to the threads that the backend leaves it; see ``Passes``."""
        return self.passes.exclusive_threads()

    @property
    def limits_threads(self) -> bool:
        """True if the backend limits the threads of the whole process; see ``Passes``."""
        return self.passes.limits_threads

    def bare_forward(self, picture: Tensor, conf: float) -> None:
        """Run the network alone, without picking boxes."""
        self.reader.candidates(self.passes.forward(picture, with_graph=False), conf)

    def boxes_at(self, picture: Tensor, anchors: Sequence[int]) -> Tensor:
        """Return the boxes that the head predicts at some anchors, kept or not: ``(K, 4)``, xyxy in model pixels."""
        chosen = torch.tensor(anchors, device=self.device)
        passed = self.passes.forward(picture, with_graph=False)
        return every_box(self.cut.head, self.reader.at(passed, chosen))[0]

    def likeliest(self, picture: Tensor, class_id: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the boxes at all anchors, sorted by the score of one class: nothing is suppressed.

        Yields:
            boxes ``(K, 4)``, xyxy in model pixels, and the class's scores ``(K,)``, descending from the first pair of tensors to
            the last. Boxes are read only when they are asked for, which must be before the next picture.
        """
        passed = self.passes.forward(picture, with_graph=False)
        logits = torch.cat([level[0, class_id].flatten() for level in passed.logits])
        ranked, start = logits.sort(descending=True), 0
        for count in sorted({min(_FIRST_READ, len(logits)), len(logits)}):
            some = slice(start, count)
            boxes, _ = every_box(self.cut.head, self.reader.at(passed, ranked.indices[some]))
            yield boxes, ranked.values[some].sigmoid()
            start = count

    def forward(self, picture: Tensor, thresholds: Thresholds, *, with_graph: bool) -> Forward:
        """Detect objects in one forward pass; with ``with_graph``, keep what their gradients need."""
        passed = self.passes.forward(picture, with_graph=with_graph)
        candidates = self.reader.candidates(passed, thresholds.conf)
        boxes = keep_boxes(self.cut.head, candidates, thresholds)
        return Forward(passed.inputs, boxes, self._asked_scores(passed, boxes), passed.logits)

    def everywhere(
        self, picture: Tensor, thresholds: Thresholds, rows: Sequence[int] | None = None
    ) -> tuple[Forward, EveryBox]:
        """See ``Engine``: all boxes cost the box branch on whole levels, about a sixth of YOLOv8n's forward pass."""
        forward = self.forward(picture, thresholds, with_graph=False)
        return forward, self.every_box(forward, thresholds.conf, rows)

    def every_box(self, forward: Forward, conf: float, rows: Sequence[int] | None = None) -> EveryBox:
        """See ``Engine``."""
        logits = torch.cat([level[0].flatten(1) for level in forward.logits], 1).T  # (anchors, classes)
        wanted = torch.ones(len(logits), dtype=torch.bool, device=logits.device)
        if rows is not None:
            wanted = logits.amax(1).sigmoid() > min(conf, READ_ANYWAY)
            wanted[torch.tensor(rows, dtype=torch.long, device=logits.device)] = True
        read = wanted.nonzero().flatten()
        every = logits.new_zeros((len(logits), 4))
        if len(read):
            every[read] = upright_boxes(self.cut.head, self.reader.at(_passed(forward), read))
        return EveryBox(every, logits, not self.cut.head.end2end)

    def boxes_above(self, forward: Forward, thresholds: Thresholds) -> KeptBoxes:
        """See ``Engine``."""
        candidates = self.reader.candidates(_passed(forward), thresholds.conf)
        return keep_boxes(self.cut.head, candidates, thresholds, of_each_class=True)

    def at(self, forward: Forward, anchors: Sequence[int], class_ids: Sequence[int]) -> Forward:
        """See ``Engine``. For gradients, the pass has to be one with a graph."""
        return self._at(_passed(forward), anchors, class_ids)

    def shapes(self, forward: Forward, /) -> Shapes:
        """See ``Engine``."""
        features = forward.inputs.features
        return shapes_of(self.cut.head, forward.boxes, lambda: self.passes.prototypes(features))

    def _asked_scores(self, passed: NetworkPass, boxes: KeptBoxes) -> Tensor | None:
        """Return the probability of ``explained_class`` at each box's anchor, ``(N,)``; None without one."""
        if self.explained_class is None:
            return None
        logits = torch.cat([level[0, self.explained_class].flatten() for level in passed.logits])
        return logits[boxes.anchors].float().sigmoid()

    def forward_at(self, picture: Tensor, anchors: Sequence[int], class_ids: Sequence[int]) -> Forward:
        """Run a pass with graph and return the boxes at given anchors, each with the class given for it, whatever is detected."""
        return self._at(self.passes.forward(picture, with_graph=True), anchors, class_ids)

    def _at(self, passed: NetworkPass, anchors: Sequence[int], class_ids: Sequence[int]) -> Forward:
        chosen, classes = (torch.tensor(numbers, device=self.device) for numbers in (anchors, class_ids))
        boxes = boxes_at(self.cut.head, self.reader.at(passed, chosen))
        return Forward(passed.inputs, replace(boxes, class_ids=classes), logits=passed.logits)

    def place_of(self, picture_wh: tuple[int, int], anchor: int) -> tuple[int, int, int]:
        """Return level, row and column of an anchor in pictures of this width and height in model pixels.

        Raises:
            ValueError: there is no such anchor.
        """
        return place_of_anchor(picture_wh, self.cut.strides, anchor)

    def cell_of(self, picture_wh: tuple[int, int], anchor: int) -> tuple[int, int, int, int]:
        """Return the cell whose middle is the anchor: xyxy in model pixels."""
        level, row, column = self.place_of(picture_wh, anchor)
        stride = self.cut.strides[level]
        return column * stride, row * stride, (column + 1) * stride, (row + 1) * stride

    def summed_gradient(self, forward: Forward) -> TapGradients:
        """Return the gradient of the sum of all kept boxes' targets at each tap.

        Each is taken at the anchor that its box came from; a class logit is that of the box's own class unless
        ``explained_class`` is set. Needs a forward ``with_graph``.

        Raises:
            MapError: an object's level does not read the tapped layers.
        """
        scores, groups = self._of_picture(forward)
        squares = self._squares_of(forward, groups, scores)
        return self._gradient(
            forward.inputs, groups, scores, list(zip(groups, squares, strict=True)) if squares else None
        )

    @property
    def unit(self) -> str:
        """Unit of the target."""
        return UNITS[self.target.name]

    @property
    def layer_choices(self) -> tuple[str, ...]:
        """See ``Engine``."""
        inputs = tuple(map(str, self.cut.inputs))
        return ("", *inputs, ",".join(inputs)) if len(inputs) > 1 else ("", *inputs)

    def anchored(self) -> GradientEngine:
        """See ``Engine``: the engine itself."""
        return self

    def coherence(self, forward: Forward, /) -> Tensor | None:
        """Return the evidence for each kept box's class, net divided by gross, ``(N,)``, without a unit.

        The logits that the picture adds to the class's bias, divided by the sum of ``|feature * gradient|`` over the part of the
        head's input that the logit reads. Near 0 where evidence for and against mostly cancels out; negative where the picture
        speaks against the class. Costs next to nothing after a gradient of the same pass. It is plain, also where gates are held.

        Returns:
            None where it is not known: for another target than the class, or a head without patches or biases.
        """
        if not isinstance(self.target, ClassLogit) or not self.uses_patches:
            return None
        found = forward.boxes.confidences.new_zeros(len(forward.boxes))
        last = self._squares_made
        if last is None or last[0]() is not forward or last[1] != self.explained_class:
            scores, groups = self._of_picture(forward)
            self._squares_of(forward, groups, scores)
        assert self._squares_made is not None
        for group, squares in self._squares_made[2]:
            bias = self.cell_branches[group.level].bias
            if bias is None:
                return None
            prior = self.target.score(bias.detach().expand(len(group.members), -1), group)
            found[group.members] = (squares.scores - prior) / squares.gross.clamp_min(_NO_EVIDENCE)
        return found

    def object_gradients(self, forward: Forward) -> Iterator[tuple[int, TapGradients]]:
        """Yield the number of each kept box and the gradient of its target alone, level after level, one in memory at a time.

        One batched pass for all of them is slower on a CPU, where the work is the same and less of it fits the caches: with six
        objects on YOLOv8n, 63 ms instead of 52 in torch.
        """
        scores, groups = self._of_picture(forward)
        squares = self._squares_of(forward, groups, scores)
        for number, group in enumerate(groups):
            for n in range(len(group.members)):
                own = group.only(n)
                alone = [(own, squares[number].only(n))] if squares else None
                yield int(own.members[0]), self._gradient(forward.inputs, [own], scores, alone)

    def gradients_together(self, forward: Forward) -> Iterator[tuple[int, TapGradients]]:
        """Yield the same as ``object_gradients``, in less time for many small objects: see ``apart``."""
        scores, groups = self._of_picture(forward)
        squares, inputs = self._squares_of(forward, groups, scores), forward.inputs
        if not squares or any(c is not None for c in self._shared_cotangents(inputs, groups, scores)):
            yield from self.object_gradients(forward)
            return
        pairs = zip(groups, squares, strict=True)
        alone = [(own.only(n), square.only(n)) for own, square in pairs for n in range(len(own.members))]
        down = self._reaches.gradients(inputs, alone, lambda some: self._together(inputs, some, scores))
        yield from ((int(alone[n][0].members[0]), gradients) for n, gradients in down)

    def _of_picture(self, forward: Forward) -> tuple[Scores, list[LevelTargets]]:
        """Return the scores of the kept boxes, and the boxes sorted by level."""
        class_ids = forward.boxes.class_ids
        if self.explained_class is not None:
            class_ids = torch.full_like(class_ids, self.explained_class)
        features = forward.inputs.features
        groups = by_level(features, forward.boxes.anchors, class_ids)
        for group in groups:
            if not self.cut.reaches[group.level]:
                raise MapError(
                    f"the head's stride {self.cut.strides[group.level]} input does not read layer {self.target_layer}",
                    "its objects have no evidence there",
                )
        return self.target.of_picture(features, forward.boxes), groups

    def _squares_of(
        self, forward: Forward, groups: list[LevelTargets], scores: Scores
    ) -> list[PatchGradients]:
        """Return the patch gradients of each group, made once a pass; an empty list for a head without patches."""
        if not self.uses_patches:
            return []
        last = self._squares_made
        if last is not None and last[0]() is forward and last[1] == self.explained_class:
            return [squares for _, squares in last[2]]
        made = [self._squares(forward.inputs, group, scores) for group in groups]
        pairs = list(zip(groups, made, strict=True))
        self._squares_made = weakref.ref(forward), self.explained_class, pairs
        return made

    def _gradient(
        self,
        inputs: HeadInputs,
        groups: list[LevelTargets],
        scores: Scores,
        squares: list[tuple[LevelTargets, PatchGradients]] | None = None,
    ) -> TapGradients:
        """Return the gradient of the sum over ``groups`` at each tap; from ``squares`` where they were made already."""
        if not self.uses_patches:
            return self.by_autograd(inputs, groups, scores)
        return self._together(inputs, squares, scores) if squares else self.by_patches(inputs, groups, scores)

    def by_patches(self, inputs: HeadInputs, groups: list[LevelTargets], scores: Scores) -> TapGradients:
        """Return the gradient of the sum over ``groups`` at each tap, with the head run on squares of cells."""
        return self._together(inputs, [(g, self._squares(inputs, g, scores)) for g in groups], scores)

    def _squares(self, inputs: HeadInputs, group: LevelTargets, scores: Scores) -> PatchGradients:
        """Return the gradients of one level's objects at that input of the head, each in the square of cells that it reads."""

        def score(outputs: Tensor) -> Tensor:
            return scores.score(outputs, group)

        feature = inputs.features[group.level]
        return patch_gradients(self.cell_branches[group.level], feature, group, score)

    def _together(
        self, inputs: HeadInputs, squares: list[tuple[LevelTargets, PatchGradients]], scores: Scores
    ) -> TapGradients:
        """Add up the squares and the objects' shared part at the head's inputs, and take the sum down to the taps."""
        cotangents = list(self._shared_cotangents(inputs, [group for group, _ in squares], scores))
        for group, square in squares:
            own, shared = scatter_sum(square, inputs.features[group.level]), cotangents[group.level]
            cotangents[group.level] = own if shared is None else own + shared
        return self._carried(inputs, cotangents)

    def _shared_cotangents(
        self, inputs: HeadInputs, groups: list[LevelTargets], scores: Scores
    ) -> Sequence[Tensor | None]:
        """Return the gradients at the head's inputs of the part that the objects' scores share (``Scores.shared``)."""
        members = [group.members for group in groups]
        with torch.enable_grad():
            leaves = [feature.detach().requires_grad_(True) for feature in inputs.features]
            total = scores.shared(leaves, torch.cat(members)) if members else None
            if total is None:
                return [None] * len(leaves)
            return torch.autograd.grad(total, leaves, allow_unused=True)

    def _carried(self, inputs: HeadInputs, cotangents: list[Tensor | None]) -> TapGradients:
        """Take gradients at the head's inputs down to the taps."""
        if not self.cut.taps_only_the_finest:
            return tuple(g[0].detach() for g in self.passes.vjp(inputs, cotangents))
        own, cotangents[self.cut.finest_level] = cotangents[self.cut.finest_level], None
        total = torch.zeros_like(inputs.taps[0]) if own is None else own
        if any(c is not None for c in cotangents):
            total = total + self.passes.vjp(inputs, cotangents)[0]
        return (total[0].detach(),)

    def by_autograd(self, inputs: HeadInputs, groups: list[LevelTargets], scores: Scores) -> TapGradients:
        """Return the same as ``by_patches`` by autograd through the whole branches: slower, right for any head."""
        if not groups:
            return tuple(torch.zeros_like(tap[0]) for tap in inputs.taps)
        with torch.enable_grad():
            numbers = [scores.score(self._at_anchors(inputs, group), group).sum() for group in groups]
            shared = scores.shared(inputs.features, torch.cat([group.members for group in groups]))
            gradients = torch.autograd.grad(
                torch.stack(numbers if shared is None else [*numbers, shared]).sum(),
                inputs.taps,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
        return tuple(gradient[0].detach() for gradient in gradients)

    def _at_anchors(self, inputs: HeadInputs, group: LevelTargets) -> Tensor:
        """Run the whole branch and return its outputs at the objects' anchors, ``(n, outputs)``."""
        said: Tensor = self.branches[group.level](inputs.features[group.level])[0]
        return said[:, group.rows, group.columns].T


def _passed(forward: Forward) -> NetworkPass:
    """Return the pass that kept boxes were picked from."""
    return NetworkPass(forward.inputs, forward.logits)


def _for_single_cells(branches: list[nn.Module]) -> list[CellBranch]:
    """Return the branches for patch gradients; an empty list if one of them has a part that ``CellBranch`` does not support."""
    try:
        return [CellBranch(branch) for branch in branches]
    except NotImplementedError as error:
        logger.warning("dense autograd is used, which is slower: %s", error)
        return []
