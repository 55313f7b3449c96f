"""Questions that the user asks of the picture with the mouse, and the answers that come with a frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from heatcam.enums import Fill
from heatcam.frames import SaliencyMap
from heatcam.live.cover_reply import CoverReply
from heatcam.probing import LikelyClass, PlaceAnswer, PlaceEvidence

Box = tuple[float, float, float, float]


class Tool(Enum):
    """Effect of a drag with the left button; the right one always asks about a place."""

    NONE = "no tool"
    ASK = "ask about a place"
    COVER = "cover a place"
    EXAMPLE = "show an example"


@dataclass(frozen=True)
class AskedBox:
    """Place that is asked about; it stays where it is while the video runs.

    Attributes:
        box_xyxy: in frame pixels.
        rank: which of the likeliest classes there is asked about; 0 is the likeliest.
    """

    box_xyxy: Box
    rank: int = 0


@dataclass(frozen=True)
class CoverStroke:
    """Cover that is laid over a place.

    Attributes:
        box_xyxy: in pixels of the frame it was drawn on.
        number: counts the strokes of a session from 1 on; two have the same place, but never the same number.
        track_id: number of the object that it follows; None stays where it is.
        object_xyxy: that object's box when the cover was drawn, in frame pixels; None without an object.
        class_name: that object's class; "" without one.
    """

    box_xyxy: Box
    number: int = 1
    track_id: int | None = None
    object_xyxy: Box | None = None
    class_name: str = ""


@dataclass(frozen=True)
class Questions:
    """Questions about the frames to come, beside their explanation.

    Attributes:
        place: a place that is asked about; None for none.
        strokes: covers that lie on the picture.
        fill: what they cover with.
    """

    place: AskedBox | None = None
    strokes: tuple[CoverStroke, ...] = ()
    fill: Fill = Fill.BLUR

    @property
    def are_any(self) -> bool:
        """True if something is asked."""
        return self.place is not None or bool(self.strokes)


NOTHING_ASKED = Questions()


@dataclass(frozen=True, eq=False)  # (arrays do not compare)
class PlaceReply:
    """Answer about the place that is asked about.

    Attributes:
        answer: why the class was not found there, or that it was; None where there is no answer.
        likely: every class that may be asked about, the likeliest there first.
        evidence: for and against the class; None where it was not asked for.
        cost_ms: what the answer took beside the frame's explanation.
        reason: why there is no answer, in one line; "" if there is.
    """

    answer: PlaceAnswer | None = None
    likely: tuple[LikelyClass, ...] = ()
    evidence: PlaceEvidence | None = None
    cost_ms: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class FrameAnswers:
    """Answers about one frame.

    Attributes:
        asked: the questions they answer.
        place: about the place; None if none is asked about.
        cover: about the covers; None if there are none.
        reason: why there is no answer at all, in one line; "" if there is.
    """

    asked: Questions = NOTHING_ASKED
    place: PlaceReply | None = None
    cover: CoverReply | None = None
    reason: str = ""

    @property
    def maps(self) -> list[SaliencyMap]:
        """The maps that were made for them."""
        evidence = None if self.place is None else self.place.evidence
        found = () if evidence is None else (evidence.own, evidence.rival)
        return [each.saliency for each in found if each is not None]


NO_ANSWERS = FrameAnswers()
