"""How the overlay looks, and what the top line says."""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.enums import Colormap, Renorm


@dataclass(frozen=True)
class OverlayOptions:
    """The look.

    Attributes:
        colormap: how heat becomes colour.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        renorm: ``box`` scales the map in each box by itself and shows none outside; ``frame`` scales it once; ``fixed`` gives
            the same evidence the same colour in every picture of a model, where that model's scale is known, else as ``frame``.
        boxes: draw boxes and labels.
        hud: draw the colour bar, and the top line where there is a status.
        clear_top: rows of pixels at the top that labels keep clear of, for a line that is drawn later.
    """

    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    renorm: Renorm = Renorm.BOX
    boxes: bool = True
    hud: bool = True
    clear_top: int = 0


@dataclass(frozen=True)
class Status:
    """What the top line says beside the number of detections.

    Attributes:
        mode: ``HEATMAP`` or ``NORMAL``.
        fps: frames a second; 0 when not known yet.
        forward_ms: preparing and forward pass of this frame, in milliseconds.
        map_ms: its map; 0 when there is none.
        draw_ms: drawing the frame before it; 0 when not known.
        model: the model's name; "" leaves it out.
        backend: what runs it where, such as ``cpu openvino fp32``; "" leaves it out.
        dropped: frames that were lost because they came faster than they were explained.
        age_s: how old the frame is in seconds, where that is worth a warning; else None.
        recording_s: how long has been recorded, in seconds; None while nothing is.
        paused: whether frames stand still.
        message: a note, such as why there is no map; "" for none.
        conf: confidence below which boxes are not kept, in ``[0, 1]``, to say why nothing was detected; None when not known.
        is_loading: whether nothing is explained yet: the line then says the mode and the message alone.
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
