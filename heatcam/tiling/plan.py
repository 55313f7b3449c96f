"""The plan of tiles over a picture: all of one size, overlapping, the last ones moved inwards instead of padded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from heatcam.errors import UsageError

#: Tiles smaller than this have no room for objects.
LEAST_TILE = 64
USUAL_OVERLAP = 0.2
_LEAST_OVERLAP, _OVERLAP_BELOW = 0.0, 0.9


@dataclass(frozen=True)
class Tile:
    """One tile of a picture.

    Attributes:
        row, column: its place in the grid, from 0.
        left, top, right, bottom: its rectangle in whole pixels of the picture, half-open.
    """

    row: int
    column: int
    left: int
    top: int
    right: int
    bottom: int

    @property
    def box_xyxy(self) -> tuple[int, int, int, int]:
        """The rectangle, as boxes are written."""
        return self.left, self.top, self.right, self.bottom

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top


@dataclass(frozen=True)
class TilePlan:
    """Tiles that cover a picture, row after row.

    Attributes:
        size_wh: width and height of the picture, in pixels.
        tile_wh: width and height of every tile.
        overlap: share of a tile's side that neighbours have in common at least.
        lefts: left side of each column of tiles, ascending.
        tops: upper side of each row of tiles, ascending.
    """

    size_wh: tuple[int, int]
    tile_wh: tuple[int, int]
    overlap: float
    lefts: tuple[int, ...]
    tops: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.lefts) * len(self.tops)

    def __getitem__(self, number: int) -> Tile:
        if not 0 <= number < len(self):
            raise IndexError(number)
        row, column = divmod(number, len(self.lefts))
        left, top = self.lefts[column], self.tops[row]
        return Tile(row, column, left, top, left + self.tile_wh[0], top + self.tile_wh[1])

    def __iter__(self) -> Iterator[Tile]:
        return (self[number] for number in range(len(self)))

    def in_rows(self, top: int, bottom: int) -> Iterator[tuple[int, Tile]]:
        """Yield number and tile of those that touch the rows from ``top`` to before ``bottom``."""
        for row, begin in enumerate(self.tops):
            if begin < bottom and begin + self.tile_wh[1] > top:
                for column in range(len(self.lefts)):
                    number = row * len(self.lefts) + column
                    yield number, self[number]

    def cut_sides(self, tile: Tile) -> tuple[bool, bool, bool, bool]:
        """Return for left, top, right and bottom of a tile whether the picture goes on there."""
        wide, tall = self.size_wh
        return tile.left > 0, tile.top > 0, tile.right < wide, tile.bottom < tall


def require_tiles(tile_px: int, overlap: float) -> None:
    """Refuse a size or an overlap that makes no sense.

    Raises:
        UsageError: the tile is smaller than ``LEAST_TILE`` pixels, or the overlap outside ``[0, 0.9)``.
    """
    if tile_px < LEAST_TILE:
        raise UsageError(
            f"tiles of {tile_px} pixels are too small", f"give {LEAST_TILE} or more, such as 640"
        )
    if not _LEAST_OVERLAP <= overlap < _OVERLAP_BELOW:
        raise UsageError(
            f"an overlap of {overlap:g} is not from 0 to below {_OVERLAP_BELOW:g}",
            f"give a share such as {USUAL_OVERLAP}",
        )


def plan_tiles(size_wh: tuple[int, int], tile_px: int, overlap: float = USUAL_OVERLAP) -> TilePlan:
    """Return the tiles of a picture; one that covers it exactly if it fits.

    Args:
        size_wh: width and height of the picture, in pixels, each at least 1.
        tile_px: side of a tile; along a shorter side of the picture it is that side.
        overlap: share of the side that neighbours have in common, in ``[0, 0.9)``; the last ones may have more.

    Raises:
        UsageError: see ``require_tiles``.
    """
    require_tiles(tile_px, overlap)
    step = max(1, round(tile_px * (1 - overlap)))
    tile_wh = min(tile_px, size_wh[0]), min(tile_px, size_wh[1])
    lefts, tops = (_starts(length, tile_px, step) for length in size_wh)
    return TilePlan(size_wh, tile_wh, overlap, lefts, tops)


def _starts(length: int, tile_px: int, step: int) -> tuple[int, ...]:
    """Return where the tiles along one side begin."""
    last = max(0, length - tile_px)
    return (*range(0, last, step), last)
