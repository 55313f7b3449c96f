"""The page to print: all is on it, and nothing lies over anything else or outside."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import heatcam
from heatcam.overlay import OverlayOptions
from heatcam.views import paper, sheet, sheet_figures, sheet_table, tiles
from heatcam.views.sheet import SHEET_WH, draw_sheet
from heatcam.views.sheet_figures import plan_figures
from tests.overlay.scenes import lies_in, overlap
from tests.views.scenes import asked_for_a_truck, seen, without_a_map

LOOK = OverlayOptions()
NOON = datetime(2025, 3, 4, 12, 30)
MARGIN = 150


@pytest.fixture
def written(monkeypatch):
    """Every text on the page with its place."""
    texts = []
    real = paper.write

    def noted(picture, text, left, top, size, colour):
        if text:
            right = left + paper.text_width(text, size)
            texts.append((text, (left, top, right, top + paper.line_height(size))))
        real(picture, text, left, top, size, colour)

    monkeypatch.setattr(paper, "write", noted)
    return texts


def explanations():
    many = seen(60)
    return {
        "nothing": seen(0),
        "one": seen(1),
        "six": seen(6),
        "sixty": many,
        "three hundred": seen(300),
        "no map": without_a_map(),
        "asked": asked_for_a_truck(8),
        "long names": replace(
            seen(13, names=("a very long name of a class " * 4,) * 13),
            model="model" * 40,
            frame=replace(many.frame, name="name" * 80),
        ),
        "many layers": replace(
            many, saliency=replace(many.saliency, layer="+".join(f"{n}:InvertedResidual" for n in range(9)))
        ),
        "panorama": seen(3, (640, 64)),
        "tower": seen(3, (64, 640)),
    }


@pytest.mark.parametrize("name", explanations())
def test_no_words_lie_over_others_or_outside_the_margins(name, written):
    page = draw_sheet(explanations()[name], LOOK, NOON)
    assert page.shape == (*SHEET_WH[::-1], 3)
    for number, (text, place) in enumerate(written):
        assert place[0] >= MARGIN, text
        assert place[2] <= SHEET_WH[0] - MARGIN, text
        assert place[3] <= SHEET_WH[1] - MARGIN + 20, text
        for other, taken in written[:number]:
            shrunk = (place[0], place[1] + 8, place[2], place[3] - 8)
            assert not overlap(shrunk, taken), (text, other)
    for edge in (page[: MARGIN // 2], page[-MARGIN:], page[:, :MARGIN], page[:, -MARGIN:]):
        assert (edge == 255).all()


def test_title_facts_numbers_date_and_version_are_on_it(written):
    draw_sheet(seen(2, names=("bus", "dog")), LOOK, NOON)
    said = [text for text, _ in written]
    for text in (
        "street.jpg",
        "2 objects: 1 bus, 1 dog",
        "tiny",
        "live, in logits",
        "15:C2f",
        "1 of 2 objects",
    ):
        assert text in said
    for text in (
        "2025-03-04 12:30",
        f"heatcam {heatcam.__version__}",
        "evidence, scaled in each box",
        "low evidence",
    ):
        assert text in said
    assert said.count("0.90") == 2  # below its tile and in the table


def test_every_object_of_sixty_has_its_row_and_of_three_hundred_the_rest_is_counted(written):
    draw_sheet(seen(60), LOOK, NOON)
    assert "60" in [text for text, _ in written]
    written.clear()
    draw_sheet(seen(300), LOOK, NOON)
    (rest,) = (text for text, _ in written if "less confident" in text)
    rows = [text for text, _ in written if text.isdecimal() and int(text) <= 300]
    assert int(rest.split()[1]) + max(map(int, rows)) == 300


def test_the_reason_why_there_is_no_map_is_on_it(written):
    draw_sheet(without_a_map(), LOOK, NOON)
    said = " ".join(text for text, _ in written)
    assert "there is no heat map (no gradient comes to layer 15)" in said


def test_it_looks_as_chosen():
    assert (draw_sheet(seen(), LOOK, NOON) != draw_sheet(seen(), replace(LOOK, alpha=0.1), NOON)).any()
    again = draw_sheet(seen(), LOOK, NOON)
    assert np.array_equal(draw_sheet(seen(), LOOK, NOON), again)


@given(frame=st.tuples(st.integers(1, 4000), st.integers(1, 4000)), room=st.integers(0, 3000))
def test_figures_lie_beside_each_other_whatever_the_pictures_shape(frame, room):
    plan = plan_figures(frame, 2140, room, 31)
    hero = (0, 0, *plan.hero_wh)
    assert lies_in(hero, (2140, plan.height))
    assert lies_in(plan.plain, (2140, plan.height))
    assert not overlap(hero, plan.plain)
    assert plan.height <= max(room, 640) + 600


def test_modules_of_the_page_write_through_the_paper():
    """So that the test above sees every text but the numbers on boxes."""
    for module in (sheet, sheet_table, tiles):
        assert not hasattr(module, "write")
    assert hasattr(sheet_figures, "write")
