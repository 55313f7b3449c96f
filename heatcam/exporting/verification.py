"""Comparison of an exported file with the engine's own gradients, on pictures of different content."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from heatcam.engine import Forward, GradientEngine, Thresholds, picture_tensor
from heatcam.errors import ModelError
from heatcam.exported import BOXES, COHERENCE, MAPS, ExportedFacts, ExportedNetwork, network_input
from heatcam.geometry import Letterbox, Uint8Array
from heatcam.saliency import Explainer

#: Largest difference allowed, relative to the largest value: of confidences, boxes and maps.
TOLERANCE = 1e-3
_WEAKEST = 1e-3  # a confidence; rows below it are not compared by rank


def verify_file(
    network: ExportedNetwork, facts: ExportedFacts, explainer: Explainer, pictures: Sequence[Uint8Array]
) -> float:
    """Compare what a file tells of pictures with what the engine tells in torch.

    A graph that has kept something of the picture that it was traced with is right on that one only, so that two pictures of
    different content are compared at least.

    Args:
        network: the file, loaded.
        facts: its facts.
        explainer: of the same network, in float32, with the file's method and overlap.
        pictures: uint8 ``(H, W, 3)`` BGR, none of which it was traced with.

    Returns:
        The largest difference of a map, relative to its largest value; of boxes in a file without maps.

    Raises:
        ModelError: something differs by more than ``TOLERANCE``.
    """
    return max(_difference(network, facts, explainer, picture) for picture in pictures)


def _difference(
    network: ExportedNetwork, facts: ExportedFacts, explainer: Explainer, picture: Uint8Array
) -> float:
    letterbox = Letterbox.within((picture.shape[1], picture.shape[0]), facts.model_wh, smooth=facts.smooth)
    pixels = network_input(picture, letterbox, facts.channels)
    outputs = network.run(pixels, np.zeros(len(facts.names), np.float32))
    found = {name: torch.from_numpy(np.array(values)) for name, values in outputs.items()}
    engine: GradientEngine = explainer.engine  # type: ignore[assignment] # (``export_model`` takes no others)
    exact_input = picture_tensor(letterbox.image_to_model(picture), engine.device, facts.channels)
    with engine.exclusive_threads(), torch.no_grad():
        exact = _exact(engine, explainer, exact_input, facts, found)
    errors = {name: _relative(found[name], value) for name, value in exact.items()}
    for name, error in errors.items():
        if not error <= TOLERANCE:
            what = "gradients differ" if name in MAPS else f"{name} differ"
            raise ModelError(
                f"{what} by {error:.1e} between the exported file and torch, so none was written",
                "use the .pt file itself",
            )
    return max((errors[name] for name in MAPS if name in errors), default=errors[BOXES[0]])


def _exact(
    engine: GradientEngine,
    explainer: Explainer,
    picture: Tensor,
    facts: ExportedFacts,
    found: dict[str, Tensor],
) -> dict[str, Tensor]:
    """Return by name what the file should have told: confidences by rank, all else at the anchors that it chose."""
    kept = engine.forward(
        picture, Thresholds(conf=_WEAKEST, iou=facts.iou, max_det=facts.objects), with_graph=False
    ).boxes.confidences
    told = found[BOXES[1]]
    confidences = torch.where(
        told > 2 * _WEAKEST, torch.zeros_like(told), told
    )  # (beyond those that are kept)
    confidences[: len(kept)] = kept
    rows = found[BOXES[3]] >= 0
    forward = engine.forward_at(picture, found[BOXES[3]][rows].tolist(), found[BOXES[2]][rows].tolist())
    exact = {BOXES[0]: _in_rows(forward.boxes.xyxy, rows), BOXES[1]: confidences}
    if not facts.method:
        return exact
    coherence = engine.coherence(forward) if COHERENCE in found else None
    if coherence is not None:
        exact[COHERENCE] = _in_rows(coherence, rows)
    own, together = _maps(engine, explainer, forward)
    return exact | {MAPS[0]: _in_rows(own, rows), MAPS[1]: together}


def _maps(engine: GradientEngine, explainer: Explainer, forward: Forward) -> tuple[Tensor, Tensor]:
    """Return the map of each object, ``(N, h, w)``, and the one of all, ``(h, w)``."""
    activations = [tap.detach()[0] for tap in forward.inputs.taps]
    gradients = dict(engine.object_gradients(forward))
    own = torch.stack([explainer.formula(activations, gradients[n]) for n in sorted(gradients)])
    return own, explainer.formula(activations, engine.summed_gradient(forward))


def _in_rows(values: Tensor, rows: Tensor) -> Tensor:
    """Return values of the rows that have an object, with zeros in all others."""
    whole = values.new_zeros((len(rows), *values.shape[1:]))
    whole[rows] = values
    return whole


def _relative(ours: Tensor, exact: Tensor) -> float:
    """Return the largest difference, relative to the largest exact value of each object; NaN where there is one."""
    over = tuple(range(1, exact.ndim)) if exact.ndim > 2 else tuple(range(exact.ndim))
    largest = exact.abs().amax(over, keepdim=True).clamp_min(torch.finfo(exact.dtype).tiny)
    return float(((ours - exact).abs() / largest).max())
