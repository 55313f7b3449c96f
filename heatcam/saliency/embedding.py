"""Embeddings of objects: what the network computed where an object's evidence lies, from the same pass as its map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from heatcam.frames import Explanation, Frame, SaliencyMap
from heatcam.geometry import Float32Array
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import MapFormula


class ObjectEmbedder:
    """Explains one picture after another and embeds each object. Called from the explainer's thread, in turn with it.

    Args:
        explainer: the model; its method and layers decide the maps, and its taps what is embedded.
    """

    def __init__(self, explainer: Explainer) -> None:
        self._formula = _KeepsActivations(explainer.formula)
        self._explainer = explainer.with_formula(explainer.method, self._formula)
        self._channels = 0

    def explain(self, image: Frame, *, conf: float | None = None) -> tuple[Explanation, Float32Array]:
        """Detect the objects of one picture, map the evidence for each, and embed each, in one forward pass.

        Args:
            image: the picture; not changed.
            conf: keep boxes above this confidence; None takes the explainer's own.

        Returns:
            The explanation, exactly that of ``Explainer.explain`` with a map for each object, and float32 ``(N, C)``, an
            embedding a detection, in their order: see ``embeddings_of``. Zeros where there is no map. ``C`` is the number of
            channels of all taps together; 0 until the first map of any picture is made.
        """
        self._formula.take()
        with self._explainer.engine.exclusive_threads():
            found = self._explainer.explain(image, with_object_maps=True, conf=conf)
            taps = self._formula.take()
            self._channels = sum(tap.shape[0] for tap in taps) or self._channels
            if not taps or not found.object_maps:
                return found, np.zeros((len(found.detections), self._channels), np.float32)
            return found, embeddings_of(found.object_maps, taps)


class _KeepsActivations:
    """A method's formula that keeps the activations that it was last given: they are the same for all objects of a picture.

    Args:
        formula: the method's own.
    """

    def __init__(self, formula: MapFormula) -> None:
        self._formula = formula
        self._kept: Sequence[Tensor] = ()

    def __call__(self, activations: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
        """See ``MapFormula``."""
        self._kept = activations
        return self._formula(activations, gradients)

    def take(self) -> Sequence[Tensor]:
        """Return the activations of the last call, one a tap, and let go of them; none without a call since."""
        kept, self._kept = self._kept, ()
        return kept


def embeddings_of(maps: Sequence[SaliencyMap], taps: Sequence[Tensor]) -> Float32Array:
    """Average the activations at the taps over the picture, each cell weighted by an object's own evidence there.

    With the positive part ``M`` of an object's map, averaged over the cells of tap ``l``, and activations ``A`` there::

        e_l[c] = sum over cells of  M_l * A_l[c]  /  sum over cells of  M_l

    and ``e`` is all ``e_l`` in a row. It does not depend on the strength of the evidence. Cells of a letterbox border have no
    weight. (Kim et al., "TCAV", ICML 2018, and Fel et al., "CRAFT", CVPR 2023, also take activations as what was seen; they
    average over crops, not over the evidence.)

    Args:
        maps: one an object, at least one, all over one letterbox.
        taps: activations, each float ``(C_l, h_l, w_l)`` over the same letterbox.

    Returns:
        float32 ``(N, C)``; zeros for an object without evidence in the picture.
    """
    weights = torch.from_numpy(np.stack([_evidence_in_picture(each) for each in maps])).to(taps[0].device)
    rows = [_weighted_mean(weights, tap.float()) for tap in taps]
    embedded: Float32Array = torch.cat(rows, 1).cpu().numpy()
    return embedded


def _evidence_in_picture(saliency: SaliencyMap) -> Float32Array:
    """Return the positive part of a map, float32 ``(h, w)``; 0 in cells whose middle lies on the letterbox border."""
    values, letterbox = saliency.values, saliency.letterbox
    tall, wide = values.shape
    xs = (np.arange(wide) + 0.5) * letterbox.model_wh[0] / wide - letterbox.pad_left
    ys = (np.arange(tall) + 0.5) * letterbox.model_wh[1] / tall - letterbox.pad_top
    columns = (xs >= 0) & (xs < letterbox.resized_wh[0])
    rows = (ys >= 0) & (ys < letterbox.resized_wh[1])
    return np.where(rows[:, None] & columns, np.maximum(values, 0), 0).astype(np.float32)


def _weighted_mean(weights: Tensor, tap: Tensor) -> Tensor:
    """Average a tap ``(C, h, w)`` with each of the weights ``(N, H, W)``, float: ``(N, C)``; zeros where weights are."""
    at_tap = nnf.interpolate(weights[:, None], tap.shape[1:], mode="area")[:, 0].flatten(1)  # (N, h * w)
    total = at_tap.sum(1, keepdim=True)
    shares = torch.where(total > 0, at_tap / total.clamp_min(torch.finfo(torch.float32).tiny), 0)
    return shares @ tap.flatten(1).T
