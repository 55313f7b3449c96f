"""Frame rates: what a claimed one stands for, and frames at a constant one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from heatcam.frames import Frame


def exact_rate(fps: float) -> Fraction:
    """The exact rate that a claimed one stands for: 29.97 is 30000/1001, as television counts.

    Files whose last frame has a rounded length claim 23.97599 for 24000/1001; frame times of such a rate have no exact time base.
    """
    whole = max(1, round(fps))
    ntsc = Fraction(max(1, round(fps * 1.001)) * 1000, 1001)
    nearest = min(Fraction(whole), ntsc, key=lambda rate: abs(rate - Fraction(fps)))
    return (
        nearest if abs(nearest - Fraction(fps)) <= nearest / 10_000 else Fraction(fps).limit_denominator(1001)
    )


def at_rate(frames: Iterable[Frame], fps: float, last_s: float = 0.0) -> Iterator[Frame]:
    """The frames at a constant rate, as FFmpeg's ``-r`` on an output: dropped where there are too many, repeated where too few.

    Each place ``n / fps`` from the first frame on shows the last frame whose time rounds to it or to one before; there are as
    many places as the frames' length has room for. What is dropped is dropped here, before anything is computed of it. A
    repeated frame is the same picture at another time.

    Args:
        frames: with rising times.
        fps: frames a second, above 0.
        last_s: how long the last frame stands, in seconds.
    """
    rate = exact_rate(fps)
    waiting: Frame | None = None
    origin_s, place = 0.0, 0
    for frame in frames:
        if waiting is None:
            origin_s = frame.pts_s
        next_place = round(Fraction(frame.pts_s - origin_s) * rate)
        while waiting is not None and place < next_place:
            yield replace(waiting, pts_s=origin_s + float(place / rate))
            place += 1
        waiting = frame
    if waiting is None:
        return
    end = round(Fraction(waiting.pts_s + last_s - origin_s) * rate)
    for last in range(place, max(end, 1)):
        yield replace(waiting, pts_s=origin_s + float(last / rate))
