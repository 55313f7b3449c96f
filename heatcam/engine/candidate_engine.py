"""Engines of networks whose candidates have logits of their own: dense autograd from a logit to the taps.

RT-DETR's queries, and the networks of other libraries. Each object's gradient is a backward pass through all that lies above the
taps.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from heatcam.engine.boxes import EveryBox, KeptBoxes, Thresholds
from heatcam.engine.candidates import CandidateNetwork, RawCandidates, class_scores, kept_of
from heatcam.engine.hooked import HookedNetwork
from heatcam.engine.interface import Forward, TapGradients
from heatcam.engine.network import HeadInputs
from heatcam.engine.randomization import with_shuffled_parts
from heatcam.engine.tapped_engine import Cut, TappedEngine
from heatcam.errors import MapError, UsageError

_NO_EVIDENCE = 1e-12  # logits


@dataclass(frozen=True)
class CandidateInputs(HeadInputs):
    """``HeadInputs``, and the candidates made from them.

    Attributes:
        found: all candidates, logits with a graph when one was asked for.
        size_wh: of the network's input, in model pixels.
        leaves: what gradients are taken to, one a tap, where that is not the tap's map itself.
        picture: the network's input, float ``(1, channels, H, W)``; None where nothing asks for it again.
        states: what the class head makes each candidate's logits from, ``(1, K, C)``; None where it has no such input.
    """

    found: RawCandidates = field(kw_only=True)
    size_wh: tuple[int, int] = field(kw_only=True)
    leaves: tuple[Tensor, ...] = ()
    picture: Tensor | None = None
    states: Tensor | None = None

    def levels_of(self, anchors: Tensor) -> Tensor:
        """Return the level that each candidate was made from; 0 where each may read every level."""
        levels = self.found.levels
        return torch.zeros_like(anchors) if levels is None else levels[anchors]


class CandidateEngine(TappedEngine[Cut]):
    """See ``Engine``. A box's ``anchors`` number is that of its candidate.

    Subclasses say how a pass is made and how boxes are kept.
    """

    #: True if each candidate reads every tap, so that a tap without a gradient is a fault.
    reads_every_tap = True
    #: The pass whose objects' coherence is known, and that coherence, float ``(N,)``.
    _coherence: tuple[weakref.ref[Forward], Tensor] | None = None

    def passed(self, picture: Tensor, *, with_graph: bool) -> CandidateInputs:
        """Run a picture, float ``(1, channels, H, W)``."""
        raise NotImplementedError

    def kept(self, inputs: CandidateInputs, thresholds: Thresholds) -> KeptBoxes:
        """Keep the candidates that pass the thresholds."""
        raise NotImplementedError

    def scores(self, logits: Tensor) -> Tensor:
        """Return the scores ``(K, columns)`` in ``[0, 1]`` of logits ``(K, columns)``."""
        raise NotImplementedError

    def log_odds(self, logits: Tensor) -> Tensor:
        """Return numbers whose sigmoids are the scores, ``(K, columns)``."""
        return self.scores(logits).logit()

    def by_candidate(self) -> Any:
        """See ``Engine``: the engine itself, but of a classifier."""
        return self if self.cut.has_boxes else None

    def with_shuffled_head(self, seed: int) -> CandidateEngine[Cut] | None:
        """Return a copy whose class head has its weights in another order; None where the head is not known.

        Boxes and the choice of queries do not depend on that head, so that numbers of candidates mean the same in both.
        """
        raise NotImplementedError

    def maps_of(self, _inputs: CandidateInputs, gradients: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return gradients at the leaves as maps, each ``(1, C, h, w)``."""
        return tuple(gradients)

    def forward(self, picture: Tensor, thresholds: Thresholds, *, with_graph: bool) -> Forward:
        """See ``Engine``."""
        inputs = self.passed(picture, with_graph=with_graph)
        kept = self.kept(inputs, thresholds)
        asked = None
        if self.explained_class is not None:
            asked = kept.confidences
            if inputs.found.xyxy is not None:
                asked = self.scores(inputs.found.logits.detach()[kept.anchors])[:, self.explained_class]
        return Forward(inputs, kept, asked)

    def everywhere(
        self, picture: Tensor, thresholds: Thresholds, _rows: Sequence[int] | None = None
    ) -> tuple[Forward, EveryBox]:
        """See ``Engine``."""
        forward = self.forward(picture, thresholds, with_graph=False)
        return forward, self.every_box(forward, thresholds.conf)

    def every_box(self, forward: Forward, _conf: float, _rows: Sequence[int] | None = None) -> EveryBox:
        """See ``Engine``."""
        found = _with_boxes(_inputs_of(forward))
        boxes = found.xyxy
        if boxes is None or boxes.ndim != 2:
            rows = torch.arange(len(found.logits), device=self.device)
            boxes = found.boxes_of(rows, self.scores(found.logits.detach()).argmax(1))
        return EveryBox(boxes, self.log_odds(found.logits.detach()), suppresses=False)

    def boxes_above(self, forward: Forward, thresholds: Thresholds) -> KeptBoxes:
        """See ``Engine``."""
        inputs = _inputs_of(forward)
        _with_boxes(inputs)
        return self.kept(inputs, thresholds)

    def boxes_at(self, picture: Tensor, candidates: Sequence[int]) -> Tensor:
        """Return the boxes of some candidates, kept or not: ``(K, 4)``, xyxy in model pixels, each of its likeliest class."""
        found = _with_boxes(self.passed(picture, with_graph=False))
        rows = torch.tensor(candidates, device=self.device)
        return found.boxes_of(rows, self.scores(found.logits[rows]).argmax(1))

    def likeliest(self, picture: Tensor, class_id: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all candidates' boxes ``(K, 4)``, xyxy in model pixels, and their scores of one class, descending, at once."""
        found = _with_boxes(self.passed(picture, with_graph=False))
        ranked = self.scores(found.logits)[:, class_id].sort(descending=True)
        yield found.boxes_of(ranked.indices, torch.full_like(ranked.indices, class_id)), ranked.values

    def forward_at(self, picture: Tensor, anchors: Sequence[int], class_ids: Sequence[int]) -> Forward:
        """See ``Engine``."""
        return self._at(self.passed(picture, with_graph=True), anchors, class_ids)

    def at(self, forward: Forward, anchors: Sequence[int], class_ids: Sequence[int]) -> Forward:
        """See ``Engine``."""
        return self._at(_inputs_of(forward), anchors, class_ids)

    def _at(self, inputs: CandidateInputs, anchors: Sequence[int], class_ids: Sequence[int]) -> Forward:
        rows, classes = (torch.tensor(numbers, device=self.device) for numbers in (anchors, class_ids))
        found = _with_boxes(inputs)
        scores = self.scores(found.logits.detach()[rows]).gather(1, classes[:, None])[:, 0]
        return Forward(inputs, KeptBoxes(found.boxes_of(rows, classes), scores, classes, rows))

    def summed_gradient(self, forward: Forward) -> TapGradients:
        """See ``Engine``.

        Raises:
            MapError: no tap has a gradient, or one has none and should.
        """
        return self._gradient(forward, slice(None))

    def object_gradients(self, forward: Forward) -> Iterator[tuple[int, TapGradients]]:
        """See ``Engine``: one backward pass for each box."""
        found = []
        for number in range(len(forward.boxes)):
            gradients = self._gradient(forward, slice(number, number + 1))
            found.append(_agreement(forward.inputs.taps, gradients))
            yield number, gradients
        if found:
            self._coherence = weakref.ref(forward), torch.stack(found)

    def class_head(self) -> nn.Module | None:
        """Return the module that makes each candidate's logits from its state; None where there is none."""
        return None

    @torch.enable_grad()
    def coherence(self, forward: Forward, /) -> Tensor | None:
        """Return the evidence for each kept box, net divided by gross, float ``(N,)`` in ``[-1, 1]``.

        It is taken where the class head begins: in each candidate's state, which the head makes its logits from. Of a head
        without such a state it is taken at the taps, and None until each box has had its own gradient.
        """
        inputs, head = _inputs_of(forward), self.class_head()
        if head is not None and inputs.states is not None:
            rows, class_ids = forward.boxes.anchors, forward.boxes.class_ids
            states = inputs.states[:, rows].clone().requires_grad_(True)
            asked = (
                class_ids
                if self.explained_class is None
                else torch.full_like(class_ids, self.explained_class)
            )
            total = head(states)[0].gather(1, asked[:, None]).sum()
            (gradient,) = torch.autograd.grad(total, states)
            products = (states.detach() * gradient)[0].float()  # (N, C)
            return products.sum(1) / products.abs().sum(1).clamp_min(_NO_EVIDENCE)
        known = self._coherence
        return known[1] if known is not None and known[0]() is forward else None

    def _gradient(self, forward: Forward, which: slice) -> TapGradients:
        """Return the gradient of the sum of these boxes' class logits at each tap."""
        inputs = _inputs_of(forward)
        rows, class_ids = forward.boxes.anchors[which], forward.boxes.class_ids[which]
        if not len(rows):
            return tuple(torch.zeros_like(tap[0]) for tap in inputs.taps)
        if self.explained_class is not None:
            class_ids = torch.full_like(class_ids, self.explained_class)
        leaves = inputs.leaves or inputs.taps
        with torch.enable_grad():
            total = inputs.found.logits_of(rows).gather(1, class_ids[:, None]).sum()
        gradients: Sequence[Tensor | None] = (None,) * len(leaves)
        if total.requires_grad:
            gradients = torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True)
        missing = [gradient is None for gradient in gradients]
        if all(missing) or (self.reads_every_tap and any(missing)):
            raise MapError(f"no gradient comes from the objects to layer {self.target_layer}")
        whole = [
            torch.zeros_like(leaf) if gradient is None else gradient
            for gradient, leaf in zip(gradients, leaves, strict=True)
        ]
        return tuple(gradient[0].detach() for gradient in self.maps_of(inputs, whole))


