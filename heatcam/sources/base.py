"""What every source is: frames in order, opened with ``with``, ended by the end of the iterator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from heatcam.sources.state import PLAYING, Outage, SourceState

if TYPE_CHECKING:
    from heatcam.frames import Frame  # (OpenCV: the decoder's process needs none)


class Source(Protocol):
    """A camera, video, set of pictures or rendered scene.

    Used from one thread: ``with source: for frame in source: ...``. Leaving the block releases the device or file.
    ``name``, ``is_live``, ``can_seek``, ``dropped`` and ``state`` may be read at any time and from any thread, the others from
    entering on.

    **Going to another time**, where ``can_seek``: ``seek(to_s)`` may be called from any thread, before entering (iterating then
    begins there), while frames are read, and after the last one. The frame that the reader takes next is the first whose
    ``pts_s`` is at or after ``to_s`` (as with ffmpeg's ``-ss``), and those after it follow; behind the end it is the last frame.
    ``pts_s`` stays the time from the source's own beginning; ``frame_index`` is counted from there too, exactly where the rate is
    constant. An iterator that has ended stays ended: call ``iter`` once more after ``seek`` to play on (that is how to loop).
    A frame that was read ahead in another thread is not taken back: who reads ahead drops what is older than the seek.

    Attributes:
        name: for people: ``camera 0``, ``clip.mp4``, ``demo``; never with credentials.
        size_wh: width and height of the frames in pixels, as last known; ``(0, 0)`` when only the first frame will tell.
        fps: nominal frames a second.
        frame_count: how many frames there will be, or None when nobody knows or it never ends.
        is_live: True when frames that are not read in time are lost.
        dropped: how many frames were lost so because the reader was slow; 0 for ever where nothing is dropped.
        state: how it is doing.
        can_seek: whether ``seek`` works: for files, animations, numbered pictures and the demo scene.
        duration_s: how long it plays, in seconds; None when nobody knows or it never ends.
        reopenable: whether looking into it takes nothing away from it: not so of live ones and of standard input.
        accepts_rate: whether the rate that was asked for becomes its own: of cameras, screens, numbered pictures, standard input.
        stands_still: whether its frames do not go on from one another, as of photographs.
        negotiated_format: of a device, what it was asked for and what it gives, in one line; "" for all else.
        outages: the times in which it was lost and a new connection was made; the last one may not be over.
    """

    @property
    def name(self) -> str:
        """For people; never with credentials."""
        ...

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    @property
    def fps(self) -> float:
        """Nominal frames a second."""
        ...

    @property
    def frame_count(self) -> int | None:
        """Frames there will be, or None."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether frames not read in time are lost."""
        ...

    @property
    def dropped(self) -> int:
        """Frames lost so far."""
        ...

    @property
    def state(self) -> SourceState:
        """How it is doing now."""
        ...

    @property
    def can_seek(self) -> bool:
        """Whether ``seek`` works."""
        ...

    @property
    def duration_s(self) -> float | None:
        """How long it plays, in seconds, or None."""
        ...

    @property
    def reopenable(self) -> bool:
        """Whether looking into it takes nothing away from it."""
        ...

    @property
    def accepts_rate(self) -> bool:
        """Whether the rate that was asked for becomes its own."""
        ...

    @property
    def stands_still(self) -> bool:
        """Whether its frames do not go on from one another."""
        ...

    @property
    def negotiated_format(self) -> str:
        """What a device was asked for and what it gives; ""."""
        ...

    @property
    def outages(self) -> tuple[Outage, ...]:
        """The times in which it was lost."""
        ...

    def on_outage(self, tell: Callable[[str], None]) -> None:
        """Call ``tell`` with a line for people when it is lost and when it is back; in a thread of the source's own."""
        ...

    def shortfall(self) -> str:
        """One line that says what it claimed to hold and did not give, after its end; "" when nothing is missing."""
        ...

    def close(self) -> None:
        """End the iterator, which gives at most one frame more. From any thread, any number of times; leaving releases."""
        ...

    def seek(self, to_s: float) -> None:
        """Go to ``to_s`` seconds from the beginning; see the class.

        Raises:
            UsageError: the source cannot.
        """
        ...

    def __enter__(self) -> Source: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __iter__(self) -> Iterator[Frame]: ...


def missing_in_words(name: str, read: int, missing: int) -> str:
    """What a file did not give: ``clip.mp4: 57 of 100 frames could be decoded, ...``; "" when nothing is missing."""
    if not missing:
        return ""
    return f"{name}: {read} of {read + missing} frames could be decoded, the rest is damaged or cut off"


class SourceBase:
    """What most sources have in common; each overrides what is different of it. See ``Source``."""

    is_live = False
    state: SourceState = PLAYING
    stands_still = False
    #: Set by ``close``; iterators look at it before each frame.
    is_closed = False

    @property
    def reopenable(self) -> bool:
        """Yes, but of live ones."""
        return not self.is_live

    @property
    def accepts_rate(self) -> bool:
        """No."""
        return False

    @property
    def negotiated_format(self) -> str:
        """Nothing."""
        return ""

    @property
    def outages(self) -> tuple[Outage, ...]:
        """None."""
        return ()

    def on_outage(self, tell: Callable[[str], None]) -> None:
        """Nothing: it is never lost."""

    def shortfall(self) -> str:
        """Nothing is missing."""
        return ""

    def close(self) -> None:
        """See ``Source``."""
        self.is_closed = True
