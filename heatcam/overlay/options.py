"""Drawing options of the overlay, and the content of the top line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from heatcam.enums import Colormap, Renorm
from heatcam.errors import UsageError
from heatcam.text import did_you_mean

Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True)
class OverlayOptions:
    """Drawing options.

    Attributes:
        colormap: colour map of the heat.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        renorm: ``box`` scales the map in each box by itself and shows none outside; ``region``
            does so in each place that holds evidence; ``frame`` scales it once; ``fixed`` gives
            the same evidence the same colour in every picture of a model, if that model's scale is known, else as ``frame``.
        boxes: draw boxes, masks, keypoints and labels.
        hud: draw the colour bar, and the top line if there is a status.
        clear_top: rows of pixels at the top that labels avoid, for a line that is drawn later.
        region_share: share of the evidence that the regions hold together, in ``(0, 1)``; None cuts them by Otsu's threshold.
    """

    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    renorm: Renorm = Renorm.BOX
    boxes: bool = True
    hud: bool = True
    clear_top: int = 0
    region_share: float | None = None


def named_look(colormap: str, renorm: str, alpha: float, boxes: bool, colour_bar: bool) -> OverlayOptions:
    """Return the drawing options that are named as in Python: see ``heatcam.render``.

    Raises:
        UsageError: there is no such colour map or scope, or the opacity is outside ``[0, 1]``.
    """
    if not 0 <= alpha <= 1:
        raise UsageError(f"alpha is {alpha}", "give a number from 0 to 1")
    return OverlayOptions(
        colormap=_chosen(Colormap, colormap, "colour map"),
        renorm=_chosen(Renorm, renorm, "renorm"),
        alpha=alpha,
        boxes=boxes,
        hud=colour_bar,
    )


def _chosen(choices: type[Choice], name: str, what: str) -> Choice:
    try:
        return choices(name)
    except ValueError:
        known = [str(one.value) for one in choices]
        raise UsageError(
            f"there is no {what} {name!r}", did_you_mean(str(name), known) or f"there are {', '.join(known)}"
        ) from None


@dataclass(frozen=True)
class Status:
    """Content of the top line beside the number of detections.

    Attributes:
        mode: ``HEATMAP`` or ``NORMAL``.
        fps: frames per second; 0 if not known yet.
        forward_ms: time of preprocessing and forward pass of this frame, in milliseconds.
        map_ms: time of its map; 0 if there is none.
        draw_ms: time to draw earlier frames; 0 if not known.
        model: the model's name; "" leaves it out.
        compared: which of two models is shown, such as ``A``; "" where there is one.
        backend: device, backend and precision, such as ``cpu openvino fp32``; "" leaves it out.
        dropped: number of frames dropped because they came faster than they were explained.
        age_s: age of the frame in seconds, if that is worth a warning; else None.
        recording_s: length of the recording, in seconds; None while there is none.
        paused: True while paused.
        message: a note, such as why there is no map; "" for none.
        conf: confidence threshold of the boxes, in ``[0, 1]``, to say why nothing was detected; None if not known.
        is_loading: True while nothing is explained yet: the line then has the message, and neither model nor numbers.
        tool: the tool that is in hand, and the key that puts it down, in ever fewer words; empty for none.
        finds: names of the classes that the model was prompted with; empty leaves them out.
    """

    mode: str
    fps: float
    forward_ms: float
    map_ms: float
    draw_ms: float = 0.0
    model: str = ""
    backend: str = ""
    dropped: int = 0
    age_s: float | None = None
    recording_s: float | None = None
    paused: bool = False
    message: str = ""
    conf: float | None = None
    is_loading: bool = False
    compared: str = ""
    tool: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
