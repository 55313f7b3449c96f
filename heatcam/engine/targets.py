"""Targets of the explanation: the number whose gradient is taken, made from the head's outputs at an object's anchor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.head import OBB, OBB26, Pose

from heatcam.engine.boxes import KeptBoxes
from heatcam.engine.masks import MaskLogit, prototypes_of
from heatcam.engine.patches import LevelTargets
from heatcam.errors import UsageError
from heatcam.frames import LOGITS

SIDES = ("left", "top", "right", "bottom")
_CONFIDENCE = 2  # place of a keypoint's confidence after its x and y


class Target(Protocol):
    """A rule that makes one number of each object from the head's outputs."""

    @property
    def name(self) -> str:
        """Name of the target, as the user writes it."""

    def branch(self, parts: dict[str, Any], level: int, /) -> nn.Module:
        """Return the head's branch, of one level, that the number is made from; ``parts`` has all by ultralytics' names."""

    def of_picture(self, features: Sequence[Tensor], boxes: KeptBoxes, /) -> Scores:
        """Return the rule that scores one picture's objects."""


class Scores(Protocol):
    """A rule that makes the numbers of one picture's objects."""

    def score(self, outputs: Tensor, objects: LevelTargets, /) -> Tensor:
        """Return the number of each object, ``(n,)``, from the branch's outputs at their anchors, ``(n, outputs)``."""

    def shared(self, features: Sequence[Tensor], members: Tensor, /) -> Tensor | None:
        """Return the sum of the parts of ``members``' numbers that do not come from the branch, to differentiate; or None."""


@dataclass(frozen=True)
class _AtTheAnchor:
    """A target that needs nothing but one branch's outputs at the object's anchor."""

    name: str
    part: str

    def branch(self, parts: dict[str, Any], level: int) -> nn.Module:
        """See ``Target``."""
        branch: nn.Module = parts[self.part][level]
        return branch

    def of_picture(self, _features: Sequence[Tensor], _boxes: KeptBoxes, /) -> Any:
        """See ``Target``."""
        return self

    def shared(self, _features: Sequence[Tensor], _members: Tensor, /) -> Tensor | None:
        """See ``Target``."""
        return None


@dataclass(frozen=True)
class ClassLogit(_AtTheAnchor):
    """The logit of the object's class."""

    name: str = "class"
    part: str = "cls_head"

    def score(self, outputs: Tensor, objects: LevelTargets) -> Tensor:
        """See ``Target``; in logits."""
        return outputs.gather(1, objects.class_ids[:, None])[:, 0]


@dataclass(frozen=True)
class SideDistances(_AtTheAnchor):
    """The distances from the anchor point to the box's sides, as the head predicts them: the sum over ``sides``.

    Attributes:
        bins: number of bins of the distribution over distances (Li et al., Generalized Focal Loss, NeurIPS 2020); 1 for none.
        sides: 0 left, 1 top, 2 right, 3 bottom.
    """

    bins: int
    sides: tuple[int, ...]

    def score(self, outputs: Tensor, _objects: LevelTargets, /) -> Tensor:
        """See ``Target``; in cells of the object's level."""
        return expected_distances(outputs, self.bins)[:, list(self.sides)].sum(1)


@dataclass(frozen=True)
class LogOverlap(_AtTheAnchor):
    """The logarithm of the overlap (IoU) of the box with the detected box, from inside.

    At the detected box itself the overlap is at its largest and has no gradient. From inside, where the box only shrinks, it is
    the quotient of the areas, whose logarithm has one: evidence for the box being as large as it is.
    """

    bins: int

    def score(self, outputs: Tensor, _objects: LevelTargets, /) -> Tensor:
        """See ``Target``; a logarithm, 0 for the detected box itself."""
        left, top, right, bottom = expected_distances(outputs, self.bins).unbind(1)
        area = (left + right).clamp_min(1e-6) * (top + bottom).clamp_min(1e-6)
        return (area / area.detach()).log()


@dataclass(frozen=True)
class KeypointConfidence(_AtTheAnchor):
    """The logit of one keypoint's confidence.

    Attributes:
        number: the keypoint; None takes the object's most confident one.
        values: numbers a keypoint: x, y, confidence.
    """

    number: int | None
    values: int

    def branch(self, parts: dict[str, Any], level: int) -> nn.Module:
        """See ``Target``. In YOLO26 the last convolution is a separate module."""
        last = parts.get("kpts_head")
        branch: nn.Module = parts[self.part][level]
        return nn.Sequential(branch, last[level]) if last is not None else branch

    def score(self, outputs: Tensor, _objects: LevelTargets, /) -> Tensor:
        """See ``Target``; in logits."""
        confidences = outputs[:, _CONFIDENCE :: self.values]  # (n, keypoints)
        return confidences.amax(1) if self.number is None else confidences[:, self.number]


