"""Evidence of each channel of the picture for each object of an explanation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from heatcam.engine import channel_evidence
from heatcam.frames import Explanation
from heatcam.geometry import Float32Array, Letterbox
from heatcam.saliency.explainer import Explainer
from heatcam.samples import Samples


def with_channel_evidence(explainer: Explainer, explanation: Explanation) -> Explanation:
    """Return the explanation with the evidence of each channel of its picture: a forward pass, and a backward pass an object.

    Plain torch in float32 on the explainer's device, whatever backend makes the maps; of the class logit, whatever their target.

    Args:
        explainer: made the explanation; called in turn with it.
        explanation: its detections are asked about.
    """
    found, pixels = explanation.detections, explanation.frame.pixels
    letterbox, picture = explainer.prepare(pixels)
    engine: Any = explainer.engine
    asked = engine.explained_class
    classes = found.class_ids.tolist() if asked is None else [asked] * len(found)
    if not len(found):
        return replace(explanation, channel_evidence=np.zeros((0, picture.shape[1]), np.float32))
    leaf = picture.detach().clone().requires_grad_(True)
    evidence = channel_evidence(
        engine.cut.all_logits(leaf), leaf, found.anchors.tolist(), classes, _inside(letterbox)
    )
    values = evidence.detach().float().cpu().numpy()
    return replace(explanation, channel_evidence=_by_file(values, pixels))


def _inside(letterbox: Letterbox) -> tuple[slice, slice]:
    """Return rows and columns of the picture in the network's input, without the border."""
    starts = letterbox.pad_top, letterbox.pad_left
    lengths = zip(starts, letterbox.resized_wh[::-1], letterbox.model_wh[::-1], strict=True)
    rows, columns = (slice(max(start, 0), min(start + own, whole)) for start, own, whole in lengths)
    return rows, columns


def _by_file(values: Float32Array, pixels: Any) -> Float32Array:
    """Return evidence ``(N, channels)`` in the order of the file, from that in which the network reads its channels."""
    if not isinstance(pixels, Samples):
        return values
    if pixels.channels == 1:
        return np.asarray(
            values.sum(1, keepdims=True)
        )  # (a grey picture that was read as three equal colours)
    order = np.array(pixels.file_channels(values.shape[1])) - 1
    return np.ascontiguousarray(values[:, np.argsort(order)])
