"""Statistics of tiny runs, by hand, and memory that does not grow."""

from __future__ import annotations

import dataclasses
import gc
import tracemalloc

import numpy as np
import pytest

from heatcam.geometry import Letterbox
from heatcam.measures import block_interval
from heatcam.report import accumulate, heat_grid, time_bins
from heatcam.report.heat_grid import half_in, heat_on_grid, words_of
from heatcam.report.statistics import Measure
from tests.report.runs import FACTS, frame_of, run_of, saliency

IN_LEFT = [[3, 1], [2, 0]]  # 6 logits, 5 of them in the left half
NEGATIVE = [[-9, 4], [0, 4]]  # 8 logits, none of them in the left half


def test_evidence_and_energy_are_those_of_each_objects_own_map() -> None:
    run = run_of([frame_of(0, [IN_LEFT]), frame_of(1, [NEGATIVE])])
    assert run.whole.objects == 2
    assert run.whole.evidence == pytest.approx((6 + 8) / 2)
    assert run.whole.energy_in_box == pytest.approx((5 / 6 + 0) / 2)
    assert run.whole.over_time.evidence.tolist() == pytest.approx([6, 8])
    assert np.flatnonzero(run.whole.energies).tolist() == [0, 16]  # 0 and 0.83, in steps of 0.05


def test_classes_are_told_apart_and_the_most_frequent_comes_first() -> None:
    run = run_of([frame_of(0, [IN_LEFT]), frame_of(1, [IN_LEFT, NEGATIVE])])
    dog, cat = run.classes
    assert (dog.name, dog.objects, dog.frames, dog.evidence) == ("dog", 2, 2, 6)
    assert (cat.name, cat.objects, cat.frames, cat.evidence) == ("cat", 1, 1, 8)
    assert (cat.first_s, cat.last_s) == (0.1, 0.1)
    assert np.isnan(cat.over_time.evidence[0])
    assert cat.over_time.objects_per_frame.tolist() == [0, 1]


def test_a_frame_with_two_objects_of_a_class_counts_once_as_a_frame() -> None:
    run = run_of([frame_of(0, [IN_LEFT, IN_LEFT], names=("dog", "dog"))])
    assert (run.classes[0].objects, run.classes[0].frames) == (2, 1)


def test_low_evidence_is_counted_where_it_is_known() -> None:
    assert run_of([frame_of(0, [IN_LEFT])]).whole.low_evidence is None
    assert run_of([frame_of(0, [IN_LEFT, IN_LEFT], low=(True, False))]).whole.low_evidence == 1


def test_tracks_follow_objects_and_boxes_without_one_have_none() -> None:
    run = run_of([frame_of(0, [IN_LEFT, NEGATIVE], tracks=(7, 0)), frame_of(1, [IN_LEFT], tracks=(7,))])
    assert [(one.title, one.frames) for one in run.tracks] == [("dog 7", 2)]


def test_of_many_tracks_the_shortest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accumulate, "MOST_TRACKS", 3)
    frames = [frame_of(n, [IN_LEFT], tracks=(1,)) for n in range(5)]
    frames += [frame_of(5 + n, [IN_LEFT], tracks=(2 + n,)) for n in range(6)]
    run = run_of(frames)
    assert {one.track_id for one in run.tracks} == {1, 6, 7}
    assert run.more_tracks == 4


def test_a_failed_map_leaves_objects_without_evidence_and_its_reason() -> None:
    run = run_of([frame_of(0, [IN_LEFT]), frame_of(1, names=("dog",), error="out of memory")])
    assert (run.whole.objects, run.whole.evidence) == (2, 6)
    assert (run.frames_without_map, run.map_errors) == (1, ("out of memory",))
    assert run.has_maps
    assert not run_of([frame_of(0, names=("dog",), error="no")]).has_maps


def test_a_long_run_is_merged_and_its_means_stay_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_bins, "BINS", 8)
    run = run_of(frame_of(n, [np.full((2, 2), n)]) for n in range(20))
    assert run.frames_a_bin == 4
    assert run.whole.over_time.evidence.tolist() == pytest.approx(
        [4 * 1.5, 4 * 5.5, 4 * 9.5, 4 * 13.5, 4 * 17.5]
    )
    assert run.times.tolist() == pytest.approx([0.15, 0.55, 0.95, 1.35, 1.75])
    assert run.whole.evidence == pytest.approx(4 * 9.5)


def test_heat_is_split_by_area_onto_the_grid_and_none_is_lost() -> None:
    assert heat_on_grid(saliency([[4, 0], [0, 8]]), (4, 4)).tolist() == [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 2, 2],
        [0, 0, 2, 2],
    ]
    assert heat_on_grid(saliency([[3, 3, 3], [0, 0, 0], [0, 0, 0]]), (2, 1)).tolist() == [[4.5, 4.5]]


