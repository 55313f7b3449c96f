"""The wrappers of torchvision's detectors: their own layers run up to every candidate, before any is dropped.

Each takes pictures at the size and with the borders of ``GeneralizedRCNNTransform`` (``FloatLetterbox``), so that boxes and
scores are the library's.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD, SSDFeatureExtractorVGG
from torchvision.ops import clip_boxes_to_image

from heatcam.engine import CandidateNetwork, Picking, RawCandidates, Tap
from heatcam.errors import ModelError, UsageError
from heatcam.geometry import Letterbox
from heatcam.models.formats.classifying.layers import find_taps
from heatcam.models.formats.torchvision_models.resizing import FloatLetterbox

_FINEST_STRIDE = 8
_PROBE_SIDE = 128
_BORDER_TOLERANCE = 0.51 / 255  # (a picture may have been rounded to 8 bits)


class TorchvisionDetector(CandidateNetwork):
    """A torchvision detector. Subclasses say what its candidates are.

    Args:
        body: the library's network; eval mode, parameters without gradient.
    """

    body: Any
    #: The number of the first class: 1 where a background comes before it.
    first_class = 1

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body
        for name in ("mean", "std"):
            numbers = torch.tensor([*getattr(self.body.transform, f"image_{name}")]).reshape(1, -1, 1, 1)
            self.register_buffer(name, numbers, persistent=False)
        self.head = tuple(f"body.{name}" for name in self.logits_from(body))
        self.stride = 1 if self.body.transform.fixed_size else int(self.body.transform.size_divisible)
        self.live_taps, self.fine_taps = self.taps()

    @staticmethod
    def logits_from(body: Any) -> tuple[str, ...]:
        """Return the names, in the body, of the layers that make the class logits; several where each level has its own."""
        raise NotImplementedError

    @staticmethod
    def columns_of(body: Any) -> int:
        """Return the number of a body's classes, the background counted."""
        raise NotImplementedError

    @property
    def imgsz(self) -> int:
        """Longer side of its input, in pixels."""
        return int(max(self.body.transform.fixed_size or (self.body.transform.max_size,)))

    def fit(self, image_wh: tuple[int, int], imgsz: int) -> Letterbox:
        """See ``CandidateNetwork``: as torchvision resizes pictures; another ``imgsz`` changes both of its limits alike.

        Raises:
            UsageError: the network reads pictures of another size alone.
        """
        fixed = self.body.transform.fixed_size
        red, green, blue = (255 * mean for mean in self.body.transform.image_mean)
        if fixed and imgsz != self.imgsz:
            raise UsageError(
                f"this network reads pictures of {self.imgsz} pixels alone, not of {imgsz}",
                "leave out --imgsz",
            )
        shortest = self.body.transform.min_size[-1] * (imgsz / self.imgsz)
        size = tuple(fixed) if fixed else resized_wh(image_wh, shortest, imgsz)
        return FloatLetterbox.corner(image_wh, size, self.stride, (blue, green, red))

    def candidates(self, picture: Tensor) -> RawCandidates:
        """See ``CandidateNetwork``."""
        mean, std = self.get_buffer("mean"), self.get_buffer("std")
        tall, wide = self._seen_hw(picture)
        normalised = (picture - mean) / std
        batch = torch.zeros_like(normalised)
        batch[:, :, :tall, :wide] = normalised[:, :, :tall, :wide]
        return self.found(ImageList(batch, [(tall, wide)]))

    def found(self, images: ImageList) -> RawCandidates:
        """Return the candidates of one normalised picture."""
        raise NotImplementedError

    def taps(self) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
        """Return the taps of the live and of the fine map: the pyramid's levels, and also the backbone's stages before them."""
        pyramid = getattr(self.body.backbone, "fpn", None)
        if pyramid is None:
            raise ModelError(
                "is a detector without a feature pyramid", "give one of torchvision's own detectors"
            )
        levels = [f"layer_blocks.{number}" for number in range(len(pyramid.layer_blocks))]
        levels += [name for name in ("extra_blocks.p6", "extra_blocks.p7") if _has(pyramid, name)]
        live = [f"body.backbone.fpn.{level}" for level in levels]
        stages = [f"body.backbone.body.{stage}" for stage in _stages_of(self.body.backbone.body)]
        return tuple(map(Tap, live)), tuple(map(Tap, [*stages, *live]))

    def _seen_hw(self, picture: Tensor) -> tuple[int, int]:
        """Return height and width of a picture without its borders, which are recognised by their colour."""
        border = ((picture - self.get_buffer("mean")).abs() < _BORDER_TOLERANCE).all(1)[0]  # (H, W)
        sides = []
        for lines in (border.all(1), border.all(0)):
            last = lines[-(self.stride - 1) :] if self.stride > 1 else lines[:0]
            sides.append(len(lines) - int(last.flip(0).int().cumprod(0).sum()))
        return sides[0], sides[1]

    def _anchors(self, images: ImageList, features: list[Tensor]) -> Tensor:
        anchors: Tensor = self.body.anchor_generator(images, features)[0]
        return anchors

    def _levels_of(self, features: list[Tensor]) -> Tensor:
        """Return the level of each anchor, int64 ``(K,)``."""
        each = self.body.anchor_generator.num_anchors_per_location()
        counts = [level.shape[2] * level.shape[3] * n for level, n in zip(features, each, strict=True)]
        device = features[0].device
        return torch.arange(len(counts), device=device).repeat_interleave(torch.tensor(counts, device=device))


