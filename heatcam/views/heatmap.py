"""View of the heat alone: every pixel in the colour of its heat, without the photograph."""

from __future__ import annotations

import cv2
import numpy as np

from heatcam.errors import ViewError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.overlay import OverlayOptions, colour_table, font_px
from heatcam.views.legend_strip import draw_legend, heat_of_view, legend_of_view, strip_height
from heatcam.views.paper import DARK_PAPER


def draw_heatmap(explanation: Explanation, look: OverlayOptions) -> Uint8Array:
    """Draw the heat in its colours, opaque, in the frame's pixels, with its colour bar on a strip below.

    ``look.hud`` False leaves the strip out, so that the picture has the frame's size; ``look.alpha`` has no effect.

    Raises:
        ViewError: there is no map, or nothing was detected, so that nothing is hot.
    """
    heat = heat_of_view(explanation, look)
    if not len(explanation.detections):
        raise ViewError("nothing was detected, so nothing is hot")
    picture = np.asarray(cv2.applyColorMap(heat.values, colour_table(look.colormap)[:, None]), np.uint8)
    if not look.hud:
        return picture
    wide, tall = explanation.frame.size_wh
    size = font_px(wide, tall)
    margin = size // 2
    strip = DARK_PAPER.sheet((wide, strip_height(size) + margin))
    draw_legend(
        strip,
        (margin, margin // 2, wide - margin),
        legend_of_view(explanation, look, heat),
        look,
        size,
        DARK_PAPER,
    )
    return np.concatenate([picture, strip])