class HookedEngine(CandidateEngine[HookedNetwork]):
    """Runs a network of another library."""

    reads_every_tap = False  # (an anchor reads the level that it is of)

    def bare_forward(self, picture: Tensor, _conf: float) -> None:
        """Run the network alone, without picking boxes."""
        with torch.no_grad():
            self.cut.network.candidates(picture)

    def passed(self, picture: Tensor, *, with_graph: bool) -> CandidateInputs:
        """See ``CandidateEngine``."""
        one = self.cut.run(picture, with_graph=with_graph)
        boxes = None if one.found.xyxy is None else one.found.xyxy.detach()
        return CandidateInputs(
            one.maps,
            one.maps,
            found=replace(one.found, xyxy=boxes),
            size_wh=(picture.shape[3], picture.shape[2]),
            leaves=one.outputs,
            picture=picture,
            states=one.states,
        )

    def kept(self, inputs: CandidateInputs, thresholds: Thresholds) -> KeptBoxes:
        """See ``CandidateEngine``."""
        return kept_of(self.cut.network, inputs.found, inputs.size_wh, thresholds, self.explained_class)

    def scores(self, logits: Tensor) -> Tensor:
        """See ``CandidateEngine``."""
        return class_scores(self.cut.network, logits.float())

    def class_head(self) -> nn.Module | None:
        """See ``CandidateEngine``."""
        name = self.cut.network.state_head
        return self.cut.network.get_submodule(name) if name else None

    def with_shuffled_head(self, seed: int) -> HookedEngine | None:
        """See ``CandidateEngine``."""
        if not self.cut.network.head:
            return None
        other = copy.copy(self)
        shuffled: Any = with_shuffled_parts(self.cut.network, self.cut.network.head, seed)
        other.cut = self.cut.of(shuffled)
        return other

    def maps_of(self, inputs: CandidateInputs, gradients: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See ``CandidateEngine``."""
        assert inputs.picture is not None
        return self.cut.as_maps(gradients, inputs.picture)


def start_hooked_engine(
    network: CandidateNetwork,
    device: torch.device,
    *,
    backend: str,
    precision: str,
    fine: bool,
    layers: Sequence[str],
) -> HookedEngine:
    """Start the engine of a network of another library, in torch.

    Args:
        network: on any device; moved to ``device``.
        device: where it runs.
        backend: ``torch`` or ``auto``, which is the same here.
        precision: ``fp32`` or ``auto``, which is the same here.
        fine: tap the layers of the fine map.
        layers: tap these instead, by qualified name.

    Raises:
        UsageError: another backend or precision was asked for, or there is no such layer.
    """
    if backend == "openvino":
        raise UsageError(
            "OpenVINO compiles the gradients of ultralytics' networks alone",
            "leave out --backend, or use --backend torch",
        )
    if precision not in ("auto", "fp32"):
        raise UsageError(f"this network runs in fp32 here, not in {precision}", "leave out --precision")
    return HookedEngine(HookedNetwork(network.to(device), fine=fine, layers=layers), device)


def _agreement(activations: Sequence[Tensor], gradients: TapGradients) -> Tensor:
    """Return the sum of activation times gradient at all taps, divided by the sum of its absolute values."""
    products = [(a.detach()[0] * g).float() for a, g in zip(activations, gradients, strict=True)]
    gross = torch.stack([product.abs().sum() for product in products]).sum()
    return torch.stack([product.sum() for product in products]).sum() / gross.clamp_min(_NO_EVIDENCE)


def _inputs_of(forward: Forward) -> CandidateInputs:
    """Return the inputs of a pass with its candidates."""
    assert isinstance(forward.inputs, CandidateInputs)
    return forward.inputs


def _with_boxes(inputs: CandidateInputs) -> RawCandidates:
    """Return the candidates of a detector.

    Raises:
        UsageError: the network finds no boxes.
    """
    if inputs.found.xyxy is None:
        raise UsageError("this model finds no boxes", "give a detector")
    return inputs.found
