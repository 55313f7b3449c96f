"""Damaged pictures from strangers: each is answered or refused, none hangs, and memory stays as it is."""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from heatcam.web.decoding import PictureDecoders
from heatcam.web.settings import UploadLimits
from tests.web.tiny import Service, picture

KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")
LIMITS = UploadLimits(most_pixels=1_000_000, decoding_s=5)
MOST_GROWTH = (
    40_000_000  # bytes; a thousand pictures of which each left 64x48 pixels behind would be 9 MB more
)


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Pictures with bytes that were flipped, cut out, put in or doubled; early bytes, which say the most, more often."""
    chance = random.Random(seed)
    whole = [picture(kind=kind) for kind in KINDS]
    for number in range(count):
        data = bytearray(whole[number % len(whole)])
        for _ in range(chance.choice((1, 1, 3, 10))):
            at = int(len(data) * chance.random() ** chance.choice((1, 4)))
            change = chance.randrange(5)
            if change <= 1:
                data[at : at + 1] = bytes([chance.randrange(256)])
            elif change == 2:
                del data[at : at + chance.choice((1, 4, 200))]
            elif change == 3:
                data[at:at] = chance.randbytes(chance.choice((1, 4, 200)))
            else:
                data[at : at + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
        yield bytes(data[: chance.choice((len(data), len(data), at + 1))])


def resident(decoders: PictureDecoders) -> int:
    """Bytes of memory of this process and of those that decode and have nothing to do."""
    gc.collect()
    pids = ["self", *(str(one._child.pid) for one in decoders._idle.queue)]
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 for pid in pids)


def answered(count: int, seed: int) -> tuple[Counter[int], list[int], float]:
    """How many were answered how; the memory after each quarter; the longest time that one took."""

    async def run() -> tuple[Counter[int], list[int], float]:
        service = Service(limits=LIMITS)
        own = service.analyzer._decoders = PictureDecoders(LIMITS)
        seen, memory, longest_s = Counter[int](), [], 0.0
        try:
            async with service.client:
                for number, data in enumerate(mutants(count, seed), start=1):
                    started_s = time.monotonic()
                    response = await service.analyze(data, views="overlay")
                    longest_s = max(longest_s, time.monotonic() - started_s)
                    seen[response.status_code] += 1
                    assert response.status_code in (200, 415, 422), (number, response.text)
                    if sys.platform == "linux" and number % (count // 4) == 0:
                        memory.append(resident(own))
        finally:
            own.close()
        return seen, memory, longest_s

    return asyncio.run(run())


def test_twenty_four_damaged_pictures_are_answered_or_refused() -> None:
    seen, _, longest_s = answered(24, 1)
    assert seen[200] and seen[422] and sum(seen.values()) == 24, seen
    assert longest_s < LIMITS.decoding_s + 10


@pytest.mark.soak
def test_a_thousand_damaged_pictures_are_answered_or_refused_and_leave_nothing_behind() -> None:
    seen, memory, longest_s = answered(1000, 2)
    assert min(seen[200], seen[415], seen[422]) > 10 and sum(seen.values()) == 1000, seen
    assert longest_s < LIMITS.decoding_s + 10
    assert not memory or max(memory) - memory[0] < MOST_GROWTH, memory
