"""The brush on real networks: the numbers are those of asking twice, for heads with anchors, end-to-end heads and queries."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from heatcam.engine.boxes import Thresholds
from heatcam.engine.rtdetr import QueryEngine, QueryNetwork
from heatcam.enums import Fill
from heatcam.frames import Frame
from heatcam.geometry import Letterbox
from heatcam.live.covering import Covering
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.questions import CoverStroke, Questions
from heatcam.probing import cover_effect, covered
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from heatcam.saliency.probing import Prober
from tests.nets import engine_of, fresh_network
from tests.query_nets import query_network

NAMES = dict(enumerate("abcde"))
IMAGE = np.random.default_rng(3).integers(0, 256, (150, 200, 3), np.uint8)
PLACE = (30.0, 40.0, 110.0, 100.0)


def explainer(family: str) -> Explainer:
    if family == "queries":
        engine = QueryEngine(QueryNetwork(copy.deepcopy(query_network())), torch.device("cpu"))
        fit = lambda size: Letterbox.stretch(size, 96)  # noqa: E731
        return Explainer(engine, NAMES, 96, Thresholds(0.3), "live", method_formula("live"), fit=fit)
    engine = engine_of(fresh_network(family))
    return Explainer(engine, NAMES, 128, Thresholds(0.25, 0.5), "live", method_formula("live"))


@pytest.mark.parametrize("family", ["tiny", "yolov10n", "queries"])
@pytest.mark.parametrize("fill", [Fill.GREY, Fill.BACKGROUND])
def test_one_pass_of_the_covered_picture_tells_what_two_passes_tell(family: str, fill: Fill) -> None:
    explain = explainer(family)
    asked = Prober(explain)
    found = explain.explain(Frame(IMAGE, 0, 0.0, 0.0), with_object_maps=True)
    assert len(found.detections) > 1
    request = ExplainRequest(questions=Questions(strokes=(CoverStroke(PLACE),), fill=fill))
    reply = Covering(lambda _request: asked).reply(found, request)
    assert reply.effect is not None, reply.reason
    places = np.array([PLACE], np.float32)
    exact = cover_effect(
        asked.candidates(IMAGE), asked.candidates(covered(IMAGE, places, fill)), found.object_maps, places
    )
    assert (reply.effect.vanished, reply.effect.appeared) == (exact.vanished, exact.appeared)
    for own, other in zip(reply.effect.objects, exact.objects, strict=True):
        assert own.logit_before == pytest.approx(other.logit_before, abs=1e-3)
        assert own.logit_after == pytest.approx(other.logit_after, abs=1e-4)
        assert own.evidence_share == other.evidence_share
