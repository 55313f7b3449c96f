"""The plan of a recording: rate and length, from what the source says of itself and what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatcam.commands.options import Extent
from heatcam.commands.recording_plan import constant_rate, expected_frames
from heatcam.sinks import output_path_of
from heatcam.sources.base import SourceBase

MP4, GIF = output_path_of(Path("out.mp4")), output_path_of(Path("out.gif"))


class Film(SourceBase):
    """Says how many frames it has, and gives none."""

    name = "film"
    size_wh = (160, 120)
    dropped = 0
    can_seek = False
    duration_s = None

    def __init__(self, frame_count: int | None = 100, fps: float = 25.0, *, takes_rate: bool = False) -> None:
        self.frame_count, self.fps, self._takes_rate = frame_count, fps, takes_rate

    @property
    def accepts_rate(self) -> bool:
        return self._takes_rate


def rate(source: Film, target, asked: float | None) -> float | None:
    return constant_rate(source, target, asked)  # type: ignore[arg-type]


def expected(source: Film, extent: Extent, fps: float | None = None, start_s: float = 0.0) -> int | None:
    return expected_frames(source, extent, fps, start_s)  # type: ignore[arg-type]


def test_a_rate_that_the_source_takes_is_not_made_a_second_time() -> None:
    assert rate(Film(takes_rate=True), MP4, 10) is None
    assert rate(Film(), MP4, 10) == 10
    assert rate(Film(), MP4, None) is None, "each frame keeps its own time"


def test_a_gif_has_no_more_frames_a_second_than_viewers_show() -> None:
    most = GIF.form.most_fps
    assert most is not None
    assert rate(Film(fps=most + 10), GIF, None) == most
    assert rate(Film(fps=most - 1), GIF, None) is None
    assert rate(Film(fps=most + 10), GIF, 5) == 5


@pytest.mark.parametrize(
    ("extent", "fps", "start_s", "count"),
    [
        (Extent(), None, 0.0, 100),
        (Extent(), 50.0, 0.0, 200),
        (Extent(), None, 1.0, 75),
        (Extent(), None, 9.0, 0),
        (Extent(max_frames=30), None, 0.0, 30),
        (Extent(seconds=2.0), None, 0.0, 50),
        (Extent(seconds=2.0), 10.0, 0.0, 20),
        (Extent(max_frames=30, seconds=1.0), None, 0.0, 25),
    ],
)
def test_the_shortest_limit_says_how_many_frames_there_will_be(
    extent: Extent, fps: float | None, start_s: float, count: int
) -> None:
    assert expected(Film(), extent, fps, start_s) == count


def test_nobody_knows_how_long_an_endless_source_is() -> None:
    assert expected(Film(frame_count=None), Extent()) is None
    assert expected(Film(frame_count=None, fps=0.0), Extent(seconds=2.0)) is None
