"""History of the last frames shown, to step back to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heatcam.comparison import explanations_of
from heatcam.frames import Explanation, SaliencyMap
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.questions import NO_ANSWERS, FrameAnswers

MOST_BYTES = 128 << 20
MOST_FRAMES = 300


@dataclass(frozen=True)
class HistoryEntry:
    """One frame that was shown.

    Attributes:
        explanation: the frame's explanation, as it is shown; a refinement replaces it.
        object_ids: the number of each object.
        request: the request it was explained with.
        answers: to the request's questions.
        fine: the explanation with fine maps, where ``explanation`` has maps by trial; else None.
        trials: number of trials that these were made with, of all objects.
        is_settled: True if more of them are not needed.
    """

    explanation: Explanation
    object_ids: tuple[int, ...]
    request: ExplainRequest
    answers: FrameAnswers = NO_ANSWERS
    fine: Explanation | None = None
    trials: int = 0
    is_settled: bool = False

    @property
    def base(self) -> Explanation:
        """The explanation as inference has made it, without trials: what questions are answered by."""
        return self.explanation if self.fine is None else self.fine

    def without_trials(self) -> HistoryEntry:
        """Return the entry as it was before trials."""
        return replace(self, explanation=self.base, fine=None, trials=0, is_settled=False)

    @property
    def is_explained(self) -> bool:
        """False for a frame that was shown while the model was loaded."""
        return self.request.conf >= 0

    @property
    def bytes(self) -> int:
        """Memory that the frame and its maps take, in bytes."""
        seen = [*explanations_of(self.explanation), *([] if self.fine is None else [self.fine])]
        maps = [m for own in seen for m in (own.saliency, *own.object_maps)] + self.answers.maps
        covers = 0 if self.answers.cover is None else self.answers.cover.bytes
        pixels = self.explanation.frame.image_bgr.nbytes + covers
        return pixels + sum(_bytes(m) for m in maps if m is not None)


def _bytes(saliency: SaliencyMap) -> int:
    return sum(
        part.nbytes for part in (saliency.values, saliency.deviation, saliency.relevance) if part is not None
    )


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
        self._replace(self._place, entry)
        self._forget_the_oldest()

    def _replace(self, place: int, entry: HistoryEntry) -> None:
        self._bytes += entry.bytes - self._entries[place].bytes
        self._entries[place] = entry

    def _forget_the_oldest(self) -> None:
        """Drop the oldest maps by trial, then the oldest entries, until the rest fits; the current one stays."""
        for place, entry in enumerate(self._entries):
            if self._bytes > self._most_bytes and place != self._place and entry.fine is not None:
                self._replace(place, entry.without_trials())
        while self._place > 0 and (self._bytes > self._most_bytes or len(self._entries) > self._most_frames):
            self._bytes -= self._entries.pop(0).bytes
            self._place -= 1
