"""Questions that the user asks of the picture with the mouse, and the answers that come with a frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from heatcam.enums import Fill

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
        track_id: the object that it follows; None stays where it is.
        object_xyxy: that object's box when the cover was drawn, in frame pixels; None without an object.
    """

    box_xyxy: Box
    track_id: int | None = None
    object_xyxy: Box | None = None


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


@dataclass(frozen=True)
class FrameAnswers:
    """Answers about one frame.

    Attributes:
        asked: the questions they answer.
        reason: why there is no answer, in one line; "" if there is.
    """

    asked: Questions = NOTHING_ASKED
    reason: str = ""


NO_ANSWERS = FrameAnswers()
