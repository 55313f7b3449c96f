"""The same statistics as lines for a terminal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatcam.report import drift_rows, plain_lines
from heatcam.report.plain import sparkline
from tests.report.runs import FACTS, frame_of, run_of


def test_a_series_is_drawn_by_its_height_with_gaps_where_nothing_is_known() -> None:
    values = np.array([0.0, 4, 8, np.nan])
    assert sparkline(values, 8, 10, blocks=True) == "▁▄█ "
    assert sparkline(values, 8, 10, blocks=False) == ".=@ "
    assert sparkline(np.repeat(values, 5), 8, 4, blocks=True) == "▁▄█ "


def test_all_of_it_is_drawn_within_the_terminal() -> None:
    run = run_of(
        (
            frame_of(n, [[[8, 1], [1, 1]]], tracks=(1,), names=("a name that is far too long",))
            for n in range(40)
        ),
        replace(FACTS, tracker="bytetrack"),
    )
    lines = plain_lines(run, 60)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 80  # (names of moments are not cut)
    for part in (
        "40 frames",
        "per class",
        "per track",
        "Energy in box",
        "Where in the frame",
        "Strongest moments",
    ):
        assert part in text
    assert " 50 to  60 %" in text
    assert lines[next(n for n, line in enumerate(lines) if line.startswith("+--")) + 1].startswith("|█")
    assert [row[0] for row in drift_rows(run)][:2] == [
        "evidence per object (logits)",
        "energy in box (share)",
    ]


def test_a_terminal_without_block_characters_gets_ascii() -> None:
    run = run_of(frame_of(n, [[[8, 1], [1, 1]]]) for n in range(40))
    drawn = [line for line in plain_lines(run, blocks=False) if line.startswith(("|", "dog", " 70"))]
    assert len(drawn) > 10
    assert all(line.isascii() for line in drawn)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([frame_of(0)], "The one frame shows nothing that tiny detects"),
        ([frame_of(0, [[[1, 1], [1, 1]]])], "One frame: there is no course of time to draw."),
        ([frame_of(0, names=("dog",), error="no gradient")], "No heat map could be made: no gradient."),
        (
            [frame_of(n, [[[1, 1], [1, 1]]]) for n in range(3)],
            "Too short: drift needs 15 frames, this run has 3.",
        ),
    ],
)
def test_what_there_is_not_is_said(frames: list, said: str) -> None:  # type: ignore[type-arg]
    assert said in " ".join(" ".join(plain_lines(run_of(frames), 120)).split())
