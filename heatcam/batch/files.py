"""Files beside the rows: an archive of a picture's maps, and the picture with its heat map."""

from __future__ import annotations

from pathlib import Path

from heatcam.batch.input_rows import InputRow
from heatcam.batch.plan import BatchPlan
from heatcam.enums import MapsAs, ViewName
from heatcam.errors import ViewError
from heatcam.frames import Explanation
from heatcam.sinks import fitting_name, make_folder, write_picture, write_raw_maps
from heatcam.views import draw_each

_IN_A_FOLDER = 1000  # files; a million in one make every listing slow


def write_files(plan: BatchPlan, row: InputRow, explanation: Explanation) -> dict[str, str | None]:
    """Write a picture's files, and return their paths below the plan's folder by column; {} where none are asked for.

    They replace files of an interrupted run, which are the same.

    Raises:
        SinkError: one cannot be written.
    """
    written: dict[str, str | None] = {}
    if plan.maps is MapsAs.NPZ:
        place = place_of("npz", row, ".npz")
        write_raw_maps(_made(plan, place), explanation, overwrite=True)
        written["npz"] = place
    if plan.pictures:
        place = place_of("pictures", row, ".jpg")
        (_, drawn), *_ = draw_each((ViewName.OVERLAY,), explanation, plan.look)
        if not isinstance(drawn, ViewError):
            write_picture(_made(plan, place), drawn, overwrite=True)
        written["picture"] = None if isinstance(drawn, ViewError) else place
    return written


def place_of(kind: str, row: InputRow, suffix: str) -> str:
    """Return the path of a picture's file below the output folder: ``npz/0012/00012345-photo.npz``, a thousand to a folder."""
    index = row.index or 0
    name = fitting_name(f"{index:08d}-{Path(row.member or row.path).stem}", suffix)
    return f"{kind}/{index // _IN_A_FOLDER:04d}/{name}"


def _made(plan: BatchPlan, place: str) -> Path:
    path = Path(plan.folder) / place
    make_folder(path.parent)
    return path
