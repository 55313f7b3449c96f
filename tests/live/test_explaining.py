"""How frames are explained as the window wants them: which explainer, how often a map, whose numbers."""

from dataclasses import replace

import numpy as np
import pytest

from heatcam.enums import ComparedView
from heatcam.errors import UsageError
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.explaining import Explaining
from tests.live.streams import frame, seen


class Explainer:
    def __init__(self):
        self.asked = []

    def explain(self, image, *, with_map, with_object_maps, conf):
        self.asked.append((with_map, with_object_maps, conf))
        return seen(image, heat=with_map)


class Tracker:
    def __init__(self):
        self.frames = []

    def follow(self, explanation):
        self.frames.append(explanation.frame.frame_index)
        found = replace(explanation.detections, track_ids=np.array([7]))
        return replace(explanation, detections=found)


def test_the_threshold_is_the_windows():
    explainer = Explainer()
    Explaining(lambda *_: explainer)(frame(0), ExplainRequest(conf=0.6))
    assert explainer.asked == [(True, False, 0.6)]


def test_the_explainer_is_asked_for_by_method_layers_standing_still_and_what_it_keeps():
    asked = []

    def explainer_for(*key):
        asked.append(key)
        return Explainer()

    explaining = Explaining(explainer_for)
    explaining(frame(0), ExplainRequest())
    explaining(frame(0), ExplainRequest(method="odam", layers="15", still=True, iou=0.5, classes=("cat",)))
    assert asked == [
        ("live", "", False, 0.7, (), ComparedView.A, None),
        ("odam", "15", True, 0.5, ("cat",), ComparedView.A, None),
    ]


def test_what_was_refused_is_not_tried_again():
    tries = []

    def explainer_for(*key):
        tries.append(key)
        raise UsageError("not with this model", "take another")

    explaining = Explaining(explainer_for)
    for _ in range(3):
        with pytest.raises(UsageError):
            explaining(frame(0), ExplainRequest())
    assert len(tries) == 1


def test_every_third_frame_has_its_own_map_and_the_others_carry_it():
    explainer = Explainer()
    explaining = Explaining(lambda *_: explainer)
    found = [explaining(frame(n), ExplainRequest(every=3)) for n in range(7)]
    assert [with_map for with_map, *_ in explainer.asked] == [True, False, False, True, False, False, True]
    assert all(f.saliency is not None and f.saliency.values.max() > 0 for f in found)


def test_after_the_map_was_off_the_next_frame_has_its_own():
    explainer = Explainer()
    explaining = Explaining(lambda *_: explainer)
    for request in (
        ExplainRequest(every=5),
        ExplainRequest(with_map=False, every=5),
        ExplainRequest(every=5),
    ):
        explaining(frame(0), request)
    assert [with_map for with_map, *_ in explainer.asked] == [True, False, True]


def test_tracks_move_on_with_frames_and_not_with_second_looks():
    tracker = Tracker()
    explaining = Explaining(lambda *_: Explainer(), tracker)
    assert explaining(frame(0), ExplainRequest()).detections.track_ids.tolist() == [7]
    explaining(frame(0), ExplainRequest(still=True))
    explaining(frame(1), ExplainRequest(with_map=False))
    assert tracker.frames == [0, 1]


def test_another_method_or_size_gets_its_own_map_at_once():
    explainer = Explainer()
    explaining = Explaining(lambda *_: explainer)
    large = replace(frame(3), image_bgr=np.zeros((200, 90, 3), np.uint8))
    explaining(frame(0), ExplainRequest(every=5))
    explaining(frame(1), ExplainRequest(every=5))
    explaining(frame(2), ExplainRequest(every=5, method="odam"))
    explaining(large, ExplainRequest(every=5, method="odam"))
    explaining(large, ExplainRequest(every=5, method="odam", conf=0.5))
    assert [with_map for with_map, *_ in explainer.asked] == [True, False, True, True, False]


def test_a_refusal_does_not_grow_with_each_frame():
    def explainer_for(*_):
        raise UsageError("not with this model", "take another")

    explaining, depths = Explaining(explainer_for), []
    for _ in range(4):
        try:
            explaining(frame(0), ExplainRequest())
        except UsageError as error:
            trace, depth = error.__traceback__, 0
            while trace:
                trace, depth = trace.tb_next, depth + 1
            depths.append(depth)
    assert depths[1] == depths[2] == depths[3]