def test_heat_on_a_letterbox_border_is_not_in_the_picture() -> None:
    border = Letterbox((64, 32), (64, 32), (64, 64), 0, 16)
    hot = dataclasses.replace(saliency([[9, 9], [1, 3], [5, 5], [9, 9]]), letterbox=border)
    assert heat_on_grid(hot, (2, 2)).tolist() == [[1, 3], [5, 5]]


def test_the_place_of_a_run_is_the_sum_of_its_frames() -> None:
    place = run_of([frame_of(0, [[[8, 0], [0, 0]]]), frame_of(1, [[[0, 0], [0, 8]]])]).place
    assert place is not None
    assert place.shares.shape == (48, 48)
    assert place.shares.sum() == pytest.approx(1)
    assert place.shares[:24, :24].sum() == pytest.approx(0.5)
    assert (place.centre_xy, place.words) == (pytest.approx((0.5, 0.5)), "in the middle")
    assert place.half_in == pytest.approx(0.25)
    assert run_of([frame_of(0)]).place is None


def test_places_have_words() -> None:
    assert [words_of(x, y) for x, y in ((0.1, 0.1), (0.5, 0.9), (1.0, 0.5))] == [
        "upper left",
        "lower",
        "right",
    ]
    assert half_in(np.array([[0.5, 0.3], [0.1, 0.1]])) == 0.25


def test_moments_are_the_strongest_and_the_weakest_and_apart_in_time() -> None:
    strengths = [5, 9, 8, 1, 2, 7, 6, 3, 4, 5]
    run = run_of(frame_of(n, [np.full((2, 2), s / 4)], at_s=n * 0.5) for n, s in enumerate(strengths))
    assert [round(m.evidence) for m in run.strongest] == [9, 7, 5]
    assert [round(m.evidence) for m in run.weakest] == [1, 3, 5]  # (another 5 is among the strongest)
    assert run.strongest[0].time_s == 0.5
    assert run.strongest[0].objects == "1 dog"
    assert run.strongest[0].picture[8:12] == b"WEBP"


def test_of_unrelated_pictures_neighbours_may_both_be_moments() -> None:
    run = run_of((frame_of(n, [np.full((2, 2), 9 - n)]) for n in range(9)), is_slideshow=True)
    assert [moment.time_s for moment in run.strongest] == [1, 2, 3, 4]


def test_drift_is_the_last_third_minus_the_first_with_the_interval_of_its_blocks() -> None:
    strengths = np.random.default_rng(1).uniform(1, 2, 90) + np.repeat([0, 9, 3], 30)
    run = run_of(frame_of(n, [np.full((2, 2), s / 4)]) for n, s in enumerate(strengths))
    drift = next(one for one in run.drifts if one.measure is Measure.EVIDENCE)
    first, last = strengths[:30], strengths[60:]
    assert drift.difference == pytest.approx(last.mean() - first.mean(), abs=1e-5)
    blocks = [np.column_stack([part.reshape(10, 3).sum(1), np.full(10, 3.0)]) for part in (first, last)]
    assert drift.interval == pytest.approx(block_interval(*blocks, seed=0), abs=1e-5)
    assert drift.is_clear
    still = next(one for one in run.drifts if one.measure is Measure.OBJECTS)
    assert (still.difference, still.interval, still.is_clear) == (0, (0, 0), False)


def test_drift_of_pictures_draws_single_pictures() -> None:
    run = run_of((frame_of(n, [np.full((2, 2), n + 1)]) for n in range(60)), is_slideshow=True)
    assert {drift.blocks for drift in run.drifts} == {(20, 20)}


def test_a_run_that_is_too_short_or_knows_too_little_has_no_interval() -> None:
    assert run_of(frame_of(n, [IN_LEFT]) for n in range(14)).drifts == ()
    rare = run_of(frame_of(n, [IN_LEFT] if n % 9 == 0 else ()) for n in range(45))
    by_measure = {drift.measure: drift for drift in rare.drifts}
    assert by_measure[Measure.EVIDENCE].interval is None
    assert by_measure[Measure.EVIDENCE].difference == 0
    assert by_measure[Measure.OBJECTS].interval is not None


def test_memory_does_not_grow_with_the_length_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once every bin, track and picture that is kept at most is there; the bounds are smaller here, so that this comes soon."""
    monkeypatch.setattr(time_bins, "BINS", 50)
    monkeypatch.setattr(accumulate, "MOST_TRACKS", 20)
    monkeypatch.setattr(heat_grid, "PICTURE", 64)
    accumulator = accumulate.RunAccumulator()

    def add(first: int, last: int) -> int:
        for n in range(first, last):
            accumulator.add(frame_of(n, [IN_LEFT, NEGATIVE], tracks=(1 + n // 5, 0)))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = add(0, 200)
        assert add(200, 1200) - before < 20_000
    finally:
        tracemalloc.stop()
    assert accumulator.statistics(FACTS).frames == 1200
