"""The last frames that were shown, to step back to."""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.frames import Explanation
from heatcam.live.wants import Wants

MOST_BYTES = 128 << 20
MOST_FRAMES = 300


@dataclass(frozen=True)
class Moment:
    """One frame that was shown.

    Attributes:
        explanation: the frame and what was seen; a second look replaces it.
        numbers: the number of each object.
        wants: how it was asked for.
    """

    explanation: Explanation
    numbers: tuple[int, ...]
    wants: Wants

    @property
    def bytes(self) -> int:
        """What it keeps in memory, in bytes."""
        own = self.explanation
        maps = [m.values.nbytes for m in (own.saliency, *own.object_maps) if m is not None]
        return own.frame.image_bgr.nbytes + sum(maps)


class Past:
    """The moments that were shown, the newest last, and which of them is looked at. Bounded by frames and by memory."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_frames: int = MOST_FRAMES) -> None:
        self._moments: list[Moment] = []
        self._most_bytes, self._most_frames = most_bytes, most_frames
        self._bytes = 0
        self._place = -1

    @property
    def now(self) -> Moment | None:
        """The moment that is looked at."""
        return self._moments[self._place] if self._moments else None

    @property
    def at_newest(self) -> bool:
        """Whether nothing newer has been shown."""
        return self._place == len(self._moments) - 1

    def add(self, moment: Moment) -> None:
        """Show a new moment; the oldest are forgotten."""
        self._moments.append(moment)
        self._bytes += moment.bytes
        self._place = len(self._moments) - 1
        self._forget_the_oldest()

    def restart(self, moment: Moment) -> None:
        """Show a moment that does not follow those before, which are forgotten."""
        self._moments, self._bytes, self._place = [], 0, -1
        self.add(moment)

    def step(self, by: int) -> bool:
        """Look one moment back (-1) or forward (1); whether there is one."""
        wanted = self._place + by
        if not 0 <= wanted < len(self._moments):
            return False
        self._place = wanted
        return True

    def to_newest(self) -> None:
        """Look at the newest again."""
        self._place = len(self._moments) - 1

    def replace_now(self, moment: Moment) -> None:
        """A second look at what is looked at."""
        if not self._moments:
            return
        self._bytes += moment.bytes - self._moments[self._place].bytes
        self._moments[self._place] = moment
        self._forget_the_oldest()

    def _forget_the_oldest(self) -> None:
        """Until the rest fits; what is looked at stays."""
        while self._place > 0 and (self._bytes > self._most_bytes or len(self._moments) > self._most_frames):
            self._bytes -= self._moments.pop(0).bytes
            self._place -= 1
