"""The text field over the picture: the cursor is always seen, and nothing else than the last rows is drawn on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.overlay import Status, draw_status, draw_text_field
from heatcam.overlay.text import text_width
from heatcam.overlay.text_field import visible
from heatcam.overlay.topline import _parts


@given(st.text("ab ,éß漢", max_size=80), st.text("ab ,éß漢", max_size=80), st.integers(60, 400))
@settings(max_examples=40)
def test_what_is_seen_of_a_text_fits_and_lies_around_the_cursor(before: str, after: str, room: int) -> None:
    shown, rest = visible(before, after, 14, room)
    assert text_width(shown, 14) + text_width(rest, 14) <= room + 2
    assert before.endswith(shown.removeprefix("…"))
    assert after.startswith(rest.removesuffix("…").rstrip())
    if text_width(before + after, 14) <= room:
        assert (shown, rest) == (before, after)


@pytest.mark.parametrize("size_wh", [(320, 180), (1280, 720), (64, 24)])
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("person, pot", "ted plant"), ("x" * 900, "y" * 900)]
)
def test_only_the_last_rows_are_drawn_on(size_wh: tuple[int, int], before: str, after: str) -> None:
    picture = np.full((size_wh[1], size_wh[0], 3), 99, np.uint8)
    draw_text_field(picture, "what to find", before, after, "the model's own classes")
    changed = (picture != 99).any(axis=(1, 2))
    assert changed[-1]
    if size_wh[1] > 100:
        assert not changed[: size_wh[1] * 3 // 4].any()
        assert (picture[changed] > 180).any(), "something can be read"


def test_a_moved_cursor_is_seen() -> None:
    pictures = []
    for before, after in (("ab", ""), ("a", "b"), ("ab ", "")):
        picture = np.zeros((180, 320, 3), np.uint8)
        draw_text_field(picture, "find", before, after)
        pictures.append(picture)
    assert (pictures[0] != pictures[1]).any()
    assert (pictures[0] != pictures[2]).any(), "a space moves it too"


@pytest.mark.parametrize(
    ("names", "texts"),
    [
        (("kite",), ("finds kite", "finds 1 class")),
        (("a", "b"), ("finds a, b", "finds a +1", "finds 2 classes")),
        (("x" * 60, "b"), ("finds 2 classes",)),
        (tuple("abcdefghijklmnopqrstuvwxyz"), ("finds a, b, c, d, e, f, g, h, i, j, k, l +14",)),
    ],
)
def test_the_top_line_tells_what_is_found_by_name_or_by_number(
    names: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    parts = _parts(Status("HEATMAP", 20.0, 1.0, 1.0, finds=names), 2)
    (part,) = [part for part in parts if part.texts[-1].endswith((" class", " classes"))]
    assert part.texts[: len(texts)] == texts
    assert all(len(text) <= 44 for text in part.texts)
    draw_status(np.zeros((180, 320, 3), np.uint8), Status("HEATMAP", 20.0, 1.0, 1.0, finds=names), 2)
