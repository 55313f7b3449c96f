"""Registry of the views: a name, and the function that draws it.

To add one: its name in ``heatcam.enums.ViewName``, a module here, and a line in ``VIEWS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from heatcam.enums import ViewName
from heatcam.errors import UsageError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.options import names_in
from heatcam.overlay import OverlayOptions
from heatcam.text import did_you_mean
from heatcam.views.grid import draw_grid
from heatcam.views.heatmap import draw_heatmap
from heatcam.views.pictures import draw_boxes_alone, draw_dual, draw_original, draw_overlay
from heatcam.views.regions import draw_regions
from heatcam.views.sheet import draw_sheet

#: Draws one view: uint8 ``(H, W, 3)`` BGR, a new picture.
DrawsView = Callable[[Explanation, OverlayOptions], Uint8Array]

VIEWS: dict[ViewName, DrawsView] = {
    ViewName.OVERLAY: draw_overlay,
    ViewName.HEATMAP: draw_heatmap,
    ViewName.BOXES: draw_boxes_alone,
    ViewName.REGIONS: draw_regions,
    ViewName.ORIGINAL: draw_original,
    ViewName.DUAL: draw_dual,
    ViewName.GRID: draw_grid,
    ViewName.SHEET: draw_sheet,
}


def render_view(name: str, explanation: Explanation, look: OverlayOptions | None = None) -> Uint8Array:
    """Draw one view of an explanation.

    Args:
        name: one of ``ViewName``.
        explanation: detections and maps of one frame.
        look: drawing options; None takes the usual ones.

    Returns:
        uint8 ``(H, W, 3)``, BGR, a new picture. ``overlay``, ``boxes``, ``original`` and ``regions`` have the frame's size;
        an overlay with evidence by channel is taller.

    Raises:
        UsageError: there is no such view.
        ViewError: this explanation lacks what the view shows: a map, objects or regions.
    """
    return VIEWS[view_names([name])[0]](explanation, look or OverlayOptions())


def view_names(texts: Sequence[str]) -> tuple[ViewName, ...]:
    """Return the views named by texts, each one or several with commas between; each view once, in their order.

    Raises:
        UsageError: there is no such view.
    """
    return tuple(dict.fromkeys(_named(name) for text in texts for name in names_in(text)))


def _named(text: str) -> ViewName:
    try:
        return ViewName(text.casefold())
    except ValueError:
        known = [name.value for name in ViewName]
        raise UsageError(
            f"there is no view {text!r}", did_you_mean(text, known) or f"there are {', '.join(known)}"
        ) from None
