"""Evidence graphs: the share of each object's evidence inside its box over the last frames, and a histogram of the heat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from heatcam.frames import Int64Array
from heatcam.geometry import Float32Array, Uint8Array
from heatcam.measures import EvidenceHistory, ObjectEvidence
from heatcam.overlay.heat import Pixels
from heatcam.overlay.labels import class_colour, name_of, track_colour
from heatcam.overlay.panels import EDGE, QUIET, corners_of, is_small, lay_card, least_covering, small_px
from heatcam.overlay.text import LIGHT, Colour, fitted, line_height, text_width, write
from heatcam.overlay.topline import top_line_box

_TITLE, _HEAT_TITLE = "energy in box", "heat of the picture"
_TALLEST, _TALLEST_IN_SMALL = 0.5, 0.4  # of the height; in small pictures the numbers panel has the rest
_WIDEST = 0.47
GONE_S = 1.0  # of the source's time: an object undetected for longer has no graph
_BAR: Colour = (120, 190, 255)
_FINE = 4  # cv2's bits below a pixel


@dataclass(frozen=True)
class _Places:
    """Positions and sizes of the card's parts, in pixels.

    Attributes:
        card: the whole card.
        size: font size.
        rows: number of objects that have room.
        row_px: height of a row.
        name_px, value_px: widths of names and of the numbers at the end; the lines are drawn between them.
        bars_px: height of the histogram.
    """

    card: Pixels
    size: int
    rows: int
    row_px: int
    name_px: int
    value_px: int
    bars_px: int

    @property
    def line_px(self) -> int:
        """Height of a line of text."""
        return line_height(self.size)

    @property
    def left(self) -> int:
        """Left edge of the card's content."""
        return self.card[0] + self.size // 2

    @property
    def right(self) -> int:
        """Right edge of the card's content."""
        return self.card[2] - self.size // 2


