"""Whether a source gave all that it claimed to hold: files are cut short, and pipes break in the middle of a frame."""

from __future__ import annotations

from collections.abc import Callable

from heatcam.sources.animations import AnimationSource
from heatcam.sources.base import Source
from heatcam.sources.live import LiveSource
from heatcam.sources.sequence import SequenceSource
from heatcam.sources.standard_input import StandardInputSource
from heatcam.sources.state import Outage
from heatcam.sources.video import VideoSource


def outages_of(source: Source) -> tuple[Outage, ...]:
    """The times in which a live source was lost; none for all else."""
    return source.outages if isinstance(source, LiveSource) else ()


def tell_outages(source: Source, tell: Callable[[str], None]) -> None:
    """Call ``tell`` with a line for people when a live source is lost and when it is back; in a thread of the source's own."""
    if isinstance(source, LiveSource):
        source.on_outage(tell)


def missing_frames(source: Source) -> int:
    """How many frames are missing, of a source that was read to its end; 0 where nobody can know."""
    if isinstance(source, VideoSource | SequenceSource | AnimationSource):
        return source.missing
    if isinstance(source, StandardInputSource):
        return source.damaged + source.cut_off
    return 0


def shortfall(source: Source) -> str:
    """One line that says so: ``clip.mp4: 57 of 100 frames could be decoded``; "" when nothing is missing.

    Of live sources: that it was lost and did not come back.
    """
    lost = [outage for outage in outages_of(source) if outage.lasted_s is None]
    if lost:
        return f"{source.name} did not come back: {lost[-1]}"
    missing = missing_frames(source)
    if not missing:
        return ""
    if isinstance(source, StandardInputSource):
        what = "ended in the middle of a frame" if source.cut_off else f"held {source.damaged} damaged frames"
        return f"{source.name} {what}; {source.frames_read} frames could be decoded"
    read = getattr(source, "frames_read", 0)
    return (
        f"{source.name}: {read} of {read + missing} frames could be decoded, the rest is damaged or cut off"
    )
