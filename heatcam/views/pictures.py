"""Views of the frame's own size: the overlay, the boxes without heat, the picture itself; and plain beside heat."""

from __future__ import annotations

from dataclasses import replace

from heatcam.enums import Layout
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.overlay import (
    OverlayOptions,
    at_size,
    compose_on,
    draw,
    natural_wh,
    places_on,
    with_channel_bars,
)


def draw_overlay(explanation: Explanation, look: OverlayOptions) -> Uint8Array:
    """Draw the frame with heat, boxes and colour bar: what ``heatcam snapshot`` writes. Without a map only boxes are drawn.

    Below it stands a bar of the evidence by channel, where that was asked for.
    """
    drawn = draw(explanation, look)
    evidence = explanation.channel_evidence
    return drawn if evidence is None else with_channel_bars(drawn, evidence)


def draw_boxes_alone(explanation: Explanation, look: OverlayOptions) -> Uint8Array:
    """Draw the frame with boxes and labels and without heat, also if ``look`` leaves boxes out elsewhere."""
    return draw(_without_maps(explanation), replace(look, boxes=True))


def draw_original(explanation: Explanation, look: OverlayOptions) -> Uint8Array:  # noqa: ARG001 (a view's form)
    """Return a copy of the frame, with nothing drawn on it."""
    picture: Uint8Array = explanation.frame.image_bgr.copy()
    return picture


def draw_dual(explanation: Explanation, look: OverlayOptions) -> Uint8Array:
    """Draw the frame plain and with heat, side by side or one above the other, as the window's ``d`` does."""
    frame_wh = explanation.frame.size_wh
    canvas_wh = natural_wh(frame_wh, Layout.DUAL)
    left, top, right, bottom = places_on(canvas_wh, frame_wh, Layout.DUAL)[-1]
    shown = at_size(explanation, (right - left, bottom - top))
    parts = [draw(replace(_without_maps(shown), low_evidence=()), look), draw(shown, look)]
    return compose_on(canvas_wh, frame_wh, parts, Layout.DUAL).picture


def _without_maps(explanation: Explanation) -> Explanation:
    return replace(explanation, saliency=None, object_maps=())
