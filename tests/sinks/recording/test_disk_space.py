from pathlib import Path

import pytest

from heatcam.errors import SinkError, UsageError
from heatcam.sinks.recording.disk_space import SpaceWatch, parse_size, require_space, size_in_words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("500MB", 500_000_000),
        ("1.5 gb", 1_500_000_000),
        ("2GiB", 2 << 30),
        ("12k", 12_000),
        ("7B", 7),
    ],
)
def test_sizes_are_read_as_people_write_them(text, count):
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "MB", "-5MB", "5 apples", "5MBs", "1e9"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match="write it like 500MB"):
        parse_size(text)


def test_sizes_are_said_with_their_unit():
    assert [size_in_words(n) for n in (5, 5_000, 480_000_000, 45_200_000_000)] == [
        "5 bytes",
        "5 kB",
        "480 MB",
        "45.2 GB",
    ]


def test_a_disk_that_fills_up_is_noticed_within_a_second():
    now, left = [0.0], [600]
    watch = SpaceWatch(Path(), 500, clock=lambda: now[0], free=lambda _: left[0])
    assert watch.shortage() == ""
    left[0] = 400
    now[0] = 1.0
    assert watch.shortage() == "only 400 bytes are free on the disk of ., less than --min-free 500 bytes"


def test_the_disk_is_not_asked_for_every_frame():
    asked = []
    watch = SpaceWatch(Path(), 500, clock=lambda: 5.0, free=lambda path: asked.append(path) or 10**9)
    for _ in range(100):
        watch.shortage()
    assert len(asked) == 1


def test_zero_never_looks_and_a_disk_that_cannot_be_asked_is_trusted():
    def fails(path):
        raise OSError

    assert SpaceWatch(Path(), 0, free=lambda _: 0).shortage() == ""
    assert SpaceWatch(Path(), 5, free=fails).shortage() == ""


def test_a_full_disk_is_refused_before_the_start(tmp_path):
    with pytest.raises(SinkError, match="make space, choose another disk"):
        require_space(tmp_path, 10**18)
