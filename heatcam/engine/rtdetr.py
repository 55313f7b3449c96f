"""RT-DETR: boxes come from queries that look anywhere in the picture, so gradients are dense autograd through its decoder.

The queries are picked from the picture's own features, a fixed number of the best. The choice is taken as constant, and the
gradient flows through the features that were picked, as in ultralytics' own forward pass.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.head import RTDETRDecoder
from ultralytics.utils.ops import xywh2xyxy
from ultralytics.utils.torch_utils import fuse_conv_and_bn

from heatcam.engine.boxes import KeptBoxes, Thresholds
from heatcam.engine.candidate_engine import CandidateEngine, CandidateInputs
from heatcam.engine.candidates import RawCandidates
from heatcam.engine.gradient_check import require_gradient
from heatcam.engine.network import TappedNetwork
from heatcam.engine.randomization import with_shuffled_parts
from heatcam.errors import UsageError


def has_queries(network: nn.Module) -> bool:
    """Return True if a network ends in RT-DETR's decoder."""
    layers: Any = getattr(network, "model", None)
    return isinstance(layers, nn.Sequential) and isinstance(layers[-1], RTDETRDecoder)


def start_query_engine(cut: QueryNetwork, device: torch.device, backend: str, precision: str) -> QueryEngine:
    """Start the engine, in torch.

    Args:
        cut: the network, on ``device``.
        device: where it is.
        backend: ``torch`` or ``auto``, which is the same here.
        precision: ``fp32`` or ``auto``, which is the same here.

    Raises:
        UsageError: another backend or precision was asked for.
        ModelError: a layer lets no gradient through; the message names it.
    """
    if backend == "openvino":
        raise UsageError(
            "OpenVINO does not compile the gradient of RT-DETR", "leave out --backend, or use --backend torch"
        )
    if precision not in ("auto", "fp32"):
        raise UsageError(f"RT-DETR runs in fp32 here, not in {precision}", "leave out --precision")
    require_gradient(cut)
    return QueryEngine(cut, device)


