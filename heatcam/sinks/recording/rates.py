"""Frame rates: the exact rate behind a rounded one, and resampling of frames to a constant rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from heatcam.frames import Frame


def exact_rate(fps: float) -> Fraction:
    """Return the exact rate that a rounded one stands for: 29.97 is NTSC's 30000/1001.

    Files whose last frame has a rounded duration claim 23.97599 for 24000/1001; such a rate has no exact time base.
    """
    whole = max(1, round(fps))
    ntsc = Fraction(max(1, round(fps * 1.001)) * 1000, 1001)
    nearest = min(Fraction(whole), ntsc, key=lambda rate: abs(rate - Fraction(fps)))
    return (
        nearest if abs(nearest - Fraction(fps)) <= nearest / 10_000 else Fraction(fps).limit_denominator(1001)
    )


def at_rate(frames: Iterable[Frame], fps: float, last_s: float = 0.0) -> Iterator[Frame]:
    """Yield the frames at a constant rate, as FFmpeg's output option ``-r`` does: too many are dropped, too few repeated.

    Each slot ``n / fps`` from the first frame on shows the last frame whose time rounds to it or to an earlier slot; the number
    of slots is the frames' duration times ``fps``. Frames are dropped here, before anything is computed from them. A repeated
    frame is the same picture at another time.

    Args:
        frames: frames with increasing times.
        fps: frames per second, above 0.
        last_s: duration of the last frame, in seconds.
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
