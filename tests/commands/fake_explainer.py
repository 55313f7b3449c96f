"""Something quick in a model's place, for tests of recordings: ``python -m tests.commands.fake_explainer record ...``."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np

from heatcam.frames import Detections, ExplainerFacts, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox


class FakeExplainer:
    """One object that moves to the right, with evidence that is noise: each frame's own, the same in every run.

    Args:
        pause_s: how long each frame takes.
    """

    engine = SimpleNamespace(name="fake", device="cpu")
    title, imgsz, method, calibrating_s = "fake", 64, "live", 0.0
    thresholds = SimpleNamespace(conf=0.25)
    class_names = {0: "thing"}  # noqa: RUF012

    def __init__(self, pause_s: float = 0.0) -> None:
        self._pause_s = pause_s

    def facts(self) -> ExplainerFacts:
        asked = {
            "target": "class",
            "why": "",
            "unit": "logits",
            "imgsz": 64,
            "conf": 0.25,
            "iou": 0.7,
            "max_det": 300,
        }
        ran = {"device": "cpu", "backend": "fake", "precision": "fp32"}
        return ExplainerFacts("fake", "", "detect", "live", ("0:fake",), **asked, **ran)

    def explain(
        self, frame: Frame, *, with_map: bool = True, with_object_maps: bool = False, **_: object
    ) -> Explanation:
        time.sleep(self._pause_s)
        width, height = frame.size_wh
        noise = np.random.default_rng(frame.frame_index)
        x = (frame.frame_index * 0.5) % (width / 3)
        box = np.array([[x + 2, height * 0.4, x + width / 2, height - 4]], np.float32)
        found = Detections(box, np.float32([0.9]), np.int64([0]), np.int64([0]), ("thing",))
        letterbox = Letterbox.fit((width, height), 64)
        values = (1 + noise.random((16, 16))).astype(np.float32)
        saliency = SaliencyMap(values, letterbox, "live", "0:fake")
        return Explanation(frame, found, saliency, (saliency,) if with_object_maps else ())


def take_the_models_place(patch: Any, pause_s: float = 0.0) -> None:
    """Let ``record``, ``stats`` and ``drift`` have this instead of a model; ``patch`` is pytest's monkeypatch."""
    starts = "record.start_any_explainer", "stats.start_explainer", "drift.start_explainer"
    for start in starts:
        patch.setattr(f"heatcam.commands.{start}", lambda *_: FakeExplainer(pause_s))


if __name__ == "__main__":
    import pytest

    from heatcam.cli.program import main

    with pytest.MonkeyPatch.context() as monkeypatch:
        take_the_models_place(monkeypatch, 0.01)
        main()
