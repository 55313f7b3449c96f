"""Heat that is known on a coarse grid over the frame, such as that of a whole run, drawn over a picture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.enums import Colormap
from heatcam.geometry import Uint8Array
from heatcam.overlay.blend import blend

_ALPHA = 0.85


def draw_grid_heat(
    picture: Uint8Array, heat: npt.NDArray[np.float64], colormap: Colormap = Colormap.TURBO
) -> None:
    """Draw heat over a picture, in place; the hottest cell is full heat.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        heat: float64 ``(rows, columns)``, not negative, over the whole picture, in any unit; interpolated between the cells.
        colormap: colour map of the heat.
    """
    highest = float(heat.max())
    if highest <= 0:
        return
    size_wh = picture.shape[1], picture.shape[0]
    smooth = cv2.resize(heat / highest, size_wh, interpolation=cv2.INTER_CUBIC)
    blend(picture, np.rint(255 * np.clip(smooth, 0, 1)).astype(np.uint8), colormap, _ALPHA)