class QueryNetwork(TappedNetwork):
    """RT-DETR, cut below its decoder. Arguments and errors as of ``TappedNetwork``.

    The decoder's input projections are fused (convolution and batch normalisation into one, in place), which ultralytics leaves
    out. Besides being faster it is needed: torch 2.14.1 on CPU gives a wrong gradient through batch normalisation in eval mode
    for the strides that the decoder's flattening makes (relative error 1.4; finite differences agree with the fused one).
    """

    def __init__(self, network: nn.Module, **choices: Any) -> None:
        super().__init__(network, **choices)
        for number, projection in enumerate(self.head.input_proj):
            if len(projection) > 1:
                fused = nn.Sequential(fuse_conv_and_bn(*projection)).train(projection.training)
                self.head.input_proj[number] = fused
        self.head.requires_grad_(False)

    @staticmethod
    def can_end_in(head: Any) -> bool:
        """See ``TappedNetwork``."""
        return isinstance(head, RTDETRDecoder)

    def _strides(self) -> list[int]:
        """See ``TappedNetwork``; measured, as the decoder does not store them."""
        strides = self._map_strides()
        return [strides[index] for index in self.inputs]

    def predictions(self, features: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Return boxes ``(queries, 4)``, centre and sides as shares of the picture, and class logits ``(queries, classes)``."""
        boxes, logits = self.head(list(features))[1][:2]
        return boxes[-1, 0], logits[-1, 0]

    compiles_scores = takes_crops = False

    def predicted(self, pictures: Tensor) -> tuple[Tensor | None, Tensor]:
        """See ``TappedNetwork``."""
        boxes, logits = self.head(list(self.head_inputs(pictures, with_graph=False).features))[1][:2]
        tall, wide = pictures.shape[2:]
        pixels = xywh2xyxy(boxes[-1]) * boxes.new_tensor((wide, tall, wide, tall))
        return pixels.transpose(1, 2), logits[-1].sigmoid().transpose(1, 2)

    def class_logits(self, features: tuple[Tensor, ...]) -> list[Tensor]:
        """See ``TappedNetwork``."""
        return [self.predictions(features)[1]]


class QueryEngine(CandidateEngine[QueryNetwork]):
    """See ``Engine``. A box's ``anchors`` number is that of its query; one query may give boxes of several classes."""

    def bare_forward(self, picture: Tensor, _conf: float) -> None:
        """Run the network alone, without picking boxes."""
        with torch.no_grad():
            self.cut.predictions(self.cut.head_inputs(picture, with_graph=False).features)

    def passed(self, picture: Tensor, *, with_graph: bool) -> CandidateInputs:
        """See ``CandidateEngine``."""
        inputs = self.cut.head_inputs(picture, with_graph=with_graph)
        states: list[Tensor] = []
        hook = self.class_head().register_forward_pre_hook(lambda _, given: states.append(given[0].detach()))
        try:
            with torch.set_grad_enabled(with_graph):
                boxes, logits = self.cut.predictions(inputs.features)
        finally:
            hook.remove()
        height, width = picture.shape[2:]
        pixels = xywh2xyxy(boxes.detach()) * boxes.new_tensor((width, height, width, height))
        found = RawCandidates(logits, pixels)
        return CandidateInputs(
            inputs.taps, inputs.features, found=found, size_wh=(width, height), states=states[-1]
        )

    def class_head(self) -> nn.Module:
        """See ``CandidateEngine``."""
        head: nn.Module = self.cut.head.dec_score_head[-1]
        return head

    def with_shuffled_head(self, seed: int) -> QueryEngine:
        """See ``CandidateEngine``."""
        other = copy.copy(self)
        other.cut = copy.copy(self.cut)
        last = len(self.cut.head.dec_score_head) - 1
        other.cut.head = with_shuffled_parts(self.cut.head, [f"dec_score_head.{last}"], seed)
        return other

    def kept(self, inputs: CandidateInputs, thresholds: Thresholds) -> KeptBoxes:
        """See ``CandidateEngine``."""
        assert inputs.found.xyxy is not None
        return keep_queries(
            self.cut.head, inputs.found.xyxy, inputs.found.logits.detach().sigmoid(), thresholds
        )

    def scores(self, logits: Tensor) -> Tensor:
        """See ``CandidateEngine``."""
        return logits.float().sigmoid()

    def log_odds(self, logits: Tensor) -> Tensor:
        """See ``CandidateEngine``: the logits themselves."""
        return logits


@torch.no_grad()
def keep_queries(head: RTDETRDecoder, boxes: Tensor, scores: Tensor, thresholds: Thresholds) -> KeptBoxes:
    """Keep the boxes that pass the thresholds, strongest first; nothing is suppressed for overlap.

    The head picks the best pairs of query and class and gives the query's box. Given the queries' indices in place of their
    boxes, it returns the indices of the queries that it picked.

    Args:
        head: the decoder.
        boxes: float ``(queries, 4)``, xyxy in model pixels.
        scores: float ``(queries, classes)`` in ``[0, 1]``.
        thresholds: which boxes to keep; ``iou`` is not used.
    """
    numbers = torch.arange(len(boxes), device=boxes.device, dtype=torch.float32)[:, None].expand(-1, 4)
    picked = head.postprocess(numbers[None], scores.float()[None])[0]  # (k, 6)
    passes = picked[:, 4] > thresholds.conf
    if thresholds.class_ids is not None:
        passes &= torch.isin(picked[:, 5].long(), torch.tensor(thresholds.class_ids, device=picked.device))
    picked = picked[passes][: thresholds.max_det]
    queries = picked[:, 0].long()
    return KeptBoxes(boxes[queries], picked[:, 4], picked[:, 5].long(), queries)
