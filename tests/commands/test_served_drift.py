"""``heatcam serve --baseline``: frames of the live view are watched, and Prometheus gets gauges."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import generate_latest

from heatcam.commands import ServeChoice, Terminal
from heatcam.commands.served_drift import ServedDrift, served_drift
from heatcam.drift import Baseline, write_document
from heatcam.errors import HeatcamError, UsageError
from heatcam.web.drift_gauges import DriftNumbers
from heatcam.web.live_parts import LiveSettings
from heatcam.web.metrics import Metrics
from tests.drift.made_up import FACTS, explained, quiet_baseline
from tests.web.live_fakes import camera, live_run, until
from tests.web.test_metrics import samples

DESCRIBED = (FACTS, ("cow",))


def baseline() -> Baseline:
    own = quiet_baseline(np.random.default_rng(0), 60)
    return Baseline(own.document.model_copy(update={"clock": "source"}))


def watch(notes: list[str], service: ServeChoice | None = None) -> ServedDrift:
    return ServedDrift(
        baseline(), None, service or ServeChoice(), notes.append, lambda explanation: explanation.frame.pts_s
    )


def show(drift: ServedDrift, hours: range, inside: float, described: object = DESCRIBED) -> None:
    for n in range(hours.start * 3, hours.stop * 3):  # every twenty minutes
        drift(explained([("cow", 0.8, inside)] * 3, index=n, pts_s=n * 1200.0), described)  # type: ignore[arg-type]


def gauges(drift: ServedDrift, name: str) -> dict[tuple[str, ...], float]:
    text = generate_latest(Metrics(drift=drift.numbers).registry).decode()
    return samples(text, f"heatcam_drift_{name}")


def test_the_gauges_say_what_has_drifted_and_by_how_much(tmp_path: Path) -> None:
    notes: list[str] = []
    drift = watch(notes, ServeChoice(drift_state=tmp_path / "state.json"))
    show(drift, range(31), 0.1)
    energy = ("all objects", "energy_in_box")
    assert gauges(drift, "watching") == {(): 1}
    assert gauges(drift, "blocks") == {(): 30}
    assert gauges(drift, "value")[energy] == pytest.approx(0.1)
    assert gauges(drift, "baseline")[energy] == pytest.approx(0.6, abs=0.02)
    assert gauges(drift, "detected")[energy] == 1
    assert (
        gauges(drift, "log10_e")[energy]
        > gauges(drift, "log10_e_alarm")[energy]
        == pytest.approx(np.log10(500))
    )
    assert [note for note in notes if "DRIFT  all objects: energy in box has drifted, now 0.1" in note]
    assert json.loads((tmp_path / "state.json").read_text("utf-8"))["blocks"] == 30


def test_frames_that_are_explained_otherwise_are_passed_over_and_said_once() -> None:
    notes: list[str] = []
    drift = watch(notes)
    show(drift, range(3), 0.6)
    show(drift, range(3, 9), 0.0, (replace(FACTS, conf=0.9), ("cow",)))
    show(drift, range(9, 12), 0.0, None)  # it is paused, or has no map of each object
    assert gauges(drift, "watching") == {(): 0}
    assert gauges(drift, "blocks") == {(): 2}
    assert notes == ["drift is not watched: the baseline was learnt with another conf: '0.25', not '0.9'"]
    show(drift, range(12, 15), 0.6)
    assert gauges(drift, "watching") == {(): 1}
    assert gauges(drift, "blocks") == {(): 4}


def test_without_a_baseline_there_are_no_gauges_and_what_cannot_be_used_is_refused(tmp_path: Path) -> None:
    assert "drift" not in generate_latest(Metrics().registry).decode()
    assert served_drift(ServeChoice(), is_live=True, terminal=Terminal()) is None
    with pytest.raises(HeatcamError, match="there is no baseline"):
        served_drift(ServeChoice(baseline=tmp_path / "none.json"), is_live=True, terminal=Terminal())
    with pytest.raises(UsageError, match="--drift-state is for --baseline"):
        ServeChoice(drift_state=tmp_path / "state.json").require_valid()
    write_document(tmp_path / "base.json", quiet_baseline(np.random.default_rng(0), 60, day_parts=6).document)
    with pytest.raises(UsageError, match="the source has no time of day"):
        served_drift(ServeChoice(baseline=tmp_path / "base.json"), is_live=False, terminal=Terminal())
    assert served_drift(ServeChoice(baseline=tmp_path / "base.json"), is_live=True, terminal=Terminal())


class Seen:
    """An observer that counts."""

    def __init__(self) -> None:
        self.frames: list[int] = []

    def __call__(self, explanation: object, described: object) -> None:
        self.frames.append(explanation.frame.frame_index)  # type: ignore[attr-defined]

    def numbers(self) -> DriftNumbers:
        return DriftNumbers(bool(self.frames), 0, ())


def test_the_live_view_is_watched_also_while_nobody_looks() -> None:
    seen = Seen()
    run = live_run(camera(), settings=LiveSettings(rests_after_s=0.05, observer=seen))
    run.start()
    try:
        until(lambda: len(seen.frames) > 3)
        time.sleep(0.2)
        before = len(seen.frames)
        until(lambda: len(seen.frames) > before + 3)
    finally:
        run.close()
