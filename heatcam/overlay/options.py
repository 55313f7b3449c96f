"""How the overlay looks, and what the top line says."""

from __future__ import annotations

from dataclasses import dataclass

from heatcam.choices import Colormap, Renorm


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
    """

    colormap: Colormap = Colormap.TURBO
    alpha: float = 0.7
    renorm: Renorm = Renorm.BOX
    boxes: bool = True
    hud: bool = True


@dataclass(frozen=True)
class Status:
    """What the top line says beside the number of detections.

    Attributes:
        mode: ``HEATMAP`` or ``NORMAL``.
        fps: frames a second; 0 when not known yet.
        inference_ms: letterbox, forward and map of this frame, in milliseconds.
        message: a note, such as why there is no map; "" for none.
    """

    mode: str
    fps: float
    inference_ms: float
    message: str = ""
