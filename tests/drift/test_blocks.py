"""Blocks of time: sums by hand, borders, and what is no block."""

from __future__ import annotations

import pytest

from heatcam.drift.blocks import BlockMaker, local_seconds, part_in_words, part_of_day
from heatcam.drift.series import Block, SeriesName, WatchedMeasure, merged
from tests.drift.made_up import block, explained


def test_a_blocks_values_are_means_over_its_objects_and_detections_a_frame() -> None:
    maker = BlockMaker(10.0)
    first = explained([("cow", 0.9, 1.0), ("cow", 0.7, 0.5), ("dog", 0.5, 0.25)], [False, True, False])
    assert maker.add(first, 0.0) is None
    assert maker.add(explained([]), 5.0) is None
    assert maker.frames == 2
    ended = maker.add(explained(), 10.0)
    assert ended is not None
    assert (ended.index, ended.start_s, ended.frames) == (0, 0.0, 2)
    values = {
        (name, of.value): ended.value(SeriesName(name, of)) for name in ("", "cow") for of in WatchedMeasure
    }
    assert values == pytest.approx(
        {
            ("", "energy_in_box"): (1.0 + 0.5 + 0.25) / 3,
            ("", "evidence"): 1.0,
            ("", "low_evidence"): 1 / 3,
            ("", "confidence"): 0.7,
            ("", "detections"): 1.5,
            ("cow", "energy_in_box"): 0.75,
            ("cow", "evidence"): 1.0,
            ("cow", "low_evidence"): 0.5,
            ("cow", "confidence"): 0.8,
            ("cow", "detections"): 1.0,
        },
        rel=1e-5,
    )
    assert ended.value(SeriesName("cat", WatchedMeasure.DETECTIONS)) == 0
    assert ended.value(SeriesName("cat", WatchedMeasure.CONFIDENCE)) is None


def test_a_block_of_which_less_than_half_was_seen_is_left_out() -> None:
    maker = BlockMaker(10.0)
    for at_s in (7.0, 8.0, 9.0):  # began in between
        maker.add(explained(), at_s)
    assert maker.add(explained(), 10.0) is None
    assert maker.left_out == 1
    assert maker.add(explained(), 30.0) is None  # an outage: one frame is no block
    maker.add(explained(), 39.0)
    ended = maker.close()
    assert ended is not None
    assert ended.index == 3
    assert maker.left_out == 2
    assert maker.close() is None


def test_a_clock_that_is_put_back_ends_a_block() -> None:
    maker = BlockMaker(10.0)
    maker.add(explained(), 100.0)
    maker.add(explained(), 108.0)
    ended = maker.add(explained(), 50.0)
    assert ended is not None
    assert ended.index == 10


def test_parts_of_the_day_are_of_the_clock_on_the_wall() -> None:
    hour = 3600.0
    assert [part_of_day(n * hour, 6) for n in (0, 3.99, 4, 23.9, 24, 28)] == [0, 0, 1, 5, 0, 1]
    assert part_in_words(2, 6) == "08:00-12:00"
    assert part_in_words(0, 1) == ""


def test_local_time_follows_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert local_seconds(0.0) == 5.5 * 3600
    finally:
        monkeypatch.undo()
        time.tzset()


def test_neighbouring_blocks_become_one_whose_mean_is_over_all_objects() -> None:
    both: Block = merged([block(2, {"cow": 0.5}, 10.0), block(3, {"cow": 0.8}, 10.0, objects=200)], 20.0)
    assert (both.index, both.start_s, both.frames) == (1, 20.0, 200)
    assert both.value(SeriesName("cow", WatchedMeasure.ENERGY_IN_BOX)) == pytest.approx(0.7)