class RegionDetector(TorchvisionDetector):
    """Faster R-CNN, and the boxes of Mask and Keypoint R-CNN: a softmax and a box of its own for each class of each proposal."""

    picking = Picking(suppresses=True, smallest=1e-2)

    @staticmethod
    def logits_from(_body: Any) -> tuple[str, ...]:
        """See ``TorchvisionDetector``."""
        return ("roi_heads.box_predictor.cls_score",)

    @staticmethod
    def columns_of(body: Any) -> int:
        """See ``TorchvisionDetector``."""
        return int(body.roi_heads.box_predictor.cls_score.out_features)

    def found(self, images: ImageList) -> RawCandidates:
        """See ``TorchvisionDetector``."""
        features = self.body.backbone(images.tensors)
        with torch.no_grad():
            proposals, _ = self.body.rpn(images, features)
        heads = self.body.roi_heads

        def predicted(proposals: list[Tensor]) -> tuple[Tensor, Tensor]:
            read = heads.box_head(heads.box_roi_pool(features, proposals, images.image_sizes))
            logits, offsets = heads.box_predictor(read)
            return logits, offsets  # (K, columns), (K, columns * 4)

        def again(rows: Tensor) -> Tensor:
            return predicted([proposals[0][rows]])[0]

        with (
            torch.no_grad()
        ):  # (a proposal's logits read no other proposal: a graph of a few of them is enough)
            logits, offsets = predicted(proposals)
            boxes = heads.box_coder.decode(offsets, proposals)  # (K, columns, 4)
        return RawCandidates(logits, clip_boxes_to_image(boxes, images.image_sizes[0]), again=again)

    def probabilities(self, logits: Tensor) -> Tensor:
        """See ``CandidateNetwork``."""
        return logits.softmax(1)


class AnchorDetector(TorchvisionDetector):
    """RetinaNet: a sigmoid for each class at each anchor."""

    first_class = 0

    @staticmethod
    def logits_from(_body: Any) -> tuple[str, ...]:
        """See ``TorchvisionDetector``."""
        return ("head.classification_head.cls_logits",)

    @staticmethod
    def columns_of(body: Any) -> int:
        """See ``TorchvisionDetector``."""
        return int(body.head.classification_head.num_classes)

    @property
    def picking(self) -> Picking:  # type: ignore[override]
        """See ``CandidateNetwork``."""
        return Picking(suppresses=True, most=self.body.topk_candidates, most_within="level")

    def found(self, images: ImageList) -> RawCandidates:
        """See ``TorchvisionDetector``."""
        features = list(self.body.backbone(images.tensors).values())
        made = self.body.head(features)
        anchors = self._anchors(images, features)
        boxes = self.decoded(made["bbox_regression"][0].detach(), anchors)
        logits = self.columns(made)
        boxes = clip_boxes_to_image(boxes, images.image_sizes[0])
        return RawCandidates(logits, boxes, self._levels_of(features))

    def decoded(self, offsets: Tensor, anchors: Tensor) -> Tensor:
        """Return boxes ``(K, 4)`` in model pixels."""
        boxes: Tensor = self.body.box_coder.decode_single(offsets, anchors)
        return boxes

    def columns(self, made: dict[str, Tensor]) -> Tensor:
        """Return the logits ``(K, columns)`` of the head's output."""
        return made["cls_logits"][0]


