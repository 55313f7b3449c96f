"""History of the last frames shown, to step back to."""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.comparison import explanations_of
from heatcam.frames import Explanation
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.questions import NO_ANSWERS, FrameAnswers

MOST_BYTES = 128 << 20
MOST_FRAMES = 300


@dataclass(frozen=True)
class HistoryEntry:
    """One frame that was shown.

    Attributes:
        explanation: the frame's explanation; a refinement replaces it.
        object_ids: the number of each object.
        request: the request it was explained with.
        answers: to the request's questions.
    """

    explanation: Explanation
    object_ids: tuple[int, ...]
    request: ExplainRequest
    answers: FrameAnswers = NO_ANSWERS

    @property
    def is_explained(self) -> bool:
        """False for a frame that was shown while the model was loaded."""
        return self.request.conf >= 0

    @property
    def bytes(self) -> int:
        """Memory that the frame and its maps take, in bytes."""
        maps = [m for own in explanations_of(self.explanation) for m in (own.saliency, *own.object_maps)]
        maps += self.answers.maps
        covers = 0 if self.answers.cover is None else self.answers.cover.bytes
        pixels = self.explanation.frame.image_bgr.nbytes + covers
        return pixels + sum(m.values.nbytes for m in maps if m is not None)


class FrameHistory:
    """The entries that were shown, the newest last, and the current one. Bounded by frames and by memory."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_frames: int = MOST_FRAMES) -> None:
        self._entries: list[HistoryEntry] = []
        self._most_bytes, self._most_frames = most_bytes, most_frames
        self._bytes = 0
        self._place = -1

    @property
    def now(self) -> HistoryEntry | None:
        """The current entry; None before the first."""
        return self._entries[self._place] if self._entries else None

    def add(self, entry: HistoryEntry) -> None:
        """Add an entry and make it the current one; the oldest are dropped."""
        self._entries.append(entry)
        self._bytes += entry.bytes
        self._place = len(self._entries) - 1
        self._forget_the_oldest()

    def restart(self, entry: HistoryEntry) -> None:
        """Start anew with an entry that does not follow those before, which are dropped."""
        self._entries, self._bytes, self._place = [], 0, -1
        self.add(entry)

    def step(self, by: int) -> bool:
        """Move one entry back (-1) or forward (1); return False if there is none."""
        wanted = self._place + by
        if not 0 <= wanted < len(self._entries):
            return False
        self._place = wanted
        return True

    def to_newest(self) -> None:
        """Move to the newest entry."""
        self._place = len(self._entries) - 1

    def replace_now(self, entry: HistoryEntry) -> None:
        """Replace the current entry by its refinement."""
        if not self._entries:
            return
        self._bytes += entry.bytes - self._entries[self._place].bytes
        self._entries[self._place] = entry
        self._forget_the_oldest()

    def _forget_the_oldest(self) -> None:
        """Drop the oldest entries until the rest fits; the current one stays."""
        while self._place > 0 and (self._bytes > self._most_bytes or len(self._entries) > self._most_frames):
            self._bytes -= self._entries.pop(0).bytes
            self._place -= 1
