"""Line of the energy in box over the epochs, below a film strip."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from heatcam.geometry import Uint8Array
from heatcam.overlay import Pixels, line_height, text_width
from heatcam.views import DARK_PAPER, write_left, write_right
from heatcam.watching.records import EpochNumbers

_COLOUR = (120, 190, 255)  # BGR
_FINE = 4  # cv2's bits below a pixel


def chart_height(font: int) -> int:
    """Return the height of the chart in pixels at a font size: a title, the line's place, and the epochs below."""
    return 2 * line_height(font) + 5 * font


def draw_chart(
    sheet: Uint8Array,
    place: tuple[int, int, int],
    numbers: Sequence[EpochNumbers],
    font: int,
    now: int | None = None,
) -> None:
    """Draw the energy in box by epoch from 0 to 100 %, in place; gaps are epochs without evidence.

    Args:
        sheet: uint8 ``(H, W, 3)``, BGR.
        place: left, top and right in pixels; it is ``chart_height(font)`` high.
        numbers: all looks, by epoch, at least one.
        font: font size in pixels.
        now: the epoch that is marked; None marks none.
    """
    left, top, right = place
    write_left(sheet, "energy in box", left, top, right, font, DARK_PAPER.ink)
    labels = text_width("100 %", font) + font // 2
    box = left + labels, top + line_height(font) + font // 2, right - font, top + line_height(font) + 5 * font
    _draw_axes(sheet, box, left, font, numbers)
    xs = _along(numbers, box)
    if now is not None:
        at = round(float(np.interp(now, [one.epoch for one in numbers], xs)))
        sheet[box[1] : box[3], at : at + max(1, font // 10)] = DARK_PAPER.quiet
    energies = np.array([np.nan if one.energy_in_box is None else one.energy_in_box for one in numbers])
    ys = box[3] - energies * (box[3] - box[1])
    _draw_line(sheet, xs, ys, font)


def _along(numbers: Sequence[EpochNumbers], box: Pixels) -> Uint8Array:
    """Return the x of each look in pixels: float ``(N,)``."""
    epochs = np.array([one.epoch for one in numbers], float)
    span = max(1.0, float(epochs[-1] - epochs[0]))
    inset = (box[3] - box[1]) / 12
    found: Uint8Array = box[0] + inset + (epochs - epochs[0]) / span * (box[2] - box[0] - 2 * inset)
    return found


def _draw_axes(sheet: Uint8Array, box: Pixels, left: int, font: int, numbers: Sequence[EpochNumbers]) -> None:
    """Draw lines at 0, 50 and 100 % with their labels, and the first and last epoch below."""
    x1, y1, x2, y2 = box
    for share in (0.0, 0.5, 1.0):
        y = round(y2 - share * (y2 - y1))
        sheet[y : y + 1, x1:x2] = DARK_PAPER.rule
        write_right(
            sheet,
            f"{100 * share:.0f} %",
            left,
            y - line_height(font) // 2,
            x1 - font // 2,
            font,
            DARK_PAPER.quiet,
        )
    below = y2 + font // 4
    at = x1 + write_left(sheet, f"epoch {numbers[0].epoch}", x1, below, x2, font, DARK_PAPER.quiet) + font
    if len(numbers) > 1:
        write_right(sheet, str(numbers[-1].epoch), at, below, x2, font, DARK_PAPER.quiet)


def _draw_line(sheet: Uint8Array, xs: Uint8Array, ys: Uint8Array, font: int) -> None:
    """Join neighbouring looks that both have a number, and mark each."""
    points = np.rint(np.stack([xs, np.nan_to_num(ys)], 1) * (1 << _FINE)).astype(np.int32)
    known = ~np.isnan(ys)
    for n in range(len(points)):
        if known[n]:
            centre = int(points[n, 0]), int(points[n, 1])
            cv2.circle(sheet, centre, (font << _FINE) // 5, _COLOUR, cv2.FILLED, cv2.LINE_AA, _FINE)
        if n and known[n] and known[n - 1]:
            cv2.polylines(
                sheet, [points[n - 1 : n + 1]], False, _COLOUR, max(1, font // 8), cv2.LINE_AA, _FINE
            )
