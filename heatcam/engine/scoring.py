"""Scores of objects in many changed pictures: how well the best prediction fits each, for maps by trial.

A picture's score is the largest overlap (IoU) with the object's box times the score of its class, over all predictions, as in the
protocol of deletion and insertion; of a classifier it is the class's probability. On CPUs the network is compiled once more, from
bytes to scores, for batches of one size: several requests at once, each on a core of its own, are quicker than one on all cores.
Of the head's predictions nothing but the scores leaves the graph.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from heatcam.engine.backends import can_openvino, require_openvino
from heatcam.engine.fingerprint import hash_of, versions
from heatcam.engine.network import TappedNetwork
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.runtime import cache_dir, say_doing

logger = logging.getLogger(__name__)

REQUEST = 4  # pictures in one request; of 1, 2, 4 and 8 the quickest on two cores
_AGREEING = {"fp32": 1e-3, "bf16": 0.05, "fp16": 0.05}  # largest difference of a score from torch's
_GREY = 0.114, 0.587, 0.299  # weights of blue, green and red


class AskedScores(nn.Module):
    """The network with its question: from pictures, boxes and classes to scores.

    Args:
        cut: the network.
    """

    def __init__(self, cut: TappedNetwork) -> None:
        super().__init__()
        self._cut = cut

    def forward(self, pictures: Tensor, boxes: Tensor, classes: Tensor) -> Tensor:
        """Score pictures, uint8 ``(B, h, w, 3)`` BGR: float ``(B,)``.

        Args:
            pictures: letterboxed, or a part of that.
            boxes: float ``(B, 4)``, xyxy in their pixels.
            classes: int64 ``(B,)``.
        """
        blue, green, red = (pictures[..., n].float() for n in range(3))
        if self._cut.channels == 1:
            grey = sum(weight * part for weight, part in zip(_GREY, (blue, green, red), strict=True))
            planes = torch.stack((grey,), 1)  # type: ignore[arg-type]
        else:
            planes = torch.stack((red, green, blue), 1)
        found, scores = self._cut.predicted(planes / 255)
        own = scores.gather(1, classes[:, None, None].expand(-1, 1, scores.shape[2]))[:, 0]
        return (own if found is None else own * _overlaps(found, boxes)).amax(1)


def _overlaps(found: Tensor, boxes: Tensor) -> Tensor:
    """Return the IoU of predicted boxes ``(B, 4, K)`` with one box a picture ``(B, 4)``: ``(B, K)``."""
    left, top, right, bottom = found.unbind(1)
    x1, y1, x2, y2 = (side[:, None] for side in boxes.unbind(1))
    wide = torch.minimum(right, x2) - torch.maximum(left, x1)
    tall = torch.minimum(bottom, y2) - torch.maximum(top, y1)
    shared = wide.clamp(min=0) * tall.clamp(min=0)
    both = (right - left) * (bottom - top) + (x2 - x1) * (y2 - y1)
    return shared / (both - shared).clamp(min=1e-9)


class TorchScorer:
    """See ``heatcam.perturbation.trying.Score``. Plain torch on the network's device.

    Args:
        cut: the network.
        device: where it is.
    """

    def __init__(self, cut: TappedNetwork, device: torch.device) -> None:
        self.name = "torch"
        self._asked, self._device = AskedScores(cut), device

    @torch.no_grad()
    def __call__(
        self, pictures: Uint8Array, boxes_xyxy: Float32Array, class_ids: Sequence[int]
    ) -> Float32Array:
        """See ``heatcam.perturbation.trying.Score``."""
        given = torch.from_numpy(pictures), torch.from_numpy(boxes_xyxy), torch.tensor(list(class_ids))
        scores = self._asked(*(one.to(self._device) for one in given))
        return np.asarray(scores.float().cpu().numpy(), np.float32)


class CompiledScorer:
    """The same, compiled by OpenVINO for pictures of one size.

    Args:
        cut: the network, on the CPU.
        size_wh: width and height of the pictures.
        precision: ``fp32``, ``bf16`` or ``fp16``.
    """

    def __init__(self, cut: TappedNetwork, size_wh: tuple[int, int], precision: str) -> None:
        import openvino  # noqa: PLC0415 (it takes a while to load, and may be missing)

        self.name = f"openvino {precision}"
        self._openvino = openvino
        model = _stored(cut, size_wh)
        hints = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
        options = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": hints[precision]}
        compiled = openvino.Core().compile_model(model, "CPU", options)
        self._requests = openvino.AsyncInferQueue(compiled)
        self._requests.set_callback(self._take)
        self._scores: Float32Array = np.zeros(0, np.float32)

    def __call__(
        self, pictures: Uint8Array, boxes_xyxy: Float32Array, class_ids: Sequence[int]
    ) -> Float32Array:
        """See ``heatcam.perturbation.trying.Score``; any number of pictures."""
        count = len(pictures)
        self._scores = np.zeros(-(-count // REQUEST) * REQUEST, np.float32)
        classes = np.asarray(class_ids, np.int64)
        for start in range(0, count, REQUEST):
            own = np.arange(start, start + REQUEST).clip(
                max=count - 1
            )  # the last one again fills the request
            self._requests.start_async([pictures[own], boxes_xyxy[own], classes[own]], start)
        self._requests.wait_all()
        return self._scores[:count]

    def _take(self, request: Any, start: int) -> None:
        self._scores[start : start + REQUEST] = request.get_output_tensor(0).data


def _stored(cut: TappedNetwork, size_wh: tuple[int, int]) -> Any:
    """Return the converted model, or its file in the cache."""
    from heatcam.engine.conversion import convert  # noqa: PLC0415 (OpenVINO)
    from heatcam.engine.model_cache import ModelCache  # noqa: PLC0415

    cache = ModelCache(cache_dir() / "openvino")
    wide, tall = size_wh
    key = "|".join(map(str, (hash_of(cut.network), size_wh, REQUEST, *versions())))
    found = cache.find("scores", key)
    if found is not None:
        return found
    some = torch.zeros((REQUEST, tall, wide, 3), dtype=torch.uint8), torch.zeros((REQUEST, 4))
    model = convert(AskedScores(cut), (*some, torch.zeros(REQUEST, dtype=torch.int64)))
    return cache.store("scores", key, model) or model


Scorer = TorchScorer | CompiledScorer


def start_scorer(
    cut: TappedNetwork, device: torch.device, size_wh: tuple[int, int], backend: str, precision: str
) -> Scorer:
    """Start what scores pictures of one size.

    Args:
        cut: the network, on ``device``.
        device: where it is.
        size_wh: width and height of the pictures.
        backend: ``torch``, ``openvino``, or ``auto``: OpenVINO where it runs, since many pictures are to come.
        precision: ``fp32``, ``bf16``, ``fp16``, or ``auto``: bfloat16 where the processor has it and scores are the same.

    Raises:
        UsageError: OpenVINO was asked for and is not there.
    """
    plain = TorchScorer(cut, device)
    if backend == "torch" or not cut.compiles_scores or (backend == "auto" and not can_openvino(device)):
        return plain
    require_openvino(device)
    from heatcam.engine.openvino_passes import has_bfloat16  # noqa: PLC0415 (OpenVINO)

    say_doing("compiling for the trials")
    quick = [] if precision not in ("auto", "bf16") or not has_bfloat16() else ["bf16"]
    for kind in [*quick, "fp32"] if precision in ("auto", "bf16") else [precision]:
        try:
            compiled = CompiledScorer(cut, size_wh, kind)
            worst = _difference(plain, compiled, size_wh)
        except Exception as error:  # (tracer, translator and compiler raise any type; torch takes over)
            logger.debug("compiling failed", exc_info=True)
            logger.info("no compiled trials: %s", type(error).__name__)
            return plain
        if worst <= _AGREEING[kind]:
            return compiled
        logger.info("scores of %s differ from torch's by %.1e", compiled.name, worst)
    return plain


def _difference(plain: TorchScorer, compiled: CompiledScorer, size_wh: tuple[int, int]) -> float:
    """Return the largest difference of scores of a real photograph's whole and quarter, for the classes it shows most."""
    from heatcam.engine.preprocessing import real_picture  # noqa: PLC0415

    wide, tall = size_wh
    picture = real_picture(size_wh)[None].repeat(2, 0)
    picture[1, tall // 2 :] = 114
    boxes = np.array([[0, 0, wide, tall], [wide / 4, 0, wide / 2, tall / 2]], np.float32)
    pairs = [(plain(picture, boxes, [n, n]), compiled(picture, boxes, [n, n])) for n in range(0, 2)]
    return max(float(np.abs(one - other).max()) for one, other in pairs)
