"""Run of ``heatcam drift``: frames become blocks of time, which an activity takes, until something ends it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from heatcam.commands.drift_options import DriftOptions
from heatcam.commands.frame_log import WithObjectMaps
from heatcam.commands.options import Extent
from heatcam.commands.recording_plan import first_seconds
from heatcam.commands.recording_run import CountedFrames, leave_after
from heatcam.commands.setup import say_source
from heatcam.commands.terminal import Terminal
from heatcam.drift import Block, BlockMaker, local_seconds
from heatcam.errors import HeatcamError
from heatcam.frames import Explains, Explanation, Frame
from heatcam.geometry import Uint8Array
from heatcam.pipeline import Limits, Run, run_at_once, run_pipeline
from heatcam.runtime import stopping
from heatcam.sources import Source


@dataclass
class DriftDone:
    """End of a run.

    Attributes:
        run: times and frames.
        objects: number of detections.
        left_out: number of blocks that began or ended in between.
        notes: what went wrong, a line each.
        interrupted: True after Ctrl-C or another signal.
        error: ended the run after the first frame; None for none.
    """

    run: Run = field(default_factory=Run)
    objects: int = 0
    left_out: int = 0
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    error: HeatcamError | None = None


class Activity(Protocol):
    """Anything that takes blocks of time: learning, or watching. Used by ``with``, in one thread at a time."""

    @property
    def block_s(self) -> float:
        """Length of a block in seconds."""
        ...

    def __enter__(self) -> object: ...

    def __exit__(self, kind: Any, error: Any, trace: Any, /) -> None: ...

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show what is going on while it lasts."""
        ...

    def take(self, block: Block, at: str) -> bool:
        """Take a block, which ended at this local time; return True to end the run."""
        ...

    def looked(self, frames: int, objects: int) -> None:
        """Note that a frame was looked at; ``frames`` are in the open block, ``objects`` in it."""
        ...

    def end(self, done: DriftDone) -> int:
        """Write and print what came of it; return the exit code."""
        ...


#: Returns the time of a frame in seconds, from which blocks are made.
Clock = Callable[[Frame], float]


def clock_of(source: Source) -> Clock:
    """Return the clock of a source's blocks: the one on the wall for live sources, else the source's own time.

    Unrelated pictures have no time: each counts as a second.
    """
    if source.is_live:
        return lambda _: local_seconds(time.time())
    if source.is_slideshow:
        return lambda frame: float(frame.frame_index)
    return lambda frame: frame.pts_s


def time_of_end(source: Source, block: Block, block_s: float) -> str:
    """Return when a block ended, for people and logs: local time of live sources, else seconds of the source's own."""
    if source.is_live:
        return datetime.now().astimezone().isoformat(timespec="seconds")
    return f"{block.start_s + block_s:g} s"


class _BlockSink:
    """Sink that makes blocks and hands them to an activity.

    Args:
        source: the source.
        activity: takes them.

    Attributes:
        is_over: set when the activity has ended the run.
        objects: number of detections so far.
    """

    def __init__(self, source: Source, activity: Activity) -> None:
        self._source, self._activity = source, activity
        self._clock, self.blocks = clock_of(source), BlockMaker(activity.block_s)
        self.is_over = threading.Event()
        self.objects = 0

    def take(self, _: Uint8Array, explanation: Explanation) -> None:
        """Take one frame, with each object's own map.

        Raises:
            SinkError: a file of the activity cannot be written.
        """
        if self.is_over.is_set():  # (explained ahead)
            return
        found = len(explanation.detections)
        self.objects += found
        self._hand_on(self.blocks.add(explanation, self._clock(explanation.frame)))
        self._activity.looked(self.blocks.frames, found)

    def close(self) -> None:
        """Hand on the last block, if it counts."""
        self._hand_on(self.blocks.close())

    def _hand_on(self, block: Block | None) -> None:
        if block is None:
            return
        at = time_of_end(self._source, block, self._activity.block_s)
        if self._activity.take(block, at):
            self.is_over.set()


def drift_run(
    source: Source,
    explainer: Explains,
    activity: Activity,
    options: DriftOptions,
    start_s: float,
    terminal: Terminal,
) -> DriftDone:
    """Run the pipeline until the source, the limits, the activity, an error or Ctrl-C end it.

    Raises:
        HeatcamError: the source, the model or a file failed before the first frame was done.
    """
    extent, done = options.extent, DriftDone()
    with source, leave_after(source, extent.seconds):
        say_source(source, terminal)
        source.on_outage(terminal.note)
        sink = _BlockSink(source, activity)
        counted = CountedFrames(first_seconds(source, extent.seconds, start_s))
        looked_at = itertools.islice(counted, 0, None, options.choice.every)
        frames = itertools.takewhile(lambda _: not sink.is_over.is_set(), looked_at)
        go = run_pipeline if source.is_live else run_at_once
        try:
            with activity.shown(), stopping.raising():
                go(
                    frames,
                    WithObjectMaps(explainer),
                    _unpainted,
                    (sink,),
                    Limits(extent.max_frames),
                    done.run,
                )
                if not sink.is_over.is_set():
                    sink.close()
        except KeyboardInterrupt:
            done.interrupted = True
        except HeatcamError as error:
            if not done.run.frames:
                raise
            done.error = error
        if source.is_live or extent == Extent():
            done.notes += [line for line in (source.shortfall(),) if line and not done.interrupted]
    done.objects, done.left_out = sink.objects, sink.blocks.left_out
    done.notes += [f"{source.name}: {outage}" for outage in source.outages if not source.is_live]
    return done


def _unpainted(explanation: Explanation, _: Run) -> Uint8Array:
    """Return the frame itself: nothing is painted."""
    return explanation.frame.image_bgr
