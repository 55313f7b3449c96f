"""Heads that find more than boxes: a picture is surveyed, judged and written as one of a plain detector is."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.audit import PictureLabels
from heatcam.audit.picture import PicturePlace, judge, rows_of
from heatcam.engine.boxes import Thresholds
from heatcam.frames import Frame
from heatcam.saliency.explainer import Explainer
from heatcam.saliency.methods import method_formula
from heatcam.saliency.surveying import Surveyor
from tests.nets import engine_of, fresh_network

IMAGE = np.random.default_rng(3).integers(0, 256, (150, 200, 3), np.uint8)


def labels(*boxes: tuple[float, ...]) -> PictureLabels:
    every = np.array(boxes, np.float32).reshape(-1, 4)
    nothing = np.zeros((0, 4), np.float32)
    ids, names = np.zeros(len(every), np.int64), ("a",) * len(every)
    return PictureLabels(every, every, ids, names, nothing, np.zeros(0, np.int64), nothing)


@pytest.mark.parametrize("family", ["yolov8n-seg", "yolov8n-pose", "yolov8n-obb", "yolo26n-obb-end2end"])
def test_each_detection_and_each_missed_label_has_a_row_with_its_evidence(family: str) -> None:
    network = fresh_network(family)
    names = {n: chr(97 + n % 26) for n in range(network.model[-1].nc)}
    explain = Explainer(
        engine_of(network), names, 128, Thresholds(0.05, 0.5, max_det=4), "live", method_formula("live")
    )
    surveyed = Surveyor(explain).survey(Frame(IMAGE, 0, 0.0, 0.0, "a"))
    found = surveyed.explanation.detections
    assert len(found) > 0 and len(surveyed.weak.boxes_xyxy) >= len(found)
    judged = judge(surveyed, labels((10, 10, 14, 15), (100, 90, 180, 140)), PicturePlace("a", 1, ""), 0.5)
    rows = rows_of(judged).objects
    missed = [row for row in rows if row.kind == "missed"]
    assert len(rows) == len(found) + len(missed) and missed
    for row in rows:
        assert row.evidence_for is not None and row.evidence_against is not None
    assert all(row.verdict for row in missed)