def draw_graphs(
    picture: Uint8Array,
    history: EvidenceHistory,
    keep_clear: Sequence[Pixels] = (),
    beside: Sequence[Pixels] = (),
) -> None:
    """Draw the card at the bottom left, in place: a row for each object as far as there is room, and the histogram of heat.

    Objects that have been gone for more than a second are left out.

    A row's line runs from 0 to 100 %, the newest frame at its right end; gaps are frames without the object or without a map.
    The histogram counts the map's cells from cold to hot, on a logarithmic scale.

    Args:
        picture: uint8 ``(H, W, 3)``, BGR.
        history: the data to draw; on pictures too small for a row nothing is drawn.
        keep_clear: rectangles of the focused object, in pixels: the card moves to another corner rather than cover it.
        beside: other cards, to be covered only if the focused object would be covered otherwise.
    """
    objects = [item for item in history.objects() if item.unseen_s <= GONE_S]
    places = _places((picture.shape[1], picture.shape[0]), objects, keep_clear, beside)
    if places is None:
        return
    lay_card(picture, places.card)
    hidden = len(objects) - places.rows
    title = f"{_TITLE}, {places.rows} of {len(objects)}" if hidden else _TITLE
    title = title if objects else f"{_TITLE}: no objects"
    y = places.card[1] + places.size // 4
    _write(picture, title, places, y)
    for n, item in enumerate(objects[: places.rows]):
        _row(picture, item, history.length, places, y + places.line_px + n * places.row_px)
    y += places.line_px + places.rows * places.row_px
    _write(picture, _HEAT_TITLE, places, y)
    _bars(
        picture,
        history.heat,
        (places.left, y + places.line_px, places.right, places.card[3] - places.size // 2),
    )


def _places(
    size_wh: tuple[int, int],
    objects: Sequence[ObjectEvidence],
    keep_clear: Sequence[Pixels],
    beside: Sequence[Pixels],
) -> _Places | None:
    """Lay out the card; None if there is no room for a row and the histogram."""
    width, height = size_wh
    size = small_px(size_wh)
    line_px, margin = line_height(size), size // 2
    bars_px = round(2.2 * size)
    fixed = 2 * line_px + bars_px + size
    room = max(0, round((_TALLEST_IN_SMALL if is_small(size_wh) else _TALLEST) * height) - fixed)
    rows = min(len(objects), room // line_px)
    row_px = min(round(1.6 * line_px), room // max(1, rows))
    wide = min(26 * size, round(_WIDEST * width))
    tall = fixed + rows * row_px
    if tall > height - 2 * margin or wide < 11 * size or (objects and not rows):
        return None
    names = [text_width(name_of(item.track_id, item.name), size) for item in objects[:rows]]
    name_px = min(max(names, default=0), round(0.36 * wide))
    space = margin, top_line_box(size_wh)[3] + margin, width - margin, height - margin
    card = least_covering(corners_of(space, wide, tall, "sw se nw ne"), keep_clear, beside)
    return _Places(card, size, rows, row_px, name_px, text_width("100 %", size), bars_px)


def _write(picture: Uint8Array, text: str, places: _Places, top: int) -> None:
    write(
        picture, fitted(text, places.size, places.right - places.left), places.left, top, places.size, QUIET
    )


def _row(picture: Uint8Array, item: ObjectEvidence, length: int, places: _Places, top: int) -> None:
    """Draw colour, name, line and newest number of one object; grey text if it is not in the newest frame."""
    size, bottom = places.size, top + places.row_px
    text_top = top + (places.row_px - places.line_px) // 2
    colour = track_colour(item.track_id) if item.track_id else class_colour(item.class_id)
    text_colour = LIGHT if item.is_seen else QUIET
    gap = max(1, size // 5)
    picture[
        text_top + 2 * gap : text_top + places.line_px - 2 * gap, places.left : places.left + size // 2
    ] = colour
    name_left = places.left + size
    name = fitted(name_of(item.track_id, item.name), size, places.name_px)
    write(picture, name, name_left, text_top, size, text_colour)
    value = "" if item.last is None else f"{100 * item.last:.0f} %"
    write(picture, value, places.right - text_width(value, size), text_top, size, text_colour)
    left, right = name_left + places.name_px + size // 2, places.right - places.value_px - size // 2
    _sparkline(picture, item.energies, length, (left, top + gap, right, bottom - gap), colour)


def _sparkline(picture: Uint8Array, energies: Float32Array, length: int, box: Pixels, colour: Colour) -> None:
    """Draw the line of one object in its rectangle, over a thin base line; in place."""
    left, top, right, bottom = box
    if right - left < 8:
        return
    picture[bottom - 1, left:right] = EDGE
    thick = max(1, (bottom - top) // 14)
    dim = colour[0] // 3, colour[1] // 3, colour[2] // 3
    step = (right - 1 - left) / max(1, length - 1)
    xs = right - 1 - step * np.arange(len(energies) - 1, -1, -1)
    ys = bottom - 1 - thick - (bottom - 1 - 2 * thick - top) * np.clip(energies, 0, 1)
    for run in _runs(~np.isnan(energies)):
        points = np.rint(np.stack([xs[run], ys[run]], 1) * (1 << _FINE)).astype(np.int32)
        points = points.repeat(2, 0) if len(points) == 1 else points  # cv2 draws nothing for a single point
        feet = np.array(
            [[points[-1, 0], (bottom - 1) << _FINE], [points[0, 0], (bottom - 1) << _FINE]], np.int32
        )
        cv2.fillPoly(picture, [np.concatenate([points, feet])], dim, cv2.LINE_8, _FINE)
        cv2.polylines(picture, [points], False, colour, thick, cv2.LINE_AA, _FINE)


def _runs(known: npt.NDArray[np.bool_]) -> list[slice]:
    """Return the runs of consecutive True values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [slice(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _bars(picture: Uint8Array, counts: Int64Array, box: Pixels) -> None:
    """Draw the histogram in its rectangle, in place."""
    left, top, right, bottom = box
    picture[bottom - 1, left:right] = EDGE
    most = float(np.log1p(counts).max())
    if most <= 0:
        return
    tall = np.rint(np.log1p(counts) / most * (bottom - 1 - top)).astype(int)
    edges = np.rint(np.linspace(left, right, len(counts) + 1)).astype(int)
    for n, height in enumerate(tall.tolist()):
        picture[bottom - 1 - height : bottom - 1, edges[n] : max(edges[n] + 1, edges[n + 1] - 1)] = _BAR
