"""Deletion and insertion, on a network that sees one square and can be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.evaluation.choices import FractionsOf
from heatcam.evaluation.curves import Curves, Trial, best_fit, cut_to_box, over_letterbox
from heatcam.evaluation.protocols import PROTOCOLS
from heatcam.evaluation.ranking import ranking_of, windows_of
from heatcam.geometry import overlaps

SIDE = 36
BOX = np.array([0, 0, 12, 12], np.float32)  # a ninth of the picture
CLEAR = np.full((SIDE, SIDE, 3), 255, np.uint8)
BLACK = np.zeros_like(CLEAR)
GROWING, EVEN = PROTOCOLS["growing"], PROTOCOLS["d-rise"]
PICTURE = np.array([0, 0, SIDE, SIDE], np.float32)


def sees_the_square(picture: np.ndarray, class_id: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Two predictions: one elsewhere that is always sure, and the object, as sure as its square is clear."""
    clear = picture[:12, :12].mean() / 255
    yield np.stack((BOX + 20, BOX)), np.array([1.0, (0.3, clear)[class_id]], np.float32)


def trial(class_id: int = 1, protocol=GROWING, of=FractionsOf.PICTURE, predict=sees_the_square) -> Trial:
    windows = windows_of(BOX, PICTURE, (SIDE, SIDE), of, whole=of is FractionsOf.PICTURE)
    ranking = ranking_of((SIDE, SIDE), *windows, protocol.fractions, np.random.default_rng(0))
    return Trial(predict, CLEAR, "black", BLACK, protocol, ranking, BOX, class_id)


def map_of_the_object() -> np.ndarray:
    values = np.zeros((SIDE, SIDE), np.float32)
    values[:12, :12] = 1
    return values


def test_a_map_of_the_object_deletes_and_inserts_it_first() -> None:
    curves = trial().curves(map_of_the_object())
    shown = np.array([min(1.0, round((k / 9) ** 2 * SIDE**2) / 144) for k in range(1, 9)])
    assert curves.infill == "black"
    assert curves.insertions == pytest.approx(shown)
    assert curves.deletions == pytest.approx(1 - shown)
    assert curves.insertion == pytest.approx(shown.mean())
    assert curves.difference == pytest.approx(2 * shown.mean() - 1)


def test_of_the_box_all_steps_tell_maps_apart() -> None:
    falling = np.linspace(1, 0, SIDE**2, dtype=np.float32).reshape(SIDE, SIDE)
    curves = trial(of=FractionsOf.BOX).curves(falling)
    shown = np.array([round((k / 9) ** 2 * 144) / 144 for k in range(1, 9)])
    assert curves.insertions == pytest.approx(shown)
    assert curves.deletions == pytest.approx(1 - shown)
    assert len(set(curves.insertions)) == 8


def test_a_map_of_everything_else_deletes_it_last() -> None:
    curves = trial().curves(1 - map_of_the_object())
    assert curves.deletion == 1.0
    assert curves.insertion == 0.0


def test_a_map_of_the_object_beats_noise() -> None:
    noise = np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)
    assert trial().curves(map_of_the_object()).difference > trial().curves(noise).difference + 0.3


def test_the_score_is_that_of_the_objects_own_class() -> None:
    values = np.zeros((SIDE, SIDE), np.float32)
    assert trial(class_id=0).curves(values).insertion == pytest.approx(0.3)


@given(st.integers(0, 2**32 - 1))
def test_the_best_fit_is_that_of_all_predictions_and_no_more_are_asked_for_than_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 12, (30, 2))
    boxes = np.hstack((corners, corners + rng.uniform(0, 12, (30, 2)))).astype(np.float32)
    scores = np.sort(rng.uniform(0.3, 1, 30).astype(np.float32))[::-1]
    fits, asked = overlaps(boxes, BOX[None])[:, 0] * scores, []

    def parts() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, 30, 5):
            asked.append(start)
            yield boxes[start : start + 5], scores[start : start + 5]

    assert best_fit(parts(), BOX) == pytest.approx(float(fits.max()))
    assert all(scores[start - 1] > fits[:start].max() for start in asked[1:])


def test_no_prediction_fits_nothing() -> None:
    assert best_fit([], BOX) == 0


def test_equal_steps_go_from_nothing_to_everything_and_give_the_area_under_the_curve() -> None:
    curves = trial(protocol=EVEN).curves(map_of_the_object())
    assert len(curves.insertions) == 51
    assert (curves.insertions[0], curves.insertions[-1]) == (0, 1)
    assert (curves.deletions[0], curves.deletions[-1]) == (1, 0)
    # A ramp to 1 over the first ninth, then 1: 1 - 1 / 18.
    assert curves.insertion == pytest.approx(1 - 1 / 18, abs=2e-3)
    assert curves.deletion == pytest.approx(1 / 18, abs=2e-3)


def test_the_area_is_by_trapezoids_and_the_mean_is_not() -> None:
    by_area = replace(EVEN, fractions=(0.0, 0.5, 1.0))
    assert Curves(by_area, "", (0, 0, 0), (0, 1, 1)).insertion == pytest.approx(0.75)
    assert Curves(replace(by_area, area=False), "", (0, 0, 0), (0, 1, 1)).insertion == pytest.approx(2 / 3)


def test_a_picture_that_was_scored_is_not_scored_again() -> None:
    asked = []

    def counts(picture: np.ndarray, class_id: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        asked.append(picture)
        return sees_the_square(picture, class_id)

    again = trial(predict=counts)
    first = again.curves(map_of_the_object())
    assert len(asked) == 16
    # The same order inside the object, another scale: every picture is known.
    assert again.curves(3 * map_of_the_object()) == first
    assert len(asked) == 16
    # Another order inside: of the first pictures only those where the object is whole are known.
    other = map_of_the_object() * np.arange(1, SIDE + 1, dtype=np.float32)[:, None]
    again.curves(other)
    assert 16 < len(asked) < 32


def test_the_first_step_is_what_an_object_has_to_cover() -> None:
    assert GROWING.first_step == pytest.approx(1 / 81)
    assert EVEN.first_step == pytest.approx(0.02)


def test_a_map_is_enlarged_to_the_letterbox_without_its_negative_part() -> None:
    values = np.array([[1.0, -1.0]], np.float32)
    large = over_letterbox(values, (8, 4))
    assert large.shape == (4, 8)
    assert large[:, 0].tolist() == [1] * 4
    assert large[:, -1].tolist() == [0] * 4


def test_a_cut_map_is_the_map_inside_the_box_and_a_copy() -> None:
    values = np.ones((6, 8), np.float32)
    cut = cut_to_box(values, np.array([-3, 1.4, 2, 99], np.float32))
    assert cut.sum() == 10
    assert cut[1:, :2].all()
    assert values.sum() == 48
