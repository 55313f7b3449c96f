"""Shards and what is left of them: every picture once, whatever was done before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatcam.batch.ranges import Shard, in_chunks, left_over, parse_shard
from heatcam.errors import UsageError


@given(count=st.integers(0, 500), of=st.integers(1, 40))
def test_shards_are_all_pictures_once_and_differ_by_one_at_most(count: int, of: int) -> None:
    ranges = [Shard(number, of).range_of(count) for number in range(1, of + 1)]
    assert [n for first, end in ranges for n in range(first, end)] == list(range(count))
    sizes = [end - first for first, end in ranges]
    assert max(sizes) - min(sizes) <= 1


@given(
    bounds=st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted),
    cuts=st.lists(st.integers(0, 60), max_size=12, unique=True).map(sorted),
    size=st.integers(1, 20),
)
def test_what_is_left_and_what_is_done_are_all_pictures_once(
    bounds: list[int], cuts: list[int], size: int
) -> None:
    first, end = bounds
    done = list(zip(cuts[::2], cuts[1::2], strict=False))
    chunks = list(in_chunks(left_over(first, end, done[::-1]), size))
    left = [n for start, stop in chunks for n in range(start, stop)]
    covered = {n for start, stop in done for n in range(start, stop)}
    assert left == [n for n in range(first, end) if n not in covered]
    assert all(start < stop and (start // size == (stop - 1) // size) for start, stop in chunks)


def test_a_run_that_goes_on_has_the_chunks_of_one_that_was_not_stopped() -> None:
    assert list(in_chunks([(0, 25)], 10)) == [(0, 10), (10, 20), (20, 25)]
    assert list(in_chunks(left_over(0, 25, [(0, 4)]), 10)) == [(4, 10), (10, 20), (20, 25)]


def test_shards_are_read_as_they_are_written() -> None:
    assert (parse_shard("3/16"), parse_shard("")) == (Shard(3, 16), Shard(1, 1))
    assert str(Shard(3, 16)) == "3/16"


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "1/2/3", "-1/2", "1.5/2"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="3/16"):
        parse_shard(text)
