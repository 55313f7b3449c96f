"""Objects that are tried, and the pictures that ask about them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.audit.tries import (
    Try,
    TryQuestion,
    changed_pictures,
    objects_to_try,
    questions_of,
    soft_mask,
    tries_table,
)
from tests.audit.tables import made, table_of

NAMES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")


def herd() -> list[dict[str, object]]:
    return [
        *(made("true", image="a.jpg", box=(n, 0, n + 10, 10)) for n in range(20)),
        made("true", image="b.jpg"),
        made("background", image="c.jpg"),
        made("true", "dog", "c.jpg"),
        made("missed", "dog", "a.jpg"),
    ]


def test_only_true_detections_are_tried_from_as_many_pictures_as_there_are() -> None:
    tried = objects_to_try(table_of(*herd()), NAMES, 2)
    assert [(each.class_name, each.image) for each in tried] == [
        ("cow", "a.jpg"),
        ("cow", "b.jpg"),
        ("dog", "c.jpg"),
    ]
    assert [each.number for each in tried] == sorted(each.number for each in tried)
    assert len(objects_to_try(table_of(*herd()), NAMES, 30)) == 22


def test_backgrounds_come_from_pictures_that_have_the_class_in_no_form() -> None:
    for seed in range(5):
        others = {
            each.class_name: each.other_image for each in objects_to_try(table_of(*herd()), NAMES, 1, seed)
        }
        assert others["cow"] == "d.jpg"  # in c.jpg is a false cow
        assert others["dog"] in {"b.jpg", "d.jpg"}  # in a.jpg a dog was missed
    mistaken = table_of(made("true"), made("class", "dog", "b.jpg", label_class_name="cow"))
    assert objects_to_try(mistaken, NAMES[:2], 1)[0].other_image is None  # a cow that was taken for a dog
    (alone,) = objects_to_try(table_of(made("true")), ["a.jpg"], 1)
    assert alone.other_image is None
    assert questions_of(alone) == (TryQuestion.BACKGROUND_BLURRED, TryQuestion.OBJECT_BLURRED)


def test_the_draw_of_a_class_depends_on_no_other_class() -> None:
    cows = table_of(*herd())
    more = table_of(*herd(), made("true", "antelope", "d.jpg"))
    own = [each for each in objects_to_try(cows, ["a.jpg", "x.jpg"], 3, 7) if each.class_name == "cow"]
    assert own == [
        each for each in objects_to_try(more, ["a.jpg", "x.jpg"], 3, 7) if each.class_name == "cow"
    ]
    assert own != [
        each for each in objects_to_try(cows, ["a.jpg", "x.jpg"], 3, 8) if each.class_name == "cow"
    ]


def test_without_labels_any_detection_is_tried() -> None:
    assert len(objects_to_try(table_of(made("unlabelled")), NAMES, 5)) == 1


SIDE = st.floats(-30, 130, allow_nan=False)


@settings(max_examples=60)
@given(SIDE, SIDE, SIDE, SIDE)
def test_the_mask_is_whole_in_the_box_and_falls_to_nothing_around_it(
    a: float, b: float, c: float, d: float
) -> None:
    x1, x2, y1, y2 = *sorted((a, c)), *sorted((b, d))
    mask = soft_mask((100, 80), (x1, y1, x2, y2))[..., 0]
    assert mask.shape == (80, 100)
    assert 0 <= mask.min() <= mask.max() <= 1
    x, y = np.meshgrid(np.arange(100) + 0.5, np.arange(80) + 0.5)
    inside = (x >= x1) & (x <= x2) & (y >= y1) & (y <= y2)
    assert (mask[inside] == 1).all()
    soft = max(4.0, 0.15 * np.sqrt((x2 - x1) * (y2 - y1)))
    far = (x < x1 - soft) | (x > x2 + soft) | (y < y1 - soft) | (y > y2 + soft)
    assert (mask[far] < 1e-6).all()
    assert abs(np.diff(mask, axis=1)).max() < 0.45  # a soft edge, never a step


def scene(size: int = 120) -> np.ndarray:
    image = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    image[40:80, 40:80] = (0, 0, 255)
    return image


def test_each_picture_changes_what_its_question_says() -> None:
    image, before = scene(), scene()
    other = np.full((50, 200, 3), 30, np.uint8)
    made_of = dict(changed_pictures(image, (40, 40, 80, 80), other))
    assert np.array_equal(image, before)
    assert list(made_of) == list(TryQuestion)
    blurred, swapped, blank = (made_of[question] for question in TryQuestion)
    for picture in (blurred, swapped):
        assert np.array_equal(picture[40:80, 40:80], image[40:80, 40:80])
    assert (swapped[:30, :30] == 30).all()
    assert blurred[:30, :30].std() < image[:30, :30].std() / 5
    assert np.array_equal(blank[:30], image[:30])
    assert abs(blank[60, 42].astype(int) - (0, 0, 255)).max() > 20  # the surroundings have come in
    assert abs(np.diff(blank[45:75, 45:75].astype(int), axis=0)).max() < 20


@settings(max_examples=25)
@given(
    st.tuples(SIDE, SIDE, SIDE, SIDE),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
def test_pictures_keep_their_size_whatever_box_and_background(
    sides: tuple[float, float, float, float], size: tuple[int, int], other: tuple[int, int]
) -> None:
    x1, x2 = sorted(sides[::2])
    y1, y2 = sorted(sides[1::2])
    image, background = np.zeros((*size, 3), np.uint8), np.full((*other, 3), 200, np.uint8)
    for _, picture in changed_pictures(image, (x1, y1, x2, y2), background):
        assert (picture.shape, picture.dtype) == (image.shape, np.uint8)


def test_tries_make_a_table() -> None:
    table = tries_table([Try(3, "object_blurred", True, 0.5)])
    assert table.to_dicts() == [{"number": 3, "question": "object_blurred", "kept": True, "confidence": 0.5}]
    assert tries_table([]).is_empty()
    assert tries_table([]).schema == table.schema
