"""Explainers of one model in several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from heatcam.options import ExplainOptions
from heatcam.saliency.streams import build_streams, gather
from heatcam.sources import open_source


def test_streams_that_share_their_batches_give_the_boxes_and_maps_of_one_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = ExplainOptions(backend="torch", precision="fp32")
    (alone,) = build_streams("markers", "cpu", options)
    streams = build_streams("markers", "cpu", options, count=2, threads=1)
    gather(streams)
    batches: list[int] = []
    together = streams[0].engine.cut.run_below  # type: ignore[attr-defined]
    below = together._below
    monkeypatch.setattr(together, "_below", lambda x: batches.append(len(x)) or below(x))
    monkeypatch.setattr("heatcam.engine.gathering._WAIT_S", 30.0)
    with open_source("demo") as source:
        pictures = [frame.image_bgr for frame, _ in zip(source, range(2), strict=False)]
    with ThreadPoolExecutor(2) as pool:
        found = list(
            pool.map(
                lambda pair: pair[0].explain(pair[1], with_object_maps=True),
                zip(streams, pictures, strict=True),
            )
        )
    assert batches == [2]
    for picture, ours in zip(pictures, found, strict=True):
        wanted = alone.explain(picture, with_object_maps=True)
        assert len(ours.detections) == len(wanted.detections) > 0
        assert np.allclose(ours.detections.boxes_xyxy, wanted.detections.boxes_xyxy, atol=1e-2)
        for one, other in zip(ours.object_maps, wanted.object_maps, strict=True):
            assert np.abs(one.values - other.values).max() < 1e-3 * np.abs(other.values).max()
