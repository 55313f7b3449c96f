"""Crops beside the page, which it shows large: one JPEG file an object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars

from heatcam.audit.objects import Parts
from heatcam.audit.sprites import SHEET_CELLS, with_places
from heatcam.sinks import make_folder, write_whole

#: Files at most: they take 10 to 20 kB each. Mistakes come first, then those with the least evidence.
MOST_CROPS = 2000


def write_crops(
    folder: Path,
    table: polars.DataFrame,
    parts: Callable[[Sequence[int]], Parts],
    most: int = MOST_CROPS,
) -> int:
    """Write ``NNNNNN.jpg`` of each object, by its number, into a folder that is made.

    Args:
        folder: ``crops``, beside the page.
        table: the objects, of ``OBJECT_SCHEMA``.
        parts: gives the crops of some objects by their numbers; asked for a hundred at a time.
        most: so many files at most.

    Returns:
        The number of files.

    Raises:
        SinkError: the folder cannot be made, or a file not be written.
    """
    make_folder(folder)
    numbers = with_places(table).sort("sheet", "cell").head(most)["number"].to_list()
    for at in range(0, len(numbers), SHEET_CELLS):
        read = parts(numbers[at : at + SHEET_CELLS])
        for number, data in zip(read.numbers, read.crops_jpeg, strict=True):
            write_whole(folder / f"{number:06d}.jpg", data)
    return len(numbers)
