"""The loop of an audit: pictures are decoded ahead, surveyed one by one, and written behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heatcam.audit import AuditStore, JudgedPicture, judge, rows_of
from heatcam.commands.audit_plan import BrokenPlace, PlannedPicture
from heatcam.commands.terminal import Terminal
from heatcam.errors import HeatcamError
from heatcam.frames import Frame
from heatcam.geometry import Uint8Array
from heatcam.runtime import BackgroundWorker, map_ahead, stopping
from heatcam.sources import read_picture

if TYPE_CHECKING:
    from heatcam.saliency import Surveyor

_DECODERS, _AHEAD = 2, 4  # threads that read pictures, and pictures in memory before they are surveyed
_BEHIND = 4  # pictures in memory after that


@dataclass
class Collected:
    """Outcome of the loop.

    Attributes:
        pictures: number of pictures that were surveyed in this run.
        seconds: that it took.
        stopped: True after Ctrl-C.
    """

    pictures: int = 0
    seconds: float = 0.0
    stopped: bool = False


def collect(
    planned: Sequence[PlannedPicture | BrokenPlace],
    surveyor: Surveyor,
    store: AuditStore,
    match_iou: float,
    terminal: Terminal,
) -> Collected:
    """Survey every picture that is not in the store yet, and keep each as soon as it is done; Ctrl-C ends it early.

    Args:
        planned: all pictures of the data set.
        surveyor: of the model.
        store: keeps them.
        match_iou: from which a detection is on a label.
        terminal: shows how far it is.
    """
    done = store.done()
    for each in planned:
        if isinstance(each, BrokenPlace):
            store.put_broken(each.name, each.position, each.reason)
    todo = [p for p in planned if isinstance(p, PlannedPicture) and done.get(p.place.name) != p.place.stamp]
    if kept := sum(isinstance(p, PlannedPicture) for p in planned) - len(todo):
        terminal.note(f"{kept} pictures are done already")
    collected, started = Collected(), time.perf_counter()
    with terminal.progress("pictures") as progress:
        task = progress.add_task("audit", total=len(todo), rate=0.0)

        def is_done() -> None:
            collected.pictures += 1
            collected.seconds = time.perf_counter() - started
            progress.update(task, advance=1, rate=collected.pictures / max(collected.seconds, 1e-9))

        try:
            with stopping.raising():
                _survey_all(todo, surveyor, store, match_iou, is_done)
        except KeyboardInterrupt:
            collected.stopped = True
    collected.seconds = time.perf_counter() - started
    return collected


def _survey_all(
    todo: Sequence[PlannedPicture],
    surveyor: Surveyor,
    store: AuditStore,
    match_iou: float,
    is_done: Callable[[], None],
) -> None:
    """Survey pictures in their order; leaving early, also by Ctrl-C, keeps those that were surveyed."""

    def keep(judged: JudgedPicture) -> None:
        with stopping.held():
            store.put_picture(rows_of(judged))

    with (
        closing(map_ahead(_pixels, todo, _DECODERS, _AHEAD)) as read,
        BackgroundWorker(keep, _BEHIND) as behind,
    ):
        for each, image in zip(todo, read, strict=True):
            stopping.raise_if_stopped()
            if isinstance(image, HeatcamError):
                store.put_broken(each.place.name, each.place.position, str(image))
            else:
                behind.submit(_judged(each, image, surveyor, match_iou))
            is_done()


def _judged(each: PlannedPicture, image: Uint8Array, surveyor: Surveyor, match_iou: float) -> JudgedPicture:
    frame = Frame(image, each.place.position, time.monotonic(), 0.0, each.place.name)
    box = each.letterbox
    fits = box is not None and box.image_wh == frame.size_wh  # (a damaged header may tell another size)
    return judge(surveyor.survey(frame, box if fits else None), each.labels, each.place, match_iou)


def _pixels(each: PlannedPicture) -> Uint8Array | HeatcamError:
    """Read a picture; return the error, which is dealt with at its turn, where that fails."""
    try:
        return read_picture(each.picture.path)
    except HeatcamError as error:
        return error
