"""The architectures of transformers that can be explained: how their outputs are read, and where their maps are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Neck(str, Enum):
    """Kinds of maps between backbone and decoder.

    ``TOKENS``: an encoder's tokens on one grid; ``LEVELS``: those of several grids, one after the other; ``PYRAMID``: maps of a
    feature pyramid; ``PATCHES``: a vision transformer's patches, beside tokens that look for objects.
    """

    TOKENS = "tokens"
    LEVELS = "levels"
    PYRAMID = "pyramid"
    PATCHES = "patches"


@dataclass(frozen=True)
class Architecture:
    """One architecture.

    Attributes:
        name: for people.
        model_class: its detector's class in transformers.
        neck: where its maps are.
        class_head: name of the module that makes the class logits, or of the list of them, one a decoder layer.
        has_no_object: its last column of logits is "no object" and scores are a softmax; else each is a sigmoid.
        most: pairs of query and class that its image processor considers; None for each query's likeliest class, 0 for as many
            as there are queries.
        attends: its queries weigh every cell, so that their attention is a map.
    """

    name: str
    model_class: str
    neck: Neck
    class_head: str
    has_no_object: bool = False
    most: int | None = 0
    attends: bool = False


#: By ``model_type`` of ``config.json``.
ARCHITECTURES: dict[str, Architecture] = {
    "detr": Architecture(
        "DETR", "DetrForObjectDetection", Neck.TOKENS, "class_labels_classifier", True, None, attends=True
    ),
    "conditional_detr": Architecture(
        "Conditional DETR",
        "ConditionalDetrForObjectDetection",
        Neck.TOKENS,
        "class_labels_classifier",
        most=100,
        attends=True,
    ),
    "deformable_detr": Architecture(
        "Deformable DETR", "DeformableDetrForObjectDetection", Neck.LEVELS, "class_embed", most=100
    ),
    "rt_detr": Architecture("RT-DETR", "RTDetrForObjectDetection", Neck.PYRAMID, "model.decoder.class_embed"),
    "rt_detr_v2": Architecture(
        "RT-DETRv2", "RTDetrV2ForObjectDetection", Neck.PYRAMID, "model.decoder.class_embed"
    ),
    "d_fine": Architecture("D-FINE", "DFineForObjectDetection", Neck.PYRAMID, "model.decoder.class_embed"),
    "yolos": Architecture(
        "YOLOS", "YolosForObjectDetection", Neck.PATCHES, "class_labels_classifier", True, None, attends=True
    ),
}
