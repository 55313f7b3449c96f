"""A tile for each object."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.views import grid
from heatcam.views.grid import MOST_TILES, plan_grid
from heatcam.views.registry import render_view
from tests.overlay.scenes import lies_in, overlap
from tests.views.scenes import seen


@given(
    count=st.integers(1, MOST_TILES),
    frame=st.tuples(st.integers(1, 8000), st.integers(1, 8000)),
    head=st.booleans(),
)
def test_tiles_lie_in_the_picture_apart_from_each_other_and_no_row_is_empty(count, frame, head):
    plan = plan_grid(count, frame, has_head=head)
    places = [plan.place(n) for n in range(count)]
    assert all(lies_in(place, plan.size_wh) for place in (places[0], places[-1]))
    assert not any(overlap(one, other) for one, other in pairwise(places))
    assert (plan.rows - 1) * plan.columns < count <= plan.rows * plan.columns
    assert plan.size_wh[0] * plan.size_wh[1] < 40_000_000
    assert min(plan.tile_wh) >= 200


@pytest.mark.parametrize("count", [1, 6, 61])
def test_the_picture_is_as_planned(count):
    plan = plan_grid(count, (320, 240))
    assert render_view("grid", seen(count)).shape == (*plan.size_wh[::-1], 3)


def test_of_very_many_the_surest_are_shown_and_counted(monkeypatch):
    monkeypatch.setattr(grid, "MOST_TILES", 4)
    written = []
    monkeypatch.setattr(grid, "write_left", lambda _, text, *__: written.append(text))
    assert render_view("grid", seen(9)).shape[:2] == plan_grid(4, (320, 240)).size_wh[::-1]
    assert written == ["street.jpg · 9 objects, the 4 surest"]


def test_names_of_others_are_made_printable(monkeypatch):
    written = []
    monkeypatch.setattr(grid, "write_left", lambda _, text, *__: written.append(text))
    explanation = seen(1)
    render_view("grid", replace(explanation, frame=replace(explanation.frame, name="a\x1b[31m.jpg")))
    assert written == ["a\\x1b[31m.jpg · 1 object"]
