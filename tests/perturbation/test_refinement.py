"""Refinement: trials are sets of the right size, find what a score depends on, and can be stopped and gone on with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from heatcam.geometry import Float32Array, Uint8Array
from heatcam.perturbation.infills import INFILLS
from heatcam.perturbation.refinement import STEPS, ObjectTrials, highest
from heatcam.perturbation.subject import Subject, edge_strength, ranks
from heatcam.perturbation.trying import refine

#: The part of the picture that the score depends on, in crop pixels.
SECRET = slice(40, 64), slice(16, 48)
WINDOW = slice(8, 88), slice(8, 88)


def subject(class_id: int = 0) -> Subject:
    clear, backdrop = np.full((96, 96, 3), 200, np.uint8), np.zeros((96, 96, 3), np.uint8)
    misleading = np.linspace(0, 1, 80, dtype=np.float32)  # says that what is right counts most
    priors = np.stack((np.tile(misleading, (80, 1)), np.tile(misleading[:, None], (1, 80))))
    return Subject(clear, backdrop, WINDOW, priors, np.float32([8, 8, 88, 88]), class_id)


def secret_shown(pictures: Uint8Array, _boxes: Float32Array, _class_ids: Sequence[int]) -> Float32Array:
    """Score a picture by how much of the secret it shows."""
    return np.float32([(picture[SECRET] > 0).mean() for picture in pictures])


def after(trials: int, batch: int = 16) -> ObjectTrials:
    refinement = ObjectTrials(subject(), random_trials=trials // 2)
    for _ in refine([refinement], secret_shown, trials, batch):
        pass
    return refinement


def inside(values: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Return the values in the secret and outside of it."""
    mask = np.zeros((80, 80), bool)
    mask[32:56, 8:40] = True
    return values[mask], values[~mask]


def test_trials_find_what_the_score_depends_on_though_the_priors_mislead() -> None:
    own, others = inside(after(200).state().values)
    assert own.mean() > 3 * others.std()
    assert (own[:, None] > others[None, ::7]).mean() > 0.9


def test_values_are_what_the_score_gains_per_share_of_the_box() -> None:
    """The secret is 12 % of the window and all of the score: showing it gains 0.88, of which smooth cells lose some."""
    values = after(300).state().values
    own, _ = inside(values)
    assert values.mean() == pytest.approx(0, abs=1e-4)
    assert 0.5 < own.sum() / values.size < 0.95


def test_what_is_known_grows_more_certain() -> None:
    few, many = after(64).state(), after(300).state()
    assert many.deviation.mean() < few.deviation.mean()
    assert (few.trials, many.trials) == (64, 300)


def test_before_there_are_trials_there_is_the_prior_of_which_nothing_is_known() -> None:
    state = ObjectTrials(subject()).state()
    assert (np.argsort(state.values[0]) == np.arange(80)).all()
    assert np.isinf(state.deviation).all()
    assert state.trials == 0


def test_trials_that_were_stopped_go_on_as_if_they_had_not_been() -> None:
    stopped = ObjectTrials(subject(), random_trials=48)
    for progress in refine([stopped], secret_shown, 96, 8):
        if progress.done >= 32:
            break
    assert stopped.trials == 32
    for _ in refine([stopped], secret_shown, 96, 8):
        pass
    straight = ObjectTrials(subject(), random_trials=48)
    for _ in refine([straight], secret_shown, 96, 8):
        pass
    assert (stopped.state().values == straight.state().values).all()


def test_sets_have_the_sizes_of_the_steps_and_both_kinds_are_tried() -> None:
    refinement = ObjectTrials(subject(), random_trials=16)
    seen = []
    while refinement.trials < 48:
        asked = refinement.ask()
        seen += asked
        refinement.tell(asked, secret_shown(np.stack([refinement.picture(t) for t in asked]), None, ()))
    for trial in seen:
        assert trial.chosen.mean() == pytest.approx(STEPS[trial.step], abs=1e-3)
    assert {trial.shown for trial in seen} == {True, False}
    drawn = seen[16:32]
    assert {(trial.shown, trial.step) for trial in drawn} == {(k, n) for k in (True, False) for n in range(8)}


def test_a_set_is_shown_on_the_backdrop_or_covered_in_the_clear_picture() -> None:
    own = subject()
    chosen = np.zeros((80, 80), bool)
    chosen[:10] = True
    shown, covered = own.picture(chosen, shown=True), own.picture(chosen, shown=False)
    assert (shown[8:18, 8:88] == 200).all()
    assert shown.sum() == 200 * 3 * 800
    assert (covered[8:18, 8:88] == 0).all()
    assert covered.sum() == 200 * 3 * (96 * 96 - 800)
    assert (own.clear == 200).all()


def test_objects_share_batches_and_each_is_told_its_own() -> None:
    """The second one's class scores nothing, whatever is shown."""
    sizes: list[int] = []

    def score(pictures: Uint8Array, boxes: Float32Array, class_ids: Sequence[int]) -> Float32Array:
        sizes.append(len(pictures))
        assert boxes.shape == (len(pictures), 4)
        return secret_shown(pictures, boxes, class_ids) * (np.array(class_ids) == 0)

    both = [ObjectTrials(subject(class_id), random_trials=30) for class_id in (0, 1)]
    told = [(p.done, p.total) for p in refine(both, score, 60, 16)]
    assert sizes == [16] * 7 + [8]
    assert told[-1] == (120, 120)
    assert [one.trials for one in both] == [60, 60]
    own, nothing = (one.state().values for one in both)
    assert own.std() > 0.1
    assert np.abs(nothing).max() < 1e-6


def test_cells_are_about_square_and_about_64_and_fewer_in_small_boxes() -> None:
    assert subject().grid_hw == (7, 7)  # of 12 pixels a cell, not 10
    wide = np.zeros((2, 100, 400), np.float32)
    own = Subject(wide[0], wide[0], (slice(0, 1), slice(0, 1)), wide, np.float32([0, 0, 1, 1]), 0)
    assert own.grid_hw == (4, 16)


def test_equal_values_share_a_rank() -> None:
    assert ranks(np.float32([[5, 1], [5, 9]])) == pytest.approx(np.float32([[0.5, 0.125], [0.5, 0.875]]))
    assert (ranks(np.zeros((2, 2), np.float32)) == 0.5).all()


def test_the_highest_pixels_are_taken_and_at_least_one() -> None:
    ranking = np.float32([[3, 1], [2, 4]])
    assert highest(ranking, 2).tolist() == [[True, False], [False, True]]
    assert highest(ranking, 0).sum() == 1
    assert highest(ranking, 9).all()


@pytest.mark.parametrize("name", INFILLS)
def test_an_infill_keeps_the_shape_and_shows_no_edge_where_one_was(name: str) -> None:
    picture = np.zeros((120, 120, 3), np.uint8)
    picture[:, 60:] = 255
    made = INFILLS[name](picture)
    assert made.shape == picture.shape
    edges = edge_strength(made)
    assert edges[:, 58:62].mean() < 1.5 * edges.mean() + 1
