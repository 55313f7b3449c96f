"""View of a tile per object, each with its own map and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from heatcam.errors import ViewError
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.overlay import OverlayOptions, font_px, line_height
from heatcam.text import printable
from heatcam.views.legend_strip import draw_legend, heat_of_view, legend_of_view, strip_height
from heatcam.views.paper import DARK_PAPER, write_left
from heatcam.views.tiles import ASPECT, caption_height, draw_tile

MOST_TILES = 400  # 20 by 20 of the smallest tiles: 35 megapixels
_WIDEST, _NARROWEST = 3840, 480  # pixels of the whole picture, before tiles come to their least width
_LEAST_TILE, _MOST_TILE = 240, 1280  # pixels of a tile's width
_WIDE_TO_HIGH = 1.5  # of the whole picture


@dataclass(frozen=True)
class GridPlan:
    """Places of the tiles.

    Attributes:
        columns: tiles beside each other.
        rows: tiles above each other.
        tile_wh: width and height of a tile with its words, in pixels.
        size: font size in pixels.
        gap: pixels between tiles, and around them.
        head: height in pixels of what stands above the tiles.
    """

    columns: int
    rows: int
    tile_wh: tuple[int, int]
    size: int
    gap: int
    head: int

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the whole picture."""
        return (
            self.gap + self.columns * (self.tile_wh[0] + self.gap),
            self.head + self.gap + self.rows * (self.tile_wh[1] + self.gap),
        )

    def place(self, n: int) -> tuple[int, int, int, int]:
        """Return the rectangle of the ``n``-th tile."""
        row, column = divmod(n, self.columns)
        left = self.gap + column * (self.tile_wh[0] + self.gap)
        top = self.head + self.gap + row * (self.tile_wh[1] + self.gap)
        return left, top, left + self.tile_wh[0], top + self.tile_wh[1]


def plan_grid(count: int, frame_wh: tuple[int, int], *, has_head: bool = True) -> GridPlan:
    """Plan so many tiles: as wide as the frame, if tiles then are neither too small nor too large.

    Args:
        count: number of tiles, at least 1.
        frame_wh: width and height of the frame in pixels.
        has_head: True leaves room for a line and the colour bar above.
    """
    columns = min(count, max(1, round(math.sqrt(count * _WIDE_TO_HIGH))))
    columns = math.ceil(count / math.ceil(count / columns))  # no column that only the first row has
    whole = min(max(*frame_wh, _NARROWEST), _WIDEST)
    wide = min(max(whole // columns, _LEAST_TILE), _MOST_TILE)
    size = max(11, min(round(wide / 22), font_px(whole, round(whole / _WIDE_TO_HIGH))))
    gap = max(8, round(0.8 * size))
    head = line_height(size) + strip_height(size) + gap if has_head else 0
    return GridPlan(
        columns,
        math.ceil(count / columns),
        (wide, round(wide / ASPECT) + caption_height(size)),
        size,
        gap,
        head,
    )


def draw_grid(explanation: Explanation, look: OverlayOptions) -> Uint8Array:
    """Draw a tile per object, the most confident first: its part of the picture, its own heat, confidence and evidence.

    ``look.hud`` False leaves out the line and the colour bar above them.

    Raises:
        ViewError: there is no map, or nothing was detected.
    """
    heat, objects = heat_of_view(explanation, look), len(explanation.detections)
    if not objects:
        raise ViewError("nothing was detected")
    shown = min(objects, MOST_TILES)
    plan = plan_grid(shown, explanation.frame.size_wh, has_head=look.hud)
    sheet = DARK_PAPER.sheet(plan.size_wh)
    for n in range(shown):
        draw_tile(sheet, plan.place(n), explanation, n, look, plan.size, DARK_PAPER)
    if look.hud:
        left, right, top = plan.gap, plan.size_wh[0] - plan.gap, plan.gap // 2
        write_left(sheet, _title(explanation, shown), left, top, right, plan.size, DARK_PAPER.quiet)
        legend = legend_of_view(explanation, look, heat)
        draw_legend(sheet, (left, top + line_height(plan.size), right), legend, look, plan.size, DARK_PAPER)
    return sheet


def _title(explanation: Explanation, shown: int) -> str:
    """Return the file's name and the number of objects."""
    objects = len(explanation.detections)
    count = f"{objects} object{'s' * (objects != 1)}" + (f", the {shown} surest" if shown < objects else "")
    name = explanation.frame.name.replace("\\", "/").rpartition("/")[2]
    return " · ".join(part for part in (printable(name), count) if part)