@dataclass(frozen=True)
class Angle(_AtTheAnchor):
    """The angle of a rotated box.

    Attributes:
        raw: True if the head's output is the angle itself (YOLO26), False if it is the logit of it.
    """

    raw: bool

    def score(self, outputs: Tensor, _objects: LevelTargets, /) -> Tensor:
        """See ``Target``; in radians."""
        return outputs[:, 0] if self.raw else (outputs[:, 0].sigmoid() - 0.25) * math.pi


def expected_distances(outputs: Tensor, bins: int) -> Tensor:
    """Return the distances from the anchor point to the sides, in cells: left, top, right, bottom.

    Args:
        outputs: of the box branch, ``(n, 4 * bins)``.
        bins: number of bins of the distribution over distances; 1 where the output is the distance itself.

    Returns:
        ``(n, 4)``.
    """
    if bins == 1:
        return outputs
    shares = outputs.reshape(-1, 4, bins).softmax(2)
    return shares @ torch.arange(bins, dtype=outputs.dtype, device=outputs.device)


#: Values of ``--target`` and their meaning.
NAMES = {
    "class": "the logit of the object's class",
    "box": "how far the box's sides reach, in cells; box:left, box:top, box:right, box:bottom for one of them",
    "iou-side": "log of the overlap with the detected box, from inside: what holds the box as large as it is",
    "mask": "the mean mask logit inside the predicted mask (segment models)",
    "keypoint": "the most confident keypoint's logit, or keypoint:3 for the one of that number (pose models)",
    "angle": "the rotated box's angle in radians (obb models)",
}

#: Unit of each target's number, and so of the sum of its map.
UNITS = {
    "class": LOGITS,
    "box": "cells",
    "iou-side": "log IoU",
    "mask": LOGITS,
    "keypoint": LOGITS,
    "angle": "radians",
}


def chosen_target(text: str, head: Any) -> Target:
    """Return the target that the user asked for.

    Args:
        text: a name of ``NAMES``, with one of its parts after a colon where it has parts.
        head: the network's head, which decides the targets that there are.

    Raises:
        UsageError: there is no such target, or the head does not have it.
    """
    name, _, part = text.partition(":")
    if name not in NAMES:
        raise UsageError(f"unknown target {text!r}", f"use one of: {', '.join(NAMES)}")
    if part and name not in ("box", "keypoint"):
        raise UsageError(f"target {name!r} has no parts", f"use --target {name}")
    if name == "box":
        return SideDistances("box", "box_head", head.reg_max, _sides(part))
    if name == "iou-side":
        return LogOverlap("iou-side", "box_head", head.reg_max)
    if name == "keypoint":
        return _keypoint(head, part)
    return {"class": _class_logit, "mask": _mask_logit, "angle": _angle}[name](head)


def in_words(text: str) -> str:
    """Return a target in words, to follow "evidence for": ``box:left`` is ``the box's left side``; "" for a class."""
    name, _, part = text.partition(":")
    words = {
        "class": "",
        "box": f"the box's {part} side" if part else "the box's sides",
        "iou-side": "the box's size",
        "mask": "the mask",
        "keypoint": f"keypoint {part}".strip(),
        "angle": "the angle",
    }
    return words[name]


def _class_logit(_head: Any) -> Target:
    return ClassLogit()


def _sides(part: str) -> tuple[int, ...]:
    """Return the indices of the box's sides that ``part`` names; of all for ""."""
    if part and part not in SIDES:
        raise UsageError(f"a box has no side {part!r}", f"use one of: {', '.join(SIDES)}")
    return (SIDES.index(part),) if part else tuple(range(len(SIDES)))


def _mask_logit(head: Any) -> Target:
    prototypes = prototypes_of(head)
    if prototypes is None:
        raise UsageError("this model makes no masks", "give a segment model, such as yolo11n-seg.pt")
    return MaskLogit(prototypes, int(head.stride.min()))


def _keypoint(head: Any, part: str) -> Target:
    if not isinstance(head, Pose):
        raise UsageError("this model finds no keypoints", "give a pose model, such as yolo11n-pose.pt")
    count, values = head.kpt_shape
    if values <= _CONFIDENCE:
        raise UsageError("this model's keypoints have no confidence", "use --target class or box")
    if part and not (part.isdecimal() and int(part) < count):
        raise UsageError(f"there is no keypoint {part!r}", f"give a number from 0 to {count - 1}")
    return KeypointConfidence("keypoint", "pose_head", int(part) if part else None, values)


def _angle(head: Any) -> Target:
    if not isinstance(head, OBB):
        raise UsageError("this model's boxes are upright", "give an obb model, such as yolo11n-obb.pt")
    return Angle("angle", "angle_head", isinstance(head, OBB26))
