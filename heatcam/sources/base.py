"""Protocol of every source: frames in order, opened with ``with``, ended by the end of the iterator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from heatcam.errors import ChannelsError
from heatcam.sources.state import PLAYING, Outage, SourceState

if TYPE_CHECKING:
    from heatcam.frames import Frame  # (OpenCV: the decoder's process needs none)


class Source(Protocol):
    """A camera, video, set of pictures or rendered scene.

    Used from one thread: ``with source: for frame in source: ...``. Leaving the block releases the device or file.
    ``name``, ``is_live``, ``can_seek``, ``dropped`` and ``state`` may be read at any time and from any thread, the others from
    entering on.

    **Seeking**, if ``can_seek``: ``seek(to_s)`` may be called from any thread, before entering (iterating then starts there),
    while frames are read, and after the last one. The frame that the reader takes next is the first whose ``pts_s`` is at or
    after ``to_s`` (as with ffmpeg's ``-ss``), and those after it follow; past the end it is the last frame. ``pts_s`` stays the
    time from the source's own beginning; ``frame_index`` is counted from there too, exactly if the rate is constant. An iterator
    that has ended stays ended: call ``iter`` again after ``seek`` to play on (this is how to loop). A frame that was read ahead
    in another thread is not taken back: code that reads ahead must drop frames older than the seek.

    Attributes:
        name: display name: ``camera 0``, ``clip.mp4``, ``demo``; never with credentials.
        size_wh: width and height of the frames in pixels, as last known; ``(0, 0)`` if unknown before the first frame.
        fps: nominal frames per second.
        frame_count: total number of frames, or None if unknown or endless.
        is_live: True if frames that are not read in time are lost.
        dropped: number of frames lost in that way because the reader was slow; always 0 if nothing is dropped.
        state: current state.
        can_seek: True if ``seek`` works: for files, animations, numbered pictures and the demo scene.
        duration_s: duration in seconds; None if unknown or endless.
        reopenable: True if opening it to probe it loses no frames: not so for live sources and standard input.
        accepts_rate: True if a requested rate becomes its own: for cameras, screens, numbered pictures, standard input.
        is_slideshow: True if its frames are unrelated, such as photographs.
        negotiated_format: for a device, the requested and the actual format in one line; "" for other sources.
        outages: the periods in which it was lost until a new connection was made; the last one may still be going on.
    """

    @property
    def name(self) -> str:
        """Display name; never with credentials."""
        ...

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    @property
    def fps(self) -> float:
        """Nominal frames per second."""
        ...

    @property
    def frame_count(self) -> int | None:
        """Total number of frames, or None."""
        ...

    @property
    def is_live(self) -> bool:
        """True if frames that are not read in time are lost."""
        ...

    @property
    def dropped(self) -> int:
        """Number of frames dropped so far."""
        ...

    @property
    def state(self) -> SourceState:
        """Current state."""
        ...

    @property
    def can_seek(self) -> bool:
        """True if ``seek`` works."""
        ...

    @property
    def duration_s(self) -> float | None:
        """Duration in seconds, or None."""
        ...

    @property
    def reopenable(self) -> bool:
        """True if opening it to probe it loses no frames."""
        ...

    @property
    def accepts_rate(self) -> bool:
        """True if a requested rate becomes its own."""
        ...

    @property
    def is_slideshow(self) -> bool:
        """True if its frames are unrelated, such as photographs."""
        ...

    @property
    def negotiated_format(self) -> str:
        """Requested and actual format of a device in one line, or ""."""
        ...

    @property
    def outages(self) -> tuple[Outage, ...]:
        """Periods in which it was lost."""
        ...

    def on_outage(self, tell: Callable[[str], None]) -> None:
        """Call ``tell`` with a message when the source is lost and when it is back; in a thread of the source's own."""
        ...

    def shortfall(self) -> str:
        """Return a line about frames that it claimed to hold and did not give, known after its end; "" if none are missing."""
        ...

    def close(self) -> None:
        """End the iterator, which gives at most one more frame. From any thread, any number of times; ``with`` still releases."""
        ...

    def for_channels(self, channels: int) -> Source:
        """Return the source of frames for a network that reads so many channels, itself in most cases; before it is entered.

        Raises:
            ChannelsError: it has colour pictures, and the network reads others.
        """
        ...

    def seek(self, to_s: float) -> None:
        """Seek to ``to_s`` seconds from the beginning; see the class.

        Raises:
            UsageError: the source cannot seek.
        """
        ...

    def __enter__(self) -> Source: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __iter__(self) -> Iterator[Frame]: ...


def missing_in_words(name: str, read: int, missing: int) -> str:
    """Describe a file's missing frames: ``clip.mp4: 57 of 100 frames could be decoded, ...``; "" if none are missing."""
    if not missing:
        return ""
    return f"{name}: {read} of {read + missing} frames could be decoded, the rest is damaged or cut off"


class SourceBase:
    """Defaults shared by most sources; each overrides those that differ. See ``Source``."""

    is_live = False
    state: SourceState = PLAYING
    is_slideshow = False
    #: Set by ``close``; iterators check it before each frame.
    is_closed = False

    @property
    def reopenable(self) -> bool:
        """True unless the source is live."""
        return not self.is_live

    @property
    def accepts_rate(self) -> bool:
        """False by default."""
        return False

    @property
    def negotiated_format(self) -> str:
        """Empty by default."""
        return ""

    @property
    def outages(self) -> tuple[Outage, ...]:
        """Empty by default."""
        return ()

    def on_outage(self, tell: Callable[[str], None]) -> None:
        """Do nothing: the source is never lost."""

    def shortfall(self) -> str:
        """Return "": no frames are missing."""
        return ""

    def for_channels(self, channels: int) -> Any:
        """Return itself for colour and grey; see ``Source``."""
        if channels in (1, 3):
            return self
        raise ChannelsError(3, channels, str(getattr(self, "name", "")))

    def close(self) -> None:
        """End the iterator; see ``Source``."""
        self.is_closed = True
