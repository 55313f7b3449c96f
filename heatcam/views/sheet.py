"""View of one explanation on one page, A4 at print resolution: picture, heat, objects' tiles, table of numbers, colour bar.

From top to bottom: title; the picture with heat beside the plain one with numbered boxes, the colour bar and facts; tiles of the
most confident objects; the table of all; what the numbers mean. What is short of room is the table, whose text then gets smaller.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from heatcam import __version__
from heatcam.frames import Explanation
from heatcam.geometry import Uint8Array
from heatcam.overlay import OverlayOptions, Pixels, line_height, text_width
from heatcam.text import printable
from heatcam.views.paper import WHITE_PAPER, write_left, write_right
from heatcam.views.sheet_figures import draw_figures, plan_figures
from heatcam.views.sheet_table import draw_table, table_height
from heatcam.views.tiles import ASPECT, caption_height, draw_tile

SHEET_DPI = 300
SHEET_WH = 2480, 3508  # A4 upright
_MARGIN = 170  # 14 mm, which every printer leaves
_TITLE, _TEXT, _SMALL, _SMALLEST = 76, 36, 31, 27  # font sizes in pixels: 18, 8.6, 7.4 and 6.5 points
_SECTION = 58  # pixels between the parts
_MOST_BESIDE = 6
_MANY = 36  # objects, from which on the table needs the room of the second row of tiles
_TILE_GAP = 34
_MEANING = (
    "Energy in box: the share of an object's evidence that lies in its box. Evidence: the sum of what speaks for the object in",
    "its own map. Low evidence: no better than with shuffled weights, so that the heat says nothing about this object.",
)


def draw_sheet(explanation: Explanation, look: OverlayOptions, made_at: datetime | None = None) -> Uint8Array:
    """Draw the page: uint8 ``(3508, 2480, 3)``, BGR. What the explanation lacks is said on it.

    Args:
        explanation: detections and maps of one frame.
        look: drawing options of heat, boxes and colour bar.
        made_at: the date on it; None is now.
    """
    sheet = WHITE_PAPER.sheet(SHEET_WH)
    left, right = _MARGIN, SHEET_WH[0] - _MARGIN
    end = _draw_foot(sheet, left, right, made_at or datetime.now().astimezone())
    top = _draw_title(sheet, explanation, left, right) + _SECTION
    objects = len(explanation.detections)
    shown = min(objects, _MOST_BESIDE if objects > _MANY else 2 * _MOST_BESIDE)
    tiles = _tile_places(0 if explanation.saliency is None else shown, left, right)
    below = (tiles[-1][3] + line_height(_TEXT) + _SECTION) if tiles else 0
    needed = below + table_height(objects, (_TEXT, _SMALL, _SMALLEST)) + _SECTION
    plan = plan_figures(explanation.frame.size_wh, right - left, end - top - needed, _SMALL)
    draw_figures(sheet, (left, top, right), plan, explanation, look, _SMALL)
    top += plan.height + _SECTION
    if tiles:
        top = _draw_tiles(sheet, explanation, look, tiles, (left, top, right)) + _SECTION
    draw_table(sheet, (left, top, right, end), explanation, (_TEXT, _SMALL, _SMALLEST))
    return sheet


def _draw_title(sheet: Uint8Array, explanation: Explanation, left: int, right: int) -> int:
    """Write the file's name and what was found, with a line below; return where they end."""
    top = _MARGIN - round(0.3 * _TITLE)
    name = printable(explanation.frame.name.replace("\\", "/").rpartition("/")[2]) or "picture"
    write_left(sheet, name, left, top, right, _TITLE, WHITE_PAPER.ink)
    top += line_height(_TITLE)
    size = round(1.2 * _TEXT)
    write_left(sheet, _found(explanation, size, right - left), left, top, right, size, WHITE_PAPER.quiet)
    top += line_height(size) + _TEXT // 2
    sheet[top : top + 4, left:right] = WHITE_PAPER.ink
    return top + 4


def _found(explanation: Explanation, size: int, room: int) -> str:
    """Return the counts of the classes found, as many as fit: ``4 objects: 2 person, 1 bus and 1 more``."""
    names = [printable(" ".join(name.split())) for name in explanation.detections.class_names]
    if not names:
        return "nothing was detected"
    counts = Counter(names).most_common()
    begin = f"{len(names)} object{'s' * (len(names) != 1)}: "
    for most in range(len(counts), 0, -1):
        rest = sum(count for _, count in counts[most:])
        shown = ", ".join(f"{count} {name}" for name, count in counts[:most])
        text = begin + shown + (f" and {rest} more" if rest else "")
        if text_width(text, size) <= room:
            return text
    return begin.rstrip(": ")


def _draw_foot(sheet: Uint8Array, left: int, right: int, made_at: datetime) -> int:
    """Write what the numbers mean, date and version at the bottom; return where they begin."""
    line = line_height(_SMALL)
    begin = top = SHEET_WH[1] - _MARGIN - (len(_MEANING) + 1) * line
    sheet[top - 2 : top, left:right] = WHITE_PAPER.rule
    top += _SMALL // 3
    for words in _MEANING:
        write_left(sheet, words, left, top, right, _SMALL, WHITE_PAPER.quiet)
        top += line
    write_left(sheet, f"{made_at:%Y-%m-%d %H:%M}", left, top, right, _SMALL, WHITE_PAPER.ink)
    write_right(sheet, f"heatcam {__version__}", left, top, right, _SMALL, WHITE_PAPER.ink)
    return begin - _SECTION // 2


def _tile_places(count: int, left: int, right: int) -> list[Pixels]:
    """Return the rectangles of tiles below a line at 0."""
    rows = 1 if count <= _MOST_BESIDE else 2
    beside = max(-(-count // rows), 3)
    wide = (right - left - (beside - 1) * _TILE_GAP) // beside
    tall = round(wide / ASPECT) + caption_height(_SMALL)
    places = []
    for n in range(count):
        row, column = divmod(n, beside)
        x, y = left + column * (wide + _TILE_GAP), row * (tall + _TILE_GAP)
        places.append((x, y, x + wide, y + tall))
    return places


def _draw_tiles(
    sheet: Uint8Array,
    explanation: Explanation,
    look: OverlayOptions,
    tiles: list[Pixels],
    place: tuple[int, int, int],
) -> int:
    """Draw the tiles below a heading; return where they end."""
    left, top, right = place
    objects = len(explanation.detections)
    some = f"the {len(tiles)} most confident objects" if len(tiles) < objects else "objects"
    write_left(sheet, f"{some}, each with its own map".capitalize(), left, top, right, _TEXT, WHITE_PAPER.ink)
    top += line_height(_TEXT) + _TEXT // 4
    for n, (x1, y1, x2, y2) in enumerate(tiles):
        draw_tile(sheet, (x1, top + y1, x2, top + y2), explanation, n, look, _SMALL, WHITE_PAPER, str(n + 1))
    return top + tiles[-1][3]
