"""``--track``, from the command line to the boxes that are drawn."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from heatcam.commands import record as recording
from heatcam.frames import Detections, Explanation, Frame
from tests.commands.fake_explainer import FakeExplainer
from tests.commands.programs import heatcam


def one_box(
    image: Frame, *, with_map: bool, with_object_maps: bool = False, conf: float | None = None
) -> Explanation:
    """A box that moves to the right by four pixels a frame."""
    x = 50.0 + 4 * image.frame_index
    found = Detections(
        np.array([[x, 50, x + 80, 130]], np.float32),
        np.array([0.8], np.float32),
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
        ("thing",),
    )
    return Explanation(image, found)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[Explanation]:
    """What is painted, with an explainer that sees one box."""
    explanations: list[Explanation] = []
    make = recording.painter

    def painter(*args: Any, **kwargs: Any) -> Any:
        paint = make(*args, **kwargs)
        return lambda explanation, *rest: explanations.append(explanation) or paint(explanation, *rest)

    fake = SimpleNamespace(
        explain=one_box, engine=SimpleNamespace(name="fake", device="cpu"), calibration=None
    )
    fake.title, fake.thresholds, fake.facts = "fake", SimpleNamespace(conf=0.25), FakeExplainer().facts
    monkeypatch.setattr(recording, "painter", painter)
    monkeypatch.setattr(recording, "start_any_explainer", lambda *_: fake)
    return explanations


@pytest.mark.parametrize(("choice", "numbers"), [("off", None), ("bytetrack", 1), ("botsort", 1)])
def test_what_is_recorded_has_numbers_where_they_were_asked_for(
    choice: str, numbers: int | None, painted: list[Explanation], tmp_path: Path
) -> None:
    heatcam("record", "demo", "--max-frames", 4, "-o", tmp_path / "out.mp4", "--track", choice)
    ids = [explanation.detections.track_ids for explanation in painted]
    assert [None if one is None else one.tolist() for one in ids] == [numbers and [numbers]] * 4


def test_an_unknown_tracker_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    result = heatcam("record", "demo", "--max-frames", 2, "-o", out, "--track", "deepsort", exit_code=2)
    assert "bytetrack" in result.stderr
    assert "botsort" in result.stderr
    assert not out.exists()
