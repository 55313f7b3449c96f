"""Explanations over a scene that others draw on too."""

from __future__ import annotations

from dataclasses import replace
from typing import overload

import numpy as np
from PIL import Image

from heatcam.errors import UsageError
from heatcam.face.inputs import frame_of
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.overlay import draw, named_look


@overload
def annotate(
    scene: Uint8Array,
    explanation: Explanation,
    *,
    colormap: str = ...,
    renorm: str = ...,
    alpha: float = ...,
    boxes: bool = ...,
    colour_bar: bool = ...,
    focus: int | None = ...,
) -> Uint8Array: ...
@overload
def annotate(
    scene: Image.Image,
    explanation: Explanation,
    *,
    colormap: str = ...,
    renorm: str = ...,
    alpha: float = ...,
    boxes: bool = ...,
    colour_bar: bool = ...,
    focus: int | None = ...,
) -> Image.Image: ...
def annotate(
    scene: Uint8Array | Image.Image,
    explanation: Explanation,
    *,
    colormap: str = "turbo",
    renorm: str = "box",
    alpha: float = 0.7,
    boxes: bool = True,
    colour_bar: bool = True,
    focus: int | None = None,
) -> Uint8Array | Image.Image:
    """Draw an explanation onto a copy of a scene, before or after supervision's annotators have drawn on it.

    >>> import heatcam
    >>> with heatcam.open_source("demo") as source:
    ...     frame = next(iter(source))
    >>> explanation = heatcam.load("markers").explain(frame)
    >>> scene = heatcam.annotate(frame.image_bgr, explanation, boxes=False)
    >>> scene.shape == frame.image_bgr.shape
    True

    Then ``supervision.BoxAnnotator().annotate(scene, explanation.to_supervision())`` draws its own boxes.

    Args:
        scene: the picture with what others have drawn on it, of the frame's size: uint8 ``(H, W, 3)`` BGR, or a Pillow image.
        explanation: detections and maps of that picture.
        colormap: ``turbo``, ``inferno``, ``viridis``, ``magma`` or ``jet``.
        renorm: scope of the heat's scale: each ``box``, each ``region`` of evidence, the whole ``frame``, or ``fixed``,
            the same in every picture of a model.
        alpha: opacity of the hottest pixel, in ``[0, 1]``.
        boxes: draw boxes and labels, and masks, keypoints and rotated boxes where the model finds them.
        colour_bar: draw the colour bar with its caption.
        focus: index of the one detection whose heat is shown; None shows all.

    Returns:
        A new picture in the scene's form, array or Pillow image (RGB).

    Raises:
        UsageError: the scene is no picture, or of another size than the frame; a colour map or scope is unknown.
    """
    shown = frame_of(scene)
    if shown.size_wh != explanation.frame.size_wh:
        sizes = ["{}x{}".format(*wh) for wh in (shown.size_wh, explanation.frame.size_wh)]
        raise UsageError(
            f"the scene is {sizes[0]}, and the explained picture {sizes[1]}", "give the scene in that size"
        )
    look = named_look(colormap, renorm, alpha, boxes, colour_bar)
    picture = draw(replace(explanation, frame=shown), look, focus=focus)
    if isinstance(scene, Image.Image):
        return Image.fromarray(np.ascontiguousarray(picture[..., ::-1]))
    return picture
