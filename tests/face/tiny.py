"""A model without a network: one object where the picture is reddest, whose evidence is the red of each pixel."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from heatcam.face import Explanation, Model
from heatcam.face.explanation import with_facts
from heatcam.frames import Detections, ExplainerFacts, Frame, SaliencyMap
from heatcam.frames import Explanation as BareExplanation
from heatcam.geometry import Letterbox

FACTS = ExplainerFacts(
    *("tiny", "ab12", "detect", "live", ("3:red",), "class", "", "logits", "cpu", "torch", "fp32"),
    *(64, 0.25, 0.7, 300),
)


class RedExplainer:
    """Explains frames; the array that it was given last is kept.

    Attributes:
        asked: what it was asked with.
    """

    def __init__(self) -> None:
        self.class_names = {0: "red", 1: "other"}
        self.asked: list[dict[str, Any]] = []

    def explain(self, image: Frame, **asked: Any) -> BareExplanation:
        self.asked.append(asked)
        red = image.image_bgr[..., 2].astype(np.float32)
        y, x = np.unravel_index(red.argmax(), red.shape)
        box = np.array([[x, y, x + 1, y + 1]], np.float32)
        found = Detections(box, np.float32([0.9]), np.int64([0]), np.int64([7]), ("red",))
        plain = Letterbox(image.size_wh, image.size_wh, image.size_wh, 0, 0)
        saliency = SaliencyMap(red, plain, "live", "3:red")
        own = (saliency,) if asked.get("with_object_maps") else ()
        return BareExplanation(image, found, saliency, own, low_evidence=(False,), model="tiny")

    def maps_at(self, image: Any, anchors: Any, class_ids: Any) -> tuple[SaliencyMap, ...]:
        return self.explain(Frame(image, 0, 0.0, 0.0), with_object_maps=True).object_maps

    def facts(self) -> ExplainerFacts:
        return FACTS


def red_model() -> tuple[Model, RedExplainer]:
    explainer = RedExplainer()
    return Model(cast(Any, explainer)), explainer


def with_tiny_facts(explanation: BareExplanation) -> Explanation:
    return with_facts(explanation, FACTS)
