"""The whole watch: quiet days are counted, a shift is noticed in time and named, and a restart changes nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binomtest

from heatcam.drift import DriftWatch, StateDocument
from heatcam.drift.watch import nearest
from heatcam.errors import UsageError
from tests.drift.made_up import quiet, quiet_baseline

NAMES = ("cow", "dog")


def quiet_days(days: int, hours: int, promised: float, names: tuple[str, ...] = ("cow",)) -> int:
    """Number of days with a false alarm in any series; each has a baseline of two days and a watch of its own."""
    told = 0
    for day in range(days):
        rng = np.random.default_rng(day)
        watch = DriftWatch(quiet_baseline(rng, 48, names), promised)
        told += any(watch.judge(quiet(rng, 48 + n, names), "").alarms for n in range(hours))
    return told


def test_of_two_hundred_quiet_days_no_more_give_an_alarm_than_promised() -> None:
    told = quiet_days(200, 12, 0.2)
    assert binomtest(told, 200, 0.2, alternative="greater").pvalue > 0.05


@pytest.mark.soak
def test_of_a_thousand_quiet_days_no_more_give_an_alarm_than_promised() -> None:
    told = quiet_days(1000, 24, 0.1, NAMES)
    assert binomtest(told, 1000, 0.1, alternative="greater").pvalue > 0.05
    assert told > 0


def test_a_lens_that_gets_dirty_is_noticed_within_a_day_and_the_class_and_measure_are_named() -> None:
    """Two spreads of the hours' energy, 0.1, for one class of two, after a quiet week; false alarms are one in a hundred."""
    rng = np.random.default_rng(7)
    watch = DriftWatch(quiet_baseline(rng, 168, NAMES))
    for hour in range(168):
        assert not watch.judge(quiet(rng, 168 + hour, NAMES), "").alarms
    for hour in range(24):
        worse, well = quiet(rng, 336 + hour, ("cow",), shift=-2.0), quiet(rng, 336 + hour, ("dog",))
        worse.sums.update(well.sums)
        watch.judge(worse, f"hour {hour}")
    told = {(alarm.class_name, alarm.measure.value) for alarm in watch.alarms}
    assert ("cow", "energy_in_box") in told
    assert told <= {("cow", "energy_in_box"), ("", "energy_in_box")}
    (alarm, *_) = [own for own in watch.alarms if own.class_name == "cow"]
    assert alarm.value < alarm.baseline == pytest.approx(0.6, abs=0.02)
    assert alarm.log10_e >= alarm.log10_alarm == pytest.approx(np.log10(100 * 20), abs=0.01)
    assert nearest(watch.standings())[0].has_drifted


def test_a_class_that_was_never_seen_and_comes_for_good_is_noticed() -> None:
    rng = np.random.default_rng(8)
    base = quiet_baseline(rng, 100, ("cow",))
    document = base.document.model_copy(update={"classes": ["cow", "wolf"]})
    watch = DriftWatch(type(base)(document))
    for hour in range(12):
        watch.judge(quiet(rng, hour, ("cow", "wolf")), "")
    assert ("wolf", "detections") in {(own.class_name, own.measure.value) for own in watch.alarms}


def test_a_series_is_told_once() -> None:
    rng = np.random.default_rng(9)
    watch = DriftWatch(quiet_baseline(rng, 100))
    told = [alarm for n in range(40) for alarm in watch.judge(quiet(rng, n, shift=-6.0), "").alarms]
    keys = [(own.class_name, own.measure) for own in told]
    assert len(keys) == len(set(keys)) >= 1
    assert told == watch.alarms


def test_a_restart_after_every_block_changes_nothing() -> None:
    def blocks() -> list:
        rng = np.random.default_rng(10)
        return [quiet(rng, n, NAMES, shift=-1.0 if n > 20 else 0.0) for n in range(40)]

    base = quiet_baseline(np.random.default_rng(11), 60, NAMES, day_parts=2)
    whole, state = DriftWatch(base), None
    for each, same in zip(blocks(), blocks(), strict=True):
        whole.judge(each, "now")
        restarted = DriftWatch(base, state=state)
        restarted.judge(same, "now")
        text = restarted.state().model_dump_json(by_alias=True)
        assert "Infinity" not in text
        state = StateDocument.model_validate(json.loads(text))
    assert state is not None
    assert state.series == whole.state().series
    assert (state.blocks, state.alarms) == (whole.blocks, whole.alarms)


def test_the_state_does_not_grow_with_time() -> None:
    rng = np.random.default_rng(12)
    watch = DriftWatch(quiet_baseline(rng, 50))
    sizes = []
    for n in range(1200):
        watch.judge(quiet(rng, n), "")
        if n in (599, 1199):
            sizes.append(len(watch.state().model_dump_json()))
    assert sizes[1] < 1.1 * sizes[0]


def test_a_state_of_another_baseline_is_refused() -> None:
    one, other = (quiet_baseline(np.random.default_rng(n), 20) for n in (1, 2))
    with pytest.raises(UsageError, match="the state is of a watch against another baseline"):
        DriftWatch(other, state=DriftWatch(one).state())


def test_a_part_of_the_day_that_the_baseline_lacks_is_not_judged() -> None:
    rng = np.random.default_rng(13)
    watch = DriftWatch(quiet_baseline(rng, 10, day_parts=2))  # until ten in the morning
    assert not watch.judge(quiet(rng, 24 + 13, shift=9.0), "").is_judged
    assert watch.judge(quiet(rng, 24 + 3), "").is_judged
    assert (watch.blocks, watch.unjudged) == (1, 1)
