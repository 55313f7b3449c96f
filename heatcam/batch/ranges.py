"""Ranges of pictures: the part of a shard, what is left of it, and the chunks that it is worked on in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from heatcam.errors import UsageError


@dataclass(frozen=True)
class Shard:
    """One of several equal parts of a run.

    Attributes:
        number: from 1.
        of: how many there are.
    """

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def range_of(self, count: int) -> tuple[int, int]:
        """Return the first picture of this part, and the first one after it, of ``count``; parts differ by one at most."""
        return (self.number - 1) * count // self.of, self.number * count // self.of


def parse_shard(text: str) -> Shard:
    """Return the shard that ``3/16`` names, the third of sixteen; "" is all.

    Raises:
        UsageError: it is none.
    """
    if not text:
        return Shard()
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip())
    shard = Shard(int(found[1]), int(found[2])) if found else Shard(0, 0)
    if not 1 <= shard.number <= shard.of:
        raise UsageError(f"--shard {text} is none", "for example 3/16, the third of sixteen")
    return shard


def left_over(first: int, end: int, done: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the ranges between ``first`` and ``end`` that ``done`` does not cover, in order."""
    for start, stop in sorted(done):
        if first < min(start, end):
            yield first, min(start, end)
        first = max(first, stop)
    if first < end:
        yield first, end


def in_chunks(ranges: Iterable[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges cut at the multiples of ``size``: a run that goes on has the chunks of one that was not stopped."""
    for first, end in ranges:
        cuts = [first, *range((first // size + 1) * size, end, size), end]
        yield from pairwise(cuts)
