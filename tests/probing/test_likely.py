"""The classes most nearly seen at a place."""

from __future__ import annotations

import numpy as np
import pytest

from heatcam.probing import ask_places, likely_classes
from tests.probing.scenes import BOX, CAT, COW, DOG, candidates, place


def test_the_likeliest_class_comes_first_with_the_best_box_that_may_be_meant() -> None:
    near, shifted = (116.0, 112.0, 212.0, 208.0), (112.0, 128.0, 208.0, 224.0)
    elsewhere = (10.0, 10.0, 90.0, 90.0)
    there = candidates([(near, {DOG: -1.0, CAT: -3.0}), (shifted, {CAT: 0.5}), (elsewhere, {COW: 6.0})])
    likely = likely_classes(BOX, there)
    assert [each.class_id for each in likely] == [CAT, DOG, COW]
    assert [each.class_name for each in likely] == ["cat", "dog", "cow"]
    assert [each.logit for each in likely[:2]] == [0.5, -1.0]
    assert likely[0].confidence == pytest.approx(1 / (1 + np.exp(-0.5)))
    assert likely[2].logit < -7, "a cow elsewhere is not meant for this place"


def test_where_no_box_may_be_meant_the_nearest_one_tells() -> None:
    tiny = (3.0, 3.0, 4.0, 4.0)
    there = candidates()
    likely = likely_classes(tiny, there)
    nearest = there.logits[0]
    assert [each.class_id for each in likely] == np.argsort(-nearest, kind="stable").tolist()


def test_the_likeliest_class_is_the_one_that_was_found_there() -> None:
    there = candidates([(BOX, {DOG: 3.0, CAT: 1.0})])
    first = likely_classes(BOX, there)[0]
    (answer,) = ask_places([place(first.class_id)], there)
    assert answer.verdict.value == "found"
    assert answer.candidate.confidence == pytest.approx(first.confidence)
