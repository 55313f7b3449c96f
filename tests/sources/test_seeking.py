"""Going to another time: every source that can gives the first frame at or after it, and those that follow."""

from __future__ import annotations

import itertools

import cv2
import pytest

from heatcam.errors import UsageError
from heatcam.sources.demo.source import DemoSource
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions, parse_time
from heatcam.sources.seeking import require_start
from tests.sources.numbered import encode_numbered, number_in, numbered_picture

UNEVEN_S = [0.0, 0.04, 0.08, 0.5, 0.54, 1.0, 1.5, 1.54, 2.0, 2.04, 2.08, 2.12]


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    encode_numbered(folder / "even.mp4", [i / 25 for i in range(60)])
    encode_numbered(folder / "even.ts", [i / 25 for i in range(60)])  # (has no index, and lands anywhere)
    encode_numbered(folder / "uneven.mkv", UNEVEN_S)
    (folder / "numbered").mkdir()
    for number in range(60):
        cv2.imwrite(str(folder / "numbered" / f"{number:03d}.png"), numbered_picture(number))
    return folder


EVEN = ["even.mp4", "even.ts", "numbered/%03d.png"]


def numbers(frames, count=3):
    return [number_in(frame.image_bgr) for frame in itertools.islice(frames, count)]


@pytest.mark.parametrize("name", EVEN)
@pytest.mark.parametrize(("start_s", "first"), [(0.04, 1), (1.0, 25), (1.01, 26), (2.36, 59)])
def test_a_file_starts_at_the_first_frame_at_or_after_the_time(films, name, start_s, first):
    with open_source(str(films / name), CaptureOptions(start_s=start_s)) as source:
        frames = list(source)
    assert numbers(frames, None) == list(range(first, 60))
    assert frames[0].pts_s == pytest.approx(first / 25, abs=1e-6)
    assert [frame.frame_index for frame in frames] == list(range(first, 60))


@pytest.mark.parametrize("name", EVEN)
def test_it_goes_back_and_forth_while_frames_are_read(films, name):
    with open_source(str(films / name)) as source:
        frames = iter(source)
        assert numbers(frames) == [0, 1, 2]
        source.seek(2.0)
        assert numbers(frames) == [50, 51, 52]
        source.seek(0.2)
        assert numbers(frames) == [5, 6, 7]
        source.seek(0.0)
        assert numbers(frames) == [0, 1, 2]


@pytest.mark.parametrize("name", EVEN)
def test_behind_the_end_it_is_the_last_frame(films, name):
    with open_source(str(films / name)) as source:
        frames = iter(source)
        next(frames)
        source.seek(1000)
        assert numbers(frames) == [59]


@pytest.mark.parametrize("name", EVEN)
def test_after_the_end_it_plays_on_from_where_it_was_sent(films, name):
    with open_source(str(films / name)) as source:
        assert len(list(source)) == 60
        source.seek(2.0)
        assert numbers(source, None) == list(range(50, 60))


def test_uneven_times_are_kept_to(films):
    with open_source(str(films / "uneven.mkv")) as source:
        frames = iter(source)
        for to_s in (1.2, 0.5, 2.05, 0.0, 1.54):
            source.seek(to_s)
            frame = next(frames)
            expected = next(i for i, at_s in enumerate(UNEVEN_S) if at_s >= to_s)
            assert number_in(frame.image_bgr) == expected
            assert frame.pts_s == pytest.approx(UNEVEN_S[expected], abs=0.001)


def test_the_demo_scene_goes_anywhere():
    with DemoSource((160, 160), frame_count=100) as source:
        source.seek(2.0)
        frames = iter(source)
        assert [next(frames).frame_index for _ in range(2)] == [60, 61]
        source.seek(0.5)
        assert next(frames).frame_index == 15
        source.seek(50)
        assert [frame.frame_index for frame in frames] == [99]


def test_what_has_no_beginning_refuses():
    for spec in ("-", "0", "http://127.0.0.1:9/x"):
        source = open_source(spec)
        assert not source.can_seek
        with pytest.raises(UsageError, match="cannot go to 80 s"):
            open_source(spec, CaptureOptions(start_s=80))


@pytest.mark.parametrize("name", EVEN)
def test_a_start_behind_the_end_is_refused(films, name):
    with open_source(str(films / name)) as source:
        assert source.duration_s == pytest.approx(2.4)
        require_start(source, 2.3)
        with pytest.raises(UsageError, match=r"only 2\.40 s long; --start 80 is behind its end"):
            require_start(source, 80)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("", 0), ("80", 80), ("80.5", 80.5), ("1:20", 80), ("0:01:20.5", 80.5), ("01:00:00", 3600)),
        *(("90:00", 5400), (".5", 0.5), ("200ms", 0.2), ("12s", 12), (" 7 ", 7)),
    ],
)
def test_times_are_written_as_for_ffmpeg(text, seconds):
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["-5", "1:75", "1:60:00", "abc", "1:2:3:4", "nan", "1e3", "1m20s", "٣"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UsageError, match="is not a valid time; write it like --start 80, 1:20"):
        parse_time(text)
