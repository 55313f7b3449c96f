"""The broadcast alone: when a picture is encoded, who gets it, and how it ends."""

import asyncio
import time

import numpy as np
import pytest

from heatcam.web.broadcast import Broadcast, BroadcastOverError, TooManyViewersError

PICTURE = np.zeros((48, 64, 3), np.uint8)


class Headers:
    """Headers of the frames that were encoded."""

    def __init__(self):
        self.made = []

    def __call__(self, seq):
        self.made.append(seq)
        return b"{}"


def test_only_what_somebody_waits_for_is_encoded_and_that_is_the_newest():
    async def run():
        broadcast, header = Broadcast(), Headers()
        with broadcast.subscribe() as one, broadcast.subscribe() as other:
            broadcast.offer(PICTURE, header)
            first = await one.next(5)
            for _ in range(5):
                broadcast.offer(PICTURE, header)
            time.sleep(0.1)
            assert header.made == [1], "nobody is ready for more"
            found = await asyncio.gather(one.next(5), other.next(5))
        assert first.seq == 1
        assert [frame.seq for frame in found] == [6, 6]
        assert found[0] is found[1], "encoded once for both"
        assert header.made == [1, 6]
        assert first.message == b"\0\0\0\2{}" + first.jpeg
        assert first.jpeg[:2] == b"\xff\xd8"

    asyncio.run(run())


def test_a_picture_that_cannot_be_sent_does_not_end_the_broadcast():
    def broken(seq):
        raise ZeroDivisionError

    async def run():
        broadcast = Broadcast()
        with broadcast.subscribe() as one:
            broadcast.offer(PICTURE, broken)
            assert await one.next(0.2) is None
            broadcast.offer(PICTURE, Headers())
            assert (await one.next(5)).seq == 2

    asyncio.run(run())


def test_news_without_a_picture_wake_and_the_end_is_told():
    async def run():
        broadcast = Broadcast(most_viewers=1)
        with broadcast.subscribe() as one:
            with pytest.raises(TooManyViewersError):
                broadcast.subscribe()
            began = time.monotonic()
            waiting = asyncio.ensure_future(one.next(30))
            await asyncio.sleep(0.05)
            broadcast.tell()
            assert await waiting is None
            assert time.monotonic() - began < 5
            waiting = asyncio.ensure_future(one.next(30))
            await asyncio.sleep(0.05)
            broadcast.close()
            with pytest.raises(BroadcastOverError):
                await waiting
        with pytest.raises(BroadcastOverError):
            broadcast.subscribe()

    asyncio.run(run())
