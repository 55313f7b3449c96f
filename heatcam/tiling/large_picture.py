"""A large picture: opened, planned, explained tile by tile, and written as a pyramid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from heatcam.enums import Renorm
from heatcam.errors import UnreadableInputError, UsageError
from heatcam.frames import Explains
from heatcam.measures import FindingsOptions, ImageFindings, TileFindings, findings_of
from heatcam.overlay import OverlayOptions
from heatcam.tiling.explaining import ExplainedTiles, OnTile, explain_each
from heatcam.tiling.map_store import MapStore
from heatcam.tiling.painting import LargePainter
from heatcam.tiling.plan import USUAL_OVERLAP, plan_tiles, require_tiles
from heatcam.tiling.pyramid import level_sizes, write_pyramid
from heatcam.tiling.reading import RowCache, RowReader, WholePicture, open_rows

SUFFIXES = (".tif", ".tiff")


class LargePicture:
    """A picture file and its tiles; used in a ``with`` statement, after which maps of it are gone.

    Args:
        path: the file.
        tile_px: side of a tile, in pixels.
        overlap: share of a tile's side that neighbours have in common, in ``[0, 0.9)``.

    Attributes:
        plan: the tiles.
        notes: what a user should know of how the file is read.

    Raises:
        UnreadableInputError: the file is missing or damaged, or cannot be read by regions and is too large otherwise.
        UsageError: the size or overlap of tiles makes no sense, or ``heatcam[large]`` is not installed.
    """

    def __init__(self, path: Path, tile_px: int, overlap: float = USUAL_OVERLAP) -> None:
        require_tiles(tile_px, overlap)
        self._path = path
        self._reader = open_rows(path)
        self.plan = plan_tiles(self._reader.size_wh, tile_px, overlap)
        self._reader = _as_one_pass(path, self._reader) if len(self.plan) == 1 else self._reader
        self.notes = self._reader.notes
        self._maps = MapStore()

    def explain(
        self,
        explains: Explains,
        *,
        whole_px: int = 0,
        conf: float | None = None,
        on_tile: OnTile = lambda _: None,
    ) -> ExplainedTiles:
        """Explain every tile; see ``explain_each``. Use it while the picture is open.

        Raises:
            UnreadableInputError: the file is damaged.
            SinkError: there is no space for temporary files.
        """
        rows, name = RowCache(self._reader), str(self._path)
        return explain_each(
            rows, self.plan, explains, self._maps, whole_px=whole_px, conf=conf, name=name, on_tile=on_tile
        )

    def write(
        self,
        path: Path,
        explained: ExplainedTiles,
        look: OverlayOptions,
        on_rows: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Write the picture with heat, boxes and labels as a tiled pyramid TIFF, whole or not at all; replaces a file.

        Raises:
            UnreadableInputError: the picture's file is damaged.
            SinkError: it cannot be written; nothing is left behind.
        """
        require_look(look.renorm)
        painter = LargePainter(RowCache(self._reader), explained, look)
        write_pyramid(path, self.plan.size_wh, painter.rows, painter.mark, self._reader.tags, on_rows)

    def __enter__(self) -> LargePicture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._maps.__exit__()
        self._reader.close()


def require_look(renorm: Renorm) -> None:
    """Refuse a scope of the scale that large pictures do not have.

    Raises:
        UsageError: it is each region of evidence.
    """
    if renorm is Renorm.REGION:
        raise UsageError(
            "regions of evidence are not found over tiles",
            "give --renorm box, frame or fixed (in Python renorm=)",
        )


def require_pyramid_name(path: Path) -> None:
    """Refuse a name that is not a TIFF's.

    Raises:
        UsageError: it does not end in ``.tif`` or ``.tiff``.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path} is not named .tif", f"large pictures are written as TIFF: {path.stem or 'out'}.tif"
        )


def findings_of_large(
    explained: ExplainedTiles,
    options: FindingsOptions | None = None,
    *,
    is_written: bool = False,
    **more: Any,
) -> ImageFindings:
    """Return the findings of a large picture as ``findings_of`` does, in its pixels, with its tiles.

    Numbers of an object are those of its own map over the tiles that show it; what is told of the whole map comes from the
    stitched one in at most 1024 cells a side.

    Args:
        explained: objects and maps.
        options: choices about regions.
        is_written: True if a pyramid was written, whose levels are then told.
        **more: fields of ``ImageFindings`` that the explanation does not know, such as ``path``.
    """
    plan, merged = explained.plan, explained.merged
    tiles = TileFindings(
        tile_wh=plan.tile_wh,
        overlap=plan.overlap,
        columns=len(plan.lefts),
        rows=len(plan.tops),
        whole=explained.whole,
        joined=merged.joined,
        left_out=merged.left_out,
        without_map=explained.without_map[0],
        levels=list(level_sizes(plan.size_wh)) if is_written else None,
    )
    found = findings_of(explained.explanation(), options, tiles=tiles, **more)
    return found.model_copy(update={"detections": [own.row for own in merged.objects]})


def _as_one_pass(path: Path, reader: RowReader) -> RowReader:
    """Return a reader that decodes a picture of one tile as one pass does, to the bit; the same one where that cannot be."""
    try:
        whole = WholePicture(path)
    except UnreadableInputError:
        return reader
    if whole.size_wh != reader.size_wh:
        return reader
    reader.close()
    whole.tags = reader.tags
    return whole
