"""Film strip of a picture: panels over the epochs on one colour scale, a colour bar, and the energy in box by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from heatcam.enums import Colormap
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array, fitted_wh
from heatcam.measures import NOTHING
from heatcam.overlay import OverlayOptions, line_height, text_width
from heatcam.views import DARK_PAPER, draw_legend, strip_height, write_left, write_right
from heatcam.watching.chart import chart_height, draw_chart
from heatcam.watching.panels import PanelLook, draw_panel, epoch_legend
from heatcam.watching.records import EpochNumbers

MOST_PANELS = 24  # four rows of six; a longer training shows looks at equal distances, its film all of them
_IN_A_ROW = 6
_LONGEST = 480  # pixels of a panel's longer side
_FULL_HEAT_PERCENTILE = 75


@dataclass(frozen=True)
class SheetPlan:
    """Places on a sheet of panels.

    Attributes:
        look: of the panels.
        columns, rows: numbers of panels beside and below each other.
    """

    look: PanelLook
    columns: int
    rows: int

    @property
    def gap(self) -> int:
        """Pixels between panels and around them."""
        return self.look.font

    @property
    def head(self) -> int:
        """Height of the title and the colour bar."""
        return line_height(self.look.font) + strip_height(self.look.font) + self.gap

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the sheet, even, as most videos have to be."""
        wide = self.gap + self.columns * (self.look.size_wh[0] + self.gap)
        panels = self.rows * (self.look.height + self.gap)
        tall = self.gap + self.head + panels + chart_height(self.look.font) + self.gap
        return wide + wide % 2, tall + tall % 2

    def corner(self, n: int) -> tuple[int, int]:
        """Return left and top of the ``n``-th panel."""
        row, column = divmod(n, self.columns)
        left = self.gap + column * (self.look.size_wh[0] + self.gap)
        return left, self.gap + self.head + row * (self.look.height + self.gap)


def scale_of(numbers: Iterable[EpochNumbers]) -> float:
    """Return the evidence per cell that is full heat at every epoch; 0 without any.

    Three of four objects, of all looks together, stay below it. The highest of all would not do: what a network with a new head
    found before the training had, on one photograph, eight times the evidence of all that it found later, which then was
    invisible.
    """
    peaks = [peak for one in numbers for peak in one.peaks]
    return float(np.percentile(peaks, _FULL_HEAT_PERCENTILE)) if peaks else 0.0


def epochs_shown(epochs: Sequence[int], most: int = MOST_PANELS) -> list[int]:
    """Return at most so many epochs at equal distances, with the first and the last."""
    if len(epochs) <= most:
        return list(epochs)
    return [epochs[round(n * (len(epochs) - 1) / (most - 1))] for n in range(most)]


def plan_sheet(
    count: int, frame_wh: tuple[int, int], scale: float, colormap: Colormap, longest: int = _LONGEST
) -> SheetPlan:
    """Plan a sheet of so many panels.

    Args:
        count: number of panels, at least 1.
        frame_wh: width and height of the picture in pixels.
        scale: the evidence per cell that is full heat.
        colormap: colours of the heat.
        longest: longer side of a panel's picture in pixels.
    """
    rows = math.ceil(count / _IN_A_ROW)
    size = fitted_wh(frame_wh, (longest, longest))
    font = max(13, round(longest / 30))
    return SheetPlan(PanelLook(size, font, scale, colormap), math.ceil(count / rows), rows)


def draw_strip(
    title: str,
    numbers: Sequence[EpochNumbers],
    looks: Iterable[tuple[EpochNumbers, Explanation]],
    plan: SheetPlan,
    now: int | None = None,
) -> Uint8Array:
    """Draw a sheet.

    Args:
        title: what is shown.
        numbers: of all looks, for the chart.
        looks: those that have a panel, by epoch.
        plan: places.
        now: the epoch that the chart marks; None for none.

    Returns:
        uint8 ``(H, W, 3)``, BGR, of ``plan.size_wh``.
    """
    sheet = DARK_PAPER.sheet(plan.size_wh)
    left, right, top = plan.gap, plan.size_wh[0] - plan.gap, plan.gap
    for n, (one, explanation) in enumerate(looks):
        draw_panel(sheet, plan.corner(n), plan.look, one, explanation)
        if not n:
            _draw_head(sheet, (left, top, right), title, explanation, plan)
    draw_chart(sheet, (left, plan.corner(plan.columns * plan.rows)[1], right), numbers, plan.look.font, now)
    return sheet


def _draw_head(
    sheet: Uint8Array, place: tuple[int, int, int], title: str, explanation: Explanation, plan: SheetPlan
) -> None:
    """Write the title with the model, and draw the colour bar below."""
    left, top, right = place
    font = plan.look.font
    source = (
        f"{explanation.model} · {explanation.saliency.method} map"
        if explanation.saliency
        else explanation.model
    )
    end = left + write_left(sheet, title, left, top, right, font, DARK_PAPER.ink) + font
    if text_width(source, font) <= right - end:
        write_right(sheet, source, end, top, right, font, DARK_PAPER.quiet)
    top += line_height(font)
    if plan.look.scale <= NOTHING:
        write_left(sheet, "no evidence so far", left, top, right, font, DARK_PAPER.quiet)
        return
    look = OverlayOptions(colormap=plan.look.colormap)
    draw_legend(sheet, (left, top, right), epoch_legend(explanation, plan.look.scale), look, font, DARK_PAPER)
