"""The hierarchical mask finds the same place as random ones, with fewer masks, and ends by itself."""

from __future__ import annotations

import numpy as np

from heatcam.perturbation.masks import CoveredPicture, MaskTargets, Progress, run_masks, with_sum
from heatcam.perturbation.predictions import Predicted
from heatcam.perturbation.quad_tree import COVERS, QuadTree, TreeCell, first_regions
from heatcam.perturbation.random_masks import RandomMasks

SHAPE = (32, 48)
PLACE = slice(20, 24), slice(9, 13)


def score_of(mask: np.ndarray) -> float:
    """The score of a detector that looks at one place."""
    return float(mask[PLACE].mean())


def run(seen: tuple[int, int, int, int] = (0, 0, *SHAPE), seed: int = 0, most: int = 10_000) -> QuadTree:
    plan = QuadTree(SHAPE, seen, np.array([1.0, 0.0]), seed)
    while plan.masks < most and len(masks := plan.ask(min(8, most - plan.masks))):
        plan.tell(np.array([[score_of(mask), 0.0] for mask in masks]))
    return plan


def test_it_finds_the_place_that_random_masks_find_with_fewer_masks() -> None:
    plan = run()
    assert plan.is_settled
    own, other = plan.maps()
    top = np.unravel_index(own.values.argmax(), SHAPE)
    assert 17 <= top[0] <= 26 and 6 <= top[1] <= 15
    assert own.values[PLACE].mean() > 5 * own.values.mean()
    assert not other.values.any()  # (an object that nothing touches)
    random = RandomMasks(SHAPE, 0, 8)
    while not random.is_settled:
        random.tell(with_sum(np.array([[score_of(mask)] for mask in random.ask(8)])))
    same = random.maps()[0].values
    at = np.unravel_index(same.argmax(), SHAPE)
    assert np.hypot(at[0] - top[0], at[1] - top[1]) <= 4 < random.masks / plan.masks * 4


def test_only_cells_that_count_are_quartered() -> None:
    plan = run()
    by_level = [[own.region for own in level] for level in plan._levels]
    assert len(by_level[0]) == 12 and len(by_level) == 3
    for level in by_level[1:]:
        near = [r for r in level if r.top <= 28 and r.bottom >= 16 and r.left <= 20 and r.right >= 4]
        assert len(near) == len(level)
    assert plan.masks == COVERS * sum(map(len, by_level)) < 0.4 * COVERS * (12 + 48 + 192)


def test_where_nothing_counts_it_ends_after_the_first_cells() -> None:
    plan = QuadTree(SHAPE, (0, 0, *SHAPE), np.array([0.8]))
    rng = np.random.default_rng(0)
    while len(masks := plan.ask(10)):
        plan.tell(0.8 + rng.normal(0, 0.003, (len(masks), 1)))
    assert plan.is_settled and plan.masks == 12 * COVERS


def test_the_border_is_never_covered() -> None:
    plan = QuadTree(SHAPE, (6, 4, 26, 44), np.array([1.0]))
    masks = plan.ask(1000)
    assert masks[:, :6].min() == masks[:, 26:].min() == masks[:, :, :4].min() == masks[:, :, 44:].min() == 1
    assert masks[:, 6:26, 4:44].min((1, 2)).max() == 0


def test_first_cells_and_quarters_tile_the_picture() -> None:
    regions = first_regions((3, 2, 30, 47))
    for _ in range(4):
        covered = np.zeros((32, 48), int)
        for r in regions:
            covered[r.top : r.bottom, r.left : r.right] += 1
        assert (covered[3:30, 2:47] == 1).all() and covered.sum() == 27 * 45
        regions = [part for r in regions for part in r.quarters() or [r]]
    assert TreeCell(0, 0, 5, 5, 0).quarters() == []
    assert len(TreeCell(0, 0, 5, 6, 0).quarters()) == 2


def test_it_can_be_stopped_at_any_time() -> None:
    assert not run(most=5).is_known
    for most in (40, 61):
        plan = run(most=most)
        assert plan.masks == most and plan.is_known
        assert all(np.isfinite(one.error).all() for one in plan.maps())


def test_a_plan_is_run_on_pictures_until_it_ends() -> None:
    """A detector that finds its box as sure as its place is bright."""
    clear = np.zeros((128, 192, 3), np.uint8)
    clear[80:96, 36:52] = 240
    box = np.array([[30, 70, 60, 100]], np.float32)

    def predict(pictures: np.ndarray) -> list[Predicted]:
        bright = pictures[:, 80:96, 36:52].mean((1, 2, 3)) / 240
        return [Predicted(box, np.array([[value, 0]], np.float32)) for value in bright]

    targets = MaskTargets(box, np.array([[1, 0]], np.float32))
    plan = QuadTree(SHAPE, (0, 0, *SHAPE), np.array([1.0, 1.0]))
    told = list(run_masks(plan, CoveredPicture(clear, np.zeros_like(clear)), targets, predict, 1000, 8))
    assert told[-1] == Progress(plan.masks, 1000) and plan.is_settled
    alone, together = plan.maps()
    assert np.array_equal(alone.values, together.values)  # (the sum of one)
    top = np.unravel_index(alone.values.argmax(), SHAPE)
    assert 18 <= top[0] <= 25 and 7 <= top[1] <= 14
