"""Engine of maps that say where a transformer's queries look: weights of attention in place of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from heatcam.engine.candidate_engine import CandidateInputs, HookedEngine, start_hooked_engine
from heatcam.engine.candidates import CandidateNetwork, RawCandidates
from heatcam.engine.interface import Forward, TapGradients
from heatcam.errors import UsageError


@dataclass(frozen=True)
class AttentionInputs(CandidateInputs):
    """``CandidateInputs``, and the weights with which each candidate reads each cell: float ``(heads, K, h, w)``."""

    weights: Tensor = field(kw_only=True)


class AttentionEngine(HookedEngine):
    """See ``Engine``. Where others have gradients it has the attention of each object's query, ``(heads, h, w)``."""

    @property
    def target_layer(self) -> str:
        """The layer whose attention it is, for people."""
        layer = self.cut.network.attention_layer
        return f"{layer}:{type(self.cut.network.get_submodule(layer)).__name__}"

    def passed(self, picture: Tensor, *, with_graph: bool) -> CandidateInputs:
        """See ``CandidateEngine``; no graph is kept."""
        if not with_graph:
            return super().passed(picture, with_graph=False)
        with torch.no_grad():
            found, weights = self.cut.network.attention(picture)
        boxes = None if found.xyxy is None else found.xyxy.detach()
        seen = (
            weights.mean(1)[None],
        )  # (1, heads, h, w): a map of the same size, which the formula does not read
        return AttentionInputs(
            seen,
            seen,
            found=RawCandidates(found.logits, boxes),
            size_wh=(picture.shape[3], picture.shape[2]),
            weights=weights,
        )

    def coherence(self, _forward: Forward, /) -> Tensor | None:
        """See ``Engine``: None, as attention is no evidence."""
        return None

    def with_shuffled_head(self, _seed: int) -> None:
        """See ``CandidateEngine``: None, as attention does not depend on the class head."""

    def _gradient(self, forward: Forward, which: slice) -> TapGradients:
        """Return the sum of these boxes' attention, ``(heads, h, w)``."""
        inputs = forward.inputs
        assert isinstance(inputs, AttentionInputs)
        return (inputs.weights[:, forward.boxes.anchors[which]].sum(1),)


def start_attention_engine(
    network: CandidateNetwork,
    device: torch.device,
    *,
    backend: str,
    precision: str,
    layers: Sequence[str],
) -> AttentionEngine:
    """Start the engine of a network's attention; arguments and errors as of ``start_hooked_engine``.

    Raises:
        UsageError: layers were asked for: attention is the last layer's that reads the picture.
    """
    if layers:
        raise UsageError("attention is that of one layer, and takes no other", "leave out --layers")
    engine = start_hooked_engine(network, device, backend=backend, precision=precision, fine=False, layers=())
    return AttentionEngine(engine.cut, device)
