from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatcam.geometry import Uint8Array
from heatcam.overlay import draw_status, topline
from heatcam.overlay.options import Status
from heatcam.overlay.text import text_width
from heatcam.overlay.topline import top_line_box
from tests.overlay.scenes import lies_in

SIDES = st.integers(16, 5000)
LONG = "no heat map: " + "the layer is not there, " * 40
USUAL = Status("HEATMAP", 23.4, 31.0, 4.0, 5.0)
ALL = Status(
    "HEATMAP",
    23.4,
    31.0,
    4.0,
    5.0,
    model="yolov8n",
    backend="cpu openvino fp32",
    dropped=12,
    age_s=0.84,
    recording_s=12.9,
    paused=True,
    message="saved picture.png",
)
FROM_LEAST = ["yolov8n", "cpu openvino fp32", "12 dropped", "31+4+5 ms", "saved picture.png", "5 objects"]
TO_MOST = ["0.8 s old", "23 fps", "REC", "PAUSED", "[HEATMAP]"]


def grey(width: int, height: int) -> Uint8Array:
    return np.full((height, width, 3), 128, np.uint8)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Each text that the line writes, with where it begins and ends in pixels."""
    texts: list[tuple[str, int, int]] = []

    def write(_picture: Uint8Array, text: str, left: int, _top: int, size: int, _colour: object) -> None:
        texts.append((text, left, left + text_width(text, size)))

    monkeypatch.setattr(topline, "write", write)
    return texts


@settings(max_examples=200)
@given(SIDES, SIDES)
def test_the_top_line_lies_in_the_picture(width: int, height: int) -> None:
    assert lies_in(top_line_box((width, height)), (width, height))


@pytest.mark.parametrize("size", [(16, 16), (60, 40), (320, 240), (1280, 720), (200, 900), (1500, 64)])
@pytest.mark.parametrize("message", ["", "saved", LONG, "не та видеокарта", "漢字", "two\nlines"])
def test_the_top_line_changes_nothing_below_itself(size: tuple[int, int], message: str) -> None:
    picture = grey(*size)
    draw_status(picture, replace(ALL, message=message), 5)
    bottom = top_line_box(size)[3]
    assert (picture[bottom:] == 128).all()
    assert (picture[:bottom] != 128).any()


def test_a_long_message_ends_before_the_edge() -> None:
    picture = grey(640, 480)
    draw_status(picture, replace(USUAL, message=LONG), 5)
    bottom = top_line_box((640, 480))[3]
    assert (picture[:bottom, -4:] == picture[0, -1]).all(), "text reaches the right edge"
    assert (picture[:bottom, -60:] != picture[0, -1]).any(), "the message is cut too early"


def test_modes_are_told_apart_by_colour() -> None:
    lines = []
    for mode in ("HEATMAP", "NORMAL"):
        lines.append(grey(640, 480))
        draw_status(lines[-1], Status(mode, 0.0, 31.0, 0.0), 1)
    heatmap, normal = (line[:20, :60].reshape(-1, 3).astype(int).max(0) for line in lines)
    assert heatmap[2] > heatmap[0] + 100, "orange: red over blue"
    assert normal[1] > normal[0]


def test_a_wide_line_says_all_there_is(written: list[tuple[str, int, int]]) -> None:
    draw_status(grey(3840, 900), ALL, 5)
    assert [text for text, *_ in written] == [
        *("[HEATMAP]", "PAUSED", "REC 0:12", "yolov8n", "cpu openvino fp32", "23 fps", "31+4+5 ms"),
        *("5 objects", "12 dropped", "0.8 s old", "saved picture.png"),
    ]


def test_the_least_important_parts_go_first_and_none_is_cut(written: list[tuple[str, int, int]]) -> None:
    order = [*FROM_LEAST, *TO_MOST]
    counts = set()
    for width in range(2000, 40, -20):
        written.clear()
        draw_status(grey(width, 240), ALL, 5)
        said = [text for text, *_ in written]
        kept = order[len(order) - len(said) :]
        assert all(any(text.startswith(part[:3]) for text in said) for part in kept), (width, said)
        ends = [0, *(end for *_, end in written)]
        assert all(left > end for (_, left, _), end in zip(written, ends, strict=False)), "they overlap"
        assert ends[-1] <= width
        counts.add(len(said))
    assert counts >= set(range(1, 12))


@pytest.mark.parametrize(("width", "said"), [(320, "PAUSED"), (640, "31+4+5 ms"), (1280, "yolov8n")])
def test_a_common_width_says_what_it_should(
    width: int, said: str, written: list[tuple[str, int, int]]
) -> None:
    draw_status(grey(width, width * 9 // 16), replace(ALL, message="", recording_s=None), 5)
    assert said in [text for text, *_ in written]


def test_with_nothing_detected_the_line_says_why_nothing_is_hot(written: list[tuple[str, int, int]]) -> None:
    draw_status(grey(1280, 720), replace(USUAL, conf=0.25), 0)
    assert "nothing detected above 0.25: nothing is hot" in [text for text, *_ in written]
    written.clear()
    draw_status(grey(1280, 720), USUAL, 0)
    assert "nothing detected: nothing is hot" in [text for text, *_ in written]
    written.clear()
    draw_status(grey(1280, 720), replace(USUAL, mode="NORMAL", conf=0.25), 0)
    assert "0 objects" in [text for text, *_ in written]


def test_where_there_is_little_room_the_reason_gets_shorter(written: list[tuple[str, int, int]]) -> None:
    said = set()
    for width in range(400, 100, -10):
        written.clear()
        draw_status(grey(width, 240), replace(USUAL, conf=0.25, fps=0.0), 0)
        said.update(text for text, *_ in written if "detected" in text or "objects" in text)
    assert said >= {"nothing detected above 0.25: nothing is hot", "nothing detected above 0.25", "0 objects"}


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [(0.0, "0:00"), (12.9, "0:12"), (61, "1:01"), (3665, "61:05"), (7200, "2:00:00"), (36_061, "10:01:01")],
)
def test_recorded_time_reads_like_a_clock(
    seconds: float, clock: str, written: list[tuple[str, int, int]]
) -> None:
    draw_status(grey(1280, 720), replace(USUAL, recording_s=seconds), 1)
    assert f"REC {clock}" in [text for text, *_ in written]


def test_a_recording_shows_a_red_disc() -> None:
    picture = grey(1280, 720)
    draw_status(picture, replace(USUAL, recording_s=1.0), 1)
    red = (picture[:30].astype(int) - (75, 75, 255) == 0).all(-1)
    assert 60 < red.sum() < 600


def test_times_that_are_not_there_are_left_out_at_the_end_only(written: list[tuple[str, int, int]]) -> None:
    for status in (
        Status("NORMAL", 0, 31.2, 0),
        Status("NORMAL", 0, 31.2, 0, 5),
        Status("HEATMAP", 0, 31, 4),
    ):
        draw_status(grey(1280, 720), status, 1)
    assert [text for text, *_ in written if text.endswith("ms")] == ["31 ms", "31+0+5 ms", "31+4 ms"]
