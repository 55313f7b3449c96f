"""Watching of a training, for users."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from heatcam.enums import Colormap
from heatcam.errors import UsageError
from heatcam.face.inputs import ImageLike, frame_of
from heatcam.frames import Frame
from heatcam.options import ExplainOptions
from heatcam.sources import find_pictures
from heatcam.text import did_you_mean
from heatcam.watching import MOST_PICTURES, TrainingWatch, WatchOptions, probes_of, require_watchable


def watch(
    yolo: Any,
    pictures: Iterable[ImageLike] | str | os.PathLike[str],
    every: int = 5,
    *,
    conf: float = 0.25,
    quality: str = "fine",
    imgsz: int | None = None,
    colormap: str = "turbo",
) -> TrainingWatch:
    """Watch a training: fixed pictures are explained every few epochs, with the averaged weights that checkpoints have.

    >>> import heatcam
    >>> from ultralytics import YOLO
    >>> yolo = YOLO("yolo11n.yaml")
    >>> with heatcam.open_source("demo") as source:
    ...     heatcam.watch(yolo, [next(iter(source))], every=5)
    <TrainingWatch every 5 epochs: demo>

    Then ``yolo.train(data="data.yaml", epochs=100)`` leaves in the run's folder, under ``heatcam/``, for each picture a film
    strip ``heat-NAME.png``, after every look, and at the end a film ``heat-NAME.mp4``, both on one colour scale; and
    ``energy.csv``. Loggers that ultralytics has active get numbers and strips too. The training's weights are the same, to the
    bit, as without; a fault in watching is one line of warning. A training that is resumed is watched on where it was, if it is
    called again before.

    Args:
        yolo: an ultralytics ``YOLO`` or ``RTDETR`` of the task detect, segment, pose or obb, before ``train`` is called.
            Classifiers, YOLOE and YOLO-World are not watched.
        pictures: a picture, or several in any form that ``Model.explain`` takes; or the name of a file, folder or glob.
        every: number of epochs between two looks; there is one before the first epoch and one after the last in any case.
        conf: keep boxes above this confidence, in ``[0, 1]``.
        quality: ``fine`` adds up every level from stride 8 of the backbone on, ``live`` maps the finest neck output.
        imgsz: longer side of the network's input in pixels; None takes the training's.
        colormap: ``turbo``, ``inferno``, ``viridis``, ``magma`` or ``jet``.

    Raises:
        UsageError: the model's training is not watched, a value is outside of its range, or there are no pictures or too many.
        UnreadableInputError: a picture is missing or damaged.
    """
    require_watchable(yolo)
    explain = ExplainOptions(conf=conf, quality=quality, imgsz=imgsz, backend="torch")
    options = WatchOptions(every=every, explain=explain, colormap=_colormap(colormap))
    options.require_valid()
    found = TrainingWatch(probes_of(_frames_of(pictures)), options)
    found.attach(yolo)
    return found


def _frames_of(pictures: Iterable[ImageLike] | str | os.PathLike[str]) -> Iterable[Frame]:
    """Read the pictures one by one."""
    if isinstance(pictures, str | os.PathLike):
        pictures = find_pictures([os.fspath(pictures)]).paths[: MOST_PICTURES + 1]
    elif isinstance(pictures, Frame) or hasattr(pictures, "shape") or hasattr(pictures, "getexif"):
        pictures = [pictures]  # type: ignore[list-item]
    return (frame_of(picture, number) for number, picture in enumerate(pictures))


def _colormap(name: str) -> Colormap:
    try:
        return Colormap(name)
    except ValueError:
        known = [one.value for one in Colormap]
        meant = did_you_mean(str(name), known) or f"there are {', '.join(known)}"
        raise UsageError(f"there is no colour map {name!r}", meant) from None
