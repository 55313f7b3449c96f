from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatcam.frames import Detections, Explanation, Frame, SaliencyMap
from heatcam.geometry import Letterbox
from heatcam.measures.history import EvidenceHistory
from heatcam.measures.statistics import BINS, heat_counts, share_of_all

SIZE = (640, 480)
LEFT, RIGHT = (0.0, 0.0, 320.0, 480.0), (320.0, 0.0, 640.0, 480.0)


def saliency(left: float, right: float) -> SaliencyMap:
    """A map that holds so much evidence in each half of the picture."""
    values = np.zeros((60, 80), np.float32)
    values[:, :40], values[:, 40:] = left / 2400, right / 2400
    return SaliencyMap(values, Letterbox.fit(SIZE, 640), "live", "15")


def seen(
    boxes: list[tuple[float, float, float, float]],
    all_maps: SaliencyMap | None = None,
    own: tuple[SaliencyMap, ...] = (),
    tracks: list[int] | None = None,
    classes: list[int] | None = None,
) -> Explanation:
    classes = classes or [0] * len(boxes)
    found = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), 0.5, np.float32),
        np.array(classes, np.int64),
        np.arange(len(boxes)),
        tuple(f"class {n}" for n in classes),
        track_ids=None if tracks is None else np.array(tracks, np.int64),
    )
    return Explanation(Frame(np.zeros((480, 640, 3), np.uint8), 0, 0, 0), found, all_maps, own)


def test_the_energy_is_of_the_objects_own_map() -> None:
    history = EvidenceHistory()
    history.add(seen([LEFT, RIGHT], saliency(1, 1), (saliency(3, 1), saliency(1, 4))))
    assert [item.last for item in history.objects()] == pytest.approx([0.75, 0.8])


def test_without_own_maps_it_is_the_share_of_all_evidence() -> None:
    history = EvidenceHistory()
    history.add(seen([LEFT, RIGHT], saliency(3, 1)))
    assert [item.last for item in history.objects()] == pytest.approx([0.75, 0.25])
    assert share_of_all(saliency(0, 0), np.array(LEFT, np.float32)) is None


def test_track_numbers_tell_objects_apart_wherever_they_are() -> None:
    history = EvidenceHistory()
    history.add(seen([LEFT, RIGHT], saliency(3, 1), tracks=[7, 9]))
    history.add(seen([RIGHT, LEFT], saliency(3, 1), tracks=[7, 9]))
    assert {item.track_id: item.energies.tolist() for item in history.objects()} == {
        7: pytest.approx([0.75, 0.25]),
        9: pytest.approx([0.25, 0.75]),
    }


def test_without_tracking_class_and_overlap_tell_them_apart() -> None:
    history = EvidenceHistory()
    history.add(seen([LEFT, RIGHT], saliency(3, 1)))
    moved = (310.0, 0.0, 630.0, 480.0)
    history.add(seen([moved, LEFT], saliency(1, 3)))
    history.add(seen([LEFT], saliency(1, 1), classes=[5]))
    items = history.objects()
    assert [(item.name, item.is_seen, item.track_id) for item in items] == [
        ("class 5", True, 0),
        ("class 0", False, 0),
        ("class 0", False, 0),
    ]
    np.testing.assert_allclose(items[1].energies, [0.75, 0.25, np.nan])
    assert items[2].energies[1] == pytest.approx(0.75, abs=0.05)


def test_a_box_that_no_track_has_taken_is_left_out() -> None:
    history = EvidenceHistory()
    history.add(seen([LEFT, RIGHT], saliency(3, 1), tracks=[0, 2]))
    assert [item.track_id for item in history.objects()] == [2]


def test_frames_without_the_object_or_without_a_map_are_gaps() -> None:
    history = EvidenceHistory()
    history.add(seen([LEFT], saliency(3, 1), tracks=[1]))
    history.add(seen([], saliency(3, 1), tracks=[]))
    history.add(seen([LEFT], None, tracks=[1]))
    history.add(seen([LEFT], saliency(1, 1), tracks=[1]))
    (item,) = history.objects()
    np.testing.assert_allclose(item.energies, [0.75, np.nan, np.nan, 0.5])
    history.add(seen([LEFT], None, tracks=[1]))
    assert history.objects()[0].last == pytest.approx(0.5)


def test_an_object_that_was_never_measured_has_no_last_number() -> None:
    history = EvidenceHistory()
    history.add(seen([LEFT], None))
    assert history.objects()[0].last is None


def test_only_the_last_frames_are_kept() -> None:
    history = EvidenceHistory(length=5)
    for _ in range(12):
        history.add(seen([LEFT], saliency(3, 1), tracks=[1]))
    assert len(history.objects()[0].energies) == 5


def test_objects_not_seen_for_as_long_are_forgotten() -> None:
    history = EvidenceHistory(length=5)
    history.add(seen([LEFT], saliency(1, 1), tracks=[1]))
    for _ in range(4):
        history.add(seen([RIGHT], saliency(1, 1), tracks=[2]))
    assert len(history.objects()) == 2
    history.add(seen([RIGHT], saliency(1, 1), tracks=[2]))
    assert [item.track_id for item in history.objects()] == [2]


@pytest.mark.parametrize("tracked", [True, False])
def test_memory_is_bounded_in_a_crowd_that_never_stands_still(tracked: bool) -> None:
    history = EvidenceHistory(length=10)
    for n in range(200):
        box = (float(60 * n % 580), 0.0, float(60 * n % 580 + 20), 20.0)
        history.add(seen([box], saliency(1, 1), tracks=[n + 1] if tracked else None, classes=[n % 3]))
    assert len(history.objects()) <= 10


def test_the_histogram_counts_cells_from_cold_to_hot() -> None:
    """By hand: 2400 cells at a quarter of the top, 2400 at the top."""
    counts = heat_counts(saliency(1, 4))
    assert counts.shape == (BINS,)
    assert counts.sum() == 4800
    assert counts[8] == counts[BINS - 1] == 2400


def test_the_histogram_knows_only_positive_evidence_on_the_picture() -> None:
    letterbox = Letterbox.fit((640, 470), 640)
    values = np.ones((60, 80), np.float32)
    values[0] = values[-1] = 50  # in the border: 470 of 480 rows are picture
    values[10:20] = -1
    counts = heat_counts(SaliencyMap(values, letterbox, "live", "15"))
    assert counts.sum() == counts[BINS - 1] == 48 * 80


def test_without_evidence_the_histogram_is_empty() -> None:
    history = EvidenceHistory()
    assert history.heat.sum() == 0
    history.add(seen([], saliency(0, -1)))
    assert history.heat.sum() == 0
    history.add(seen([LEFT], saliency(1, 1)))
    assert history.heat.sum() == 4800
    history.add(replace(seen([LEFT]), map_error="no map"))
    assert history.heat.sum() == 0