class CentreDetector(AnchorDetector):
    """FCOS: its score is the geometric mean of the class's and the centreness's sigmoids; that logit is the last column."""

    def decoded(self, offsets: Tensor, anchors: Tensor) -> Tensor:
        """See ``AnchorDetector``."""
        boxes: Tensor = self.body.box_coder.decode(offsets, anchors)
        return boxes

    def columns(self, made: dict[str, Tensor]) -> Tensor:
        """See ``AnchorDetector``."""
        return torch.cat((made["cls_logits"][0], made["bbox_ctrness"][0]), 1)

    def probabilities(self, logits: Tensor) -> Tensor:
        """See ``CandidateNetwork``."""
        scores = (logits[:, :-1].sigmoid() * logits[:, -1:].sigmoid()).sqrt()
        return torch.cat((scores, torch.zeros_like(scores[:, :1])), 1)


class SingleShotDetector(AnchorDetector):
    """SSD and SSDlite: a softmax over the classes at each anchor, the same box for all of them."""

    first_class = 1

    @staticmethod
    def logits_from(body: Any) -> tuple[str, ...]:
        """See ``TorchvisionDetector``: of a separable convolution the second part."""
        layers = body.head.classification_head.module_list
        inner = ".1" if isinstance(layers[0], nn.Sequential) else ""
        return tuple(f"head.classification_head.module_list.{n}{inner}" for n in range(len(layers)))

    @staticmethod
    def columns_of(body: Any) -> int:
        """See ``TorchvisionDetector``."""
        return int(body.head.classification_head.num_columns)

    @property
    def picking(self) -> Picking:  # type: ignore[override]
        """See ``CandidateNetwork``."""
        return Picking(suppresses=True, most=self.body.topk_candidates, most_within="class")

    def probabilities(self, logits: Tensor) -> Tensor:
        """See ``CandidateNetwork``."""
        return logits.softmax(1)

    def taps(self) -> tuple[tuple[Tap, ...], tuple[Tap, ...]]:
        """See ``TorchvisionDetector``: levels of three cells a side and more."""
        backbone, (wide, tall) = self.body.backbone, self.body.transform.fixed_size
        with torch.no_grad():
            features = list(backbone(torch.zeros(1, 3, tall, wide)).values())
        first = ["features"] if isinstance(backbone, SSDFeatureExtractorVGG) else ["features.0", "features.1"]
        names = [*first, *(f"extra.{number}" for number in range(len(backbone.extra)))]
        live = [
            Tap(f"body.backbone.{name}")
            for name, level in zip(names, features, strict=True)
            if min(level.shape[2:]) > 2
        ]
        if len(first) == 1:
            return tuple(live), tuple(live)
        finer = find_taps(
            self, lambda picture: self.candidates(picture).logits.sum()[None], (3, tall, wide)
        ).fine[0]
        return tuple(live), (finer, *live)


#: From torchvision's classes to their wrappers.
WRAPPERS: dict[type[nn.Module], type[TorchvisionDetector]] = {
    detection.FasterRCNN: RegionDetector,  # (also Mask and Keypoint R-CNN)
    detection.RetinaNet: AnchorDetector,
    detection.FCOS: CentreDetector,
    SSD: SingleShotDetector,
}


def resized_wh(image_wh: tuple[int, int], shortest: float, longest: float) -> tuple[int, int]:
    """Return a picture's width and height after torchvision's resizing: by the shorter side, unless the longer gets too long."""
    scale = min(shortest / min(image_wh), longest / max(image_wh))
    wide, tall = (max(1, math.floor(length * scale)) for length in image_wh)
    return wide, tall


def wrapper_of(network: nn.Module) -> type[TorchvisionDetector]:
    """Return the wrapper of a torchvision detector.

    Raises:
        ModelError: none is known.
    """
    for kind, wrapper in WRAPPERS.items():
        if isinstance(network, kind):
            return wrapper
    raise ModelError(
        f"is a {type(network).__name__}, which heatcam does not know",
        "give another of torchvision's detectors",
    )


def _has(module: nn.Module, name: str) -> bool:
    try:
        module.get_submodule(name)
    except AttributeError:
        return False
    return True


def _stages_of(body: Any) -> list[str]:
    """Return the names of a backbone's stages that the pyramid reads, from stride 8 on."""
    with torch.no_grad():
        made = body(torch.zeros(1, 3, _PROBE_SIDE, _PROBE_SIDE))
    return [
        name for name, key in body.return_layers.items() if made[key].shape[2] * _FINEST_STRIDE <= _PROBE_SIDE
    ]
